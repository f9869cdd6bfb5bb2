"""Changes in place: `params["model"] = x`, `messages.append(...)`, `params.update(...)` between a binding and a use.

In: what a name was bound to, and a stretch of a scope. Out: the same with the changes applied that surely or perhaps ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Call, Star, dotted, last_name
from guard.facts.filefacts import Effect, Scope
from guard.facts.link import truth
from guard.facts.link.names import Place, blocks_at
from guard.facts.link.things import Alt, DictOf, Entry, Frame, ListOf, Lit, Result, Thunk

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


def applied(engine: Engine, result: Result, name: str, scope: Scope, frame: Frame, since: Place, use: Place) -> Result:
    """`result` with the changes that the scope makes to `name` between two places."""
    if not scope.effects or not any(isinstance(a.thing, (DictOf, ListOf)) for a in result.alts):
        return result
    relevant = [e for e in scope.effects if since < e.at <= use and dotted(e.base) == name]
    later = _later_in_loop(scope, name, use)
    if not relevant and not later:
        return result
    alts = []
    for alt in result.alts:
        thing = alt.thing
        for effect in relevant:
            if not isinstance(thing, (DictOf, ListOf)):
                break
            sure = _sure(engine, effect, scope, frame, use)
            if sure is not None:
                thing = _changed(engine, thing, effect, frame, sure)
        if later and isinstance(thing, ListOf):
            thing = thing._replace(open=(*thing.open, "it grows in the loop around the call"))
        alts.append(Alt(thing, alt.trail, alt.world))
    return Result(tuple(alts), result.open)


def _later_in_loop(scope: Scope, name: str, use: Place) -> bool:
    """Whether a list grows behind the use in the same loop, so that it is longer at the next turn."""
    loops = [b for b in scope.blocks if b.kind in ("for", "while") and b.start <= use < b.end]
    if not loops:
        return False
    return any(
        use < e.at and any(b.start <= e.at <= b.end for b in loops) and dotted(e.base) == name
        and e.kind == "call" and isinstance(e.value, Call) and last_name(e.value.func) in ("append", "extend", "insert")
        for e in scope.effects
    )  # fmt: skip


def _sure(engine: Engine, effect: Effect, scope: Scope, frame: Frame, use: Place) -> bool | None:
    """Whether a change surely ran before the use; None when it surely did not."""
    sure = True
    around = {(b.group, b.arm) for b in scope.blocks if b.start <= use < b.end}
    groups = {group for group, _ in around}
    for block in blocks_at(scope, effect.base.pos.start):
        if (block.group, block.arm) in around:
            continue
        if block.kind in ("if", "case") and block.group in groups or block.leaves in ("return", "raise"):
            return None
        verdict = truth.feasible(engine, block, frame) if block.kind in ("if", "case") else None
        if verdict is False:
            return None
        if block.kind in ("if", "case", "except", "for", "while") and verdict is None:
            sure = False
    return sure


def _changed(engine: Engine, thing: DictOf | ListOf, effect: Effect, frame: Frame, sure: bool) -> DictOf | ListOf:
    if effect.kind == "item" and effect.key is not None:
        return _item_set(engine, thing, effect, frame, sure)
    if effect.kind == "del_item" and isinstance(thing, DictOf) and effect.key is not None:
        key = _literal(engine, effect.key, frame)
        return thing._replace(entries=tuple(e if e.key != key else e._replace(sure=False) for e in thing.entries if e.key != key or not sure))
    if effect.kind == "call" and isinstance(effect.value, Call):
        method = last_name(effect.value.func)
        if isinstance(thing, ListOf):
            return _list_call(engine, thing, method or "", effect.value, frame, sure)
        return _dict_call(engine, thing, method or "", effect.value, frame, sure)
    return thing


def _literal(engine: Engine, expr: object, frame: Frame) -> object:
    result = engine.eval(expr, frame)  # type: ignore[arg-type]
    values = [a.thing.value for a in result.alts if isinstance(a.thing, Lit)]
    return values[0] if len(values) == 1 else _NOTHING


_NOTHING = object()


def _item_set(engine: Engine, thing: DictOf | ListOf, effect: Effect, frame: Frame, sure: bool) -> DictOf | ListOf:
    if not isinstance(thing, DictOf) or effect.key is None:
        return thing._replace(open=(*thing.open, "an element is replaced"))
    if effect.op:
        return thing
    keys = engine.eval(effect.key, frame)
    literal = [a.thing.value for a in keys.alts if isinstance(a.thing, Lit)]
    if not literal:
        return thing._replace(open=(*thing.open, "a key that is not known is set"))
    exact = sure and len(literal) == 1
    new = tuple(Entry(key, Thunk(effect.value, frame), exact) for key in literal)
    return thing._replace(entries=thing.entries + new)


def _list_call(engine: Engine, thing: ListOf, method: str, call: Call, frame: Frame, sure: bool) -> ListOf:
    if method in ("append", "add") and call.args:
        item = Thunk(call.args[0], frame)
        return thing._replace(items=(*thing.items, item)) if sure else thing._replace(items=(*thing.items, item), open=(*thing.open, "perhaps added"))
    if method == "insert" and len(call.args) == 2:
        index = _literal(engine, call.args[0], frame)
        at = index if isinstance(index, int) else 0
        return thing._replace(items=(*thing.items[:at], Thunk(call.args[1], frame), *thing.items[at:]))
    if method == "extend" and call.args:
        more = engine.eval(call.args[0], frame)
        lists = [a.thing for a in more.alts if isinstance(a.thing, ListOf)]
        if len(lists) == 1 and not more.open:
            reasons = lists[0].open if sure else (*lists[0].open, "perhaps added")
            return thing._replace(items=thing.items + lists[0].items, open=thing.open + reasons)
        return thing._replace(open=(*thing.open, more.open[0] if more.open else "further items are added"))
    if method in ("pop", "remove", "clear"):
        return thing._replace(open=(*thing.open, "items are taken out"))
    return thing


def _dict_call(engine: Engine, thing: DictOf, method: str, call: Call, frame: Frame, sure: bool) -> DictOf:
    if method == "update":
        for arg in call.args:
            if isinstance(arg, Star):
                continue
            more = engine.eval(arg, frame)
            dicts = [a.thing for a in more.alts if isinstance(a.thing, DictOf)]
            for other in dicts:
                exact = sure and len(dicts) == 1
                entries = tuple(e._replace(sure=e.sure and exact) for e in other.entries)
                thing = thing._replace(entries=thing.entries + entries, open=thing.open + other.open)
            if more.open or not dicts:
                thing = thing._replace(open=(*thing.open, more.open[0] if more.open else "unknown keys are added"))
        named = tuple(Entry(k, Thunk(v, frame), sure) for k, v in call.keywords if k is not None)
        return thing._replace(entries=thing.entries + named)
    if method == "setdefault" and call.args:
        key = _literal(engine, call.args[0], frame)
        if len(call.args) == 2 and isinstance(key, (str, int)) and not any(e.key == key and e.sure for e in thing.entries):
            return thing._replace(entries=(Entry(key, Thunk(call.args[1], frame), sure and not thing.open), *thing.entries))
        return thing
    if method == "pop" and call.args:
        key = _literal(engine, call.args[0], frame)
        if sure:
            return thing._replace(entries=tuple(e for e in thing.entries if e.key != key))
        return thing._replace(entries=tuple(e if e.key != key else e._replace(sure=False) for e in thing.entries))
    return thing
