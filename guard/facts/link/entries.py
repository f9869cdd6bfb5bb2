"""Entry points: from which roots of the repository is a function reached, and how often per run of each.

In: a function. Out: `Reach`es: web routes, commands, tasks, `__main__`, notebooks, and functions that nobody calls. The
repeats of all ways add up. Each function is answered once, so that work grows with the number of calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Call, Compare, Const, Name, dotted, last_name
from guard.facts.filefacts import CallRef, FileFacts, Scope
from guard.facts.link import control
from guard.facts.link.callers import Callers
from guard.facts.link.names import blocks_at
from guard.facts.link.stages import is_test
from guard.facts.link.things import Called, Root
from guard.facts.link.values import Spans
from guard.model import Count, Reach

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_ENTRIES = 32
MAX_LEVELS = 24
ROUTES = frozenset({"get", "post", "put", "delete", "patch", "route", "websocket", "api_route", "head", "options"})
COMMANDS = frozenset({"command", "callback", "group"})
TASKS = frozenset({"task", "shared_task", "flow", "job", "actor", "dag", "asset", "op", "scheduled_job", "periodic_task", "function"})


class Way(NamedTuple):
    """One entry point with the calls per run and one example of the way there."""

    entry: str
    kind: str
    aliases: tuple[str, ...]
    repeats: Count
    chain: tuple[Called, ...]


class Entries:
    """Answers for functions, each found once."""

    def __init__(self, engine: Engine, callers: Callers) -> None:
        self.engine = engine
        self.callers = callers
        self.spans = Spans(engine.project)
        self._kept: dict[tuple[str, int], tuple[Way, ...]] = {}

    def reach(self, path: str, scope: int, inner: Count) -> tuple[Reach, ...]:
        """The entry points that reach a function, with `inner` calls of the request for each call of the function."""
        found = []
        for way in self._ways(path, scope, 0):
            chain = tuple(self.spans(c.frame.path, c.call.pos) for c in way.chain)
            found.append(Reach(way.entry, way.kind, control.product([way.repeats, inner]), way.aliases, chain))
        return tuple(found)

    def _ways(self, path: str, scope: int, level: int) -> tuple[Way, ...]:
        key = (path, scope)
        if key in self._kept:
            return self._kept[key]
        self._kept[key] = ()  # a way that comes back here adds nothing
        facts = self.engine.project.facts(path)
        if facts is None:
            return ()
        inner = facts.scopes[scope]
        if inner.kind == "module":
            ways: tuple[Way, ...] = (self._way(facts, inner),)
        elif inner.kind in ("class", "lambda", "comp"):
            ways = self._ways(path, inner.parent, level)
        else:
            ways = self._of_function(facts, inner, level)
        self._kept[key] = ways
        return ways

    def _of_function(self, facts: FileFacts, scope: Scope, level: int) -> tuple[Way, ...]:
        kind, aliases = self._decorated(facts, scope)
        if kind is not None or level >= MAX_LEVELS:
            return (Way(f"{facts.path}::{scope.qualname}", kind or "function", aliases, Count(), ()),)
        binds = [b for b in self.callers.of(Root("callers", facts.path, scope.id)) if isinstance(b, Called)]
        outer = facts.scopes[scope.parent]
        if not binds:
            if outer.kind == "function":  # a closure that is handed out: it runs because the function around it does
                return self._ways(facts.path, outer.id, level + 1)
            return (self._way(facts, scope),)
        merged: dict[str, Way] = {}
        for bind in binds:
            above = self.engine.project.facts(bind.frame.path)
            if above is None:
                continue
            around = control.around(self.engine, above, CallRef(bind.call, bind.frame.scope, bind.via), bind.frame)
            for way in self._ways(bind.frame.path, bind.frame.scope, level + 1):
                count = control.product([way.repeats, around.repeats])
                if around.conditional:
                    count = Count(0, count.typical, count.high, count.why)
                old = merged.get(way.entry)
                total = count if old is None else _added(old.repeats, count)
                merged[way.entry] = Way(way.entry, way.kind, way.aliases, total, old.chain if old else (*way.chain, bind))
        return tuple(list(merged.values())[:MAX_ENTRIES]) or (self._way(facts, scope),)

    def _way(self, facts: FileFacts, scope: Scope) -> Way:
        kind, aliases = self._decorated(facts, scope)
        module = facts.path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")
        if scope.kind == "module":
            name, fallback = "<module>", "notebook" if facts.path.endswith(".ipynb") else "main" if _is_script(facts) else "module"
        else:
            name, fallback = scope.qualname, "test" if is_test(facts.path) else "function"
            aliases = (*aliases, f"{module}:{scope.qualname}")
        return Way(f"{facts.path}::{name}", kind or fallback, aliases, Count(), ())

    def _decorated(self, facts: FileFacts, scope: Scope) -> tuple[str | None, tuple[str, ...]]:
        """What a decorator makes of a function: a route with its method and path, a command, a task."""
        for decorator in scope.decorators:
            call = decorator if isinstance(decorator, Call) else None
            func = decorator.func if isinstance(decorator, Call) else decorator
            name = last_name(func) or ""
            base = dotted(func) or ""
            if call is not None and name in ROUTES and "." in base and call.args and isinstance(call.args[0], Const):
                route = str(call.args[0].value)
                methods = _methods(call) if name in ("route", "api_route") else [name.upper()]
                return "route", tuple(f"{m} {route}" for m in methods)
            if name in COMMANDS and ("." in base or call is not None):
                return "cli", ()
            if name in TASKS:
                return "task", ()
        if scope.name in ("lambda_handler", "handler") and facts.scopes[scope.parent].kind == "module" and len(scope.params) == 2:
            return "task", ()
        return None, ()


def _methods(call: Call) -> list[str]:
    for keyword, value in call.keywords:
        items = getattr(value, "items", ())
        if keyword == "methods" and items and not callable(items):
            return [str(i.value).upper() for i in items if isinstance(i, Const)]
    return ["GET"]


def _is_script(facts: FileFacts) -> bool:
    """Whether a module has an `if __name__ == "__main__"` block, or calls something at its top level."""
    for block in facts.scopes[0].blocks:
        test = block.test
        if isinstance(test, Compare) and isinstance(test.left, Name) and test.left.id == "__name__":
            return True
    return False


def in_main(scope: Scope, place: tuple[int, int]) -> bool:
    """Whether a place stands in an `if __name__ == "__main__"` block."""
    return any(isinstance(b.test, Compare) and isinstance(b.test.left, Name) and b.test.left.id == "__name__" for b in blocks_at(scope, place))


def _added(first: Count, second: Count) -> Count:
    high = None if first.high is None or second.high is None else first.high + second.high
    return Count(first.low + second.low, first.typical + second.typical, high, tuple(dict.fromkeys((*first.why, *second.why))))
