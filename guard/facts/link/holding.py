"""What an object of a framework holds: other objects that are asked, and functions that run, when it is invoked.

In: a layer of a target's clients. Out: `Held`s. The catalogue says which arguments hold something (`Client.holds`): of
the constructor, of methods that derive an object or add to one later (`graph.add_node`, also as decorators), or a
setting of the whole program (`program_settings`). Neighbours: `asked` says how often a thing is asked,
`framework` turns what is held into targets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from guard.facts.catalog_types import Arg, Client, Holds
from guard.facts.expr import Call, Expr, Name, Star
from guard.facts.link import adding, asked, constructors, containers, objects, program_settings, set_later
from guard.facts.link.arguments import CallArguments, deep, is_absent, is_off, sent
from guard.facts.link.things import (
    Alt,
    Cell,
    DictOf,
    Ext,
    Func,
    Inst,
    ListOf,
    Lit,
    Made,
    Partial,
    Pieces,
    Result,
    Thunk,
    known,
    union,
    within,
)  # fmt: skip
from guard.facts.link.things import Held as ValueOf

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Layer, Target

UNWRITTEN = "<default>"
"""Stands for the constructor of an object that a library makes where none is given: no place in the code decides it."""
SETTING = "setting"


class Held(NamedTuple):
    """A thing that is asked or runs when its holder is invoked. `place`: which argument and element of it holds the
    thing; alternatives for one element have the same place."""

    alt: Alt
    holds: Holds
    place: tuple[object, ...]
    name: str | None = None
    """The name that the holder knows it by (a node of a graph, a component of a pipeline)."""
    others: tuple[str, ...] = ()
    """Why another thing may stand in its place."""


def held_by(engine: Engine, target: Target, layer: Layer) -> list[Held]:
    """All that one layer holds, settings (`use` is `setting`) included."""
    found: list[Held] = []
    for holds in layer.client.holds:
        if holds.when and layer.made is not None and not _applies(engine, layer.made, holds):
            continue
        if (holds.calls and target.spec.api not in holds.calls) or asked.is_never(engine, layer, holds):
            continue
        results: list[tuple[object, Result, str | None]] = []
        if holds.paths:
            results += adding.later(engine, layer, holds)
        elif layer.made is not None:
            results += _given(engine, layer.client, layer.made, holds)
        nothing = all(is_absent(a) for _, r, _ in results for a in r.alts) and not any(r.open for _, r, _ in results)
        if nothing and not holds.paths:
            results = _otherwise(engine, target, layer, holds)
        apart = (holds.why,) if holds.use == "delegate" else ()
        # one object may be asked for several things: a model by its agent, and for the plan of it
        for place, result, name in results:
            found += [
                Held(alt, holds, (layer.client.id, place, *inner, *apart), name, others)
                for inner, alt, others in _elements(engine, result, layer, holds, 0)
            ]
    return found


def is_one_setting(held: Held) -> bool:
    """Whether a thing is one of several that different places set for the whole program."""
    place = held.place[1] if len(held.place) > 1 else None
    return isinstance(place, tuple) and place[:1] == (SETTING,)


def given(engine: Engine, layer: Layer, holds: Holds) -> list[Result]:
    """The values that one of a client's arguments holds things in, also those that it gets later; empty where nothing
    is sent."""
    return [] if layer.made is None else [result for _, result, _ in _given(engine, layer.client, layer.made, holds)]


def added_tools(engine: Engine, target: Target, besides: frozenset[str] = frozenset()) -> list[Result]:
    """Tools that are added to an agent after it is made (`@agent.tool`); `besides`: arguments that are not meant."""
    return [
        result
        for layer in target.clients
        for holds in layer.client.holds
        if holds.paths and holds.use == "tool"
        for _, result, _ in adding.later(engine, layer, holds)
    ] + [
        element
        for layer in target.clients[: target.own]
        if layer.made is not None and "tools" in layer.client.roles and not is_unwritten(layer.made)
        for name in layer.client.roles["tools"].names
        if name not in besides
        for result in set_later.values(engine, layer.made, name)
        for alt in result.alts[:1]
        for element in (
            [engine.force(cell) for cell in alt.thing.items] if isinstance(alt.thing, ListOf) else [Result((alt,))]
        )
    ]


def _applies(engine: Engine, made: Made, holds: Holds) -> bool:
    """Whether one of the conditions may hold under which something is asked."""
    for arg, equals in holds.when:
        first, *rest = arg.names[0].split(".")
        found = CallArguments(engine, made.call, made.frame).get(first, arg.pos)
        for name in rest:
            found = union(deep(engine, known(a.thing), [name]) for a in _things(engine, found, 0))
        lists = [alt.thing for alt in found.alts if isinstance(alt.thing, ListOf)]
        inner = [alt for one in lists for cell in one.items for alt in engine.force(cell).alts]
        if found.open or any(_equals(alt, equals) for alt in (*found.alts, *inner)):
            return True
    return False


def _things(engine: Engine, result: Result, depth: int) -> list[Alt]:
    """The objects of a value and of the lists in it."""
    found: list[Alt] = []
    for alt in result.alts:
        if isinstance(alt.thing, ListOf) and depth < 3:
            for cell in alt.thing.items[: containers.MAX_ELEMENTS]:
                found += _things(engine, engine.force(cell), depth + 1)
        elif isinstance(alt.thing, (Ext, Inst, DictOf)) and not is_absent(alt):
            found.append(alt)
    return found


def _equals(alt: Alt, values: tuple[object, ...]) -> bool:
    if is_off(alt):
        return "(nothing)" in values
    if "*" in values or ("(text)" in values and _is_text(alt)):
        return True
    thing = alt.thing
    name = thing.chain.rsplit(".", 1)[-1] if isinstance(thing, Ext) else None
    return (isinstance(thing, Lit) and thing.value in values) or (name is not None and name in values)


def unknown_part(engine: Engine, target: Target) -> str | None:
    """Why something that the target's own clients hold is not known; None when all of it is."""
    for layer in target.clients:
        for holds in layer.client.holds:
            if holds.use == "setting" or holds.paths or layer.made is None:
                continue
            given = _given(engine, layer.client, layer.made, holds)
            for _, result, _ in given:
                if not result.alts and result.open:
                    return result.open[0]
            if not given and holds.setting is not None and not _otherwise(engine, target, layer, holds):
                return f"{holds.setting.replace('-', ' ')} is configured nowhere in the repository"
    return None


def _given(engine: Engine, client: Client, made: Made, holds: Holds) -> list[tuple[object, Result, str | None]]:
    """The arguments of a constructor or deriving method that hold something."""
    call, frame = made.call, made.frame
    found: list[tuple[object, Result, str | None]] = []
    names = set(holds.arg.names)
    if "*" in names:
        plain_args = [(n, arg.value if isinstance(arg, Star) else arg) for n, arg in enumerate(call.args)]
        taken = {h.arg.pos for h in client.holds if h is not holds and "*" not in h.arg.names}
        found += [(n, engine.eval(arg, frame), None) for n, arg in plain_args if n not in taken]
    if "**" in names:
        roles = {name for role in client.roles.values() for name in role.names}
        found += [(n, engine.eval(v, frame), n) for n, v in call.keywords if n is not None and n not in roles]
    plain = tuple(name for name in holds.arg.names if name not in ("*", "**"))
    if plain:
        value = sent(CallArguments(engine, call, frame), Arg(plain, holds.arg.pos))
        found += [(holds.arg.names, value.result, None)] if value is not None else []
    if holds.each and client.object is not None and not is_unwritten(made):
        later = [result for name in plain for result in set_later.values(engine, made, name)]
        found += [((*holds.arg.names, number), result, None) for number, result in enumerate(later)]
    return found


def _otherwise(
    engine: Engine, target: Target, layer: Layer, holds: Holds
) -> list[tuple[object, Result, str | None]]:  # fmt: skip
    """What holds when nothing is sent: the setting of the program, else the library's default object."""
    default = holds.default
    if holds.setting is not None and _in_context(engine, target, layer, holds.setting):
        return []
    if holds.setting is not None:
        setting = engine.project.catalog.settings[holds.setting]
        found = program_settings.value(engine, setting, target.call, target.frame)
        if found is not None:
            worlds = list(dict.fromkeys(alt.world for alt in found.alts))
            if len(worlds) < 2:
                return [(("set", *holds.arg.names), found, None)]
            several = [Result(tuple(a for a in found.alts if a.world == world), found.open) for world in worlds]
            return [((SETTING, number), result, None) for number, result in enumerate(several)]
        default = default or setting.default
    if default is None or "*" in holds.arg.names:
        return []
    made = layer.made or Made(target.call, target.frame)
    bare = Made(Call(made.call.pos, Name(made.call.pos, UNWRITTEN), (), ()), made.frame)
    return [((*holds.arg.names, "default"), known(Ext(default + "()", (bare,))), None)]


def _in_context(engine: Engine, target: Target, layer: Layer, setting: str) -> bool:
    """Whether an object of settings that holds for the target gives what the program's setting decides else."""
    return any(
        holds.setting == setting
        and sent(CallArguments(engine, other.made.call, other.made.frame), holds.arg) is not None
        for other in target.clients
        if other is not layer and other.client.object == "settings" and other.made is not None
        for holds in other.client.holds
    )


def is_unwritten(made: Made) -> bool:
    """Whether an object is made by the library for lack of a given one."""
    return isinstance(made.call.func, Name) and made.call.func.id == UNWRITTEN


def _of_texts(engine: Engine, result: Result, layer: Layer, holds: Holds) -> Result:
    """The same with objects for texts: `Agent(llm="gpt-4o")` makes an `LLM` with that model, at the same place."""
    made = layer.made
    unknown = not result.alts and bool(result.open)
    if holds.default is None or made is None or not (unknown or any(_is_text(a) for a in result.alts)):
        return result
    client = next(iter(engine.project.catalog.client_named(holds.default)), None)
    name = next(iter(client.roles["model"].names), None) if client is not None and "model" in client.roles else None
    if name is None:
        return result

    constructor = holds.default + "()"

    def of(value: Result) -> Ext:
        given = cast(Expr, ValueOf(made.call.pos, value))
        call = Call(made.call.pos, made.call.func, (), ((name, given),))
        return Ext(constructor, (Made(call, made.frame),))

    if unknown:  # a text or an object; nothing but its model matters
        return Result((Alt(of(result)),), result.open)
    alts = (a._replace(thing=of(Result((a,), result.open))) if _is_text(a) else a for a in result.alts)
    return Result(tuple(alts), result.open)


def _is_text(alt: Alt) -> bool:
    return isinstance(alt.thing, Pieces) or (isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str))


def elements_of(engine: Engine, made: Made, arg: Arg) -> int | None:
    """Number of elements of a list that a constructor gets; None where it is not known."""
    value = sent(CallArguments(engine, made.call, made.frame), arg)
    thing = value.result.alts[0].thing if value is not None and len(value.result.alts) == 1 else None
    known_list = isinstance(thing, ListOf) and not (thing.open or thing.each or thing.fewer)
    return len(thing.items) if known_list and isinstance(thing, ListOf) else None


def _elements(
    engine: Engine, result: Result, layer: Layer, holds: Holds, depth: int
) -> list[tuple[tuple[object, ...], Alt, tuple[str, ...]]]:  # fmt: skip
    """Things in a value, each with its place (itself, the items of a list, the values of a dict), and why another may
    stand there. A text says that itself, by the model that it is."""
    found: list[tuple[tuple[object, ...], Alt, tuple[str, ...]]] = []
    for alt in _of_texts(engine, result, layer, holds).alts:
        thing = alt.thing
        if isinstance(thing, DictOf) and holds.dicts is not None and layer.made is not None:
            thing = _of_dict(thing, holds.dicts, layer.made)
            alt = alt._replace(thing=thing)
        cells: list[tuple[object, Cell]] = []
        if isinstance(thing, (Ext, Inst, Func, Partial)) and not is_absent(alt):
            found.append(((), alt, result.open))
        elif isinstance(thing, ListOf) and depth < 3:
            cells = list(enumerate(thing.items[: containers.MAX_ELEMENTS]))
        elif isinstance(thing, DictOf) and depth < 3:
            cells = [(entry.key, entry.value) for entry in thing.entries[: containers.MAX_ELEMENTS]]
        for at, cell in cells:
            inner = within(engine.force(cell), alt.world)
            for place, one, others in _elements(engine, inner, layer, holds, depth + 1):
                found.append(((at, *place), one, tuple(dict.fromkeys((*others, *result.open)))))
    return found


def _of_dict(thing: DictOf, constructor: str, made: Made) -> Ext:
    """The object that a dict stands for: `subagents=[{"name": ..., "model": ...}]`."""
    first = next((e.value for e in thing.entries if isinstance(e.value, Thunk)), None)
    pos, frame = (made.call.pos, made.frame) if first is None else (first.expr.pos, first.frame)
    keywords = tuple((str(e.key), cast(Expr, ValueOf(pos, e.value))) for e in thing.entries if isinstance(e.key, str))
    return Ext(f"{constructor}()", (Made(Call(pos, made.call.func, (), keywords), frame),))


def as_object(engine: Engine, alt: Alt) -> Alt | None:
    """A thing as an object of a framework: itself, or for an object of the repository's class that of the base outside
    of it, with what the base's constructor gets. None for anything else."""
    thing = alt.thing
    if isinstance(thing, Ext):
        return alt
    if not isinstance(thing, Inst):
        return None
    _, outside = objects.order(engine, thing.cls)
    base = next((e for e in outside if engine.project.catalog.client_named(e.chain)), None)
    made = constructors.base_made(engine, thing)
    if base is None or made is None:
        return None
    return alt._replace(thing=Ext(base.chain + "()", (*base.made, made)))
