"""Who calls a function, and who makes the objects of a class. In: a root. Out: what the context can decide for it.

Candidates are found by name in the whole repository and kept when the evaluator agrees that the call means this
function. Calls in tests decide nothing for code that is not a test.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Expr, Name, Seq, last_name
from guard.facts.filefacts import CallRef, FileFacts, Scope
from guard.facts.link import fields, objects, possible, running
from guard.facts.link.handed import Handed, Hands
from guard.facts.link.possible import ONLY_EXAMPLES
from guard.facts.link.reads import Memo
from guard.facts.link.stages import is_example, is_test
from guard.facts.link.things import (
    Bind,
    Called,
    ClassThing,
    Frame,
    Func,
    Inst,
    OnObject,
    Partial,
    Root,
    Stop,
    Thing,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_CANDIDATES = 400
"""Calls of one name that are looked at."""
COMMON = frozenset({
    "get", "run", "create", "call", "send", "invoke", "close", "open", "read", "write", "start", "stop", "update",
    "add", "set", "load", "save", "execute", "process", "main", "init", "setup", "post", "delete", "put", "forward",
    "__init__", "search", "query", "join", "format", "append", "pop", "items", "keys", "values", "copy", "submit",
    "result", "test",
}) | {name for kind in (str, bytes, list, dict, set) for name in dir(kind) if not name.startswith("_")}  # fmt: skip
"""Method names that say nothing about whose method is meant."""


class Callers:
    """Answers for roots, each found once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.hands = Hands(engine.project, self._parameter)
        self.running = running.Running(engine)
        self.possible = possible.Possible(engine, self)
        self._kept: Memo[Root, list[Bind]] = Memo(engine.recorder)
        self._takers: Memo[tuple[str, int], list[OnObject]] = Memo(engine.recorder)
        self._subclasses: Memo[ClassThing, list[tuple[ClassThing, Scope]]] = Memo(engine.recorder)
        self._named: dict[tuple[str, bool], frozenset[str]] = {}
        """Files in which a name stands, with and without tests; who asks has noted the name."""
        self._deriving: dict[str, dict[str, list[Scope]]] = {}
        """By file, its classes by the names of their bases; rests on the facts of that file alone."""
        engine.made_objects = lambda cls: [
            b for b in self.of(Root("object", cls.path, cls.scope)) if isinstance(b, OnObject)
        ]

    def of(self, root: Root) -> list[Bind]:
        """What can be decided for a root; one `Stop` when nothing in the repository decides it."""

        def found() -> list[Bind]:
            with self.engine.aside({}):
                return self._objects(root) if root.kind in ("self", "object") else self._calls(root)

        # a search that comes back to itself finds nothing new
        return self._kept.once(root, found, [Stop("being looked for")])

    def takers(self, path: str, scope: int) -> list[OnObject]:
        """Objects that are made with a function as an argument, which they call later: `Pipeline(ask=my_ask)`."""

        def found() -> list[OnObject]:
            with self.engine.aside({}):
                return self._made_with(Root("callers", path, scope))

        return self._takers.once((path, scope), found)

    def _made_with(self, root: Root) -> list[OnObject]:
        engine = self.engine
        scope = engine.project.scope(root.path, root.scope)
        if scope.kind != "function":
            return []
        seeds = self._seeds(root, scope, self._names(root, scope), scope.name == "__call__")
        found: list[OnObject] = []
        for facts, ref, _ in self.hands.takers(seeds, lambda name: self._naming(name, root.path)):
            frame = engine.root(facts.path, ref.scope)
            engine.work = 0
            made = [a.thing for a in engine.quietly(ref.call.func, frame).alts if isinstance(a.thing, ClassThing)]
            if not made:
                continue
            given = [*ref.call.args, *(value for _, value in ref.call.keywords)]
            things = [a.thing for value in given for a in engine.quietly(value, frame).alts]
            if any(
                isinstance(thing, (Func, Partial)) and possible.enters(engine, thing, root, scope) for thing in things
            ):
                found.append(OnObject(Inst(made[0], ref.call, frame)))
        return found

    # --- calls of functions -------------------------------------------------------------------------------------

    def _calls(self, root: Root) -> list[Bind]:
        engine = self.engine
        scope = engine.project.scope(root.path, root.scope)
        if scope.kind != "function":
            return [Stop("it is decided at run time")]
        if is_test(root.path) and scope.name.startswith("test"):
            return [Stop("the test runner calls it")]
        found: list[Bind] = []
        seen: set[tuple[str, object]] = set()
        names = self._names(root, scope)
        direct = [Handed(facts, ref, True) for facts, ref in self._candidates(names)]
        called = running.runs_when_called(engine, root, scope)
        seeds = self._seeds(root, scope, names, called)
        handed = self.hands.calls(seeds, lambda name: self._naming(name, root.path), called)
        own = {(facts.path, ref.call.pos) for facts, ref, _ in direct}
        for facts, ref, telling in [*direct, *handed[:MAX_CANDIDATES]]:
            if facts.path == root.path and self._inside(facts, ref, root.scope):
                continue
            mark = (facts.path, ref.call.pos)
            if mark in seen:
                continue
            for call in self._meant(facts, ref, root, scope, telling, (facts.path, ref.call.pos) in own):
                seen.add(mark)
                found.append(Called(call, engine.root(facts.path, ref.scope), ref.via))
        for run in self._run(root, scope):
            if (run.frame.path, run.call.pos) not in seen and not self._is_inside(run, root):
                seen.add((run.frame.path, run.call.pos))
                found.append(run)
        return self._with_outside(root, found) or [Stop("no caller in the repository decides it")]

    def _run(self, root: Root, scope: Scope) -> list[Called]:
        """Calls that make a framework run the function."""
        found = [c for c in self.running.of(root) if is_test(root.path) or not is_test(c.frame.path)]
        if scope.parent > 0 and self.engine.project.scope(root.path, scope.parent).kind == "class":
            cls = self.engine.project.scope(root.path, scope.parent)
            found += self.running.of_base(root, scope, self._naming(cls.name, root.path))
        return found

    def _is_inside(self, run: Called, root: Root) -> bool:
        facts = self.engine.project.facts(run.frame.path)
        ref = CallRef(run.call, run.frame.scope)
        return run.frame.path == root.path and facts is not None and self._inside(facts, ref, root.scope)

    def _with_outside(self, root: Root, found: list[Bind]) -> list[Bind]:
        """Examples and notebooks alone do not say how production uses code: it may be called from outside, too."""
        decided = [b for b in found if isinstance(b, (Called, OnObject))]
        frames = [b.frame if isinstance(b, Called) else b.thing.frame for b in decided]
        paths = [frame.path for frame in frames if frame is not None]
        if paths and all(is_example(path, root.path) for path in paths):
            return [*found, Stop(ONLY_EXAMPLES, True)]
        return found

    def _seeds(self, root: Root, scope: Scope, names: Mapping[str, Set[str]], called: bool) -> Mapping[str, Set[str]]:
        """Names whose owner may be handed on: of an object that is called, the class."""
        if called:
            cls = self.engine.project.scope(root.path, scope.parent)
            return {cls.name: self._naming(cls.name, root.path)}
        return {} if scope.name.startswith("__") and scope.name != "__init__" else names

    def _parameter(self, facts: FileFacts, ref: CallRef, number: int) -> tuple[str, str] | None:
        """Where a positional argument of a call goes: path and name of the parameter of the repository's function."""
        engine = self.engine
        for alt in engine.quietly(ref.call.func, engine.root(facts.path, ref.scope)).alts:
            thing = alt.thing
            if isinstance(thing, ClassThing):
                owned, _ = objects.order(engine, thing)
                init = objects.method(engine, owned, "__init__")
                named = [name for _, name in fields.field_order(engine, owned)] if init is None else []
                if number < len(named):
                    return thing.path, named[number]
                thing = Func(init[0].path, init[1].id, Inst(thing)) if init is not None else thing
            if isinstance(thing, Func):
                params = [
                    p.name
                    for p in engine.project.scope(thing.path, thing.scope).params
                    if p.kind.startswith("positional")
                ]
                index = number + (1 if thing.bound is not None else 0)
                if index < len(params):
                    return thing.path, params[index]
        return None

    def _candidates(self, names: Mapping[str, Set[str]]) -> list[tuple[FileFacts, CallRef]]:
        """Calls by a name that can mean the function, in files that can know it."""
        project = self.engine.project
        found: list[tuple[FileFacts, CallRef]] = []
        for name, paths in names.items():
            for path in sorted(paths):
                facts = project.facts(path)
                if facts is not None:
                    found += [(facts, ref) for ref in facts.by_name.get(name, ())][:MAX_CANDIDATES]
        return found[:MAX_CANDIDATES]

    def _names(self, root: Root, scope: Scope) -> Mapping[str, Set[str]]:
        """Names under which a function is called -> files in which that name can mean it.

        A module's function is known where its module (or one that passes it on) is imported; a method wherever its
        name is, but a method with a name that says nothing only where its class is named as well.
        """
        project = self.engine.project
        above = project.scope(root.path, scope.parent) if scope.parent >= 0 else None
        if above is not None and above.kind == "class" and scope.name == "__init__":
            family = [(ClassThing(root.path, above.id), above), *self.subclasses(ClassThing(root.path, above.id))]
            return {s.name: self._naming(s.name, root.path) for _, s in family}
        if above is not None and above.kind == "class":
            paths = self._naming(scope.name, root.path)
            if scope.name in COMMON:
                classes = [above, *(s for _, s in self.subclasses(ClassThing(root.path, above.id)))]
                paths &= {p for s in classes for p in project.naming(s.name)} | {root.path}
            return {scope.name: paths}
        if above is not None and above.kind != "module":
            return {scope.name: {root.path}}
        return self._imported(root, scope)

    def _naming(self, name: str, root_path: str) -> frozenset[str]:
        """Files in which a name stands that may know the code of another one: tests only where that is a test."""
        found, key = self.engine.project.naming(name), (name, is_test(root_path))
        if key not in self._named:
            self._named[key] = frozenset(path for path in found if key[1] or not is_test(path))
        return self._named[key]

    def _imported(self, root: Root, scope: Scope) -> Mapping[str, Set[str]]:
        """Names and files of a module's function: where it is defined, imported, renamed or passed on."""
        project = self.engine.project
        names: dict[str, set[str]] = {scope.name: {root.path}}
        waiting, seen = [(root.path, scope.name)], {(root.path, scope.name)}
        while waiting and len(seen) < 64:
            path, name = waiting.pop()
            stem = project.stem(path)
            for other in sorted((self._naming(name, root.path) & self._naming(stem, root.path)) - {path}):
                facts = project.facts(other)
                if facts is None:
                    continue
                names.setdefault(name, set()).add(other)
                if "__getattr__" in facts.scopes[0].bindings and (other, name) not in seen:  # perhaps passed on by name
                    seen.add((other, name))
                    waiting.append((other, name))
                for bindings in facts.scopes[0].bindings.values():
                    for binding in bindings:
                        if binding.kind == "import" and binding.member == name:
                            names.setdefault(binding.name, set()).add(other)
                            if (other, binding.name) not in seen:
                                seen.add((other, binding.name))
                                waiting.append((other, binding.name))
        return names

    @staticmethod
    def _inside(facts: FileFacts, ref: CallRef, scope: int) -> bool:
        """Whether a call stands in the function itself (recursion decides nothing new)."""
        at = ref.scope
        while at > 0:
            if at == scope:
                return True
            at = facts.scopes[at].parent
        return False

    def _meant(
        self, facts: FileFacts, ref: CallRef, root: Root, scope: Scope, telling: bool, by_name: bool
    ) -> list[Call]:  # fmt: skip
        """The call as it enters the function, if the evaluator agrees that it does: once for each `partial` that it may
        go through, with its arguments put in."""
        engine = self.engine
        engine.work = 0
        frame = engine.root(facts.path, ref.scope)
        if self._overridden(facts, ref, root, scope):
            return []
        callee = engine.quietly(ref.call.func, frame)
        things = possible.run_by(engine, callee)
        entering: list[Thing] | None = [t for t in things if possible.enters(engine, t, root, scope)][:1]
        if not entering or isinstance(entering[0], Partial):
            entering = self.possible.entering(ref.call, frame, root)
        if things or entering is not None:
            return [_task_call(self.possible.filled(thing, ref.call)) for thing in entering or ()]
        fits = self._only_one(ref.call, frame, root, scope) if by_name else telling and self._takes(ref.call, scope)
        return [ref.call] if fits else []

    def _overridden(self, facts: FileFacts, ref: CallRef, root: Root, scope: Scope) -> bool:
        """Whether `self.embed()` in a base's method never runs a subclass's `embed`: where that one is, another method
        stands in the place of the base's, too, and does not call it."""
        func, within = ref.call.func, facts.scopes[ref.scope]
        while within.kind in ("comp", "lambda") and within.parent >= 0:
            within = facts.scopes[within.parent]
        if scope.parent <= 0 or within.parent <= 0 or facts.scopes[within.parent].kind != "class":
            return False
        receiver = func.base if isinstance(func, Attr) else None
        on_self = isinstance(receiver, Name) and within.params and receiver.id == within.params[0].name
        own, calling = ClassThing(root.path, scope.parent), ClassThing(facts.path, within.parent)
        if not on_self or own == calling or within.name == scope.name:
            return False
        orders = [objects.order(self.engine, cls)[0] for cls in (own, *(sub for sub, _ in self.subclasses(own)))]
        orders = [owned for owned in orders if any(o.cls == calling for o in owned)]
        instead = [objects.method(self.engine, owned, within.name) for owned in orders]
        return bool(orders) and all(
            found is not None and (found[0].path, found[1].id) != (facts.path, within.id)
            and not self._calls_within(found[0].path, found[1].id, within.name)
            for found in instead
        )  # fmt: skip

    def _calls_within(self, path: str, scope: int, name: str) -> bool:
        """Whether a function calls something of a name: `super().embed_batch(...)`."""
        facts = self.engine.project.facts(path)
        return facts is not None and any(self._inside(facts, ref, scope) for ref in facts.by_name.get(name, ()))

    def _only_one(self, call: Call, frame: Frame, root: Root, scope: Scope) -> bool:
        """Whether an unknown receiver can only mean this method: its name is telling and defined in one family only,
        and no annotation says that the receiver is of another family."""
        engine = self.engine
        if not isinstance(call.func, Attr) or scope.parent <= 0 or scope.name in COMMON or scope.name.startswith("__"):
            return False
        paths = self._naming(scope.name, root.path)
        named = [(f, s) for f, s in engine.project.defs_named(scope.name, paths) if s.kind == "function"]
        mine = self._family(ClassThing(root.path, scope.parent))
        for facts, other in named:
            if other.parent <= 0 or facts.scopes[other.parent].kind != "class":
                return False
            if objects.is_protocol(facts.scopes[other.parent]):
                continue
            if not mine & self._family(ClassThing(facts.path, other.parent)):
                return False
        annotated = [
            a.thing.cls
            for a in engine.quietly(call.func.base, frame).alts
            if isinstance(a.thing, Inst) and a.thing.annotated and not objects.is_protocol(_class(engine, a.thing.cls))
        ]
        fits = not annotated or any(mine & self._family(cls) for cls in annotated)
        return fits and self._takes(call, scope)

    @staticmethod
    def _takes(call: Call, scope: Scope) -> bool:
        """Whether a function has the parameters that a call names."""
        known = {p.name for p in scope.params}
        takes_all = any(p.kind == "kwargs" for p in scope.params)
        return takes_all or all(name is None or name in known for name, _ in call.keywords)

    def _family(self, cls: ClassThing) -> set[ClassThing]:
        return {o.cls for o in objects.order(self.engine, cls)[0]}

    # --- objects of classes -------------------------------------------------------------------------------------

    def subclasses(self, cls: ClassThing) -> list[tuple[ClassThing, Scope]]:
        """Classes of the repository that derive from a class, directly or not."""
        return self._subclasses.once(cls, lambda: self._below(cls), [])

    def _below(self, cls: ClassThing) -> list[tuple[ClassThing, Scope]]:
        found: dict[ClassThing, Scope] = {}
        waiting = [cls]
        while waiting:
            for sub, scope in self._direct(waiting.pop()):
                if sub != cls and sub not in found:
                    found[sub] = scope
                    waiting.append(sub)
        return list(found.items())

    def _direct(self, cls: ClassThing) -> list[tuple[ClassThing, Scope]]:
        """Classes that name a class among their bases."""
        engine = self.engine
        name = engine.project.scope(cls.path, cls.scope).name
        found: list[tuple[ClassThing, Scope]] = []
        for path in sorted(self._naming(name, cls.path)):
            facts = engine.project.facts(path)
            for scope in self._by_base(facts).get(name, ()) if facts else ():
                sub = ClassThing(path, scope.id)
                if sub != cls and any(o.cls == cls for o in objects.order(engine, sub)[0]):
                    found.append((sub, scope))
        return found

    def _by_base(self, facts: FileFacts) -> dict[str, list[Scope]]:
        """The classes of a file by the names of their bases."""
        index = self._deriving.get(facts.path)
        if index is None:
            index = self._deriving[facts.path] = {}
            for scope in facts.scopes:
                for name in dict.fromkeys(map(last_name, scope.bases)) if scope.kind == "class" else ():
                    index.setdefault(name or "", []).append(scope)
        return index

    def _objects(self, root: Root) -> list[Bind]:
        engine = self.engine
        cls = ClassThing(root.path, root.scope)
        family = [(cls, engine.project.scope(root.path, root.scope)), *self.subclasses(cls)]
        if root.kind == "object":
            family = family[:1]
        wanted = {c for c, _ in family}
        found: list[Bind] = []
        seen: set[tuple[str, object]] = set()
        for member, scope in family:
            paths = self._naming(scope.name, root.path)
            candidates = engine.project.calls_named(scope.name, paths)[:MAX_CANDIDATES]
            if member == cls:
                handed = self.hands.calls({scope.name: paths}, lambda name: self._naming(name, root.path))
                candidates += [(h.facts, h.ref) for h in handed]
                candidates += engine.project.calls_named("cls", {root.path})
            for facts, ref in candidates:
                mark = (facts.path, ref.call.pos)
                if mark in seen:
                    continue
                frame = engine.root(facts.path, ref.scope)
                engine.work = 0
                made = [a.thing for a in engine.quietly(ref.call.func, frame).alts if isinstance(a.thing, ClassThing)]
                if any(thing in wanted for thing in made):
                    seen.add(mark)
                    found.append(OnObject(Inst(next(t for t in made if t in wanted), ref.call, frame)))
        if not found and len(family) > 1:  # an abstract base: its subclasses, made at unknown places
            found = [OnObject(Inst(c, None, None)) for c, s in family[1:] if not self._is_abstract(s)]
        return self._with_outside(root, found) or [Stop("no call in the repository makes the object")]

    @staticmethod
    def _is_abstract(scope: Scope) -> bool:
        return any(last_name(b) == "ABC" for b in scope.bases)


def _class(engine: Engine, cls: ClassThing) -> Scope:
    return engine.project.scope(cls.path, cls.scope)


def _task_call(call: Call) -> Call:
    """`task.apply_async(args=(...), kwargs={...})` as a call of the task's function."""
    if last_name(call.func) != "apply_async":
        return call
    keywords = dict(call.keywords)
    args, named = keywords.get("args") or (call.args[0] if call.args else None), keywords.get("kwargs")
    given: tuple[tuple[str | None, Expr], ...] = ((None, named),) if named is not None else ()
    return Call(call.pos, call.func, args.items if isinstance(args, Seq) else (), given)
