"""`setattr(self, key, value)` in a loop over a known dict: what it gives an attribute of a name.

In: the effect, the method it stands in, the object, a name. Out: the value of the turn whose key is that name, or None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from guard.facts.expr import Attr, Call, Expr, Item, Name, last_name
from guard.facts.filefacts import Binding, Effect, Scope
from guard.facts.link.things import ClassThing, DictOf, Entry, Frame, Inst, Lit, Result, known, standing_in, union

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


def set_by_loop(engine: Engine, inst: Inst, cls: ClassThing, method: Scope, effect: Effect, name: str) -> Result | None:
    """The value that `setattr` gives `name`."""
    frame = _frame_of(engine, inst, cls, method)
    key, value = effect.key, effect.value
    if key is None:
        return None
    loop = _loop_over_items(method, key)
    if loop is None:
        keys = engine.eval(key, frame)
        matches = any(isinstance(a.thing, Lit) and a.thing.value == name for a in keys.alts)
        return engine.eval(value, frame) if matches else None
    results = [engine.eval(value, turn) for turn in _turns_by_key(engine, frame, method, effect, loop).get(name, ())]
    return union(results) if results else None


def _turns_by_key(
    engine: Engine, frame: Frame, method: Scope, effect: Effect, loop: tuple[str, Expr]
) -> dict[str, list[Frame]]:  # fmt: skip
    """The turns of the loop, by the attribute that each sets: found once for all attributes that are asked for."""
    key = ("setattr", id(effect), frame.key)
    found = engine.once(key, effect, lambda: _read_turns(engine, frame, method, effect, loop))
    return cast("dict[str, list[Frame]]", found)


def _read_turns(
    engine: Engine, frame: Frame, method: Scope, effect: Effect, loop: tuple[str, Expr]
) -> dict[str, list[Frame]]:  # fmt: skip
    found: dict[str, list[Frame]] = {}
    for alt in engine.eval(loop[1], frame).alts:
        for entry in alt.thing.entries if isinstance(alt.thing, DictOf) else ():
            turn = _pinned(engine, frame, method, loop[0], entry)
            keys = engine.eval(effect.key, turn).alts if effect.key is not None else ()
            for name in {a.thing.value for a in keys if isinstance(a.thing, Lit) and isinstance(a.thing.value, str)}:
                found.setdefault(name, []).append(turn)
    return found


def _frame_of(engine: Engine, inst: Inst, cls: ClassThing, method: Scope) -> Frame:
    """The frame of a method that the constructor calls (`self._set_attributes(config)`), or its root on the object."""
    from guard.facts.link import constructors, objects

    owned, _ = objects.order(engine, inst.cls)
    for init, frame in constructors.constructor_frames(engine, inst, owned):
        if init.id == method.id and frame.path == cls.path:
            return frame
        facts = engine.project.facts(frame.path)
        for ref in facts.by_name.get(method.name, ()) if facts else ():
            if ref.scope == init.id:
                return engine.frame(cls.path, method.id, ref.call, frame, inst, None)
    return engine.frame(cls.path, method.id, None, None, inst, None)


def _loop_over_items(method: Scope, key: Expr) -> tuple[str, Expr] | None:
    """The name of the loop's key variable and the dict, for `for key, value in source.items()`."""
    for name in _names(key):
        for binding in method.bindings.get(name, ()):
            value = binding.value
            if binding.kind != "for" or not isinstance(value, Call):
                continue
            if isinstance(value.func, Attr) and value.func.name == "items":
                return name, value.func.base
    return None


def _names(expr: Expr) -> list[str]:
    if isinstance(expr, Name):
        return [expr.id]
    if isinstance(expr, Call):
        found = _names(expr.func.base) if isinstance(expr.func, (Attr, Item)) else []
        return found + [n for a in expr.args for n in _names(a)]
    return []


def _pinned(engine: Engine, frame: Frame, method: Scope, key_name: str, entry: Entry) -> Frame:
    """A frame of the same method in which the loop's targets are those of one turn."""
    pins: dict[str, Binding] = {}
    for name, bindings in method.bindings.items():
        for binding in bindings:
            if (
                binding.kind == "for"
                and binding.path in ((0,), (1,))
                and isinstance(binding.value, Call)
                and last_name(binding.value.func) == "items"
            ):
                cell = known(Lit(entry.key)) if binding.path == (0,) else entry.value
                pins[name] = Binding(name, "assign", binding.at, binding.pos, standing_in(binding.pos, cell))
    return engine.pinned(frame, key_name, entry.key, targets=pins)
