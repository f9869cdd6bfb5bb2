"""The sites of a request: the calls that decide something about it, on the way from the entry to the send.

In: a decision of the context (`contexts.Leaf`) with its draft and the steps upward. Out: `Part`s, outermost first: the
calls that make a framework run a function, the constructors of the objects that it is sent through, the calls that
repeat it or give it a value. Neighbours: `contexts` says which values a call touches, `framework` which objects are
sites, `requests` puts the call that sends behind them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from guard.facts.expr import Pos, last_name, written
from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import contexts, control, framework, parameters, running
from guard.facts.link.above import Above, Node, Step, node_of
from guard.facts.link.callers import Callers
from guard.facts.link.closures import Closures
from guard.facts.link.contexts import Leaf
from guard.facts.link.counting import Counted, around_call
from guard.facts.link.draft import Draft
from guard.facts.link.engine import Engine
from guard.facts.link.things import Called, ClassThing, Frame, OnObject, Root
from guard.facts.link.values import Spans
from guard.model import ONCE, Count, Role, Site

MAX_INVOKES = 16
"""Calls of frameworks that are sites of one request."""


class Part(NamedTuple):
    """A site of a request with what orders and names it."""

    site: Site
    place: tuple[str, Pos]


class Sites:
    """Finds the sites of the requests of one project."""

    def __init__(self, engine: Engine, callers: Callers, above: Above, spans: Spans) -> None:
        self.engine = engine
        self.project = engine.project
        self.callers = callers
        self.above = above
        self.spans = spans
        self.closures = Closures(above)
        self.used: set[tuple[str, Pos]] = set()
        """Constructors of framework objects that some request is sent through."""

    def before(self, leaf: Leaf, node: Node, steps: list[Step], counted: Counted, chain: list[Called]) -> list[Part]:
        """All sites before the call that sends, outermost first; a place may be named twice."""
        return [*self._invokes(leaf, node, steps), *self._parts(leaf, node, steps, counted, chain)]

    def _parts(self, leaf: Leaf, node: Node, steps: list[Step], counted: Counted, chain: list[Called]) -> list[Part]:
        """The sites before the send: calls that decide a value or repeat it, and constructors."""
        draft = leaf.draft
        parts: list[Part] = []
        called = {id(bind): root for root, bind in leaf.context.items() if isinstance(bind, Called)}
        extra = [b for b in leaf.context.values() if isinstance(b, Called) and b not in chain]
        arounds = {id(step.bind): around for step, around in zip(steps, counted.arounds[1:])}
        for bind in [*extra, *reversed(chain)]:
            above = self.project.sure_facts(bind.frame.path)
            caller_ref = CallRef(bind.call, bind.frame.scope, bind.via)
            around = arounds.get(id(bind)) or around_call(self.engine, bind)
            decides = self._decides(draft, bind, called[id(bind)]) and called[id(bind)] not in leaf.merged
            run = running.invoked(self.engine, bind)
            if run is not None:
                repeats = control.around(self.engine, above, run, bind.frame).repeats
                parts.insert(0, Part(self.site(above, run, "invoke", repeats), (bind.frame.path, run.call.pos)))
                parts = [*self._pipelines(run, bind.frame), *parts]
            elif around.repeats.high != 1 or decides:
                site = self.site(above, caller_ref, "wrapper", around.repeats)
                parts.insert(0, Part(site, (bind.frame.path, bind.call.pos)))
        for made in self._constructors(leaf, draft, self._passed_on(node, steps)):
            parts.insert(0, made)
        return [*self.objects(draft), *parts]

    def _invokes(self, leaf: Leaf, node: Node, steps: list[Step]) -> list[Part]:
        """The calls that make a framework run a function on the way to the send, outermost first."""
        parts: list[Part] = []
        found = list(self.above.invokes(steps[-1].above if steps else node))
        for bind in (b for binds in leaf.grouped.values() for b in binds if isinstance(b, Called)):
            run = running.invoked(self.engine, bind)
            found += [(run, bind.frame)] if run is not None else []
        for ref, frame in reversed(found[:MAX_INVOKES]):
            facts = self.project.sure_facts(frame.path)
            around = control.around(self.engine, facts, ref, frame)
            parts += self._pipelines(ref, frame)
            parts.append(Part(self.site(facts, ref, "invoke", around.repeats), (frame.path, ref.call.pos)))
        return parts

    def _pipelines(self, ref: CallRef, frame: Frame) -> list[Part]:
        """The calls that make the objects which run functions of the repository, where making one is always a site."""
        made = framework.pipelines(self.engine, ref, frame)
        places = [(m.frame.path, m.call.pos, CallRef(m.call, m.frame.scope)) for m in made]
        return [Part(self.site(self.project.sure_facts(p), r, "model", ONCE), (p, pos)) for p, pos, r in places]

    def objects(self, draft: Draft) -> list[Part]:
        """The calls that make the objects a request is sent through, with the functions that make those."""
        parts: list[Part] = []
        self.used |= {(c.made.frame.path, c.made.call.pos) for c in draft.target.clients if c.made is not None}
        for model in framework.sites(self.engine, draft.target):
            place = (model.frame.path, model.call.pos)
            above = self.project.sure_facts(model.frame.path)
            ref = CallRef(model.call, model.frame.scope)
            around = control.around(self.engine, above, ref, model.frame)
            made = Part(self.site(above, ref, "model", around.repeats), place)
            parts = [*self._factories(model.frame, draft), made, *parts]
        return parts

    def _factories(self, frame: Frame | None, draft: Draft) -> list[Part]:
        """The calls of functions that make an object, where they decide something about it, outermost first."""
        parts: list[Part] = []
        while frame is not None and frame.call is not None and frame.caller is not None:
            call, caller = frame.call, frame.caller
            if contexts.touched_within(draft.touched, Called(call, caller)):
                facts = self.project.sure_facts(caller.path)
                ref = CallRef(call, caller.scope)
                around = control.around(self.engine, facts, ref, caller)
                parts.insert(0, Part(self.site(facts, ref, "wrapper", around.repeats), (caller.path, call.pos)))
            frame = caller
        return parts

    def _constructors(self, leaf: Leaf, draft: Draft, nodes: list[Node]) -> Iterable[Part]:
        """Calls that make the objects a request runs on, or that decide something, or take the function that sends."""
        merged = [bind for root, bind in leaf.context.items() if root in leaf.merged]
        decided = [bind for bind in contexts.objects_of(self.engine, leaf) if bind not in merged]
        for bind in decided:
            yield from self._constructor(bind, draft, False)
        for bind in self._takers(decided, nodes):
            yield from self._constructor(bind, draft, True)

    def _passed_on(self, node: Node, steps: list[Step]) -> list[Node]:
        """The functions on the way from the first on that is called by another name than its own (else the last)."""
        nodes = [node, *(step.above for step in steps)]
        for number, step in enumerate(steps):
            name = self.project.sure_facts(step.below[0]).scopes[step.below[1]].name
            if step.bind is not None and last_name(step.bind.call.func) not in (name, None):
                return nodes[number:]
        return nodes[-1:]

    def _takers(self, decided: list[OnObject], nodes: list[Node]) -> list[OnObject]:
        """Objects that were made with the first of these functions, and with those further up that the class takes."""
        by_class = {bind.thing.cls: [bind] for bind in decided}
        given: set[ClassThing] = set()
        for number, node in enumerate(dict.fromkeys(nodes)):
            taking: dict[ClassThing, list[OnObject]] = {}
            for bind in self.callers.takers(*node):
                taking.setdefault(bind.thing.cls, []).append(bind)
            for cls, binds in taking.items():
                if number == 0:
                    given.add(cls)
                by_class[cls] = [b for b in by_class.get(cls, binds) if b in binds]
        return [bind for cls in by_class if cls in given for bind in by_class[cls]]

    def _constructor(self, bind: OnObject, draft: Draft, takes: bool) -> Iterable[Part]:
        call, frame = bind.thing.call, bind.thing.frame
        if call is None or frame is None:
            return
        own = takes or (bind.thing.cls.path, bind.thing.cls.scope) in draft.owners
        if not own and not contexts.touched_within(draft.touched, Called(call, frame)):
            return
        facts = self.project.facts(frame.path)
        if facts is not None:
            ref = CallRef(call, frame.scope)
            around = control.around(self.engine, facts, ref, frame)
            yield Part(self.site(facts, ref, "wrapper", around.repeats), (frame.path, call.pos))

    def _decides(self, draft: Draft, bind: Called, root: Root) -> bool:
        """Whether a call decides a value; of a model that is not known, whether it gives what the model comes from."""
        if contexts.touched_within(draft.touched, bind) or contexts.invokes(self.engine, draft, bind, root):
            return True
        if draft.model.value.choices:
            return False
        given = [param for asked, param in draft.model_from if asked == root]
        scope = self.project.scope(root.path, root.scope)
        return any(parameters.gives(self.engine, bind, scope, param) for param in given)

    def site(self, facts: FileFacts, ref: CallRef, role: Role, repeats: Count) -> Site:
        scope = facts.scopes[self._function(facts, ref.scope)]
        span = self.spans(facts.path, ref.call.pos)
        whole = control.product([self.closures.runs(node_of(facts, ref.scope)), repeats])
        callee = written(ref.call.func)
        callee = ref.via if ref.via and callee.startswith("(...)") else callee  # what a server runs is written nowhere
        return Site(span, role, whole, scope.qualname or "<module>", callee, repeats)

    def _function(self, facts: FileFacts, scope: int) -> int:
        while scope > 0 and facts.scopes[scope].kind == "comp":
            scope = facts.scopes[scope].parent
        return scope


def unique(parts: list[Part], send: tuple[str, Pos]) -> list[Part]:
    """The parts without those of one place: the first stays, and none at the place of the call that sends."""
    seen = {send}
    found = []
    for part in parts:
        if part.place not in seen:
            seen.add(part.place)
            found.append(part)
    return found
