"""All facts in, all requests out: the last room of `link`.

For each call that sends: its contexts, each read into a draft; drafts with the same deciding sites and values are one
request; then what excludes what and what comes after what. Identity has no path, line or value (design, section 2).
Neighbours: `candidates` finds the calls, `contexts` their contexts, `draft` reads one, `sites` says which calls decide
it, `counting` how often it runs, `entries` from where, `groups` what runs instead or afterwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from guard import steps
from guard.facts.expr import Pos, last_name
from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import (
    alternatives,
    answer_caches,
    beyond,
    configured,
    contexts,
    control,
    framework,
    gateways,
    groups,
    loops,
    model_loops,
    one_call,
    web,
)
from guard.facts.link.above import Above, Node, node_of, way_up
from guard.facts.link.callers import Callers
from guard.facts.link.candidates import candidates
from guard.facts.link.contexts import Leaf
from guard.facts.link.counting import Counted, Counting
from guard.facts.link.draft import Draft, Drafter
from guard.facts.link.engine import Engine, room_for_nesting
from guard.facts.link.entries import Entries
from guard.facts.link.groups import Group, Made
from guard.facts.link.ids import KEY_VERSION, request_id
from guard.facts.link.keeping import Kept, Questions, Said
from guard.facts.link.linked import Calling, plainly
from guard.facts.link.project import Project
from guard.facts.link.sites import Sites, unique
from guard.facts.link.stages import stage_of
from guard.facts.link.things import Called, Root, Stop
from guard.facts.link.values import Spans, variants
from guard.model import Count, Layer, Message, Operation, Problem, Request, Span, Unknown, Value, Variant

MAX_ASKED = 24
"""Objects that one call may ask."""
MAX_EXAMPLES = 5
"""Chains of callers that a request shows."""


class Linker:
    """Links one project.

    `evaluator`: who evaluates instead of `Engine`, for measurements that count its work. `kept`: what an earlier run
    over the same folder kept; what rests on nothing that changed since is taken from it.
    """

    def __init__(
        self, project: Project, evaluator: type[Engine] | None = None, kept: Kept | None = None
    ) -> None:  # fmt: skip
        self.project = project
        self.questions = Questions(project, kept)
        self._live: dict[str, list[Made]] = {}
        """By file, what linking it made in this run."""
        self.engine = (evaluator or Engine)(project)
        self.callers = Callers(self.engine)
        self.drafter = Drafter(self.engine)
        self.above = Above(self.engine, self.callers)
        self.entries = Entries(self.above)
        self.spans = Spans(project)
        self.counting = Counting(self.engine, self.callers, self.above)
        self.declared_in: dict[str, list[str]] = {}
        """Configuration files by the names of functions that they declare; filled by `configured`."""
        self.sites = Sites(self.engine, self.callers, self.above, self.spans)

    def requests(self) -> tuple[Request, ...]:
        """Every request of the repository, in the order of files and lines."""
        with room_for_nesting():
            try:
                found = self._all()
            except Unsteady:
                self.questions, self._live = Questions(self.project), {}
                found = self._all()
        self.questions.hand_over()
        self.project.problems.sort(key=lambda p: (p.path, p.line or 0, p.column or 0, p.kind, p.message))
        return found

    def _all(self) -> tuple[Request, ...]:
        paths = self.questions.ask("paths", "", self._paths).paths
        units = {path: self._unit(path) for path in steps.through("following requests in files", paths, len(paths))}
        for said in units.values():
            self.project.problems += [problem for problem in said.problems if problem not in self.project.problems]
        used = {call for said in units.values() for call in said.used}
        found = self._finished(units) + self._unused(used)
        return gateways.resolved(self.project, found) + configured.requests(self, found)

    def _paths(self) -> Said:
        """The files whose calls are looked at."""
        telling = self._telling()
        project = self.project
        further = {*beyond.invoking(project, telling), *beyond.sending(project, telling), *web.helper_files(project)}
        return Said(paths=tuple(sorted({*telling, *(path for path in further if not project.is_sdk_itself(path))})))

    def _unit(self, path: str) -> Said:
        """The requests of one file."""
        return self.questions.ask(f"file {path}", "", lambda: self._linked(path))

    def _linked(self, path: str) -> Said:
        self.sites.used = set()
        made: list[Made] = []
        facts = self.project.facts(path)
        mishaps: list[Problem] = []
        if facts is not None:
            for ref in candidates(self.engine, facts):
                made += self._carefully(facts, ref, mishaps)
        self._live[path] = made
        return Said(linked=plainly(made), used=_calls(self.sites.used), problems=tuple(mishaps))

    def _carefully(self, facts: FileFacts, ref: CallRef, mishaps: list[Problem]) -> list[Made]:
        """The requests of a call. One whose values nest beyond what Python can follow is a problem, not an end."""
        try:
            return self._of_send(facts, ref)
        except RecursionError:
            message = "what this call sends nests too deeply to be followed; its requests are not in the report"
            place = ref.call.pos
            mishaps.append(Problem(facts.path, place.line, place.column, "too-deep", message, "split the values up"))
            return []

    def _unused(self, used: set[Calling]) -> tuple[Request, ...]:
        """Objects of frameworks that nothing visible invokes: reported, not counted. Agents before what they hold."""
        by_file: dict[str, set[Calling]] = {}
        for call in used:
            by_file.setdefault(call.path, set()).add(call)
        found: list[Request] = []
        telling = self.questions.ask("telling", "", lambda: Said(paths=tuple(sorted(self._telling())))).paths
        for agents in (True, False):
            for path in telling:
                said = self._lone_in(path, agents, by_file.get(path, set()))
                for call in said.used:
                    by_file.setdefault(call.path, set()).add(call)
                for name, request in zip(said.names, said.requests):
                    found.append(replace(request, id=request_id(f"{name}{len(found)}")))
        return tuple(found)

    def _lone_in(self, path: str, agents: bool, used: set[Calling]) -> Said:
        """Such objects of a file, but for those made by calls that are used."""

        def find() -> Said:
            self.sites.used = {(c.path, Pos(c.line, c.column, c.end_line, c.end_column)) for c in used}
            facts = self.project.facts(path)
            names: list[str] = []
            found: list[Request] = []
            for ref in facts.calls if facts is not None else ():
                if facts is None or not self._may_make(last_name(ref.call.func) or ""):
                    continue
                if (path, ref.call.pos) not in self.sites.used:
                    for draft in self.drafter.lone_objects(facts, ref, agents):
                        name, request = self._lone(facts, ref, draft)
                        names.append(name)
                        found.append(request)
            return Said(requests=tuple(found), names=tuple(names), used=_calls(self.sites.used))

        given = repr([(c.line, c.column, c.end_line, c.end_column) for c in sorted(used, key=_place)])
        return self.questions.ask(f"unused {'agents' if agents else 'others'} {path}", given, find)

    def _may_make(self, name: str) -> bool:
        return self.project.catalog.may_make(name)

    def _lone(self, facts: FileFacts, ref: CallRef, draft: Draft) -> tuple[str, Request]:
        """A request through an object that nothing invokes, and what its id is made of besides its number."""
        around = control.around(self.engine, facts, ref, self.engine.root(facts.path, ref.scope))
        self.sites.closures.under({}, {})
        own = self.sites.site(facts, ref, "model", around.repeats)
        parts = unique(self.sites.objects(draft), (facts.path, ref.call.pos))
        sites = tuple(p.site for p in parts) if parts and draft.target.held else (*(p.site for p in parts), own)
        self.sites.used.add((facts.path, ref.call.pos))
        choices, too_many = variants(draft.model, draft.max_output, draft.reasoning, draft.tier, draft.providers)
        name = f"{KEY_VERSION}|{draft.target.spec.api}|{own.qualname}>{own.callee}|unused "
        return name, Request(
            id="", api=draft.target.spec.api, operation=self._operation(draft), provider=_provider(draft, choices),
            sites=sites, model=draft.model.value, max_output=draft.max_output.value,
            variants=choices, attempts=_attempts(draft.layers), turns=Count(), repeats=around.repeats,
            layers=draft.layers, prompt=draft.prompt, reached_from=(), counted=False,
            why_not="nothing that guard can see uses this object, or another one is taken by default",
            stage=stage_of(facts.path), unknown=self._unknown(facts, ref, draft),
            size=draft.size.value, quality=draft.quality.value, region=draft.region.value,
            assumed=("more than 16 variants; the rest are merged into these",) if too_many else (),
        )  # fmt: skip

    def _telling(self) -> list[str]:
        """Files that name an SDK; code of a package of the catalogue that this repository builds is the SDK, no use."""
        project = self.project
        return [path for path in project.mentioning(project.catalog.needles) if not project.is_sdk_itself(path)]

    def _of_send(self, facts: FileFacts, ref: CallRef) -> list[Made]:
        merged: dict[object, list[Made]] = {}
        self.drafter.asked = self.drafter.spent = 0
        for number in range(MAX_ASKED):
            if number and number >= self.drafter.asked:
                break
            found = contexts.leaves(self.drafter, self.callers, facts, ref, number)
            if not found:
                break
            for leaf in found:
                before = sum(map(len, merged.values()))
                arms = alternatives.separately(self.drafter, facts, ref, leaf, number, before)
                if len(arms) > 1:
                    made = [self._request(facts, ref, arm)._replace(arms=1) for arm in arms]
                else:
                    tried = model_loops.separately(self.drafter, facts, ref, arms[0], before)
                    made = [self._request(facts, ref, one) for one in tried]
                old = merged.get(tuple(m.key for m in made))
                merged[tuple(m.key for m in made)] = made if old is None else _each_joined(old, made)
        return [m._replace(arms=n) if m.arms else m for n, arms in enumerate(merged.values(), 1) for m in arms]

    def _request(self, facts: FileFacts, ref: CallRef, leaf: Leaf) -> Made:
        draft = leaf.draft
        engine = self.engine
        engine.ask(leaf.context)
        self.sites.used.update((x.made.frame.path, x.made.call.pos) for x in draft.target.clients if x.made is not None)
        node = node_of(facts, ref.scope)
        steps = way_up(engine, leaf.context, node)
        counted = self.counting.counted(facts, ref, leaf, node, steps)
        engine.ask(leaf.context)
        self.sites.closures.under(leaf.context, leaf.grouped)
        chain = [step.bind for step in reversed(steps) if step.bind is not None]
        parts = unique(self.sites.before(leaf, node, steps, counted, chain), (facts.path, ref.call.pos))
        repeats = control.product([counted.arounds[0].repeats, *self.counting.elements(draft)])
        sending = self.sites.site(facts, ref, "invoke" if framework.is_invoked(draft.target) else "send", repeats)
        layers = (*draft.layers, *self.drafter.tries.shown(self.counting.layers_above(leaf, node, steps, counted)))
        bind = leaf.context.get(Root("callers", *counted.at))
        if isinstance(bind, Stop) and bind.outside:
            reached = self.entries.itself(counted.at, counted.inner)
        else:
            reached = self.entries.reach(counted.at, counted.inner, counted.only, counted.by_caller)
        choices, too_many = variants(draft.model, draft.max_output, draft.reasoning, draft.tier, draft.providers)
        stage_path = facts.path if stage_of(facts.path) != "production" else counted.at[0]
        why_not = draft.around.unreachable or self._declared(facts, ref)
        attempts = _attempts(layers, answer_caches.reason(engine, draft.target))
        request = Request(
            id="", api=draft.target.spec.api, operation=self._operation(draft), provider=_provider(draft, choices),
            sites=(*(p.site for p in parts), sending),
            model=draft.model.value, max_output=draft.max_output.value, variants=choices,
            attempts=attempts, turns=_turns(draft), repeats=counted.total, layers=layers, prompt=draft.prompt,
            reached_from=reached, callers=leaf.callers, caller_examples=self._examples(chain, counted),
            counted=why_not is None, why_not=why_not, stage=stage_of(stage_path),
            conditional=any(around.conditional for around in counted.arounds), outputs=draft.outputs,
            size=draft.size.value, quality=draft.quality.value, region=draft.region.value,
            unknown=self._unknown(facts, ref, draft), assumed=self._assumed(draft, leaf, too_many),
            inline=self._inline((*(p.place for p in parts), (facts.path, ref.call.pos))),
        )  # fmt: skip
        way = groups.way(self.above, counted.at, node, ref, steps, counted.arounds)
        at_top = way[-1].node == counted.at
        calls = one_call.running(self.above, way[-1].node, counted.only if at_top else None)
        target = draft.target
        helps = target.route if target.use == "delegate" else target.runs.why
        key = (*_merge_key(request), target.fallback, target.choice, helps)
        return Made(
            request, facts, ref, way, leaf.context, key, target.fallback, target.choice, calls=calls, route=target.route
        )  # fmt: skip

    def _declared(self, facts: FileFacts, ref: CallRef) -> str | None:
        """Why a send does not count that stands in a function which guard.yaml declares."""
        spec = self.engine.declared.around(facts, ref.scope)
        return None if spec is None else f"guard.yaml declares {spec.api}, and what it does counts where it is called"

    def _examples(self, chain: list[Called], counted: Counted) -> tuple[tuple[Span, ...], ...]:
        """Up to five ways to the request: that of this decision, and the calls of those that say the same."""
        found = [tuple(self.spans(b.frame.path, b.call.pos) for b in chain)] if chain else []
        others = [bind for bind in counted.only or () if isinstance(bind, Called) and bind not in chain]
        found += [(self.spans(bind.frame.path, bind.call.pos),) for bind in others]
        return tuple(found[:MAX_EXAMPLES])

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
        many = [m.inputs for m in draft.prompt.messages if m.inputs is not None and m.inputs.high is None]
        if many:
            found.append(Unknown("inputs", f"the number of texts is not known ({', '.join(many[0].why)})", place))
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

    def _finished(self, units: dict[str, Said]) -> tuple[Request, ...]:
        linked = [item for said in units.values() for item in said.linked]
        places = [(path, number) for path, said in units.items() for number in range(len(said.linked))]
        counters: dict[str, int] = {}
        finished: list[Request] = []
        for item in linked:
            digest = identity(item.request)
            ordinal = counters[digest] = counters.get(digest, -1) + 1
            finished.append(replace(item.request, id=request_id(f"{digest}|{ordinal}")))
        finished = groups.exclusive(
            linked, finished, lambda indices: self._compared([places[i] for i in indices], units)
        )
        finished = groups.chosen(linked, finished)
        ask = self.questions.ask

        def tried(node: Node, group: int, through: list[int]) -> tuple[int, ...]:
            ways = [[(i, p.place) for p in linked[i].way if p.node == node] for i in through]
            given = _digest((ways, [item.outermost for item in linked]))
            key = f"try {node[0]} {node[1]} {group}"
            find = lambda: Said(numbers=groups.tried_in(self.above, linked, node, group, through))  # noqa: E731
            return ask(key, given, find).numbers

        return tuple(groups.fallbacks(linked, groups.after(linked, finished, tried)))

    def _compared(self, members: list[tuple[str, int]], units: dict[str, Said]) -> tuple[Group, ...]:
        """The groups among requests, each named by its file and number there. The evaluator compares their contexts, so
        files that were linked in an earlier run are linked again where one of the others was."""
        paths = list(dict.fromkeys(path for path, _ in members))

        def compare() -> Said:
            return Said(groups=groups.grouped(self.engine, [self._live[path][number] for path, number in members]))

        key, anew = f"groups {_digest(members)}", any(path in self._live for path in paths)
        if anew or not self.questions.knows(key, ""):
            for path in paths:
                if path not in self._live and self._linked(path).linked != units[path].linked:
                    raise Unsteady(path)
        return self.questions.ask(key, "", compare, anew).groups


class Unsteady(Exception):
    """Linking a file again gave something else, though nothing changed that it rests on."""


def _calls(places: Iterable[tuple[str, Pos]]) -> tuple[Calling, ...]:
    return tuple(sorted((Calling(path, *pos) for path, pos in places), key=_place))


def _place(call: Calling) -> tuple[str, int, int, int, int]:
    return call.path, call.line, call.column, call.end_line, call.end_column


def _digest(data: object) -> str:
    return hashlib.blake2b(repr(data).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _provider(draft: Draft, choices: tuple[Variant, ...]) -> str | None:
    """The provider of the default: of its client, else the one that its model's name begins with."""
    return draft.providers[0][0] or (choices[0].provider if choices else None)


def _each_joined(first: list[Made], second: list[Made]) -> list[Made]:
    """Two contexts of the same requests."""
    return [old._replace(request=_joined(old.request, new.request)) for old, new in zip(first, second)]


def _joined(first: Request, second: Request) -> Request:
    """Two contexts with the same deciding sites and values: one request; entry points add up."""
    reached = {r.entry: r for r in first.reached_from}
    for reach in second.reached_from:
        old = reached.get(reach.entry)
        reached[reach.entry] = reach if old is None else replace(old, repeats=loops.added(old.repeats, reach.repeats))
    examples = tuple(dict.fromkeys((*first.caller_examples, *second.caller_examples)))[:MAX_EXAMPLES]
    sites = tuple(
        old if old.repeats == new.repeats else replace(old, repeats=loops.either([old.repeats, new.repeats]))
        for old, new in zip(first.sites, second.sites)
    )
    return replace(
        first, sites=sites, callers=first.callers + second.callers, reached_from=tuple(reached.values()),
        caller_examples=examples, repeats=loops.either([first.repeats, second.repeats]),
        conditional=first.conditional or second.conditional,
    )  # fmt: skip


def _attempts(layers: tuple[Layer, ...], cached: str | None = None) -> Count:
    """All tries of a call; `cached`: why it may need none."""
    high: int | None = 1
    for layer in layers:
        high = None if high is None or layer.attempts is None else high * layer.attempts
    shown = [f"{x.name} {'without bound' if x.attempts is None else x.attempts}" for x in layers if x.attempts != 1]
    why = (*((" x ".join(shown),) if shown else ()), *((cached,) if cached else ()))
    return Count(0 if cached else 1, 1, high, why)


def _turns(draft: Draft) -> Count:
    if draft.turns == 1:
        return Count()
    return Count(1, 1, draft.turns, (draft.turns_why,) if draft.turns_why else (), draft.turns_trail)


def _merge_key(request: Request) -> tuple[object, ...]:
    """What two contexts of a call must have in common to be one request: all that a call of it costs, and whether it
    counts. How often it runs is no part of that."""

    def value(v: Value) -> object:
        return (tuple((type(c.value).__name__, c.value) for c in v.choices), v.open)

    def texts(messages: tuple[Message, ...]) -> object:
        return tuple(
            (m.role, tuple((s.text, s.name, s.max_chars, s.max_tokens, s.tokens) for s in m.segments)) for m in messages
        )

    prompt = request.prompt
    sites = tuple((s.span.path, s.span.line, s.span.column) for s in request.sites)
    layers = tuple((layer.name, layer.attempts, layer.billed) for layer in request.layers)
    chosen = tuple((v.provider, v.reasoning, v.tier) for v in request.variants)
    image = (request.outputs, value(request.size), value(request.quality), value(request.region))
    asked = (texts(prompt.messages), tuple(map(texts, prompt.others)), prompt.open, prompt.unsure is None)
    turns = (request.turns.low, request.turns.typical, request.turns.high)
    return (
        sites, value(request.model), value(request.max_output), chosen, layers, turns, asked, prompt.tools_json,
        prompt.tools_open, prompt.caches, request.provider, image, request.counted, request.stage,
        tuple(sorted(request.inline.items())),
    )  # fmt: skip


def identity(request: Request) -> str:
    """What a request's id is made of beside its number among equals: no path, no line, no value."""
    deciding = [s for s in request.sites if s.role != "invoke" or s is request.sites[-1]]
    names = [f"{s.qualname}>{s.callee.rsplit('.', 1)[-1]}" for s in deciding]
    return "|".join([KEY_VERSION, request.api, *names])
