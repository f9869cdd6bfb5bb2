"""The prefixes of routes: routers below other routers, as far up as the repository says.

In: the router that a route is declared on, or the file of a list of routes. Out: every prefix under which it is
mounted; one that is mounted nowhere keeps its own. Neighbour: `marks`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from guard.facts.catalog_types import Arg
from guard.facts.entry_catalog import Mount
from guard.facts.expr import Call
from guard.facts.filefacts import CallRef
from guard.facts.link.arguments import CallArguments, sent
from guard.facts.link.engine import Engine
from guard.facts.link.reads import CIRCLE, Memo
from guard.facts.link.things import ClassThing, Ext, Frame, Func, ListOf, Lit, Made, ModuleThing, Thing

MAX_DEPTH = 6
MAX_FILES = 200
MAX_PREFIXES = 8


class Mounted(NamedTuple):
    """A call that mounts something."""

    mount: Mount
    ref: CallRef
    frame: Frame
    receiver: Ext


class Routers:
    """Answers for routers, each found once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.catalog = engine.project.catalog.entries
        self._kept: Memo[object, tuple[str, ...]] = Memo(engine.recorder)
        self._mounts: Memo[str, list[Mounted]] = Memo(engine.recorder)
        self._active: set[object] = set()

    def prefixes(self, thing: Ext) -> tuple[str, ...]:
        """The prefixes of routes on the router that a chain starts with."""
        made = thing.made[0]
        key = (made.frame.path, made.call.pos)
        return self._once(key, lambda: self._of_router(thing, made))

    def _once(self, key: object, answer: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        if key in self._active or len(self._active) >= MAX_DEPTH:
            self.engine.recorder.note(CIRCLE)
            return ("",)
        self._active.add(key)
        try:
            return self._kept.once(key, answer)
        finally:
            self._active.discard(key)

    def _of_router(self, thing: Ext, made: Made) -> tuple[str, ...]:
        arg = self.catalog.prefixes.get(thing.chain.partition("()")[0])
        own = self._text(arg, made.call, made.frame) or ""

        def is_child(other: Thing) -> bool:
            if not isinstance(other, Ext) or not other.made:
                return False
            return (other.made[0].frame.path, other.made[0].call.pos) == (made.frame.path, made.call.pos)

        found = []
        for path in self._files(made.frame.path):
            for mounted in self._in_file(path):
                if self._holds(mounted, is_child):
                    found += self._through(mounted, path, own)
        return tuple(dict.fromkeys(found))[:MAX_PREFIXES] or (own,)

    def listing(self, thing: Func | ClassThing, name: str) -> tuple[str, ...]:
        """The prefixes of a handler or controller that routers list."""
        key = (thing.path, thing.scope)

        def is_child(other: Thing) -> bool:
            return isinstance(other, (Func, ClassThing)) and (other.path, other.scope) == key

        found = []
        named = set(self.engine.project.naming(name))
        for path in self._files(thing.path):
            for mounted in self._in_file(path) if path in named else ():
                if self._holds(mounted, is_child):
                    found += self._through(mounted, path, "")
        return tuple(dict.fromkeys(found))[:MAX_PREFIXES] or ("",)

    def above_call(self, ref: CallRef, path: str, receiver: Ext) -> tuple[str, ...]:
        """The prefixes of a route that is declared by a call: of what the call is made on, stands in, or lies in."""
        if receiver.made:
            return self.prefixes(receiver)
        for mounted in self._in_file(path):
            inside = mounted.ref.call.pos
            if inside.start < ref.call.pos.start and ref.call.pos.end <= inside.end:
                return tuple(self._through(mounted, path, ""))
        return self._once(("file", path), lambda: self._of_file(path))

    def _of_file(self, path: str) -> tuple[str, ...]:
        """The prefixes under which a module's list of routes is included by name."""

        def is_child(other: Thing) -> bool:
            if not isinstance(other, Ext) or other.chain.removesuffix("()") not in self.catalog.include:
                return False
            call, frame = other.made[-1].call, other.made[-1].frame
            for alt in self.engine.quietly(call.args[0], frame).alts if call.args else ():
                name = alt.thing.value if isinstance(alt.thing, Lit) else None
                if isinstance(name, str) and self.engine.project.module(name, frame.path) == path:
                    return True
                if isinstance(alt.thing, ModuleThing) and alt.thing.path == path:
                    return True
            return False

        found = []
        for other in self.engine.project.naming("include") if self.catalog.include else ():
            for mounted in self._in_file(other) if other != path else ():
                if self._holds(mounted, is_child):
                    found += self._through(mounted, other, "")
        return tuple(dict.fromkeys(found))[:MAX_PREFIXES] or ("",)

    def _through(self, mounted: Mounted, path: str, own: str) -> list[str]:
        """The prefixes that one mount gives: those of what it mounts on, its own, and the router's."""
        prefix = self._text(mounted.mount.prefix, mounted.ref.call, mounted.frame)
        below = own if prefix is None else prefix if mounted.mount.replaces else joined(prefix, own)
        return [joined(above, below) for above in self.above_call(mounted.ref, path, mounted.receiver)]

    def _holds(self, mounted: Mounted, is_child: object) -> bool:
        value = sent(CallArguments(self.engine, mounted.ref.call, mounted.frame), mounted.mount.child)
        for alt in value.result.alts if value is not None else ():
            cells = alt.thing.items[:64] if isinstance(alt.thing, ListOf) else ()
            inner = [a.thing for cell in cells for a in self.engine.force(cell).alts]
            if callable(is_child) and any(is_child(thing) for thing in (alt.thing, *inner)):
                return True
        return False

    def _files(self, own: str) -> list[str]:
        project = self.engine.project
        return [own, *(p for p in project.naming(project.stem(own)) if p != own)][:MAX_FILES]

    def _in_file(self, path: str) -> list[Mounted]:
        return self._mounts.once(path, lambda: self._find_in_file(path))

    def _find_in_file(self, path: str) -> list[Mounted]:
        data = self.engine.project.bytes_of(path)
        found: list[Mounted] = []
        names = [name for name in sorted(self.catalog.mount_names) if name.encode() in data]
        facts = self.engine.project.facts(path) if names else None
        for ref in [ref for name in names for ref in (facts.by_name.get(name, ()) if facts is not None else ())]:
            frame = self.engine.root(path, ref.scope)
            for alt in self.engine.quietly(ref.call.func, frame).alts:
                mount = self.catalog.mounts.get(alt.thing.chain) if isinstance(alt.thing, Ext) else None
                if mount is not None and isinstance(alt.thing, Ext):
                    found.append(Mounted(mount, ref, frame, alt.thing))
                    break
        return found

    def _text(self, arg: Arg | None, call: Call, frame: Frame) -> str | None:
        value = sent(CallArguments(self.engine, call, frame), arg) if arg is not None else None
        texts = [a.thing.value for a in value.result.alts if isinstance(a.thing, Lit)] if value is not None else []
        return next((text for text in texts if isinstance(text, str)), None)


def joined(prefix: str, path: str) -> str:
    """A route below a prefix, with one slash before each part."""
    if not path or path == "/":
        return prefix or path or "/"
    return f"{prefix.rstrip('/')}/{path.lstrip('/^')}"
