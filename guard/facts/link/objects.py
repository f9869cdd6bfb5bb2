"""Objects and classes of the repository: what `obj.name` is.

In: an object (class, and the call that made it) and a name. Out: a result. Order: methods and properties; what
`__init__` and other methods assign to `self`; fields of dataclasses, attrs and pydantic classes from the constructor's
arguments or their defaults; class attributes; the same in the bases. An object made at an unknown place is a root:
the context decides which of the repository's constructor calls made it. Neighbours: `fields` reads fields,
`constructors` what is assigned to `self`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from guard.facts.expr import Call, Item, dotted, last_name
from guard.facts.filefacts import Effect, Scope
from guard.facts.link import calling, constructors, enums, fields, gathering
from guard.facts.link.things import (
    ClassThing,
    Ext,
    Frame,
    Func,
    Inst,
    Lit,
    OnObject,
    Result,
    Root,
    Super,
    known,
    opened,
    union,
    unknown,
    within,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

FIELD_TABLES = frozenset({"model_fields", "__fields__", "__dataclass_fields__", "__annotations__", "__struct_fields__"})
"""Attributes of a class of fields that list them by name."""
PROPERTIES = frozenset(
    {"property", "cached_property", "computed_field", "hybrid_property", "functools.cached_property"}
)
MAX_BASES = 24
MAX_OBJECTS = 12
"""Objects of an annotated class whose attributes are looked at."""


class Owned(NamedTuple):
    """A class of the resolution order with the scope of its body."""

    cls: ClassThing
    scope: Scope


def order(engine: Engine, cls: ClassThing) -> tuple[list[Owned], list[Ext]]:
    """The class and its bases in the repository, nearest first, and the bases outside of it; both only to be read."""
    key = ("order", cls.path, cls.scope)
    return cast("tuple[list[Owned], list[Ext]]", engine.once(key, cls, lambda: _order(engine, cls)))


def _order(engine: Engine, cls: ClassThing) -> tuple[list[Owned], list[Ext]]:
    owned: list[Owned] = []
    outside: list[Ext] = []
    waiting = [cls]
    seen: set[ClassThing] = set()
    while waiting and len(owned) < MAX_BASES:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        scope = engine.project.scope(current.path, current.scope)
        owned.append(Owned(current, scope))
        frame = engine.root(current.path, scope.parent) if scope.parent > 0 else engine.module(current.path)
        for base in scope.bases:
            for alt in engine.quietly(base, frame).alts:
                if isinstance(alt.thing, ClassThing):
                    waiting.append(alt.thing)
                elif isinstance(alt.thing, Ext):
                    outside.append(alt.thing)
    return owned, outside


def body_frame(engine: Engine, owned: Owned) -> Frame:
    """The frame in which a class body is evaluated."""
    parent = engine.enclosing(owned.cls.path, owned.scope)
    lexical = engine.root(owned.cls.path, parent.id) if parent is not None else None
    return engine.frame(owned.cls.path, owned.cls.scope, None, None, None, lexical)


def is_enum(engine: Engine, cls: ClassThing) -> bool:
    """Whether a class is an enumeration."""
    return any(e.chain.split(".")[-1] in ("Enum", "StrEnum", "IntEnum", "Flag") for e in order(engine, cls)[1])


def decorated(scope: Scope, names: frozenset[str]) -> bool:
    """Whether a function or class has one of the decorators, by last name."""
    for decorator in scope.decorators:
        name = last_name(decorator.func if isinstance(decorator, Call) else decorator)
        if name in names:
            return True
    return False


def is_protocol(scope: Scope) -> bool:
    """Whether a class only says which methods others have: `class Asks(Protocol)`, `class Asks(Protocol[T])`."""
    bases = (base.base if isinstance(base, Item) else base for base in scope.bases)
    return any(last_name(base) == "Protocol" for base in bases)


def method(engine: Engine, owned: list[Owned], name: str) -> tuple[ClassThing, Scope] | None:
    """The function that a name is in the resolution order, else None. The last definition in a body counts."""
    for cls, scope in owned:
        bindings = scope.bindings.get(name, ())
        if bindings and bindings[-1].kind == "def":
            return cls, engine.project.scope(cls.path, bindings[-1].scope)
        if any(b.kind == "assign" for b in bindings):
            return None
    return None


def bind_method(engine: Engine, cls: ClassThing, scope: Scope, owner: Inst | ClassThing) -> Result:
    """A method as an attribute: a property is called, a static method is bound to nothing."""
    if isinstance(owner, Inst) and (
        decorated(scope, PROPERTIES) or any(last_name(d) == "getter" for d in scope.decorators)
    ):
        frame = engine.frame(cls.path, scope.id, None, None, owner, None)
        return calling.returned(engine, scope, frame)
    if decorated(scope, frozenset({"staticmethod"})):
        return known(Func(cls.path, scope.id))
    if decorated(scope, frozenset({"classmethod"})):
        return known(Func(cls.path, scope.id, owner.cls if isinstance(owner, Inst) else owner))
    return known(Func(cls.path, scope.id, owner if isinstance(owner, Inst) else None))


def attribute(engine: Engine, inst: Inst, name: str) -> Result:
    """`inst.name`"""
    if inst.annotated and inst.call is None:
        found_objects = _of_annotated(engine, inst, name)
        if found_objects is not None:
            return found_objects
    inst = decided(engine, inst, name)
    owned, outside = order(engine, inst.cls)
    if name == "__class__":
        return known(inst.cls)
    gathered = gathering.attribute(engine, inst, owned, name)
    if gathered is not None:
        return gathered
    found = method(engine, owned, name)
    if found is not None:
        return bind_method(engine, *found, inst)
    from guard.facts.link import injected

    results, settled = constructors.assigned(engine, inst, owned, name)
    field = None if settled else fields.field_value(engine, inst, owned, outside, name)
    if field is not None and not results:
        return injected.by_annotation(engine, owned, name, field)
    if field is not None:
        results.append(field)
    if results:
        return injected.by_annotation(engine, owned, name, _settled(union(results)))
    for cls, scope in owned:
        if scope.bindings.get(name):
            return injected.by_annotation(engine, owned, name, _class_value(engine, Owned(cls, scope), name))
    from guard.facts.link import lazily

    found_late = _set_dynamically(engine, inst, owned, name) or lazily.of_object(engine, inst, owned, name)
    return found_late if found_late is not None else _from_outside(engine, inst, outside, name)


def before(engine: Engine, inst: Inst, name: str, running: Frame) -> Result | None:
    """An attribute as a constructor finds it that is at its beginning; None for what is no attribute by then."""
    owned, outside = order(engine, inst.cls)
    results = constructors.before(engine, inst, owned, name, running)
    field = None if results else fields.field_value(engine, inst, owned, outside, name)
    if field is not None:
        results = [field]
    holder = next((o for o in owned if any(b.kind != "declare" for b in o.scope.bindings.get(name, ()))), None)
    if not results and holder is not None:
        results = [_class_value(engine, holder, name)]
    return union(results) if results else None


def decided(engine: Engine, inst: Inst, name: str) -> Inst:
    """The object that the context decided on, for the object of a method made at an unknown place."""
    if inst.call is not None or inst.annotated:
        return inst
    root = Root("self", inst.cls.path, inst.cls.scope)
    bind = engine.consult(root, name) if name not in _method_names(engine, inst.cls) else engine.context.get(root)
    return bind.thing if isinstance(bind, OnObject) else inst


def _of_annotated(engine: Engine, inst: Inst, name: str) -> Result | None:
    """An attribute of an object that only an annotation names: of each object of that class that the repository makes.

    What one object says stays together (one world for each). None when the repository makes none.
    """
    if name in _method_names(engine, inst.cls) or inst.cls in engine.annotated:
        return None
    made = [b.thing for b in engine.made_objects(inst.cls) if b.thing.call is not None]
    if not made:
        return None
    engine.annotated.add(inst.cls)
    try:
        results = [
            within(
                attribute(engine, thing, name),
                frozenset({(("object", inst.cls), number)}) if len(made) > 1 else frozenset(),
            )
            for number, thing in enumerate(made[:MAX_OBJECTS])
        ]
    finally:
        engine.annotated.discard(inst.cls)
    found = union(results)
    return opened(found, f"more than {MAX_OBJECTS} objects of the class are made") if len(made) > MAX_OBJECTS else found


def _method_names(engine: Engine, cls: ClassThing) -> frozenset[str]:
    return frozenset(
        name for o in order(engine, cls)[0] for name, bs in o.scope.bindings.items() if bs[-1].kind == "def"
    )


def _settled(result: Result) -> Result:
    """An attribute that is None at first and something later is that something when it is used. Where only an
    annotation says what that is, nothing says that it comes."""
    alts = tuple(a for a in result.alts if not (isinstance(a.thing, Lit) and a.thing.value is None))
    named = all(isinstance(a.thing, Inst) and a.thing.annotated and a.thing.call is None for a in alts)
    return result if named else Result(alts, result.open)


def _from_outside(engine: Engine, inst: Inst, outside: list[Ext], name: str) -> Result:
    base_call = constructors.base_made(engine, inst)
    made = (base_call,) if base_call is not None else ()
    bases = [
        e
        for e in outside
        if e.chain.split(".")[-1] not in ("ABC", "object", "Protocol", "Generic", "Enum", "BaseModel", "TypedDict")
    ]
    if bases and made:
        upward = constructors.made_above(engine, inst)
        return union(known(Ext(f"{base.chain}().{name}", base.made + (upward or made))) for base in bases)
    return unknown(
        f"attribute {name} is not assigned anywhere in class {engine.project.scope(inst.cls.path, inst.cls.scope).name}"
    )


def class_attribute(engine: Engine, cls: ClassThing, name: str) -> Result:
    """`Class.name`"""
    owned, outside = order(engine, cls)
    found = method(engine, owned, name)
    if found is not None:
        return bind_method(engine, *found, cls)
    for entry in owned:
        if entry.scope.bindings.get(name):
            return enums.member_value(engine, entry.cls, name, _class_value(engine, entry, name))
    if name in ("__members__",):
        return unknown("the members of an enumeration")
    if name in FIELD_TABLES and (outside or owned[0].scope.decorators):
        return known(fields.table(engine, cls))
    if outside:
        return union(known(Ext(f"{base.chain}.{name}", base.made)) for base in outside)
    return unknown(f"class {owned[0].scope.name} has no attribute {name}")


def _class_value(engine: Engine, owned: Owned, name: str) -> Result:
    bindings = owned.scope.bindings[name]
    if bindings[-1].kind == "class":
        return known(ClassThing(owned.cls.path, bindings[-1].scope))
    values = [b for b in bindings if b.kind != "declare"]
    if not values:
        return unknown(f"{name} is declared without a value")
    frame = body_frame(engine, owned)
    settled = values[-1]
    if isinstance(settled.value, Call) and last_name(settled.value.func) in fields.FIELD_MAKERS:
        return fields.default_value(engine, owned, name, settings=False)
    return engine.bound(settled, frame)


def super_attribute(engine: Engine, thing: Super, name: str) -> Result:
    """`super().name`: looked for behind the class of the method."""
    owner = thing.owner
    start = owner.cls if isinstance(owner, Inst) else owner if isinstance(owner, ClassThing) else thing.cls
    owned, outside = order(engine, start)
    index = next((i for i, o in enumerate(owned) if o.cls == thing.cls), -1)
    found = method(engine, owned[index + 1 :], name)
    if found is not None:
        return bind_method(engine, *found, owner if isinstance(owner, (Inst, ClassThing)) else thing.cls)
    if isinstance(owner, Inst):
        return _from_outside(engine, owner, outside, name)
    return unknown(f"no base in the repository has {name}")


def _set_dynamically(engine: Engine, inst: Inst, owned: list[Owned], name: str) -> Result | None:
    """`setattr(self, key, value)` in a method, in a loop over a known dict: the turn whose key is `name`."""
    from guard.facts.link import dynamic

    results = []
    for cls, scope in owned:
        for child, effect in _setattrs(engine, cls, scope):
            found = dynamic.set_by_loop(engine, inst, cls, child, effect, name)
            if found is not None:
                results.append(found)
    return union(results) if results else None


def _setattrs(engine: Engine, cls: ClassThing, scope: Scope) -> list[tuple[Scope, Effect]]:
    """The `setattr` calls of a class on its own object, with their methods."""
    found: list[tuple[Scope, Effect]] | None = scope.derived.get(("setattrs",))
    if found is None:
        found = scope.derived[("setattrs",)] = [
            (child, effect)
            for child in constructors.methods_of(engine, cls, scope)
            for effect in child.effects
            if effect.kind == "setattr" and dotted(effect.base) == (child.params[0].name if child.params else "self")
        ]
    return found
