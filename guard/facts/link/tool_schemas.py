"""What a tool says of itself to a model: name, description and the schema of its arguments.

In: a thing that a program gives as a tool (a function, a class of fields, an object of a tool's class of the repository
or of a framework). Out: the definition as plain data in OpenAI's form, or None where a part of its text is not known;
of a class of fields also the JSON Schema alone, for structured answers. Frameworks word the same facts a little
differently (titles, strictness); names, descriptions, types and enumerations are what is counted. Neighbours:
`prompts` asks; `field_types` reads annotations.
"""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from guard.facts.catalog_types import Arg
from guard.facts.expr import Call, Expr, Item, Seq, last_name
from guard.facts.filefacts import Param, Scope
from guard.facts.link import field_types, handover_tools, objects, plain, tool_docs
from guard.facts.link.arguments import CallArguments, is_absent, sent
from guard.facts.link.things import (
    DEPENDENCY,
    Alt,
    ClassThing,
    Ext,
    Frame,
    Func,
    Inst,
    Made,
    Partial,
    Result,
    Thing,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.facts.link.engine import Engine

HANDED = frozenset({
    "RunContext", "RunContextWrapper", "ToolContext", "ToolRuntime", "RunnableConfig", "InjectedState", "InjectedStore",
    "InjectedToolArg", "InjectedToolCallId", "CallbackManagerForToolRun", "AsyncCallbackManagerForToolRun", "Context",
    "CancellationToken", "Agent", "Ctx",
})  # fmt: skip
"""Annotations of parameters that the framework fills itself, so that the model never hears of them."""
FUNCTIONS = ("func", "fn", "function", "coroutine", "async_fn", "callable", "python_function", "_func")
"""Names under which constructors of tools take the function."""
NAMES = ("name", "tool_name", "name_override")
DESCRIPTIONS = ("description", "tool_description", "description_override")
SCHEMAS = ("args_schema", "fn_schema", "input_schema", "infer_schema", "params_json_schema", "parameters", "inputs")
RUNS = ("_run", "forward", "run", "_arun", "arun", "__call__")
"""Methods of a tool's class whose parameters are the tool's."""
DECORATORS = frozenset({
    "tool", "function_tool", "tool_plain", "kernel_function", "beta_tool", "beta_async_tool", "component_tool",
})  # fmt: skip
_MISSING: Any = object()
"""A text that is not known."""


def definition(engine: Engine, thing: Thing) -> dict[str, Any] | None:
    """A tool's definition as a model gets it; None where a part of it is not known, or it is too large."""
    try:
        return _definition(engine, thing)
    except field_types.TooLarge:
        return None


def _definition(engine: Engine, thing: Thing) -> dict[str, Any] | None:
    if isinstance(thing, Partial):
        thing = thing.func
    if isinstance(thing, Func):
        return _of_function(engine, thing)
    if isinstance(thing, ClassThing):
        return _of_class(engine, thing)
    if isinstance(thing, Inst):
        return _of_object(engine, thing)
    if isinstance(thing, Ext) and thing.made:
        handed = handover_tools.definition(engine, thing)
        if handed is not None:
            return handed
        return _of_constructor(engine, thing.made[-1])
    return None


def class_schema(engine: Engine, cls: ClassThing) -> dict[str, Any] | None:
    """The JSON Schema of a class of fields (pydantic, dataclass, TypedDict); None for any other, or one too large."""
    try:
        return field_types.of_class(engine, cls)
    except field_types.TooLarge:
        return None


def answering(schema: dict[str, Any]) -> dict[str, Any]:
    """The tool by which a library has a model give an answer of a class."""
    return _tool(str(schema.get("title", "")), schema.get("description"), schema)


def titled(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with a title for each property, as pydantic writes it."""
    found = {key: titled(value) if isinstance(value, dict) else value for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict):
        found["properties"] = {
            name: {"title": name.replace("_", " ").title(), **titled(value)} if isinstance(value, dict) else value
            for name, value in schema["properties"].items()
        }
    return found


def _tool(name: str, description: str | None, schema: dict[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = {"name": name, "parameters": schema}
    if description:
        inner["description"] = description
    return {"type": "function", "function": inner}


def _of_function(engine: Engine, func: Func) -> dict[str, Any] | None:
    scope = engine.project.scope(func.path, func.scope)
    if scope.kind != "function":
        return None
    frame = _around(engine, func.path, scope)
    name: Any = scope.name
    description: Any = _tidy(scope.doc)
    schema: Any = None
    told: Mapping[str, str] = {}
    if scope.doc and any(_decorates(decorator) in tool_docs.SPLITTING for decorator in scope.decorators):
        description, told = tool_docs.apart(scope.doc)
    for decorator in scope.decorators:
        if isinstance(decorator, Call) and last_name(decorator.func) in DECORATORS:
            made = CallArguments(engine, decorator, frame)
            name = _text(engine, made, Arg(NAMES), _first_text(engine, decorator, frame) or name)
            description = _text(engine, made, Arg(DESCRIPTIONS), description)
            schema = _given_schema(engine, made)
    if name is _MISSING or description is _MISSING or schema is _MISSING:
        return None
    found = (
        schema if schema is not None else parameters_schema(engine, func.path, scope, bound=_is_method(engine, func))
    )
    return _tool(str(name), description, _described(found, told))


def _decorates(decorator: Expr) -> str | None:
    return last_name(decorator.func if isinstance(decorator, Call) else decorator)


def _described(schema: dict[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
    """The schema with what a docstring says of its properties, where they say nothing themselves."""
    found = schema.get("properties")
    if not told or not isinstance(found, dict):
        return schema
    with_texts = {
        name: {"description": told[name], **one} if isinstance(one, dict) and told.get(name) else one
        for name, one in found.items()
    }
    return {**schema, "properties": with_texts}


def _is_method(engine: Engine, func: Func) -> bool:
    scope = engine.project.scope(func.path, func.scope)
    parent = engine.project.scope(func.path, scope.parent) if scope.parent > 0 else None
    static = objects.decorated(scope, frozenset({"staticmethod"}))
    return parent is not None and parent.kind == "class" and not static


def _around(engine: Engine, path: str, scope: Scope) -> Frame:
    return engine.root(path, scope.parent) if scope.parent > 0 else engine.module(path)


def _first_text(engine: Engine, call: Call, frame: Frame) -> str | None:
    """The first positional argument where it is a text: `@tool("search")`."""
    found = plain.of_result(engine, engine.quietly(call.args[0], frame)) if call.args else None
    return found if isinstance(found, str) else None


def parameters_schema(engine: Engine, path: str, scope: Scope, bound: bool) -> dict[str, Any]:
    """The schema of a function's parameters, without those that frameworks fill. Raises `field_types.TooLarge`."""
    frame = _around(engine, path, scope)
    taken = [p for p in scope.params if p.kind in ("positional_only", "positional", "keyword")]
    taken = taken[1:] if bound and taken else taken
    around = field_types.Around()
    properties: dict[str, Any] = {}
    required: list[str] = []
    for param in taken[: field_types.MAX_FIELDS]:
        if _is_handed(param):
            continue
        properties[param.name] = field_types.of_annotation(engine, param.annotation, frame, 0, around)
        if param.default is None:
            required.append(param.name)
    return field_types.an_object(properties, required)


def _is_handed(param: Param) -> bool:
    return param.annotation is not None and any(name in HANDED for name in _names_in(param.annotation))


def _names_in(annotation: Expr) -> list[str]:
    """The names of an annotation, those of `Annotated[...]` and of its instances included."""
    if isinstance(annotation, Item):
        parts = annotation.key.items if isinstance(annotation.key, Seq) else (annotation.key,)
        outer = last_name(annotation.base) or ""
        return [outer, *(name for part in parts for name in _names_in(part))] if outer == "Annotated" else [outer]
    if isinstance(annotation, Call):
        annotation = annotation.func
    name = last_name(annotation)
    return [name] if name is not None else []


def _of_class(engine: Engine, cls: ClassThing) -> dict[str, Any] | None:
    schema = field_types.of_class(engine, cls)
    if schema is None:
        return None
    inner = {key: value for key, value in schema.items() if key not in ("title", "description")}
    return _tool(str(schema["title"]), schema.get("description"), inner)


def _of_object(engine: Engine, inst: Inst) -> dict[str, Any] | None:
    """An object of a tool's class of the repository: its attributes, and the parameters of the method that runs."""
    owned, outside = objects.order(engine, inst.cls)
    if not any("Tool" in ext.chain.rsplit(".", 1)[-1] for ext in outside):
        return None
    name = _attribute(engine, inst, owned, "name")
    description = _attribute(engine, inst, owned, "description")
    if not isinstance(name, str) or not isinstance(description, str):
        return None
    schema: Any = None
    for attribute in SCHEMAS:
        if any(attribute in o.scope.bindings for o in owned):
            schema = _as_schema(engine, objects.attribute(engine, inst, attribute))
            break
    if schema is _MISSING:
        return None
    if schema is None:
        method = next((m for run in RUNS if (m := objects.method(engine, owned, run)) is not None), None)
        if method is None:
            return None
        schema = parameters_schema(engine, method[0].path, method[1], bound=True)
    return _tool(name, description, schema)


def _attribute(engine: Engine, inst: Inst, owned: list[objects.Owned], name: str) -> Any:
    if not any(name in o.scope.bindings or f"self.{name}" in o.scope.bindings for o in owned) and inst.call is None:
        return _MISSING
    found = objects.attribute(engine, inst, name)
    return _tidy(plain.of_result(engine, found)) if found.alts else _MISSING


def _of_constructor(engine: Engine, made: Made) -> dict[str, Any] | None:
    """A tool of a framework that is made of a function (`FunctionTool(f)`), or of a name and a description."""
    arguments = CallArguments(engine, made.call, made.frame)
    given = sent(arguments, Arg(FUNCTIONS))
    functions = _functions(given.result) if given is not None else []
    if not functions and made.call.args:
        functions = _functions(engine.quietly(made.call.args[0], made.frame))
    own = _of_function(engine, functions[0]) if functions else None
    inner = own["function"] if own is not None else {}
    name = _text(engine, arguments, Arg(NAMES), inner.get("name", _MISSING))
    description = _text(engine, arguments, Arg(DESCRIPTIONS), inner.get("description") if own else _MISSING)
    if not isinstance(name, str) or description is _MISSING:
        return None
    schema = _given_schema(engine, arguments)
    if schema is _MISSING:
        return None
    schema = schema or inner.get("parameters") or field_types.an_object({"input": {"type": "string"}}, ["input"])
    return _tool(name, description, schema)


def _functions(result: Result) -> list[Func]:
    return [a.thing for a in result.alts if isinstance(a.thing, Func)]


def _given_schema(engine: Engine, arguments: CallArguments) -> Any:
    """A schema that is given beside the function: a class of fields or a dict. None: none is given."""
    value = sent(arguments, Arg(SCHEMAS))
    return None if value is None else _as_schema(engine, value.result)


def _as_schema(engine: Engine, result: Result) -> Any:
    real = [a for a in result.alts if not is_absent(a)]
    if not real:
        return _MISSING if result.open else None
    thing = real[0].thing
    if isinstance(thing, ClassThing):
        return field_types.of_class(engine, thing) or _MISSING
    found = plain.of(engine, thing)
    if isinstance(found, bool):
        return None
    if not isinstance(found, dict):
        return _MISSING
    if "properties" in found or "type" in found:
        return found
    return field_types.an_object({str(k): v if isinstance(v, dict) else {} for k, v in found.items()}, list(found))


def _text(engine: Engine, arguments: CallArguments, arg: Arg, otherwise: Any) -> Any:
    """A text argument, else what holds otherwise; `_MISSING` where it is given and not known."""
    value = sent(arguments, arg)
    if value is None:
        return otherwise
    found = plain.of_result(engine, value.result)
    return _tidy(found) if isinstance(found, str) else _MISSING


def _tidy(text: Any) -> Any:
    """A docstring without the indentation that its lines share (`inspect.getdoc`); other values as they are."""
    if not isinstance(text, str):
        return text
    return cleandoc(text).strip()


def of_alt(engine: Engine, alt: Alt) -> dict[str, Any] | None:
    """The definition of an alternative, read without new decisions of the context."""
    outer, engine.consulted = engine.consulted, {}
    try:
        return definition(engine, alt.thing)
    finally:
        inner, engine.consulted = engine.consulted, outer
        noted = {key if bind is not None else (key[0], DEPENDENCY): bind for key, bind in inner.items()}
        engine.consulted.update(noted)
