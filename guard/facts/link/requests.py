"""All facts in, all requests out: the last room of `link`.

For each call that sends: its contexts, each read into a draft; drafts with the same deciding sites and values are one
request; then what excludes what and what comes after what. Identity has no path, line or value (design, section 2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from guard.facts.expr import Pos, last_name, written
from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import attempts, beyond, calling, contexts, control, framework, groups, loops, running, web
from guard.facts.link.above import Above, Node, Step, node_of, way_up
from guard.facts.link.callers import Callers
from guard.facts.link.contexts import Leaf
from guard.facts.link.draft import Draft, Drafter
from guard.facts.link.engine import Engine, room_for_nesting
from guard.facts.link.entries import Entries
from guard.facts.link.groups import Made
from guard.facts.link.project import Project
from guard.facts.link.sends import candidates
from guard.facts.link.stages import is_test, stage_of
from guard.facts.link.things import Bind, Called, ClassThing, Frame, OnObject, Root, Stop
from guard.facts.link.values import Spans, variants
from guard.model import ONCE, Count, Layer, Operation, Problem, Request, Role, Site, Span, Unknown, Variant

KEY_VERSION = "guard/1"
MAX_ASKED = 24
"""Objects that one call may ask."""
MAX_DECIDING = 32
"""Callers that are asked for a number of turns."""
MAX_PASSING = 8
"""Callers of a function that only passes such a number on."""
MAX_DEEPER = 2
"""Functions that may pass such a number on."""
MAX_INVOKES = 16
"""Calls of frameworks that are sites of one request."""
MAX_EXAMPLES = 5
"""Chains of callers that a request shows."""


class Part(NamedTuple):
    """A site of a request with what orders and names it."""

    site: Site
    place: tuple[str, Pos]


class Counted(NamedTuple):
    """How often a request runs, and from where entry points are looked for."""

    arounds: tuple[control.Around, ...]
    """Of the send, then of each step up."""
    at: Node
    """The function from which entry points are looked for."""
    inner: Count
    """Calls of the request for one call of `at`."""
    total: Count
    """The same for one call of the outermost function."""
    only: tuple[Bind, ...] | None
    """The callers of `at` that make this request; None: all."""
    by_caller: dict[int, Count]
    """Other numbers than `inner` by the identity of a caller's bind."""


class Linker:
    """Links one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.engine = Engine(project)
        self.callers = Callers(self.engine)
        self.drafter = Drafter(self.engine)
        self.above = Above(self.engine, self.callers)
        self.entries = Entries(self.above)
        self.spans = Spans(project)
        self.used: set[tuple[str, Pos]] = set()
        """Constructors of framework objects that some request is sent through."""

    def requests(self) -> tuple[Request, ...]:
        """Every request of the repository, in the order of files and lines."""
        with room_for_nesting():
            return self._requests()

    def _requests(self) -> tuple[Request, ...]:
        made: list[Made] = []
        telling = self._telling()
        further = {*beyond.invoking(self.project, telling), *web.helper_files(self.project)}
        for path in sorted({*telling, *(path for path in further if not self.project.is_sdk_itself(path))}):
            facts = self.project.facts(path)
            if facts is not None:
                for ref in candidates(self.engine, facts):
                    made += self._carefully(facts, ref)
        return self._finished(made) + self._unused()

    def _carefully(self, facts: FileFacts, ref: CallRef) -> list[Made]:
        """The requests of a call. One whose values nest beyond what Python can follow is a problem, not an end."""
        try:
            return self._of_send(facts, ref)
        except RecursionError:
            message = "what this call sends nests too deeply to be followed; its requests are not in the report"
            place = ref.call.pos
            self.project.problems.append(
                Problem(facts.path, place.line, place.column, "too-deep", message, "split the values up")
            )
            return []

    def _unused(self) -> tuple[Request, ...]:
        """Objects of frameworks that nothing visible invokes: reported, not counted. Agents before what they hold."""
        found: list[Request] = []
        makers: list[tuple[FileFacts, CallRef]] = []
        for path in sorted(self._telling()):
            facts = self.project.facts(path)
            if facts is not None:
                makers += [(facts, r) for r in facts.calls if self._may_make(last_name(r.call.func) or "")]
        for agents in (True, False):
            for facts, ref in makers:
                if (facts.path, ref.call.pos) in self.used:
                    continue
                drafts = self.drafter.lone_objects(facts, ref, agents)
                found += [self._lone(facts, ref, draft, len(found) + n) for n, draft in enumerate(drafts)]
        return tuple(found)

    def _may_make(self, name: str) -> bool:
        return self.project.catalog.may_make(name)

    def _lone(self, facts: FileFacts, ref: CallRef, draft: Draft, number: int) -> Request:
        around = control.around(self.engine, facts, ref, self.engine.root(facts.path, ref.scope))
        own = self._site(facts, ref, "model", around.repeats)
        parts = _unique(self._objects(draft), (facts.path, ref.call.pos))
        sites = tuple(p.site for p in parts) if parts and draft.target.held else (*(p.site for p in parts), own)
        self.used.add((facts.path, ref.call.pos))
        choices, too_many = variants(draft.model, draft.max_output, draft.reasoning, draft.tier, draft.providers)
        made = self._lone_id(own, draft, number)
        return Request(
            id=made, api=draft.target.spec.api, operation=self._operation(draft), provider=_provider(draft, choices),
            sites=sites, model=draft.model.value, max_output=draft.max_output.value,
            variants=choices, attempts=_attempts(draft.layers), turns=Count(), repeats=around.repeats,
            layers=draft.layers, prompt=draft.prompt, reached_from=(), counted=False,
            why_not="nothing that guard can see uses this object, or another one is taken by default",
            stage=stage_of(facts.path), unknown=self._unknown(facts, ref, draft),
            assumed=("more than 16 variants; the rest are merged into these",) if too_many else (),
        )  # fmt: skip

    def _lone_id(self, site: Site, draft: Draft, number: int) -> str:
        digest = hashlib.blake2b(
            f"{KEY_VERSION}|{draft.target.spec.api}|{site.qualname}>{site.callee}|unused {number}".encode(),
            digest_size=10,
        )
        return f"{KEY_VERSION}:{digest.hexdigest()}"

    def _telling(self) -> list[str]:
        """Files that name an SDK; code of a package of the catalogue that this repository builds is the SDK, no use."""
        project = self.project
        return [path for path in project.mentioning(project.catalog.needles) if not project.is_sdk_itself(path)]

    # --- one send -----------------------------------------------------------------------------------------------

    def _of_send(self, facts: FileFacts, ref: CallRef) -> list[Made]:
        merged: dict[tuple[object, ...], Made] = {}
        self.drafter.asked = self.drafter.spent = 0
        for number in range(MAX_ASKED):
            if number and number >= self.drafter.asked:
                break
            found = contexts.leaves(self.drafter, self.callers, facts, ref, number)
            if not found:
                break
            for leaf in found:
                made = self._request(facts, ref, leaf)
                old = merged.get(made.key)
                merged[made.key] = made if old is None else old._replace(request=_joined(old.request, made.request))
        return list(merged.values())

    def _request(self, facts: FileFacts, ref: CallRef, leaf: Leaf) -> Made:
        draft = leaf.draft
        engine = self.engine
        engine.ask(leaf.context)
        self.used.update((x.made.frame.path, x.made.call.pos) for x in draft.target.clients if x.made is not None)
        node = node_of(facts, ref.scope)
        steps = way_up(engine, leaf.context, node)
        counted = self._counted(facts, ref, leaf, node, steps)
        chain = [step.bind for step in reversed(steps) if step.bind is not None]
        parts = [*self._invokes(leaf, node, steps), *self._parts(leaf, node, steps, counted, chain)]
        parts = _unique(parts, (facts.path, ref.call.pos))
        repeats = control.product([counted.arounds[0].repeats, *self._elements(draft)])
        sending = self._site(facts, ref, "invoke" if framework.is_invoked(draft.target) else "send", repeats)
        layers = (*draft.layers, *self.drafter.shown(self._layers_above(leaf, node, steps, counted)))
        bind = leaf.context.get(Root("callers", *counted.at))
        if isinstance(bind, Stop) and bind.outside:
            reached = self.entries.itself(counted.at, counted.inner)
        else:
            reached = self.entries.reach(counted.at, counted.inner, counted.only, counted.by_caller)
        choices, too_many = variants(draft.model, draft.max_output, draft.reasoning, draft.tier, draft.providers)
        stage_path = facts.path if stage_of(facts.path) != "production" else counted.at[0]
        why_not = draft.around.unreachable or self._declared(facts, ref)
        request = Request(
            id="", api=draft.target.spec.api, operation=self._operation(draft), provider=_provider(draft, choices),
            sites=(*(p.site for p in parts), sending),
            model=draft.model.value, max_output=draft.max_output.value, variants=choices,
            attempts=_attempts(layers), turns=_turns(draft), repeats=counted.total, layers=layers, prompt=draft.prompt,
            reached_from=reached, callers=leaf.callers, caller_examples=self._examples(chain, counted),
            counted=why_not is None, why_not=why_not, stage=stage_of(stage_path),
            conditional=any(around.conditional for around in counted.arounds), outputs=draft.outputs,
            unknown=self._unknown(facts, ref, draft), assumed=self._assumed(draft, leaf, too_many),
            inline=self._inline((*(p.place for p in parts), (facts.path, ref.call.pos))),
        )  # fmt: skip
        way = groups.way(self.above, counted.at, node, ref, steps, counted.arounds)
        target = draft.target
        key = (*_merge_key(request), target.fallback, target.choice)
        return Made(request, facts, ref, way, leaf.context, key, target.fallback, target.choice)

    def _declared(self, facts: FileFacts, ref: CallRef) -> str | None:
        """Why a send does not count that stands in a function which guard.yaml declares."""
        spec = self.engine.declared.around(facts, ref.scope)
        return None if spec is None else f"guard.yaml declares {spec.api}, and what it does counts where it is called"

    def _parts(self, leaf: Leaf, node: Node, steps: list[Step], counted: Counted, chain: list[Called]) -> list[Part]:
        """The sites before the send: calls that decide a value or repeat it, and constructors."""
        draft = leaf.draft
        parts: list[Part] = []
        called = {id(bind): root for root, bind in leaf.context.items() if isinstance(bind, Called)}
        extra = [b for b in leaf.context.values() if isinstance(b, Called) and b not in chain]
        arounds = {id(step.bind): around for step, around in zip(steps, counted.arounds[1:])}
        for bind in [*extra, *reversed(chain)]:
            above = self._facts(bind.frame.path)
            caller_ref = CallRef(bind.call, bind.frame.scope, bind.via)
            around = arounds.get(id(bind)) or self._around(bind)
            decides = self._decides(draft, bind, called[id(bind)]) and called[id(bind)] not in leaf.merged
            run = running.invoked(self.engine, bind)
            if run is not None:
                repeats = control.around(self.engine, above, run, bind.frame).repeats
                parts.insert(0, Part(self._site(above, run, "invoke", repeats), (bind.frame.path, run.call.pos)))
                parts = [*self._pipelines(run, bind.frame), *parts]
            elif around.repeats.high != 1 or decides:
                site = self._site(above, caller_ref, "wrapper", around.repeats)
                parts.insert(0, Part(site, (bind.frame.path, bind.call.pos)))
        for made in self._constructors(leaf, draft, self._passed_on(node, steps)):
            parts.insert(0, made)
        return [*self._objects(draft), *parts]

    def _invokes(self, leaf: Leaf, node: Node, steps: list[Step]) -> list[Part]:
        """The calls that make a framework run a function on the way to the send, outermost first."""
        parts: list[Part] = []
        found = list(self.above.invokes(steps[-1].above if steps else node))
        for bind in (b for binds in leaf.grouped.values() for b in binds if isinstance(b, Called)):
            run = running.invoked(self.engine, bind)
            found += [(run, bind.frame)] if run is not None else []
        for ref, frame in reversed(found[:MAX_INVOKES]):
            facts = self._facts(frame.path)
            around = control.around(self.engine, facts, ref, frame)
            parts += self._pipelines(ref, frame)
            parts.append(Part(self._site(facts, ref, "invoke", around.repeats), (frame.path, ref.call.pos)))
        return parts

    def _pipelines(self, ref: CallRef, frame: Frame) -> list[Part]:
        """The calls that make the objects which run functions of the repository, where making one is always a site."""
        made = framework.pipelines(self.engine, ref, frame)
        places = [(m.frame.path, m.call.pos, CallRef(m.call, m.frame.scope)) for m in made]
        return [Part(self._site(self._facts(p), r, "model", ONCE), (p, pos)) for p, pos, r in places]

    def _objects(self, draft: Draft) -> list[Part]:
        """The calls that make the objects a request is sent through, with the functions that make those."""
        parts: list[Part] = []
        self.used |= {(c.made.frame.path, c.made.call.pos) for c in draft.target.clients if c.made is not None}
        for model in framework.sites(self.engine, draft.target):
            place = (model.frame.path, model.call.pos)
            above = self._facts(model.frame.path)
            ref = CallRef(model.call, model.frame.scope)
            around = control.around(self.engine, above, ref, model.frame)
            made = Part(self._site(above, ref, "model", around.repeats), place)
            parts = [*self._factories(model.frame, draft), made, *parts]
        return parts

    def _factories(self, frame: Frame | None, draft: Draft) -> list[Part]:
        """The calls of functions that make an object, where they decide something about it, outermost first."""
        parts: list[Part] = []
        while frame is not None and frame.call is not None and frame.caller is not None:
            call, caller = frame.call, frame.caller
            if contexts.touched_within(draft.touched, Called(call, caller)):
                facts = self._facts(caller.path)
                ref = CallRef(call, caller.scope)
                around = control.around(self.engine, facts, ref, caller)
                parts.insert(0, Part(self._site(facts, ref, "wrapper", around.repeats), (caller.path, call.pos)))
            frame = caller
        return parts

    # --- how often, and how many attempts -------------------------------------------------------------------------

    def _counted(self, facts: FileFacts, ref: CallRef, leaf: Leaf, node: Node, steps: list[Step]) -> Counted:
        """Repeats on the way up; where a caller decides a number of turns, each caller's number is looked at.

        Where one decision stands for several callers, entry points are looked for from the function they all call.
        """
        group = next((n for n, step in enumerate(steps) if Root("callers", *step.below) in leaf.grouped), len(steps))
        at = steps[group].below if group < len(steps) else steps[-1].above if steps else node
        root = Root("callers", *at)
        binds = leaf.grouped.get(root) if group < len(steps) else None
        arounds = self._arounds(facts, ref, steps, leaf.context)
        fixed = self._fixed(leaf, node, steps)
        inner = control.product([*fixed, *(a.repeats for a in arounds[: group + 1])])
        asks = frozenset(r for a in arounds for r in a.asks)
        starts: list[Bind] = binds or [] if inner.high != 1 else []
        if group == len(steps) and root in asks and not is_test(facts.path):
            starts = self.callers.of(root)
        by_caller: dict[int, Count] = {}
        if 0 < len(starts) <= MAX_DECIDING:
            below = steps[:group]
            found = [self._under(facts, ref, below, {**leaf.context, root: bind}, MAX_DEEPER) for bind in starts]
            by_caller = {id(b): control.product([*fixed, *(a.repeats for a in each)]) for b, each in zip(starts, found)}
            inner = loops.either(list(by_caller.values()))
            arounds = (*_over(arounds[: group + 1], found), *arounds[group + 1 :])
        total = control.product([inner, *(a.repeats for a in arounds[group + 1 :])])
        return Counted(arounds, at, inner, total, tuple(binds) if binds else None, by_caller)

    def _arounds(
        self, facts: FileFacts, ref: CallRef, steps: list[Step], context: dict[Root, Bind]
    ) -> tuple[control.Around, ...]:  # fmt: skip
        """What is around the send and around each step up, under a context."""
        engine = self.engine
        engine.context, engine.work = context, 0
        found = [control.around(engine, facts, ref, engine.root(facts.path, ref.scope))]
        for step in steps:
            if step.bind is not None:
                found.append(self._around(step.bind))
                continue
            edge = next((e for e in self.above.edges(step.below) if e.node == step.above), None)
            found.append(edge.around if edge is not None else control.Around())
        return tuple(found)

    def _around(self, bind: Called) -> control.Around:
        """What is around a call that the context names, under the context that is set."""
        ref = CallRef(bind.call, bind.frame.scope, bind.via)
        return control.around(self.engine, self._facts(bind.frame.path), ref, bind.frame)

    def _under(
        self, facts: FileFacts, ref: CallRef, steps: list[Step], context: dict[Root, Bind], deeper: int
    ) -> tuple[control.Around, ...]:  # fmt: skip
        """The same when a caller is chosen; a number that it only passes on is asked of its own callers."""
        found = self._arounds(facts, ref, steps, context)
        top = steps[-1].above if steps else node_of(facts, ref.scope)
        further = way_up(self.engine, context, top)
        root = Root("callers", *(further[-1].above if further else top))
        asks = frozenset(r for a in found for r in a.asks)
        if deeper == 0 or root not in asks or root in context:
            return found
        binds = self.callers.of(root)
        if len(binds) > MAX_PASSING:
            return found
        return _over(found, [self._under(facts, ref, steps, {**context, root: bind}, deeper - 1) for bind in binds])

    def _fixed(self, leaf: Leaf, node: Node, steps: list[Step]) -> list[Count]:
        """What multiplies apart from loops on the way: elements of a batch, recursion, callers of constructors."""
        draft, counts = leaf.draft, []
        counts += [*self._elements(draft), draft.target.runs]
        counts += [self.above.recursion(n).runs for n in dict.fromkeys([node, *(step.above for step in steps)])]
        on_way = {id(step.bind) for step in steps}
        others = [bind for bind in leaf.context.values() if isinstance(bind, Called) and id(bind) not in on_way]
        return [*counts, *(self._around(bind).repeats for bind in others)]

    @staticmethod
    def _elements(draft: Draft) -> list[Count]:
        """The number of requests in a batch; none for a single request."""
        if draft.elements == (1, 1):
            return []
        low, high = draft.elements
        return [Count(low, high or max(low, 1), high, ("requests in one batch",))]

    def _layers_above(self, leaf: Leaf, node: Node, steps: list[Step], counted: Counted) -> list[attempts.LoopLayer]:
        """Attempts of functions that decide nothing: around closures on the way, and further up on the worst way."""
        nodes = dict.fromkeys([node, *(step.above for step in steps)])
        found = [layer for n in nodes for layer in self.above.recursion(n).layers]
        for step in steps:
            if step.bind is None:
                found += next((e.layers for e in self.above.edges(step.below) if e.node == step.above), ())
        tops = [steps[-1].above if steps else node]
        if counted.only is not None and steps and counted.at == steps[-1].below:
            called = [bind.frame for bind in counted.only if isinstance(bind, Called)]
            tops = list(dict.fromkeys(node_of(self._facts(frame.path), frame.scope) for frame in called)) or tops
        return found + list(attempts.worst([self.above.layers(top) for top in tops]))

    def _examples(self, chain: list[Called], counted: Counted) -> tuple[tuple[Span, ...], ...]:
        """Up to five ways to the request: that of this decision, and the calls of those that say the same."""
        found = [tuple(self.spans(b.frame.path, b.call.pos) for b in chain)] if chain else []
        others = [bind for bind in counted.only or () if isinstance(bind, Called) and bind not in chain]
        found += [(self.spans(bind.frame.path, bind.call.pos),) for bind in others]
        return tuple(found[:MAX_EXAMPLES])

    def _facts(self, path: str) -> FileFacts:
        facts = self.project.facts(path)
        if facts is None:
            raise LookupError(path)
        return facts

    def _function(self, facts: FileFacts, scope: int) -> int:
        while scope > 0 and facts.scopes[scope].kind == "comp":
            scope = facts.scopes[scope].parent
        return scope

    def _site(self, facts: FileFacts, ref: CallRef, role: Role, repeats: Count) -> Site:
        scope = facts.scopes[self._function(facts, ref.scope)]
        span = self.spans(facts.path, ref.call.pos)
        return Site(span, role, repeats, scope.qualname or "<module>", written(ref.call.func))

    def _decides(self, draft: Draft, bind: Called, root: Root) -> bool:
        """Whether a call decides a value; of a model that is not known, whether it gives what the model comes from."""
        if contexts.touched_within(draft.touched, bind) or contexts.invokes(self.engine, draft, bind, root):
            return True
        if draft.model.value.choices:
            return False
        given = [param for asked, param in draft.model_from if asked == root]
        scope = self.project.scope(root.path, root.scope)
        return any(calling.gives(self.engine, bind, scope, param) for param in given)

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
            name = self._facts(step.below[0]).scopes[step.below[1]].name
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
            yield Part(self._site(facts, ref, "wrapper", around.repeats), (frame.path, call.pos))

    @staticmethod
    def _operation(draft: Draft) -> Operation:
        name = next((c.value for c in draft.model.value.choices if isinstance(c.value, str)), None)
        return draft.target.spec.operation_for(name)

    def _unknown(self, facts: FileFacts, ref: CallRef, draft: Draft) -> tuple[Unknown, ...]:
        place = self.spans(facts.path, ref.call.pos)
        found = []
        for what, value in (("model", draft.model.value), ("max_output", draft.max_output.value)):
            if value.open:
                found.append(Unknown(what, value.why or "not known", place))
        if draft.unknown_attempts:
            found.append(Unknown("attempts", draft.unknown_attempts, place))
        if draft.turns is None and draft.turns_why:
            found.append(Unknown("turns", draft.turns_why, place))
        if draft.outputs is None:
            found.append(Unknown("outputs", "the number of answers is not known", place))
        if draft.prompt.open:
            found.append(Unknown("prompt", draft.prompt.why or "further messages may be sent", place))
        return tuple(found)

    @staticmethod
    def _assumed(draft: Draft, leaf: Leaf, too_many: bool) -> tuple[str, ...]:
        found = []
        if not draft.target.sure:
            found.append("the client is not known; its method path alone says which API this is")
        if leaf.cut:
            found.append(f"stands for the contexts beyond the first {contexts.MAX_CONTEXTS}")
        if too_many:
            found.append("more than 16 variants; the rest are merged into these")
        return tuple(found)

    def _inline(self, places: Iterable[tuple[str, Pos]]) -> dict[str, str]:
        """`# guard: assume name=value ...` on the line of a site or the line above."""
        found: dict[str, str] = {}
        for path, pos in places:
            facts = self.project.facts(path)
            for comment in facts.comments if facts else ():
                text = comment.text.split("guard:", 1)[-1].strip()
                if comment.line in range(pos.line - 1, pos.end_line + 1) and text.startswith("assume"):
                    for word in text.removeprefix("assume").split():
                        name, equals, value = word.partition("=")
                        if equals and name.isidentifier():
                            found[name] = value
        return found

    # --- all together -------------------------------------------------------------------------------------------

    def _finished(self, made: list[Made]) -> tuple[Request, ...]:
        counters: dict[str, int] = {}
        finished: list[Request] = []
        for item in made:
            digest = _identity(item.request)
            ordinal = counters[digest] = counters.get(digest, -1) + 1
            full = hashlib.blake2b(f"{digest}|{ordinal}".encode(), digest_size=10).hexdigest()
            finished.append(replace(item.request, id=f"{KEY_VERSION}:{full}"))
        finished = groups.exclusive(self.engine, made, finished)
        finished = groups.chosen(made, finished)
        return tuple(groups.fallbacks(made, groups.after(self.above, made, finished)))


def _provider(draft: Draft, choices: tuple[Variant, ...]) -> str | None:
    """The provider of the default: of its client, else the one that its model's name begins with."""
    return draft.providers[0][0] or (choices[0].provider if choices else None)


def _joined(first: Request, second: Request) -> Request:
    """Two contexts with the same deciding sites and values: one request; entry points add up."""
    reached = {r.entry: r for r in first.reached_from}
    for reach in second.reached_from:
        old = reached.get(reach.entry)
        reached[reach.entry] = reach if old is None else replace(old, repeats=loops.added(old.repeats, reach.repeats))
    examples = tuple(dict.fromkeys((*first.caller_examples, *second.caller_examples)))[:MAX_EXAMPLES]
    return replace(
        first, callers=first.callers + second.callers, reached_from=tuple(reached.values()), caller_examples=examples,
        repeats=loops.either([first.repeats, second.repeats]),
    )  # fmt: skip


def _over(arounds: tuple[control.Around, ...], ways: list[tuple[control.Around, ...]]) -> tuple[control.Around, ...]:
    """The same with repeats that span several ways."""
    return tuple(a._replace(repeats=loops.either([way[n].repeats for way in ways])) for n, a in enumerate(arounds))


def _unique(parts: list[Part], send: tuple[str, Pos]) -> list[Part]:
    seen = {send}
    found = []
    for part in parts:
        if part.place not in seen:
            seen.add(part.place)
            found.append(part)
    return found


def _attempts(layers: tuple[Layer, ...]) -> Count:
    high: int | None = 1
    for layer in layers:
        high = None if high is None or layer.attempts is None else high * layer.attempts
    shown = [f"{x.name} {'without bound' if x.attempts is None else x.attempts}" for x in layers if x.attempts != 1]
    return Count(1, 1, high, (" x ".join(shown),) if shown else ())


def _turns(draft: Draft) -> Count:
    if draft.turns == 1:
        return Count()
    return Count(1, 1, draft.turns, (draft.turns_why,) if draft.turns_why else ())


def _merge_key(request: Request) -> tuple[object, ...]:
    def value(v: object) -> object:
        choices = getattr(v, "choices", ())
        return (tuple((type(c.value).__name__, c.value) for c in choices), getattr(v, "open", True))

    texts = tuple((m.role, tuple((s.text, s.name, s.max_chars) for s in m.segments)) for m in request.prompt.messages)
    sites = tuple((s.span.path, s.span.line, s.span.column) for s in request.sites)
    layers = tuple((layer.name, layer.attempts) for layer in request.layers)
    model, limit = value(request.model), value(request.max_output)
    return sites, model, limit, layers, texts, request.prompt.tools_json, request.provider


def _identity(request: Request) -> str:
    deciding = [s for s in request.sites if s.role != "invoke" or s is request.sites[-1]]
    names = [f"{s.qualname}>{s.callee.rsplit('.', 1)[-1]}" for s in deciding]
    return "|".join([KEY_VERSION, request.api, *names])
