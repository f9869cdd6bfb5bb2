"""What a framework makes of a function: a route, a command, a task, an app, a tool; with the names it goes by there.

In: a function of the repository. Out: its `Mark`, or None. By its decorators, by the class that it is a method of, by
calls that register it, by the scripts that the project declares. The catalogue says which those are (`entry_catalog`);
routers above a route are in `routers`. Neighbour: `entries` makes entry points of marks.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from guard.facts.catalog_types import Arg
from guard.facts.entry_catalog import Entry
from guard.facts.expr import Attr, Call, Const, Expr, dotted, last_name
from guard.facts.filefacts import CallRef, FileFacts, Scope
from guard.facts.link import objects
from guard.facts.link.arguments import CallArguments, sent
from guard.facts.link.engine import Engine
from guard.facts.link.reads import Memo
from guard.facts.link.routers import Routers, joined
from guard.facts.link.things import ClassThing, DictOf, Ext, Frame, Func, Inst, ListOf, Lit, Partial, Thing

ROUTES = frozenset({"get", "post", "put", "delete", "patch", "route", "websocket", "api_route", "head", "options"})
COMMANDS = frozenset({"command", "callback", "group"})
TASKS = frozenset({"task", "shared_task", "flow", "job", "actor", "scheduled_job", "periodic_task"})
"""Names of decorators by which an application that is not known is taken for one of these frameworks."""
USUAL = frozenset(
    {"get", "post", "put", "delete", "patch", "path", "url", "run", "on", "do", "load", "click", "register"}
)
"""Names of registrations that many other functions have, too: looked at where a file names the framework."""
HANDLERS = frozenset({"lambda_handler", "handler"})
ANY = "ANY"
"""The method of a route that takes every one, or that is decided elsewhere."""
MAX_FILES = 200
"""Files that may register a function."""
MAX_NAMES = 8


class Mark(NamedTuple):
    """What a framework makes of a function."""

    kind: str
    aliases: tuple[str, ...] = ()
    started: bool = False
    """The repository may start it itself; only where it does not it is an entry point."""


class Piece(NamedTuple):
    """One thing that makes a function an entry point."""

    entry: Entry
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class Registration(NamedTuple):
    """A call that takes functions."""

    entry: Entry
    ref: CallRef
    frame: Frame
    chain: str
    receiver: Ext


class Marks:
    """Answers for functions, each found once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.catalog = engine.project.catalog.entries
        self.routers = Routers(engine)
        self._kept: Memo[tuple[str, int], Mark | None] = Memo(engine.recorder)
        self._calls: Memo[str, list[Registration]] = Memo(engine.recorder)
        self._scripts: Memo[None, dict[tuple[str, str], list[str]]] = Memo(engine.recorder)

    def of(self, facts: FileFacts, scope: Scope) -> Mark | None:
        """What a framework makes of a function; None where nothing does."""

        def mark() -> Mark | None:
            with self.engine.aside({}):
                return self._found(facts, scope)

        return self._kept.once((facts.path, scope.id), mark)

    def of_module(self, facts: FileFacts) -> Mark | None:
        """What runs a module from its top, where one of the frameworks does (a Streamlit script)."""
        for bindings in facts.scopes[0].bindings.values():
            for binding in bindings:
                entry = self.catalog.modules.get(binding.module) if binding.kind == "import" else None
                if entry is not None:
                    return Mark(entry.kind)
        return None

    def _found(self, facts: FileFacts, scope: Scope) -> Mark | None:
        if scope.kind != "function":
            return None
        pieces = [*self._by_decorators(facts, scope), *self._by_class(facts, scope)]
        known = [p for p in pieces if p.entry.kind != "route" or p.paths]
        if not known:
            pieces += self._by_registration(facts, scope)
        scripts = self._script_names(facts, scope)
        if not pieces and scripts:
            return Mark("cli", tuple(scripts))
        if not pieces:
            return self._by_name(facts, scope)
        entry = pieces[0].entry
        methods = next((p.methods for p in pieces if p.methods), (ANY,))
        names = [f"{m} {path}" for p in pieces for path in p.paths for m in p.methods or methods]
        started = all(p.entry.started for p in pieces)
        return Mark(entry.kind, tuple(dict.fromkeys([*names[:MAX_NAMES], *scripts])), started)

    def _by_name(self, facts: FileFacts, scope: Scope) -> Mark | None:
        """A function that a cloud calls by its usual name."""
        top = scope.parent >= 0 and facts.scopes[scope.parent].kind == "module"
        return Mark("task") if scope.name in HANDLERS and top and len(scope.params) == 2 else None

    # decorators

    def _by_decorators(self, facts: FileFacts, scope: Scope) -> list[Piece]:
        found = []
        for decorator in scope.decorators:
            call = decorator if isinstance(decorator, Call) else None
            func = decorator.func if isinstance(decorator, Call) else decorator
            outer = self._around(facts, scope)
            things = [alt.thing for alt in self.engine.quietly(func, outer).alts]
            chains = [t for t in things if isinstance(t, Ext)]
            for thing in chains:
                entry = self.catalog.decorators.get(thing.chain)
                if entry is not None:
                    found.append(self._piece(entry, call, outer, thing, last_name(func) or "", facts, scope))
                    break
            else:
                if not things or chains:
                    found += self._likely(call, func, chains, facts)
        return found

    def _piece(
        self, entry: Entry, call: Call | None, frame: Frame, thing: Ext, name: str, facts: FileFacts, scope: Scope
    ) -> Piece:  # fmt: skip
        methods = self._methods(entry, call, frame, name)
        text = self._text(entry.path, call, frame) if entry.path is not None else None
        if text is None and name.startswith("require_"):
            return Piece(entry, (name.removeprefix("require_"),))
        if text is None:
            return Piece(entry, methods)
        above = self.routers.prefixes(thing) if thing.made else self._of_handler(facts, scope)
        return Piece(entry, methods, tuple(joined(prefix, text) for prefix in above))

    def _of_handler(self, facts: FileFacts, scope: Scope) -> tuple[str, ...]:
        """Prefixes of a handler that is no method of a router: of its controller, of routers that list it."""
        cls = facts.scopes[scope.parent] if scope.parent > 0 else None
        if cls is None or cls.kind != "class":
            return self.routers.listing(Func(facts.path, scope.id), scope.name)
        own = [b.value.value for b in cls.bindings.get("path", ()) if isinstance(b.value, Const)]
        above = self.routers.listing(ClassThing(facts.path, cls.id), cls.name)
        return tuple(joined(prefix, str(own[-1])) for prefix in above) if own else above

    def _likely(self, call: Call | None, func: Expr, chains: list[Ext], facts: FileFacts) -> list[Piece]:
        """Decorators of an application that is not known, by what they look like."""
        name, base = last_name(func) or "", dotted(func) or ""
        first = call.args[0] if call is not None and call.args else None
        if call is not None and name in ROUTES and "." in base and isinstance(first, Const):
            path = str(first.value)
            if path.startswith("/") or not chains:
                methods = _listed_methods(call) if name in ("route", "api_route") else (name.upper(),)
                return [Piece(Entry("route"), methods, (path,))]
        if name in COMMANDS and "." in base and not chains:
            return [Piece(Entry("cli"))]
        if name in TASKS and not chains:
            return [Piece(Entry("task", started=True))]
        return []

    def _methods(self, entry: Entry, call: Call | None, frame: Frame, name: str) -> tuple[str, ...]:
        if entry.named:
            return (name.removeprefix("add_").removesuffix("_listener").upper(),)
        if entry.methods is None:
            return ()
        value = sent(CallArguments(self.engine, call, frame), entry.methods) if call is not None else None
        if value is None:
            default = entry.methods.default
            return (str(default),) if default is not None else ()
        words: list[str] = []
        for alt in value.result.alts:
            items = alt.thing.items if isinstance(alt.thing, ListOf) else ()
            inner = [a.thing for cell in items for a in self.engine.force(cell).alts]
            words += [str(t.value).upper() for t in (*inner, alt.thing) if isinstance(t, Lit)]
        return tuple(dict.fromkeys(words)) or (ANY,)

    def _text(self, arg: Arg | None, call: Call | None, frame: Frame) -> str | None:
        value = sent(CallArguments(self.engine, call, frame), arg) if call is not None and arg is not None else None
        texts = [a.thing.value for a in value.result.alts if isinstance(a.thing, Lit)] if value is not None else []
        return next((text for text in texts if isinstance(text, str)), None)

    def _around(self, facts: FileFacts, scope: Scope) -> Frame:
        parent = facts.scopes[scope.parent] if scope.parent > 0 else None
        if parent is None:
            return self.engine.module(facts.path)
        if parent.kind == "class":
            return objects.body_frame(self.engine, objects.Owned(ClassThing(facts.path, parent.id), parent))
        return self.engine.root(facts.path, parent.id)

    # classes and registrations

    def _by_class(self, facts: FileFacts, scope: Scope) -> list[Piece]:
        cls = facts.scopes[scope.parent] if scope.parent > 0 else None
        if cls is None or cls.kind != "class":
            return []
        for base in objects.order(self.engine, ClassThing(facts.path, cls.id))[1]:
            entry = self.catalog.bases.get(base.chain)
            if entry is not None and scope.name in entry.class_methods:
                method = entry.class_methods[scope.name]
                paths = [path for p in self._by_registration(facts, cls) for path in p.paths]
                return [Piece(entry, (method,) if method else (), tuple(paths))]
        return []

    def _by_registration(self, facts: FileFacts, scope: Scope) -> list[Piece]:
        """Calls that are given the function, the class, or the class that it is a method of."""
        found: list[Piece] = []
        owner = facts.scopes[scope.parent] if scope.parent > 0 and scope.kind == "function" else None
        cls = owner if owner is not None and owner.kind == "class" else None
        for path in self._files(facts.path, {scope.name} if cls is None else {scope.name, cls.name}):
            for reg in self._registrations(path):
                if self._takes(reg, (facts.path, scope.id)):
                    found.append(self._registered(reg, path, None))
                    continue
                method = _of_class(reg.entry, scope.name) if cls is not None else None
                if cls is not None and method is not None and self._takes(reg, (facts.path, cls.id)):
                    found.append(self._registered(reg, path, method))
        return found

    def _registered(self, reg: Registration, path: str, method: str | None) -> Piece:
        text = self._text(reg.entry.path, reg.ref.call, reg.frame)
        name = last_name(reg.ref.call.func) or ""
        methods = (method,) if method else self._methods(reg.entry, reg.ref.call, reg.frame, name)
        above = self.routers.above_call(reg.ref, path, reg.receiver) if text is not None else ()
        return Piece(reg.entry, methods, tuple(joined(prefix, text or "") for prefix in above))

    def _files(self, own: str, names: set[str]) -> list[str]:
        """Files that can register something: they name it, and are or name its module."""
        project = self.engine.project
        stem = set(project.naming(project.stem(own)))
        named = dict.fromkeys(path for name in sorted(names) for path in project.naming(name))
        return [p for p in named if p == own or p in stem][:MAX_FILES]

    def _registrations(self, path: str) -> list[Registration]:
        return self._calls.once(path, lambda: self._find_registrations(path))

    def _find_registrations(self, path: str) -> list[Registration]:
        facts = self.engine.project.facts(path)
        found: list[Registration] = []
        for name in sorted(self.catalog.call_names & facts.by_name.keys()) if facts is not None else ():
            if name in USUAL and not self._names_framework(path, name):
                continue
            for ref in facts.by_name[name] if facts is not None else ():
                frame = self.engine.root(path, ref.scope)
                for alt in self.engine.quietly(ref.call.func, frame).alts:
                    entry = self.catalog.calls.get(alt.thing.chain) if isinstance(alt.thing, Ext) else None
                    if entry is not None and isinstance(alt.thing, Ext):
                        found.append(Registration(entry, ref, frame, alt.thing.chain, alt.thing))
                        break
        return found

    def _names_framework(self, path: str, name: str) -> bool:
        data = self.engine.project.bytes_of(path)
        return any(
            chain.partition(".")[0].encode() in data for chain in self.catalog.calls if chain.endswith("." + name)
        )

    def _takes(self, reg: Registration, target: tuple[str, int]) -> bool:
        """Whether the function that a registration is given is the one in question."""
        arg = reg.entry.function
        value = sent(CallArguments(self.engine, reg.ref.call, reg.frame), arg) if arg is not None else None
        things = [alt.thing for alt in value.result.alts] if value is not None else []
        if any(self._is(thing, target, 0) for thing in things):
            return True
        for expr in (*reg.ref.call.args, *(v for _, v in reg.ref.call.keywords)):
            view = expr.func if isinstance(expr, Call) else None
            if isinstance(view, Attr) and view.name == "as_view":
                alts = self.engine.quietly(view.base, reg.frame).alts
                if any(self._is(alt.thing, target, 0) for alt in alts):
                    return True
        return False

    def _is(self, thing: Thing, target: tuple[str, int], depth: int) -> bool:
        if isinstance(thing, Partial):
            return self._is(thing.func, target, depth)
        if isinstance(thing, Inst):
            return (thing.cls.path, thing.cls.scope) == target
        if isinstance(thing, (Func, ClassThing)):
            return (thing.path, thing.scope) == target
        cells = [e.value for e in thing.entries] if isinstance(thing, DictOf) else []
        cells += list(thing.items) if isinstance(thing, ListOf) else []
        return depth < 2 and any(
            self._is(alt.thing, target, depth + 1) for cell in cells[:64] for alt in self.engine.force(cell).alts
        )

    # scripts

    def _script_names(self, facts: FileFacts, scope: Scope) -> list[str]:
        """Names of commands that the project declares for a function (`[project.scripts]`)."""
        return self._scripts.once(None, self._find_scripts).get((facts.path, scope.qualname), [])

    def _find_scripts(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for folder, name, module, function in _declared_scripts(self.engine):
            path = self.engine.project.module(module, f"{folder}/setup.py" if folder else "setup.py")
            if path is not None:
                found.setdefault((path, function), []).append(name)
        return found


def _declared_scripts(engine: Engine) -> list[tuple[str, str, str, str]]:
    """(folder, command, module, function) of every script that the repository's projects declare."""
    found = []
    named = (engine.project.files_named(name) for name in ("pyproject.toml", "setup.cfg", "setup.py"))
    for path in sorted(path for paths in named for path in paths):
        folder = path.rpartition("/")[0]
        text = engine.project.text(path) or ""
        section = ""
        for line in text.split("\n"):
            head = re.match(r"\s*(?:\[+([\w.\"-]+)\]+|(\w+)\s*=\s*(?:[\[{(]\s*)?$|['\"](\w+)['\"]\s*:\s*[\[(])", line)
            if head is not None:
                section = next(group for group in head.groups() if group is not None)
            script = re.search(r"['\"]?([\w.-]+)['\"]?\s*=\s*['\"]?([\w.]+):(\w+(?:\.\w+)?)", line)
            if script is not None and "script" in section + line:
                found.append((folder, script[1], script[2], script[3]))
    return found


def _of_class(entry: Entry, name: str) -> str | None:
    """The HTTP method (empty: none) of a class's method that is run; None where it is not. `*`: all public ones are."""
    return entry.class_methods.get(name, None if name.startswith("_") else entry.class_methods.get("*"))


def _listed_methods(call: Call) -> tuple[str, ...]:
    for keyword, value in call.keywords:
        items = getattr(value, "items", ())
        if keyword == "methods" and items and not callable(items):
            return tuple(str(i.value).upper() for i in items if isinstance(i, Const))
    return ("GET",)
