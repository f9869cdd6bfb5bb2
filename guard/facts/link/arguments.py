"""What a call sends, asked by argument name. In: a call (or the JSON body of an HTTP request) and a catalogue entry.

Out: for each role, the result of the first argument that is sent. Alternatives in which nothing is sent are marked with
`NOT_SENT`, each in its world, so that "limit given" and "limit not given" stay apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from guard.facts.catalog_types import Arg
from guard.facts.catalog_user import RECEIVER
from guard.facts.expr import Call, Star
from guard.facts.link import containers, objects, parameters
from guard.facts.link.things import (
    Alt,
    Cell,
    DictOf,
    Ext,
    Frame,
    Func,
    Inst,
    ListOf,
    Lit,
    Made,
    Result,
    known,
    opened,
    together,
    union,
    unknown,
    within,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

NOT_SENT = Ext("<not sent>")
ABSENT = Result((Alt(NOT_SENT),))
MAX_ABSENT = 16
"""Worlds in which none of several arguments is sent that are told apart."""
SENTINELS = ("NOT_GIVEN", "NotGiven()", "omit", "Omit()", "UNSET", "NOT_SENT", "<not sent>")


def is_absent(alt: Alt) -> bool:
    """Whether an alternative means that nothing goes out."""
    thing = alt.thing
    return (isinstance(thing, Lit) and thing.value is None) or (
        isinstance(thing, Ext) and thing.chain.endswith(SENTINELS)
    )


def is_off(alt: Alt) -> bool:
    """Whether an alternative means that something is not sent or switched off: nothing, False, an empty list."""
    thing = alt.thing
    empty = isinstance(thing, ListOf) and not thing.items and not thing.open
    return is_absent(alt) or empty or (isinstance(thing, Lit) and thing.value is False)


class Sent(NamedTuple):
    """The value of a role and the argument it was sent in (None: a default, or nothing)."""

    result: Result
    name: str | None


class CallArguments(NamedTuple):
    """Arguments of a call in a frame."""

    engine: Engine
    call: Call
    frame: Frame

    def get(self, name: str, pos: int | None) -> Result:
        """An argument by keyword, position or spread."""
        engine, call, frame = self
        for keyword, value in call.keywords:
            if keyword == name:
                return parameters.passed(engine, value, frame, name)
        if pos is not None:
            number = 0
            for arg in call.args:
                if isinstance(arg, Star):
                    spread = _items(engine, engine.eval(arg.value, frame))
                    if spread is None:
                        return unknown("the arguments are spread from a sequence")
                    if pos - number < len(spread):
                        return engine.force(spread[pos - number])
                    number += len(spread)
                    continue
                if number == pos:
                    return parameters.passed(engine, arg, frame, name)
                number += 1
        results = [spread_value(engine, engine.eval(v, frame), name) for k, v in call.keywords if k is None]
        return next((r for r in results if r != ABSENT), ABSENT)


def _items(engine: Engine, spread: Result) -> tuple[Cell, ...] | None:
    """The items of a sequence that is spread, when all of them are known."""
    thing = spread.alts[0].thing if len(spread.alts) == 1 and not spread.open else None
    return thing.items if isinstance(thing, ListOf) and not (thing.open or thing.fewer or thing.each) else None


class BodyArguments(NamedTuple):
    """Keys of a dict that is sent as JSON, or in which the arguments of one element stand."""

    engine: Engine
    body: Result

    def get(self, name: str, pos: int | None) -> Result:
        """A key of the body."""
        return spread_value(self.engine, self.body, name)


class OwnArguments(NamedTuple):
    """Arguments of a call of a function of the repository that guard.yaml declares, by the names of its parameters."""

    engine: Engine
    call: Call
    frame: Frame
    func: Func

    def get(self, name: str, pos: int | None) -> Result:
        """What a parameter gets: by keyword, position or spread, else its default. `self`: the object itself."""
        engine, func = self.engine, self.func
        if name == RECEIVER and func.bound is not None:
            return known(func.bound)
        scope = engine.project.scope(func.path, func.scope)
        param = next((p for p in scope.params if p.name == name), None)
        if param is None:
            spread = any(p.kind == "kwargs" for p in scope.params)
            return CallArguments(engine, self.call, self.frame).get(name, None) if spread else ABSENT
        entered = engine.frame(func.path, func.scope, self.call, self.frame, func.bound, func.lexical)
        return parameters.parameter(engine, param, entered)

    def position(self, name: str) -> int | None:
        """Where a parameter stands among the positional arguments, the object of a method not counted."""
        params = self.engine.project.scope(self.func.path, self.func.scope).params
        names = [p.name for p in params if p.kind in ("positional_only", "positional")][self.func.bound is not None :]
        return names.index(name) if name in names else None


Arguments = CallArguments | BodyArguments | OwnArguments


def spread_value(engine: Engine, spread: Result, name: str) -> Result:
    """A key of `**spread`: dict by dict, each in its world; absent where a dict surely lacks it."""
    results: list[Result] = []
    for alt in spread.alts:
        if isinstance(alt.thing, DictOf):
            results.append(within(_dict_key(engine, alt.thing, name), alt.world))
        elif isinstance(alt.thing, Inst):
            results.append(within(objects.attribute(engine, alt.thing, name), alt.world))
        elif not is_absent(alt):
            results.append(unknown("it is spread from something that is not a known dict"))
    if not results:
        return unknown(spread.open[0]) if spread.open else ABSENT
    return opened(union(results), *spread.open)


def _dict_key(engine: Engine, thing: DictOf, name: str) -> Result:
    value = containers.get(engine, thing, name)
    if value is None:
        return unknown(thing.open[0]) if thing.open else ABSENT
    gone = containers.absences(thing, name)
    if not gone:
        return value
    nothing = Result(tuple(Alt(NOT_SENT, (), world) for world in gone), thing.open)
    return union([containers.without_doubt(value), nothing])


def deep(engine: Engine, result: Result, names: list[str]) -> Result:
    """`config.max_output_tokens`: keys and attributes of dicts, objects of the SDK and of the repository."""
    for name in names:
        results: list[Result] = []
        for alt in result.alts:
            thing = alt.thing
            if is_off(alt):  # `llm_config=False`: there is none
                found = ABSENT
            elif isinstance(thing, DictOf):
                found = _dict_key(engine, thing, name)
            elif isinstance(thing, Ext) and thing.made and thing.chain.endswith("()"):
                made: Made = thing.made[-1]
                found = CallArguments(engine, made.call, made.frame).get(name, None)
            elif isinstance(thing, Inst):
                found = objects.attribute(engine, thing, name)
            elif isinstance(thing, ListOf) and thing.items and not thing.open:
                found = deep(engine, engine.force(thing.items[0]), [name])
            else:
                found = unknown("it stands in something that is not followed")
            results.append(within(found, alt.world))
        result = opened(union(results), *result.open) if results else Result((), result.open) if result.open else ABSENT
    return result


def is_unbounded(arguments: Arguments, arg: Arg) -> bool:
    """Whether None is sent where it means that there is no bound."""
    for index, name in enumerate(arg.names if arg.none == "unbounded" else ()):
        first, *rest = name.split(".")
        found = deep(arguments.engine, arguments.get(first, arg.pos if index == 0 else None), rest)
        if any(isinstance(alt.thing, Lit) and alt.thing.value is None for alt in found.alts):
            return True
    return False


def sent(arguments: Arguments, arg: Arg) -> Sent | None:
    """The first of the argument names that is sent; None when surely none of them is."""
    if not isinstance(arguments, CallArguments):
        return _sent(arguments, arg)
    engine, call, frame = arguments
    if _lacks(call, arg):
        return None
    key = ("sent", arg.names, arg.pos, id(call), frame.key)
    return cast("Sent | None", engine.once(key, (arg, call), lambda: _sent(arguments, arg)))


def _lacks(call: Call, arg: Arg) -> bool:
    """Whether a call surely has no such argument, by its text alone."""
    if any(keyword is None for keyword, _ in call.keywords) or (arg.pos is not None and call.args):
        return False
    given = {keyword for keyword, _ in call.keywords}
    return not any(name.partition(".")[0] in given for name in arg.names)


def _sent(arguments: Arguments, arg: Arg) -> Sent | None:
    perhaps: list[Result] = []
    used: str | None = None
    for index, name in enumerate(arg.names):
        parts = name.split(".")
        first = index == 0 or ("." in name and parts[0] == arg.names[0].split(".")[0])
        found = arguments.get(parts[0], arg.pos if first else None)
        if len(parts) > 1:
            found = deep(arguments.engine, found, parts[1:])
        if all(is_absent(a) for a in found.alts) and found.alts and not found.open:
            continue
        if not found.alts and not found.open:
            continue
        if perhaps and not found.alts:
            continue
        perhaps.append(found)
        used = used or name
        if found.alts and not any(is_absent(a) for a in found.alts):
            break
    if not perhaps:
        return None
    return Sent(_first_sent(perhaps), used) if len(perhaps) > 1 else Sent(perhaps[0], used)


def _first_sent(perhaps: list[Result]) -> Result:
    """What goes out where several arguments may say it: one of them, or nothing in the worlds that lack them all."""
    real: list[Alt] = []
    nothing: list[Alt] = []
    for number, result in enumerate(perhaps):
        absent = [alt for alt in result.alts if is_absent(alt)]
        sent_here = [alt for alt in result.alts if not is_absent(alt)]
        if number == 0:
            real, nothing = sent_here, absent
            continue
        real += [a for a in sent_here if not nothing or any(together(a.world, n.world) is not None for n in nothing)]
        pairs = ((alt, together(alt.world, n.world)) for n in nothing for alt in absent)
        nothing = [alt._replace(world=world) for alt, world in pairs if world is not None]
        if len(nothing) > MAX_ABSENT:
            nothing = [Alt(NOT_SENT)]
    return Result((*real, *nothing), tuple(dict.fromkeys(w for r in perhaps for w in r.open if not real)))
