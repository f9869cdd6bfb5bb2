"""Members of enumerations as texts. In: what a value can be. Out: the same, members as `str()` or a format shows them.

A member is known by its value, as `.value` has it; `Lit.member` says which one it is. `str(E.A)` is "E.A", except for
`StrEnum` and `IntEnum`, where it is the value, and for classes with a `__str__` of their own. A format (f-strings too)
shows the same since Python 3.11; before, that of an enumeration with a second base (`class E(str, Enum)`) shows the
value. Neighbours: `objects` reads class attributes, `stdlib` converts, `texts` formats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Attr, Call, Name
from guard.facts.link import objects
from guard.facts.link.things import Alt, Cell, ClassThing, DictOf, ListOf, Lit, Member, Result

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

PLAIN = frozenset({"Enum", "Flag"})
"""Bases whose members show as `Class.NAME`."""
BY_VALUE = frozenset({"StrEnum", "IntEnum", "IntFlag", "ReprEnum"})
"""Bases whose members show as their value."""
RELEASES = "before Python 3.11 an enumeration with a second base is formatted as its value, since then as its name"
MAX_VALUES = 24
"""Values of a tuple or dict that are looked at for members."""
OWN = "the enumeration has a way of its own to show its members"


class _Shown(NamedTuple):
    """How the members of a class show: `name` (`E.A`), `value`, `bare` (`A`), or None where that is not followed; and
    whether a format says something else in some releases of Python."""

    how: str | None
    by_release: bool = False


def member_value(engine: Engine, cls: ClassThing, name: str, result: Result) -> Result:
    """A class attribute, marked as a member where the class is an enumeration."""
    if name.startswith("_") or not objects.is_enum(engine, cls):
        return result
    member = Member(cls, name)
    alts = (a._replace(thing=Lit(a.thing.value, member)) if isinstance(a.thing, Lit) else a for a in result.alts)
    return Result(tuple(alts), result.open)


def by_value(engine: Engine, cls: ClassThing, result: Result) -> Result:
    """`E("x")`: the members that have the values, else the values as they are."""
    members: dict[object, Member] = {}
    for owned in objects.order(engine, cls)[0]:
        for name, bindings in owned.scope.bindings.items():
            if name.startswith("_") or bindings[-1].kind != "assign":
                continue
            for alt in objects.class_attribute(engine, owned.cls, name).alts:
                if isinstance(alt.thing, Lit) and alt.thing.member is not None:
                    members.setdefault(alt.thing.value, alt.thing.member)
    alts = (
        a._replace(thing=Lit(a.thing.value, members.get(a.thing.value))) if isinstance(a.thing, Lit) else a
        for a in result.alts
    )
    return Result(tuple(alts), result.open)


def attribute(thing: Lit, name: str) -> Lit | None:
    """`.value` and `.name` of a member; None for anything else."""
    if thing.member is not None and name in ("value", "_value_"):
        return Lit(thing.value)
    return Lit(thing.member.name) if thing.member is not None and name in ("name", "_name_") else None


def as_text(engine: Engine, result: Result, in_format: bool) -> Result:
    """The members among the alternatives as `str()` gives them, or (`in_format`) as f-strings and `format` do."""
    if not any(isinstance(a.thing, Lit) and a.thing.member is not None for a in result.alts):
        return result
    alts: list[Alt] = []
    reasons = dict.fromkeys(result.open)
    for alt in result.alts:
        member = alt.thing.member if isinstance(alt.thing, Lit) else None
        if member is None or not isinstance(alt.thing, Lit):
            alts.append(alt)
            continue
        shown = _shown(engine, member.cls)
        if shown.how is None:
            reasons[OWN] = None
            continue
        either = in_format and shown.by_release
        if either:
            reasons[RELEASES] = None
        owner = engine.project.scope(member.cls.path, member.cls.scope).name
        texts = {"value": str(alt.thing.value), "bare": member.name, "name": f"{owner}.{member.name}"}
        alts.append(alt._replace(thing=Lit(texts["value" if either else shown.how])))
    return Result(tuple(alts), tuple(reasons))


def inside_as_text(engine: Engine, result: Result) -> Result:
    """The same for the values of a tuple or dict that `%` gets, too."""
    if not any(isinstance(a.thing, (ListOf, DictOf)) for a in result.alts):
        return as_text(engine, result, in_format=False)

    def shown(cell: Cell) -> Cell:
        value = engine.force(cell)
        found = as_text(engine, value, in_format=False)
        return cell if found is value else found

    alts: list[Alt] = []
    for alt in result.alts:
        thing = alt.thing
        if isinstance(thing, ListOf) and len(thing.items) <= MAX_VALUES:
            thing = thing._replace(items=tuple(map(shown, thing.items)))
        elif isinstance(thing, DictOf) and len(thing.entries) <= MAX_VALUES:
            thing = thing._replace(entries=tuple(e._replace(value=shown(e.value)) for e in thing.entries))
        alts.append(alt._replace(thing=thing))
    return as_text(engine, Result(tuple(alts), result.open), in_format=False)


def _shown(engine: Engine, cls: ClassThing) -> _Shown:
    owned, outside = objects.order(engine, cls)
    if objects.method(engine, owned, "__format__") is not None:
        return _Shown(None)
    own = objects.method(engine, owned, "__str__")
    if own is not None:
        returned = [value for _, value in own[1].returns]
        part = returned[0] if len(returned) == 1 else None
        if isinstance(part, Call) and isinstance(part.func, Name) and part.func.id == "str" and len(part.args) == 1:
            part = part.args[0]
        this = own[1].params[0].name if own[1].params else ""
        if isinstance(part, Attr) and isinstance(part.base, Name) and part.base.id == this:
            return _Shown({"value": "value", "_value_": "value", "name": "bare"}.get(part.name))
        return _Shown(None)
    bases = [base.chain.rsplit(".", 1)[-1] for base in outside]
    if any(base in BY_VALUE for base in bases):
        return _Shown("value")
    return _Shown("name", any(base not in PLAIN for base in bases))
