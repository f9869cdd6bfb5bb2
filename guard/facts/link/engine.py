"""The evaluator: what can an expression be, in a frame?

In: expressions of `FileFacts` and frames. Out: `Result`s. Every question is a pure function of the facts and of the
context: it notes which facts it read (`Project.recorder`) and which roots it asked the context for (`consulted`), so
that its answer can be kept. Bounded by depth, alternatives and work; whatever is cut off ends as an open value with a
reason.

Neighbours: `names` says which bindings reach a use, `modules` follows names of modules and imports, `attributes` and
`objects` follow attributes, `calling` enters functions, `known` knows builtins and the standard library, `texts` joins
texts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from guard.facts.expr import (
    Attr,
    Call,
    Comp,
    Compare,
    Const,
    Expr,
    Format,
    IfElse,
    Item,
    Lambda,
    Logic,
    Map,
    Name,
    Op,
    Opaque,
    Pos,
    Seq,
    Slice,
    Star,
    Text,
    Unary,
    Walrus,
)  # fmt: skip
from guard.facts.filefacts import Binding, CallRef, Effect, FileFacts, Scope
from guard.facts.link import (
    annotated,
    attributes,
    calling,
    comprehensions,
    containers,
    effects,
    injected,
    modules,
    parameters,
    still,
    subscripts,
    texts,
    truth,
    turns,
)
from guard.facts.link.answers import Answers
from guard.facts.link.declared import Declared
from guard.facts.link.elsewhere import Touched
from guard.facts.link.frames import Frames
from guard.facts.link.names import END, Place, Reached, reaching, worlds_of
from guard.facts.link.project import Project
from guard.facts.link.reads import CUT, Memo
from guard.facts.link.things import (
    DEPENDENCY,
    Alt,
    Called,
    Cell,
    ClassThing,
    Frame,
    Func,
    Held,
    Hop,
    Lit,
    OnObject,
    Result,
    Root,
    World,
    union,
    unknown,
    within,
    without_demands,
)  # fmt: skip
from guard.model import Count

MAX_DEPTH = 60
"""Evaluations nested in one another."""
STACK = 4000
"""Calls of Python inside one another: an evaluation takes up to some 20, an expression as deep as may be some 1,200."""


@contextmanager
def room_for_nesting() -> Iterator[None]:
    """Enough of Python's stack for `MAX_DEPTH` evaluations and for expressions as deep as `parse` lets through."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, STACK))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class Engine(Answers, Frames):
    """Evaluates expressions of one repository. `context` decides roots; `ask` sets it for a question."""

    def __init__(self, project: Project) -> None:
        Answers.__init__(self, project)
        Frames.__init__(self)
        self.annotated: set[ClassThing] = set()
        """Classes whose objects are being looked at because of an annotation."""
        self.made_objects: Callable[[ClassThing], list[OnObject]] = lambda cls: []
        """Objects of a class that the repository makes; set by `callers.Callers`."""
        self.importing: set[tuple[str, str, Place]] = set()
        """Names of modules that are being looked up: how imports in a circle are noticed."""
        self.declared_global: dict[str, dict[str, list[tuple[int, Binding]]]] = {}
        """By file and name, what functions bind that declare the name `global`; filled by `modules`."""
        self.assigned_dotted: dict[str, dict[str, list[tuple[int, Binding]]]] = {}
        """By file and dotted name, assignments to it with their scopes; filled by `attributes`."""
        self.module_places: Memo[tuple[tuple[str, ...], str], list[tuple[str, int, Binding]]] = Memo(self.recorder)
        """By names of a library's module and attribute, the assignments to it; filled by `providers`."""
        self.later: Memo[tuple[str, Pos, str], list[tuple[Call, Frame]]] = Memo(self.recorder)
        """Calls of a method on an object, by where the object is made; filled by `holding`."""
        self.knowing: Memo[tuple[str, str], list[FileFacts]] = Memo(self.recorder)
        """Files that name something and may know the objects of a file; filled by `adding`."""
        self.set_later: Memo[str, dict[str, list[Any]]] = Memo(self.recorder)
        self.list_arguments: frozenset[str] | None = None
        """What code puts into lists of objects after they are made, by file; filled by `set_later`."""
        self.served_elsewhere: Memo[str, frozenset[object]] = Memo(self.recorder)
        self.served_names: Memo[str, dict[str, tuple[str, ...]]] = Memo(self.recorder)
        self.served_calls: Memo[str, list[CallRef]] = Memo(self.recorder)
        """Objects that code runs, those that documents name for a server, its calls by file; filled by `served`."""
        self.graphs: Memo[tuple[str, Pos], Any] = Memo(self.recorder)
        """Graphs of steps, by where they are made; filled by `graphs`."""
        self.run_by: dict[int, tuple[Count, CallRef]] = {}
        """Calls that stand for a framework running a function, by identity: how often, and the call as written; filled
        by `running`."""
        self.scoped: Memo[str, bool] = Memo(self.recorder)
        """By setting of the catalogue, whether a `with` block sets it; filled by `program_settings`."""
        self.run_again: dict[int, tuple[Any, ...]] = {}
        """Of such calls the layers of attempts that the framework makes; filled by `running`."""
        self.settings: Memo[str, list[Any]] = Memo(self.recorder)
        """By setting of the catalogue, the places that set it; filled by `program_settings`."""
        self.declared = Declared(self)
        """Functions of the repository that guard.yaml declares to ask a model."""
        self.augmented: dict[int, tuple[Binding, Expr]] = {}
        """By identity of a `name += value`: the binding, and the expression that reads what was before."""
        self.aliases: Memo[tuple[str, int], dict[str, frozenset[str]]] = Memo(self.recorder)
        """By file and scope, the names that may mean one object; filled by `aliases`."""
        self.running: set[tuple[int, ...]] = set()
        """Loops that are being run turn by turn (see `turns`)."""
        self.touched: Memo[tuple[str, str], Touched] = Memo(self.recorder)
        """By file and name, what other files do to a module's variable; filled by `elsewhere`."""
        self.changed_in: dict[str, frozenset[bytes]] = {}
        """By file, names of which it changes something; rests on its bytes alone, which who asks has read."""
        self.mentioned: dict[int, tuple[Expr, frozenset[str]]] = {}
        """By identity of an expression that is read in a turn of a loop, the names in it."""
        self.grown: dict[int, tuple[Binding, Effect]] = {}
        """By identity of a `name += value`: the binding, and the change in place that it is under other names."""
        self.chosen_by: dict[object, Expr | Lit] = {}
        """What decides some of the decisions of worlds: the test of a conditional expression, the default of a key."""
        self._depth = 0
        self._by_type: dict[type, Any] = {
            Name: self._name, Attr: attributes.named, Item: self._item, Call: self._call, Seq: self._seq,
            Map: self._map, Text: texts.formatted, Format: texts.format_field, Op: texts.binary,
            Unary: truth.unary, Logic: truth.logic, Compare: truth.comparison,
            IfElse: self._if_else, Lambda: self._lambda, Comp: self._comp, Walrus: self._walrus, Opaque: self._opaque,
            Star: self._star, Slice: self._opaque,
        }  # fmt: skip

    # --- evaluating ---------------------------------------------------------------------------------------------

    def eval(self, expr: Expr | Held, frame: Frame) -> Result:
        """What an expression can be."""
        if isinstance(expr, Const):
            return Result((Alt(Lit(expr.value), (Hop(frame.path, expr.pos, "literal"),)),))
        if isinstance(expr, Held):
            return self.force(expr.cell)
        if frame.before is not None:
            frame = self.unturned(expr, frame)
        key = (id(expr), frame.key)
        kept = self.kept(key)
        if kept is not None:
            return cast(Result, kept.result)
        if key in self._active:
            self._circles |= {key}
            return unknown("it depends on itself")
        if self._depth >= MAX_DEPTH or self.work >= self.effort:
            self.recorder.note(CUT)
            return unknown("following it further would take too long")
        self._active.add(key)
        self._depth += 1
        self.work += 1
        handler = self._by_type[type(expr)]
        try:
            if type(expr) in _WITH_ENGINE:
                return cast(Result, self.keeping(key, expr, lambda: handler(self, expr, frame)))
            return cast(Result, self.keeping(key, expr, lambda: handler(expr, frame)))
        finally:
            self._depth -= 1
            self._active.discard(key)

    def unturned(self, expr: Expr, frame: Frame) -> Frame:
        """The frame in which to read an expression: of a turn of a loop that before it, where the turn says nothing."""
        while frame.before is not None:
            kept = self.mentioned.get(id(expr))
            if kept is None:
                kept = self.mentioned[id(expr)] = expr, still.mentioned(self.project.sure_facts(frame.path), expr)
            if not frame.moving.isdisjoint(kept[1]):
                break
            frame = frame.before
        return frame

    def force(self, cell: Cell) -> Result:
        """The value of an element or entry."""
        return cell if isinstance(cell, Result) else self.eval(cell.expr, cell.frame)

    def quietly(self, expr: Expr | Held, frame: Frame) -> Result:
        """Like `eval`, but asks for no new decisions of the context (for tests of branches)."""
        key = (id(expr), frame.key)
        found = self._brief.get(key) or self.knows(key)
        if found is not None:
            self.consulted.update(found.quiet())
            self.recorder.again(found.code)
            return cast(Result, found.result)
        outer, self.consulted = self.consulted, {}
        try:
            return self.eval(expr, frame)
        finally:
            inner, self.consulted = self.consulted, outer
            self.consulted.update(without_demands(inner))

    # --- names --------------------------------------------------------------------------------------------------

    def _name(self, expr: Name, frame: Frame) -> Result:
        return self.lookup(expr.id, expr.pos.start, frame)

    def lookup(self, name: str, at: Place, frame: Frame) -> Result:
        """What a name is at a place of a frame."""
        scope = self.scope_of(frame)
        if name in frame.pins:
            return self.bound(frame.pins[name], frame)
        if scope.kind == "module":
            return modules.module_name(self, frame.path, name, at)
        if name not in scope.outer_names:
            local = self._local(name, at, frame, scope)
            if local is not None:
                return local
        if frame.lexical is not None:
            inside = scope.kind in ("comp", "lambda")
            return self.lookup(name, at if inside else END, frame.lexical)
        anew = len(self.project.scope(frame.path, 0).bindings.get(name, ())) > 1
        view = self.module_view(frame, at if scope.kind in ("class", "comp") else END, anew)
        return modules.module_name(self, frame.path, name, view)

    def _local(self, name: str, at: Place, frame: Frame, scope: Scope) -> Result | None:
        """The name as bound in a function, lambda, class or comprehension itself; None when it is not bound there."""
        bindings = scope.bindings.get(name)
        param = next((p for p in scope.params if p.name == name), None) if scope.params else None
        if scope.kind == "comp":
            return union(self.bound(b, frame) for b in bindings) if bindings else None
        if bindings is None and param is None:
            return None
        run = turns.behind(self, name, scope, frame, at)
        if run is not None:
            return effects.applied(self, run.values[name], name, scope, frame, run.loop.end, at)
        reached, complete = reaching(scope, bindings or (), at, lambda block: truth.feasible(self, block, frame))
        results, rest = self.held(reached, scope, frame, True)
        if not complete and param is not None:
            results.append(within(parameters.parameter(self, param, frame), rest))
        if not results:  # used before any binding: in a closure or a loop, all of them may hold
            results = [self.bound(b, frame) for b in bindings or ()]
        since = reached[-1].binding.at if complete and reached else (0, 0)
        return effects.applied(self, union(results), name, scope, frame, since, at)

    def _likely_first(self, reached: list[Reached], frame: Frame) -> list[Reached]:
        """Of bindings in exclusive branches the one that the defaults choose first."""
        if (
            len(reached) < 2
            or self.by_default
            or not any(arm.kind in ("if", "case") for r in reached for arm in r.arms)
        ):
            return reached
        return sorted(
            reached,
            key=lambda r: max(
                (truth.likely(self, arm, frame) for arm in r.arms if arm.kind in ("if", "case")), default=1
            ),
        )

    def held(
        self, reached: list[Reached], scope: Scope, frame: Frame, likely_first: bool = False
    ) -> tuple[list[Result], World]:  # fmt: skip
        """What bindings that can reach a use give, each in the world of its branches; and the world of none of them."""
        worlds, rest = worlds_of(reached, scope, frame.key)
        by_binding = dict(zip(map(id, reached), worlds))
        rows = self._likely_first(reached, frame) if likely_first else reached
        return [within(self.bound(r.binding, frame), by_binding[id(r)]) for r in rows], rest

    def module_view(self, frame: Frame, default: Place, matters: bool = False) -> Place:
        """How far the module has run when a frame runs: up to the call, where the module's own code calls.

        `matters`: whether the answer depends on it, as where a name is bound twice; the decisions read are then noted.
        """
        while True:
            caller, call = frame.caller, frame.call
            if call is None:
                root = Root("callers", frame.path, frame.scope)
                bind = self.consult(root, DEPENDENCY) if matters else self.context.get(root)
                if not isinstance(bind, Called):
                    return default
                caller, call = bind.frame, bind.call
            if caller is None:
                return default
            if caller.path == frame.path and self._of_module(caller):
                return call.pos.start
            if caller.path != frame.path or caller.key >= frame.key:
                return default
            frame = caller

    def _of_module(self, frame: Frame) -> bool:
        """Whether code runs where it stands in a module: its own statements, and comprehensions in them."""
        scope = self.scope_of(frame)
        while scope.kind == "comp":
            scope = self.project.scope(frame.path, scope.parent)
        return scope.kind == "module"

    # --- bindings -----------------------------------------------------------------------------------------------

    def bound(self, binding: Binding, frame: Frame) -> Result:
        """What a binding gives its name."""
        kind = binding.kind
        if kind in ("assign", "walrus", "capture") and binding.value is not None:
            found = self.eval(binding.value, frame)
            return found if binding.annotation is None else annotated.declared(self, binding.annotation, frame, found)
        if kind == "unpack" and binding.value is not None:
            return subscripts.unpacked(self, self.eval(binding.value, frame), binding.path, binding.pos)
        if kind == "for" and binding.value is not None:
            return self._for_target(binding, frame)
        if kind == "with" and binding.value is not None:
            entered = calling.entered_with(self, self.eval(binding.value, frame))
            return subscripts.unpacked(self, entered, binding.path, binding.pos) if binding.path else entered
        if kind == "import":
            return modules.imported(self, binding, frame.path)
        if kind == "def":
            lexical = frame if self.scope_of(frame).kind in ("function", "lambda", "comp") else frame.lexical
            return Result((Alt(Func(frame.path, binding.scope, None, lexical)),))
        if kind == "class":
            return Result((Alt(ClassThing(frame.path, binding.scope)),))
        if kind == "aug" and binding.value is not None:
            return texts.augmented(self, binding, frame)
        return unknown("it is declared without a value" if kind == "declare" else "it is the caught exception")

    def _for_target(self, binding: Binding, frame: Frame) -> Result:
        target = frame.targets.get(binding.name)
        if target is not None and target.pos == binding.pos:
            return self.bound(target, frame)
        scope, value = self.scope_of(frame), cast(Expr, binding.value)
        clauses = scope.iters if scope.kind == "comp" else ()
        number = next((n for n, clause in enumerate(clauses) if clause is value), -1)
        source = (frame.lexical or self.module(frame.path)) if number == 0 else frame
        found = self.eval(value, source)
        if 0 <= number < len(frame.pin):
            elements = containers.nth(self, found, frame.pin[number])
        else:
            elements = subscripts.elements(self, found, ("each", frame.key, binding.pos))
        return subscripts.unpacked(self, elements, binding.path, binding.pos) if binding.path else elements

    # --- kinds of expressions -----------------------------------------------------------------------------------

    def _item(self, expr: Item, frame: Frame) -> Result:
        found = subscripts.item_of(self, self.eval(expr.base, frame), expr, frame)
        return found if found.alts else injected.from_store(self, expr, frame, found)

    def _call(self, expr: Call, frame: Frame) -> Result:
        return calling.called(self, self.eval(expr.func, frame), expr, frame)

    def _seq(self, expr: Seq, frame: Frame) -> Result:
        return containers.sequence(self, expr, frame)

    def _map(self, expr: Map, frame: Frame) -> Result:
        return containers.mapping(self, expr, frame)

    def _if_else(self, expr: IfElse, frame: Frame) -> Result:
        verdict = truth.truth(self, expr.test, frame)
        if verdict is not None:
            return self.eval(expr.then if verdict else expr.other, frame)
        return truth.either(self, expr, frame)

    def _lambda(self, expr: Lambda, frame: Frame) -> Result:
        return Result((Alt(Func(frame.path, expr.scope, None, frame)),))

    def _comp(self, expr: Comp, frame: Frame) -> Result:
        return comprehensions.comprehension(self, expr, frame)

    def _walrus(self, expr: Walrus, frame: Frame) -> Result:
        return self.eval(expr.value, frame)

    def _star(self, expr: Star, frame: Frame) -> Result:
        return self.eval(expr.value, frame)

    def _opaque(self, expr: Opaque | Slice, frame: Frame) -> Result:
        return unknown(expr.why if isinstance(expr, Opaque) else "a slice")


_WITH_ENGINE = frozenset({Attr, Text, Format, Op, Unary, Logic, Compare})
"""Kinds whose handlers are functions of other modules and take the engine first."""
