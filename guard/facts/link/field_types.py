"""The JSON Schema of annotations and of classes of fields, as pydantic and its kin write it.

In: an annotation with the frame it stands in, or a class of the repository. Out: plain data. Fields come from pydantic
models, dataclasses, attrs and typed dicts; descriptions from `Field(description=...)`, `Annotated[...]` and docstrings.
An annotation that is not known is any value (`{}`). Neighbours: `fields` knows which fields a class has, `tool_schemas`
and `prompts` ask.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.facts.expr import Attr, Call, Const, Expr, Item, Name, Op, Opaque, Seq, last_name
from guard.facts.link import fields, objects, plain
from guard.facts.link.things import ClassThing, Frame

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_FIELDS = 100
MAX_DEPTH = 6
"""Classes and containers inside one another."""
MAX_ANNOTATIONS = 400
"""Annotations read for one schema: classes that name one another would else be written out again and again."""
PLAIN = {
    "str": "string", "int": "integer", "float": "number", "bool": "boolean", "bytes": "string", "None": "null",
    "Decimal": "number", "Path": "string",
}  # fmt: skip
FORMATS = {"datetime": "date-time", "date": "date", "time": "time", "timedelta": "duration", "UUID": "uuid",
           "EmailStr": "email", "HttpUrl": "uri", "AnyUrl": "uri"}  # fmt: skip
LISTS = frozenset({"list", "List", "Sequence", "Iterable", "set", "Set", "tuple", "Tuple", "frozenset", "FrozenSet"})
DICTS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict"})
MODELS = frozenset({"BaseModel", "TypedDict", "BaseSettings", "SQLModel", "NamedTuple", "Struct", "RootModel"})
"""Bases outside of the repository by which a class is one of fields, by last name."""


class TooLarge(ValueError):
    """A schema takes more annotations than guard reads for one: it is not known."""


@dataclass(frozen=True, slots=True)
class Around:
    """The classes that a schema is inside of, and how many annotations the whole may still read."""

    classes: tuple[ClassThing, ...] = ()
    left: list[int] = field(default_factory=lambda: [MAX_ANNOTATIONS])

    def spend(self) -> None:
        """Counts one annotation; raises `TooLarge` where it is one too many."""
        self.left[0] -= 1
        if self.left[0] < 0:
            raise TooLarge(f"a schema of more than {MAX_ANNOTATIONS} annotations")


def of_class(engine: Engine, cls: ClassThing, depth: int = 0, around: Around | None = None) -> dict[str, Any] | None:
    """The schema of a class of fields, with its title and description; None for a class that is none.

    Raises `TooLarge`.
    """
    around = around or Around()
    owned, outside = objects.order(engine, cls)
    is_model = any(ext.chain.rsplit(".", 1)[-1] in MODELS for ext in outside)
    if not is_model and not any(objects.decorated(o.scope, fields.DATA_DECORATORS) for o in owned):
        return None
    inside = Around((*around.classes, cls), around.left)
    properties: dict[str, Any] = {}
    required: list[str] = []
    for entry, name in fields.field_order(engine, owned)[:MAX_FIELDS]:
        if name.startswith("_"):
            continue
        binding = entry.scope.bindings[name][-1]
        frame = objects.body_frame(engine, entry)
        found = of_annotation(engine, binding.annotation, frame, depth + 1, inside)
        description, needed = _described(engine, binding.value, frame)
        if description:
            found = {**found, "description": description}
        properties[name] = found
        if needed:
            required.append(name)
    schema = {**an_object(properties, required), "title": owned[0].scope.name}
    if owned[0].scope.doc:
        schema["description"] = "\n".join(line.strip() for line in owned[0].scope.doc.strip().splitlines())
    return schema


def described_fields(engine: Engine, cls: ClassThing) -> list[str]:
    """The fields of a class of inputs and outputs (DSPy), each with its description where it has one."""
    found: list[str] = []
    for entry, name in fields.field_order(engine, objects.order(engine, cls)[0])[:MAX_FIELDS]:
        value = entry.scope.bindings[name][-1].value
        keywords = dict(value.keywords) if isinstance(value, Call) else {}
        said = _text(engine, keywords.get("desc") or keywords.get("description"), objects.body_frame(engine, entry))
        found.append(f"{name}: {said}" if said else name)
    return found


def an_object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """The schema of an object with properties."""
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def _described(engine: Engine, value: Expr | None, frame: Frame) -> tuple[str | None, bool]:
    """The description that a field's value gives, and whether the field has no default."""
    if value is None:
        return None, True
    if not isinstance(value, Call) or last_name(value.func) not in fields.FIELD_MAKERS:
        return None, False
    keywords = dict(value.keywords)
    filled = any(name in keywords for name in ("default", "default_factory", "factory"))
    first = value.args[0] if value.args else None
    is_needed = not filled and (first is None or isinstance(first, Opaque))  # `Field(...)`
    return _text(engine, keywords.get("description"), frame), is_needed


def _text(engine: Engine, expr: Expr | None, frame: Frame) -> str | None:
    found = plain.of_result(engine, engine.quietly(expr, frame)) if expr is not None else None
    return found if isinstance(found, str) else None


def of_annotation(
    engine: Engine, annotation: Expr | None, frame: Frame, depth: int = 0, around: Around | None = None
) -> dict[str, Any]:
    """The schema of an annotation; `{}` where it is not known or nested too deep. Raises `TooLarge`."""
    around = around or Around()
    around.spend()
    if annotation is None or depth > MAX_DEPTH:
        return {}
    if isinstance(annotation, Const):
        return _of_constant(engine, annotation, frame, depth, around)
    if isinstance(annotation, Op) and annotation.op == "|":
        return _either([annotation.left, annotation.right], engine, frame, depth, around)
    if isinstance(annotation, Item):
        return _of_item(engine, annotation, frame, depth, around)
    name = last_name(annotation) if isinstance(annotation, (Name, Attr)) else None
    if name is None:
        return {}
    if name in PLAIN:
        return {"type": PLAIN[name]}
    if name in FORMATS:
        return {"type": "string", "format": FORMATS[name]}
    if name in LISTS:
        return {"type": "array", "items": {}}
    if name in DICTS:
        return {"type": "object"}
    return _of_named(engine, annotation, frame, depth, around)


def _of_constant(
    engine: Engine, annotation: Const, frame: Frame, depth: int, around: Around
) -> dict[str, Any]:  # fmt: skip
    """`None`, or the name of a class as a text."""
    if annotation.value is None:
        return {"type": "null"}
    text = annotation.value if isinstance(annotation.value, str) else ""
    return of_annotation(engine, Name(annotation.pos, text), frame, depth, around) if text.isidentifier() else {}


def _of_item(
    engine: Engine, annotation: Item, frame: Frame, depth: int, around: Around
) -> dict[str, Any]:  # fmt: skip
    """`Optional[X]`, `list[X]`, `Literal["a", "b"]`, `Annotated[X, "what it is"]`."""
    name = last_name(annotation.base)
    parts = list(annotation.key.items) if isinstance(annotation.key, Seq) else [annotation.key]
    if name in ("Optional", "Union"):
        ends = [Const(annotation.pos, None)] if name == "Optional" else []
        return _either([*parts, *ends], engine, frame, depth, around)
    if name == "Literal":
        values = [p.value for p in parts if isinstance(p, Const)]
        kind = {"type": "string"} if all(isinstance(v, str) for v in values) else {}
        return {"enum": values, **kind}
    if name in ("Annotated", "Required", "NotRequired", "ReadOnly", "Final", "ClassVar"):
        found = of_annotation(engine, parts[0], frame, depth, around)
        texts = [_of_note(engine, part, frame) for part in parts[1:]]
        description = next((text for text in texts if text), None)
        return {**found, "description": description} if description else found
    if name in LISTS:
        return {"type": "array", "items": of_annotation(engine, parts[0], frame, depth + 1, around)}
    if name in DICTS:
        inner = of_annotation(engine, parts[-1], frame, depth + 1, around)
        return {"type": "object", "additionalProperties": inner}
    return {}


def _of_note(engine: Engine, note: Expr, frame: Frame) -> str | None:
    """The description in a further part of `Annotated[...]`: a text, or `Field(description=...)`."""
    if isinstance(note, Call):
        return _text(engine, dict(note.keywords).get("description"), frame)
    return _text(engine, note, frame)


def _either(
    parts: list[Expr], engine: Engine, frame: Frame, depth: int, around: Around
) -> dict[str, Any]:  # fmt: skip
    return {"anyOf": [of_annotation(engine, part, frame, depth, around) for part in parts]}


def _of_named(
    engine: Engine, annotation: Expr, frame: Frame, depth: int, around: Around
) -> dict[str, Any]:  # fmt: skip
    """A class of the repository: an enumeration, or one of fields."""
    for alt in engine.quietly(annotation, frame).alts:
        cls = alt.thing
        if not isinstance(cls, ClassThing) or cls in around.classes:
            continue
        if objects.is_enum(engine, cls):
            scope = engine.project.scope(cls.path, cls.scope)
            values = [
                b[-1].value for n, b in scope.bindings.items() if not n.startswith("_") and b[-1].kind == "assign"
            ]
            return {"enum": [v.value for v in values if isinstance(v, Const)]}
        return of_class(engine, cls, depth + 1, around) or {}
    return {}
