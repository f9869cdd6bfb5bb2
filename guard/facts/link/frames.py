"""Frames: activations of scopes, each of which is one object.

In: a scope, the call that entered it, from which frame, on which object. Out: the one `Frame` with these parts, so that
what is kept of a frame is found again. Neighbours: `engine` evaluates in frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from guard.facts.expr import Call, Expr
from guard.facts.filefacts import Binding, Scope
from guard.facts.link.project import Project
from guard.facts.link.things import ClassThing, Frame, Held, Inst, Result, Thing


class Frames:
    """The frames of one repository."""

    project: Project

    def __init__(self) -> None:
        self._frames: dict[tuple[object, ...], Frame] = {}
        self._by_key: list[Frame] = []

    def frame(
        self, path: str, scope: int, call: Call | None, caller: Frame | None, owner: Thing | None,
        lexical: Frame | None, pin: tuple[int, ...] = (),
    ) -> Frame:  # fmt: skip
        """The one frame with these parts. `pin`: numbers of the elements that a comprehension is at."""
        key = (
            path, scope, call.pos if call else None, _identity(call) if call else 0, caller.key if caller else None,
            self._owner_key(owner), lexical.key if lexical else None, pin,
        )  # fmt: skip
        found = self._frames.get(key)
        if found is None:
            found = self._frames[key] = Frame(path, scope, call, caller, owner, lexical, len(self._frames), pin)
            self._by_key.append(found)
        return found

    @staticmethod
    def _owner_key(owner: Thing | None) -> object:
        if isinstance(owner, Inst):
            return (owner.cls, owner.call.pos if owner.call else None, owner.frame.key if owner.frame else None)
        return owner if isinstance(owner, ClassThing) else None if owner is None else id(owner)

    def pinned(
        self, frame: Frame, name: str, turn: object, pins: Mapping[str, Binding] = MappingProxyType({}),
        targets: Mapping[str, Binding] = MappingProxyType({}), moving: frozenset[str] | None = None,
    ) -> Frame:  # fmt: skip
        """The frame at one turn of a loop. `pins`: what names hold there; `targets`: what its targets hold when it
        begins; `moving`: the names that say something else from turn to turn, where that is known."""
        key = ("pinned", frame.key, name, turn)
        found = self._frames.get(key)
        if found is None:
            found = self._frames[key] = Frame(
                frame.path, frame.scope, frame.call, frame.caller, frame.owner, frame.lexical, len(self._frames),
                frame.pin,
            )  # fmt: skip
            found.pins, found.targets = pins, targets
            if moving is not None:
                found.before, found.moving = frame, moving
            self._by_key.append(found)
        return found

    def frame_of(self, key: int) -> Frame | None:
        """The frame with a key."""
        return self._by_key[key] if 0 <= key < len(self._by_key) else None

    def root(self, path: str, scope: int) -> Frame:
        """The frame of a scope without a known caller; comprehensions and closures hang on the roots around them."""
        inner = self.project.scope(path, scope)
        parent = self.enclosing(path, inner)
        lexical = self.root(path, parent.id) if parent is not None else None
        return self.frame(path, scope, None, None, None, lexical)

    def enclosing(self, path: str, scope: Scope) -> Scope | None:
        """The function around a scope, if its names are visible there (class bodies are not)."""
        parent = scope.parent
        direct = True
        while parent > 0:
            above = self.project.scope(path, parent)
            if above.kind != "class" or (direct and scope.kind == "comp"):
                return above
            parent, direct = above.parent, False
        return None

    def module(self, path: str) -> Frame:
        """The frame of a module."""
        return self.frame(path, 0, None, None, None, None)

    def scope_of(self, frame: Frame) -> Scope:
        """The scope that a frame is an activation of."""
        return self.project.scope(frame.path, frame.scope)


def _identity(call: Call) -> object:
    """What tells calls of one place apart: the callee, and arguments that guard put there (`partial`, `map`)."""
    given: list[Expr | Held] = [*call.args, *(value for _, value in call.keywords)]
    if not any(isinstance(value, Held) for value in given):
        return id(call.func)
    held = [value.cell for value in given if isinstance(value, Held)]
    return (id(call.func), *((id(c), 0) if isinstance(c, Result) else (id(c.expr), c.frame.key) for c in held))
