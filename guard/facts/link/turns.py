"""Loops that are run turn by turn: what names hold behind a short loop over known elements.

In: a name, and a place behind a loop that binds or changes it. Out: its value there, as Python would have it, or None
where the loop cannot be followed that way: too many turns, a test that is not known, anything but assignments, changes
in place, branches and further loops in it. Then `names` and `effects` say what may hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Attr, Call, Name, Pos
from guard.facts.filefacts import Binding, Block, Effect, Scope
from guard.facts.link import aliases, containers, effects, inplace, still, subscripts, texts, truth
from guard.facts.link.names import Place, blocks_at
from guard.facts.link.things import Alt, DictOf, Ext, Frame, ListOf, Lit, Method, Pieces, Result, standing_in

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_STEPS = 240
"""Statements that are run for one loop."""
LOOPS = ("for", "while")
State = Mapping[str, Result]


class _Stop(Exception):
    """The loop cannot be followed turn by turn."""


class _Leave(Exception):
    """A turn (`continue`) or a loop (`break`) ends here."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Behind(NamedTuple):
    """A loop and what the names that it binds or changes hold behind it."""

    loop: Block
    values: State


def behind(engine: Engine, name: str, scope: Scope, frame: Frame, use: Place) -> Behind | None:
    """The last loop before a place that gives a name its value, run turn by turn; None where that is not so."""
    loop = _last_loop(engine, name, scope, frame, use)
    if loop is None:
        return None
    key = (loop.group, loop.arm, frame.key, -2)
    kept = engine.kept(key)
    if kept is not None:
        found = kept.result
    elif key in engine.running:
        return None
    else:
        engine.running.add(key)
        try:
            found = engine.keeping(key, loop, lambda: _run(engine, scope, frame, loop))
        finally:
            engine.running.discard(key)
    return Behind(loop, found) if found is not None and name in found else None


def _last_loop(engine: Engine, name: str, scope: Scope, frame: Frame, use: Place) -> Block | None:
    """The loop that the last binding or change of a name before a place stands in, where the place does not."""
    key = ("last loop", name, use)
    if key not in scope.derived:
        scope.derived[key] = _find_last_loop(engine, name, scope, frame, use)
    found: Block | None = scope.derived[key]
    return found


def _find_last_loop(engine: Engine, name: str, scope: Scope, frame: Frame, use: Place) -> Block | None:
    places = [b.pos.start if b.kind != "for" else b.at for b in scope.bindings.get(name, ()) if b.at <= use]
    facts = engine.project.facts(frame.path)
    changes = facts.own_changes.get(scope.id, {}).get(name, ()) if facts is not None else ()
    places += [e.base.pos.start for e in changes if e.at <= use and e.kind != "passed"]
    if not places or any(b.kind in LOOPS for b in blocks_at(scope, use)):
        return None
    for place in sorted(places, reverse=True):
        loop = next((b for b in blocks_at(scope, place) if not b.start <= use < b.end), None)
        if loop is not None:
            later = any(loop.end < b.at <= use for b in scope.bindings.get(name, ()))
            return loop if loop.kind in LOOPS and not later else None
    return None


def _run(engine: Engine, scope: Scope, frame: Frame, loop: Block) -> State | None:
    """What the names of a loop hold behind it."""
    try:
        run = _Run(engine, scope, frame, loop)
        run.loop(loop)
    except _Stop:
        return None
    except _Leave:
        return None
    return run.state


class _Run:
    """Runs statements of one scope; `state` has what the names that the loop touches hold at the moment."""

    def __init__(self, engine: Engine, scope: Scope, frame: Frame, loop: Block) -> None:
        self.engine, self.scope, self.frame = engine, scope, frame
        self.steps = 0
        facts = engine.project.facts(frame.path)
        changes = facts.own_changes.get(scope.id, {}) if facts is not None else {}
        inside = [
            (name, b) for name, bindings in scope.bindings.items() for b in bindings if _in(loop, b.pos.start, b.at)
        ]
        effects = [(name, e) for name, found in changes.items() for e in found if _in(loop, e.base.pos.start, e.at)]
        self.bindings = [(name, b) for name, b in inside if b.kind != "for"]
        self.targets = [b for _, b in inside if b.kind == "for"]
        self.effects = [(name, e) for name, e in effects if not (e.kind == "passed" and self._harmless(e))]
        self._check([name for name, _ in inside] + [name for name, _ in self.effects], frame.path)
        self.blocks = [b for b in scope.blocks if _in(loop, b.start, b.end)]
        self.aliased = {name for name, _ in [*inside, *self.effects] if self._aliased(name, loop)}
        self.moving = still.moving(
            engine, frame.path, scope, [name for name, _ in inside] + [name for name, _ in self.effects],
            [name for name, _ in self.effects],
        )  # fmt: skip
        self.state: dict[str, Result] = {}
        self._now: Frame | None = None
        """The frame as it is, until a name holds something else."""
        before = loop.test.pos.start if loop.test is not None else loop.start
        for name in dict.fromkeys([name for name, _ in inside] + [name for name, _ in self.effects]):
            if self._bound_before(name, loop):
                self.state[name] = engine.eval(Name(Pos(*before, *before), name), frame)

    def _bound_before(self, name: str, loop: Block) -> bool:
        bound = any(b.at <= loop.start and not _in(loop, b.pos.start, b.at) for b in self.scope.bindings.get(name, ()))
        return bound or any(p.name == name for p in self.scope.params)

    def _aliased(self, name: str, loop: Block) -> bool:
        """Whether what the name means may have another name when the loop ends."""
        others = aliases.groups(self.engine, self.frame.path, self.scope).get(name, frozenset()) - {name}
        found = [self.scope.bindings.get(other, ()) for other in others]
        return any(not bindings or min(b.at for b in bindings) <= loop.end for bindings in found)

    def _harmless(self, effect: Effect) -> bool:
        """Whether an argument of a call stays as it is: no function of the repository is called."""
        call = effect.value
        found = self.engine.quietly(call.func, self.frame) if isinstance(call, Call) else None
        if found is None or not found.alts or any(effects.is_shuffle(a.thing) for a in found.alts):
            return False
        return all(isinstance(a.thing, (Ext, Method)) for a in found.alts)

    def _check(self, names: list[str], path: str) -> None:
        """Only plain names of the scope itself, which no other function binds."""
        kinds = {b.kind for _, b in self.bindings}
        if kinds - {"assign", "unpack", "aug"} or any("." in n or n in self.scope.outer_names for n in names):
            raise _Stop
        if any(e.kind not in ("item", "call", "del_item", "passed") for _, e in self.effects):
            raise _Stop
        facts = self.engine.project.facts(path)
        shared = facts is not None and any(
            other.id != self.scope.id and name in other.outer_names for other in facts.scopes for name in names
        )
        if shared or self.scope.kind not in ("module", "function"):
            raise _Stop

    # --- statements ---------------------------------------------------------------------------------------------

    def region(self, block: Block) -> None:
        """Run the statements of a block."""
        start, end = block.start, block.end
        here = [b for b in self.blocks if b is not block and start <= b.start and b.end <= end]
        top = [b for b in here if not any(o is not b and o.start <= b.start and b.end <= o.end for o in here)]
        events: list[tuple[Place, int, Binding | Effect | Block]] = []
        changes: tuple[Sequence[tuple[str, Binding | Effect]], ...] = (self.bindings, self.effects)
        for order, found in enumerate(changes):
            for _, change in found:
                place = change.pos.start if isinstance(change, Binding) else change.base.pos.start
                if start <= place < end and not any(b.start <= place < b.end for b in top):
                    events.append((change.at, order, change))
        events += [(b.start, 2, b) for b in top]
        done: set[int] = set()
        for _, _, event in sorted(events, key=lambda e: e[:2]):
            if isinstance(event, Block):
                if event.group not in done:
                    done.add(event.group)
                    self.block([b for b in top if b.group == event.group])
            else:
                self.step(event)

    def block(self, arms: list[Block]) -> None:
        """Run a compound statement."""
        first = arms[0]
        if first.kind in LOOPS and len(arms) == 1:
            self.loop(first)
        elif first.kind == "with":
            self.arm(first)
        elif all(b.kind in ("try", "finally") for b in arms):
            for arm in sorted(arms, key=lambda b: b.start):
                self.arm(arm)
        elif first.kind in ("if", "case"):
            now = self.now()
            verdicts = [truth.feasible(self.engine, arm, now) for arm in arms]
            if None in verdicts:
                raise _Stop
            for arm, verdict in zip(arms, verdicts):
                if verdict:
                    self.arm(arm)
        else:
            raise _Stop

    def arm(self, block: Block) -> None:
        """Run the statements of a block, and leave as it does."""
        self.region(block)
        if block.leaves in ("break", "continue"):
            raise _Leave(block.leaves)
        if block.leaves:
            raise _Stop

    def loop(self, loop: Block) -> None:
        """Run a loop to its end."""
        if loop.kind == "while":
            while self._goes_on(loop):
                if not self.turn(loop):
                    return
            return
        if loop.test is None:
            raise _Stop
        source = self.engine.eval(loop.test, self.now())
        items = containers.each_value(self.engine, source)
        if items is None or containers.is_mixed(source):
            raise _Stop
        for cell in items:
            self._take(loop, self.engine.force(cell))
            if not self.turn(loop):
                return

    def _goes_on(self, loop: Block) -> bool:
        self.count()
        verdict = truth.truth(self.engine, loop.test, self.now()) if loop.test is not None else None
        if verdict is None:
            raise _Stop
        return verdict

    def turn(self, loop: Block) -> bool:
        """One turn; False where it leaves the loop."""
        self.count()
        try:
            self.region(loop)
        except _Leave as leave:
            return leave.word == "continue"
        if loop.leaves not in ("", "continue", "break"):
            raise _Stop
        return loop.leaves != "break"

    def _take(self, loop: Block, element: Result) -> None:
        for binding in self.targets:
            if binding.value is loop.test:
                whole = (
                    subscripts.unpacked(self.engine, element, binding.path, binding.pos) if binding.path else element
                )
                self._set(binding.name, whole)

    def count(self) -> None:
        """One step more."""
        self.steps += 1
        self.engine.work += 1
        if self.steps > MAX_STEPS:
            raise _Stop

    def now(self) -> Frame:
        """The frame as it is at the moment. A new one after each change: what is read in it may depend on decisions."""
        if self._now is None:
            pins = {}
            for name, result in self.state.items():
                place = self.scope.bindings[name][0].pos if name in self.scope.bindings else self.scope.pos
                pins[name] = Binding(name, "assign", place.end, place, standing_in(place, result))
            self._now = self.engine.pinned(self.frame, "<turn>", object(), pins, moving=self.moving)
        return self._now

    def _set(self, name: str, value: Result) -> None:
        self.state[name] = value
        self._now = None

    def step(self, event: Binding | Effect) -> None:
        """One assignment or change in place."""
        self.count()
        engine, now = self.engine, self.now()
        if isinstance(event, Effect):
            name = event.base.id if isinstance(event.base, Name) else ""
            before = self.state.get(name)
            if before is None or isinstance(event.base, Attr):
                raise _Stop
            if event.kind == "passed":
                if any(not isinstance(a.thing, (Lit, Pieces)) for a in before.alts) or not before.alts:
                    raise _Stop
                return
            if not all(isinstance(a.thing, (ListOf, DictOf)) for a in before.alts):
                raise _Stop
            alts = [
                Alt(inplace.changed(engine, a.thing, event, now, True, False), a.trail, a.world) for a in before.alts
            ]
            self._put(name, Result(tuple(alts), before.open))
            return
        if event.value is None:
            raise _Stop
        value = engine.eval(event.value, now)
        if event.kind == "aug":
            before = self.state.get(event.name)
            if before is None:
                raise _Stop
            value = texts.added(engine, event, before, value, now)
        elif event.path:
            value = subscripts.unpacked(engine, value, event.path, event.pos)
        self._put(event.name, value)

    def _put(self, name: str, value: Result) -> None:
        """A name gets a value; a list or dict that has a second name by then is not followed."""
        if name in self.aliased and any(isinstance(a.thing, (ListOf, DictOf)) for a in value.alts):
            raise _Stop
        self._set(name, value)


def _in(loop: Block, start: Place, end: Place) -> bool:
    """Whether a stretch stands in a loop; its own targets do."""
    return loop.start <= start < loop.end or (end == loop.start and start < loop.start)
