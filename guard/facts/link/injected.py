"""Objects that a framework hands over: dependencies of parameters, annotated attributes, state of an application.

In: a parameter, an attribute that nothing else decides. Out: what arrives there, or None. The code that makes the
object and the code that uses it meet only in a framework, by a function (`Depends`), a type, or a name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Const, Expr, Item, Name, Seq, last_name
from guard.facts.link import annotated, calling
from guard.facts.link.things import Ext, Frame, ListOf, Lit, Made, Result, union, unknown, within

if TYPE_CHECKING:
    from guard.facts.filefacts import Binding, Param
    from guard.facts.link.engine import Engine
    from guard.facts.link.objects import Owned

DEPENDS = frozenset({"Depends", "Security", "Provide", "TaskiqDepends", "FromDishka"})
"""Functions that name the function which makes what a parameter gets, by last name."""
STORES = ("streamlit.session_state", "flask.g", "quart.g")
"""Objects of a framework that keep what code puts on them, as attributes or as items."""
CARRIED = {
    "context": frozenset({"Runtime", "ToolRuntime", "RunContextWrapper", "ToolContext", "AgentHookContext"}),
    "deps": frozenset({"RunContext"}),
}
"""Attributes of what a framework hands to its functions that hold an object of the program's class, by the names of
the classes that are annotated with it."""
STATE = "state"
"""The attribute of an application on which start-up code puts what requests need."""
MAX_PLACES = 16
"""Assignments to one name of an application's state that are looked at."""


def dependency(engine: Engine, param: Param, outer: Frame) -> Result | None:
    """What `Depends(make)` gives a parameter, in its default or in `Annotated`; None where it says nothing."""
    found = _depends(param.default)
    frame = outer
    if found is None and param.annotation is not None:
        annotation, frame = _written_out(engine, param.annotation, outer)
        if isinstance(annotation, Item) and isinstance(annotation.key, Seq):
            found = next((d for part in annotation.key.items if (d := _depends(part)) is not None), None)
    if found is None:
        return None
    maker = found.args[0] if found.args else dict(found.keywords).get("dependency")
    if maker is None:
        return None
    made = calling.called(engine, engine.eval(maker, frame), Call(found.pos, maker, (), ()), frame)
    return _yielded(engine, made)


def _depends(expr: Expr | None) -> Call | None:
    return expr if isinstance(expr, Call) and last_name(expr.func) in DEPENDS else None


def _written_out(engine: Engine, annotation: Expr, frame: Frame) -> tuple[Expr, Frame]:
    """An annotation, or what its name stands for: `Client = Annotated[OpenAI, Depends(make)]`, here or imported."""
    path = frame.path
    name = annotation.id if isinstance(annotation, Name) else None
    for _ in range(4):
        facts = engine.project.facts(path) if name is not None else None
        bindings = facts.scopes[0].bindings.get(name or "", ()) if facts is not None else ()
        if not bindings:
            break
        last = bindings[-1]
        if last.kind == "import" and last.member is not None:
            target = engine.project.module(last.module, path)
            if target is None or target.endswith("/"):
                break
            path, name = target, last.member
        elif isinstance(last.value, Item) and last_name(last.value.base) == "Annotated":
            return last.value, engine.module(path)
        else:
            break
    return annotation, frame


def _yielded(engine: Engine, made: Result) -> Result:
    """A generator hands over what it yields."""
    results = []
    for alt in made.alts:
        if isinstance(alt.thing, ListOf) and alt.thing.kind == "generator":
            results += [within(engine.force(cell), alt.world) for cell in alt.thing.items]
        else:
            results.append(Result((alt,)))
    return Result(union(results).alts, made.open) if results else made


def by_annotation(engine: Engine, owned: list[Owned], name: str, found: Result) -> Result:
    """An attribute that nothing decides but its annotation, as an object of the class that it names."""
    if any(not (isinstance(a.thing, Lit) and a.thing.value is None) for a in found.alts):
        return found
    for cls, scope in owned:
        for holder, binding in _annotated(engine, cls.path, scope.id, name):
            around = engine.root(cls.path, holder)
            made = annotated.client_object(engine, binding, around)
            if made is not None:
                return made
            own = annotated.declared(engine, binding, around, found)
            if own is not found:
                return own
    return found


def _annotated(engine: Engine, path: str, cls: int, name: str) -> list[tuple[int, Expr]]:
    """Annotations of an attribute in a class body and in its methods, each with the scope around the class."""
    facts = engine.project.facts(path)
    if facts is None:
        return []
    scope = facts.scopes[cls]
    places: list[Binding] = list(scope.bindings.get(name, ()))
    for bindings in scope.bindings.values():
        if bindings[-1].kind == "def":
            method = facts.scopes[bindings[-1].scope]
            first = method.params[0].name if method.params else "self"
            places += method.bindings.get(f"{first}.{name}", ())
    return [(max(scope.parent, 0), b.annotation) for b in places if b.annotation is not None]


def from_state(engine: Engine, expr: Attr, found: Result) -> Result:
    """`request.app.state.client`: what other code assigns to that name of an application's state."""
    if not isinstance(expr.base, Attr) or expr.base.name != STATE:
        return found
    if not all(isinstance(a.thing, Ext) and f".{STATE}." in a.thing.chain for a in found.alts):
        return found
    ending = f".{STATE}.{expr.name}"
    results = []
    for path in sorted(engine.project.naming(ending[1:])):
        facts = engine.project.facts(path)
        for scope in facts.scopes if facts is not None else ():
            for written, bindings in scope.bindings.items():
                if written.endswith(ending):
                    frame = engine.root(path, scope.id) if scope.id > 0 else engine.module(path)
                    results += [engine.bound(b, frame) for b in bindings if b.kind in ("assign", "with")]
    return union(results[:MAX_PLACES]) if results else found


def from_store(engine: Engine, expr: Attr | Item, frame: Frame, found: Result) -> Result:
    """`st.session_state.client`, `st.session_state["client"]`: what the file puts there, in either way."""
    if isinstance(expr, Attr):
        chain = next((a.thing.chain for a in found.alts if isinstance(a.thing, Ext)), "")
        store, _, key = chain.rpartition(".")
        if store not in STORES or len(found.alts) != 1 or key in ("get", "setdefault", "pop"):
            return found
    else:
        chains = [a.thing.chain for a in engine.quietly(expr.base, frame).alts if isinstance(a.thing, Ext)]
        if not chains or chains[0] not in STORES or not isinstance(expr.key, Const):
            return found
        store, key = chains[0], str(expr.key.value)
    facts = engine.project.facts(frame.path)
    last = store.rpartition(".")[2]
    results = []
    for scope in facts.scopes if facts is not None else ():
        inner = engine.root(frame.path, scope.id) if scope.id > 0 else engine.module(frame.path)
        for written, bindings in scope.bindings.items():
            if written.endswith(f"{last}.{key}"):
                results += [engine.bound(b, inner) for b in bindings if b.kind == "assign"]
        for effect in scope.effects:
            named = effect.kind == "item" and isinstance(effect.key, Const) and effect.key.value == key
            if named and last_name(effect.base) == last:
                results.append(engine.eval(effect.value, inner))
    if not results:
        return found
    whole = union(results[:MAX_PLACES])
    alts = tuple(a for a in whole.alts if not (isinstance(a.thing, Lit) and a.thing.value is None))
    return Result(alts or whole.alts, whole.open)


def from_context(engine: Engine, expr: Attr, frame: Frame, found: Result) -> Result:
    """`runtime.context` of a parameter `runtime: Runtime[Settings]`: an object of the class that is named there."""
    if found.alts or expr.name not in CARRIED or not isinstance(expr.base, Name):
        return found
    scope = engine.scope_of(frame)
    param = next((p for p in scope.params if p.name == expr.base.id), None)
    annotation = param.annotation if param is not None else None
    if not isinstance(annotation, Item) or last_name(annotation.base) not in CARRIED[expr.name]:
        return found
    inner = annotation.key.items[0] if isinstance(annotation.key, Seq) and annotation.key.items else annotation.key
    made = annotated.annotated_object(engine, inner, frame)
    return found if made is None else made


def context_variable(engine: Engine, thing: Ext) -> Result:
    """`VARIABLE.get()`: what the file of the variable sets."""
    made: Made = thing.made[0]
    facts = engine.project.facts(made.frame.path)
    results = []
    for ref in facts.by_name.get("set", ()) if facts is not None else ():
        if not isinstance(ref.call.func, Attr) or not ref.call.args:
            continue
        frame = engine.root(made.frame.path, ref.scope)
        things = [alt.thing for alt in engine.quietly(ref.call.func.base, frame).alts]
        if any(isinstance(t, Ext) and t.made and t.made[0].call.pos == made.call.pos for t in things):
            results.append(engine.eval(ref.call.args[0], frame))
    return union(results[:MAX_PLACES]) if results else unknown("what a context variable holds")
