"""All facts in, all requests out: the last room of `link`.

For each call that sends: its contexts, each read into a draft; drafts with the same deciding sites and values are one
request; then what excludes what and what comes after what. Identity has no path, line or value (design, section 2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from guard.facts.expr import Pos, written
from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import contexts, control
from guard.facts.link.callers import Callers
from guard.facts.link.contexts import Leaf
from guard.facts.link.draft import Draft, Drafter
from guard.facts.link.engine import Engine
from guard.facts.link.entries import Entries
from guard.facts.link.names import blocks_at
from guard.facts.link.project import Project
from guard.facts.link.sends import candidates
from guard.facts.link.stages import stage_of
from guard.facts.link.things import Called, OnObject, Root
from guard.facts.link.values import Spans, variants
from guard.model import Count, Layer, Operation, Request, Role, Site, Unknown

KEY_VERSION = "guard/1"


class Part(NamedTuple):
    """A site of a request with what orders and names it."""

    site: Site
    place: tuple[str, Pos]


class Made(NamedTuple):
    """A request with the place of its send, before ids are given."""

    request: Request
    facts: FileFacts
    ref: CallRef
    draft: Draft
    key: tuple[object, ...]


class Linker:
    """Links one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.engine = Engine(project)
        self.callers = Callers(self.engine)
        self.drafter = Drafter(self.engine)
        self.entries = Entries(self.engine, self.callers)
        self.spans = Spans(project)

    def requests(self) -> tuple[Request, ...]:
        """Every request of the repository, in the order of files and lines."""
        made: list[Made] = []
        for path in sorted(self.project.mentioning(self.project.catalog.needles)):
            facts = self.project.facts(path)
            if facts is None or self._is_sdk_itself(path):
                continue
            for ref in candidates(self.engine, facts):
                made += self._of_send(facts, ref)
        return self._finished(made)

    def _is_sdk_itself(self, path: str) -> bool:
        """Code of a package of the catalogue that this repository builds: it is the SDK, not a use of it."""
        parts = path.split("/")
        root = parts[1] if parts[0] in ("src", "lib") and len(parts) > 1 else parts[0]
        return root in self.project.catalog.import_roots and self.project.is_own(root)

    # --- one send -----------------------------------------------------------------------------------------------

    def _of_send(self, facts: FileFacts, ref: CallRef) -> list[Made]:
        merged: dict[tuple[object, ...], Made] = {}
        for leaf in contexts.leaves(self.drafter, self.callers, facts, ref):
            made = self._request(facts, ref, leaf)
            old = merged.get(made.key)
            merged[made.key] = made if old is None else old._replace(request=_joined(old.request, made.request))
        return list(merged.values())

    def _request(self, facts: FileFacts, ref: CallRef, leaf: Leaf) -> Made:
        draft = leaf.draft
        engine = self.engine
        engine.ask(leaf.context)
        root = Root("callers", facts.path, self._function(facts, ref.scope))
        chain = contexts.chain(leaf, root)
        extra = [b for b in leaf.context.values() if isinstance(b, Called) and b not in chain]
        sending = self._site(facts, ref, "send", draft.around.repeats)
        parts: list[Part] = []
        counts: list[Count] = [draft.around.repeats]
        if draft.elements != (1, 1):
            low, high = draft.elements
            counts.append(Count(low, high or max(low, 1), high, ("requests in one batch",)))
        conditional = draft.around.conditional
        for bind in [*extra, *reversed(chain)]:
            above = self.project.facts(bind.frame.path)
            if above is None:
                continue
            around = control.around(engine, above, CallRef(bind.call, bind.frame.scope, bind.via), bind.frame)
            counts.append(around.repeats)
            conditional = conditional or around.conditional
            looped = around.repeats.high != 1
            if looped or contexts.touched_within(draft.touched, bind):
                caller_ref = CallRef(bind.call, bind.frame.scope, bind.via)
                parts.insert(0, Part(self._site(above, caller_ref, "wrapper", around.repeats), (bind.frame.path, bind.call.pos)))
        for made in self._constructors(leaf, draft):
            parts.insert(0, made)
        parts = _unique(parts, (facts.path, ref.call.pos))
        at, inner = self._outermost(leaf, facts, ref, chain, counts)
        repeats = control.product(counts)
        reached = self.entries.reach(at[0], at[1], inner)
        choices, too_many = variants(draft.model, draft.max_output, draft.reasoning, draft.tier, draft.providers)
        request = Request(
            id="", api=draft.target.spec.api, operation=self._operation(draft), provider=draft.providers[0][0],
            sites=(*(p.site for p in parts), sending), model=draft.model.value, max_output=draft.max_output.value, variants=choices,
            attempts=_attempts(draft.layers), turns=_turns(draft), repeats=repeats, layers=draft.layers, prompt=draft.prompt,
            reached_from=reached, callers=leaf.callers, caller_examples=(tuple(self.spans(b.frame.path, b.call.pos) for b in chain),) if chain else (),
            counted=draft.around.unreachable is None, why_not=draft.around.unreachable,
            stage=stage_of(at[0] if stage_of(facts.path) == "production" else facts.path), conditional=conditional, outputs=draft.outputs,
            unknown=self._unknown(facts, ref, draft), assumed=self._assumed(draft, leaf, too_many),
            inline=self._inline((*(p.place for p in parts), (facts.path, ref.call.pos))),
        )  # fmt: skip
        return Made(request, facts, ref, draft, _merge_key(request))

    def _outermost(
        self, leaf: Leaf, facts: FileFacts, ref: CallRef, chain: list[Called], counts: list[Count]
    ) -> tuple[tuple[str, int], Count]:  # fmt: skip
        """The function from which entry points are looked for, and the calls of the request for each of its calls.

        Where one decision stands for several callers, that is the function they all call.
        """
        at = (facts.path, ref.scope)
        own = len(counts) - len(chain)
        inner = counts[:own]
        for number, bind in enumerate(reversed(chain)):
            root = Root("callers", at[0], self._function(self._facts(at[0]), at[1]))
            if root in leaf.grouped:
                break
            at = (bind.frame.path, bind.frame.scope)
            inner = counts[: own + number + 1]
        return at, control.product(inner)

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
        return Site(self.spans(facts.path, ref.call.pos), role, repeats, scope.qualname or "<module>", written(ref.call.func))

    def _constructors(self, leaf: Leaf, draft: Draft) -> Iterable[Part]:
        """Calls that make the objects a request runs on, or that decide something."""
        for bind in contexts.objects_of(self.engine, leaf):
            yield from self._constructor(bind, draft)

    def _constructor(self, bind: OnObject, draft: Draft) -> Iterable[Part]:
        call, frame = bind.thing.call, bind.thing.frame
        if call is None or frame is None:
            return
        own = (bind.thing.cls.path, bind.thing.cls.scope) in draft.owners
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
        finished = self._exclusive(made, finished)
        return tuple(self._after(made, finished))

    def _exclusive(self, made: list[Made], finished: list[Request]) -> list[Request]:
        """Sends of one function in arms that exclude one another share a group; the first arm is the default."""
        by_function: dict[tuple[str, int], list[int]] = {}
        for index, item in enumerate(made):
            by_function.setdefault((item.facts.path, self._function(item.facts, item.ref.scope)), []).append(index)
        for (path, scope_id), indices in by_function.items():
            scope = self.project.scope(path, scope_id)
            for position, i in enumerate(indices):
                for j in indices[position + 1 :]:
                    first, second = made[i].ref.call.pos, made[j].ref.call.pos
                    if first == second or finished[i].sites[:-1] != finished[j].sites[:-1]:
                        continue
                    group = control.exclusive_with(scope, first.start, second.start)
                    if group is not None:
                        name = f"{path}::{scope.qualname}#{group}"
                        finished[i] = replace(finished[i], exclusive=finished[i].exclusive or name)
                        finished[j] = replace(finished[j], exclusive=finished[j].exclusive or name)
        seen: set[str] = set()
        for index, request in enumerate(finished):
            if request.exclusive is not None and request.exclusive not in seen:
                seen.add(request.exclusive)
                finished[index] = replace(request, exclusive_default=True)
        return finished

    def _after(self, made: list[Made], finished: list[Request]) -> list[Request]:
        """A send in an `except` block comes after the send in its `try`; its typical attempts are 0."""
        for index, item in enumerate(made):
            handler = item.draft.around.handler
            if handler is None:
                continue
            scope = item.facts.scopes[self._function(item.facts, item.ref.scope)]
            tried = next((b for b in scope.blocks if b.group == handler.group and b.kind == "try"), None)
            first = next(
                (finished[i].id for i, other in enumerate(made)
                 if tried is not None and other.facts.path == item.facts.path and tried in blocks_at(scope, other.ref.call.pos.start) and i != index),
                None,
            )  # fmt: skip
            attempts = finished[index].attempts
            why = (*attempts.why, "runs only after a failure")
            finished[index] = replace(finished[index], after=first, attempts=Count(0, 0, attempts.high, why))
        return finished


def _joined(first: Request, second: Request) -> Request:
    """Two contexts with the same deciding sites and values: one request; entry points add up."""
    reached = {r.entry: r for r in first.reached_from}
    for reach in second.reached_from:
        reached.setdefault(reach.entry, reach)
    examples = tuple(dict.fromkeys((*first.caller_examples, *second.caller_examples)))[:5]
    return replace(first, callers=first.callers + second.callers, reached_from=tuple(reached.values()), caller_examples=examples)


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
    shown = [f"{layer.name} {layer.attempts if layer.attempts is not None else 'without bound'}" for layer in layers if layer.attempts != 1]
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
    return sites, value(request.model), value(request.max_output), layers, texts, request.prompt.tools_json, request.provider


def _identity(request: Request) -> str:
    names = [f"{s.qualname}>{s.callee.rsplit('.', 1)[-1]}" for s in request.sites]
    return "|".join([KEY_VERSION, request.api, *names])
