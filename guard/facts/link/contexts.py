"""The contexts of a send: which callers and objects decide what it sends.

In: a call that sends. Out: one `Leaf` for each way in which the repository decides the request, at most 64 of them and
12 levels deep; what is beyond becomes one leaf that says so. A root is decided only when a question asked for it, and
decisions that change nothing are one, so that work and requests grow with what differs.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from guard.facts.expr import Attr, Call, Const, Name
from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import control, deciding, leftover
from guard.facts.link.callers import Callers
from guard.facts.link.candidates import may_send
from guard.facts.link.draft import Draft, Drafter
from guard.facts.link.engine import Engine
from guard.facts.link.parameters import passes_on
from guard.facts.link.stages import is_test
from guard.facts.link.things import DEPENDENCY, Bind, Called, Consulted, Frame, Func, Hop, Inst, OnObject, Root, Stop
from guard.facts.link.values import Quantity
from guard.model import Prompt

MAX_CONTEXTS = 64
MAX_LEVELS = 12
ENOUGH_FOR_PROMPTS = 15_000
"""Evaluations for one send after which callers that differ in nothing but text are no longer told apart, so that there
is room for those that decide the model."""
ENOUGH_KEPT = 50_000
"""Answers under decisions of sends in other files after which they are dropped: who needs one makes it again."""
MAX_SPENT = 250_000
"""Evaluations for one send, all contexts together."""
MAX_DRAFTS = 600
"""Requests that are read for one send; contexts that are not decided by then stay open."""
BLIND_DRAFTS, BLIND_SPENT = 150, 4_000
"""Requests that are read, and evaluations, for a call of which nothing shows yet that it sends one. Where a caller says
so, it is one of the first: in fifteen repositories the fifth at the latest, after 41 evaluations."""
NONE_FITS = "each call that guard sees means another function"
"""Why a request stays open of which no context can be."""


@dataclass(slots=True)
class Leaf:
    """A decided request."""

    context: dict[Root, Bind]
    draft: Draft
    callers: int = 1
    """Decisions that this one stands for."""
    grouped: dict[Root, list[Bind]] = field(default_factory=dict)
    """Roots whose other decisions say the same, with those decisions (none: all that are left)."""
    cut: bool = False
    """Stands for the contexts beyond the limit."""
    prompt: Prompt | None = None
    """Where one decision stands for several that differ in the prompt: the prompt without them, part of it a hole."""
    merged: frozenset[Root] = frozenset()
    """Roots of such decisions."""
    never: bool = False
    """Whether each way to it leads through a branch that is not taken."""


def leaves(drafter: Drafter, callers: Callers, facts: FileFacts, ref: CallRef, number: int = 0) -> list[Leaf]:
    """All contexts of a send. Calls in tests are not followed to their callers: a test decides for itself."""
    found: list[Leaf] = []
    dropped: list[tuple[Leaf, Root]] = []
    if drafter.path != facts.path and drafter.engine.decided >= ENOUGH_KEPT:
        drafter.engine.forget()
    drafter.path = facts.path
    start = drafter.engine.root(facts.path, ref.scope)
    waiting = deque(_begin(drafter, callers, facts, ref, number))
    drafts = len(waiting)
    while waiting:  # the widest ways first: what is close to the send is decided for all before what is far for one
        leaf = waiting.popleft()
        if leaf.context and drafter.spent >= ENOUGH_FOR_PROMPTS:
            _sealed(leaf)
        root = _next(leaf, start)
        if root is None or len(leaf.context) >= MAX_LEVELS or is_test(facts.path) or _enough(drafter, drafts):
            leaf.cut = leaf.cut or (_enough(drafter, drafts) and root is not None)
            found.append(leaf)
            continue
        room = max(MAX_CONTEXTS - sum(not done.never for done in found) - len(waiting), 1)
        ways, dead = deciding.ways(callers, leaf.context, root)
        if dead or not ways:
            dropped += [] if dead else [(leaf, root)]
            children = _children(drafter, facts, ref, leaf, root, ways, number)
            found += [_never(child, dead[id(child.context[root])]) for child in children]
            continue
        if leaf.context and len(ways) > room and root in leaf.draft.prompt_only:
            waiting.append(_sealed(leaf))
            continue
        if len(ways) == 1:
            ways = [deciding.chained(callers, *ways[0], MAX_LEVELS)]
        drafts += min(len(ways), MAX_CONTEXTS)
        children = _children(drafter, facts, ref, leaf, root, ways[:MAX_CONTEXTS], number)
        if len(children) > room:
            children = _without_prompts(leaf, root, children)
        left_out = len(ways[MAX_CONTEXTS:]) + sum(_decisions(child, root) for child in children[room:])
        waiting.extend(children[:room])
        if left_out:
            rest = _cut(drafter, facts, ref, leaf, root, left_out, number)
            if rest is not None:
                why = beyond_limit(left_out)
                rest.draft = leftover.told(rest.draft, [child.draft for child in children[room:]], root, why)
                waiting.append(rest)
    found = found or _kept_open(drafter, facts, ref, dropped, number)
    found = _pruned(drafter.engine, facts, ref, sorted(found, key=lambda leaf: leaf.never))
    live = [leaf for leaf in found if leaf.never or leaf.draft.around.unreachable is None]
    return live or found[:1]


def _next(leaf: Leaf, start: Frame) -> Root | None:
    """What to decide next for a leaf; where its prompt is settled, nothing that only the prompt asks for."""
    consulted = leaf.draft.consulted
    if leaf.prompt is not None:
        consulted = {key: bind for key, bind in consulted.items() if key[0] not in leaf.draft.prompt_only}
    return next_root(consulted, askable(start, leaf.context), start, leaf.context)


def _sealed(leaf: Leaf) -> Leaf:
    """The leaf with its prompt as it is: there is no room for one context for each text that callers give."""
    leaf.prompt = leaf.prompt or leaf.draft.prompt
    return leaf


def _decisions(leaf: Leaf, root: Root) -> int:
    """How many decisions of a root a leaf stands for."""
    return max(len(leaf.grouped.get(root, ())), 1)


def _without_prompts(leaf: Leaf, root: Root, children: list[Leaf]) -> list[Leaf]:
    """Children that differ in nothing but the prompt as one, whose prompt is that of the leaf above: with a hole."""
    kept: dict[object, Leaf] = {}
    prompt = leaf.prompt or leaf.draft.prompt
    for child in children:
        key = values_of(child.draft._replace(prompt=prompt))
        old = kept.get(key)
        if old is None:
            kept[key] = child
            continue
        old.callers += child.callers
        binds = child.grouped.get(root, [child.context[root]])
        old.grouped[root] = [*old.grouped.get(root, [old.context[root]]), *binds]
        old.prompt, old.merged = prompt, old.merged | {root}
        old.draft = old.draft._replace(prompt=prompt)
    return list(kept.values())


def _pruned(engine: Engine, facts: FileFacts, ref: CallRef, found: list[Leaf]) -> list[Leaf]:
    """Leaves without decisions that no longer matter, neither for what is sent nor for how often; each once.

    A root may be decided before another decision makes it idle: an object looked for by its class, until the caller
    says which object the method runs on.
    """
    kept: dict[frozenset[tuple[Root, int]], Leaf] = {}
    for leaf in found:
        asked = {root for root, _ in leaf.draft.consulted} | _counting(engine, facts, ref, leaf.context)
        leaf.context = {root: bind for root, bind in leaf.context.items() if root in asked}
        kept.setdefault(frozenset((root, id(bind)) for root, bind in leaf.context.items()), leaf)
    return list(kept.values())


def _counting(engine: Engine, facts: FileFacts, ref: CallRef, context: dict[Root, Bind]) -> set[Root]:
    """Roots that the number of repeats hangs on, of the call and of the calls on the way to it."""
    engine.ask(context)
    control.around(engine, facts, ref, engine.root(facts.path, ref.scope))
    for bind in context.values():
        if isinstance(bind, Called):
            outer = engine.project.sure_facts(bind.frame.path)
            control.around(engine, outer, CallRef(bind.call, bind.frame.scope, bind.via), bind.frame)
    return {root for root, _ in engine.consulted}


def _begin(drafter: Drafter, callers: Callers, facts: FileFacts, ref: CallRef, number: int) -> list[Leaf]:
    """The request without any decision; where only the receiver is unknown, one for each caller that decides it."""
    found: list[Leaf] = []
    waiting: list[dict[Root, Bind]] = [{}]
    drafts = 0
    begun = drafter.spent
    while waiting and len(found) < MAX_CONTEXTS and not _enough(drafter, drafts):
        if not found and (drafts >= BLIND_DRAFTS or drafter.spent - begun >= BLIND_SPENT):
            break
        drafts += 1
        context = waiting.pop(0)
        draft = drafter.draft(facts, ref, context, number)
        if draft is not None:
            found.append(Leaf(context, draft))
        elif len(context) < MAX_LEVELS and may_send(drafter.engine, facts, ref) and not is_test(facts.path):
            start = drafter.engine.root(facts.path, ref.scope)
            root = next_root(drafter.engine.consulted, askable(start, context), start, context)
            if root is not None and len(waiting) < MAX_CONTEXTS:
                waiting = [{**context, root: bind} for bind in callers.of(root)[:MAX_CONTEXTS]] + waiting
    return found


def _enough(drafter: Drafter, drafts: int) -> bool:
    """Whether as much was done for one send as may be; what is undecided then stays open."""
    return drafts >= MAX_DRAFTS or drafter.spent >= MAX_SPENT


def _never(leaf: Leaf, why: str) -> Leaf:
    """A request that is never sent, since each way to it leads through a branch that is not taken."""
    leaf.draft = leaf.draft._replace(around=leaf.draft.around._replace(unreachable=why))
    leaf.never = True
    return leaf


def _kept_open(
    drafter: Drafter, facts: FileFacts, ref: CallRef, dropped: list[tuple[Leaf, Root]], number: int
) -> list[Leaf]:  # fmt: skip
    """Where no context of a send can be, as far as guard sees: the request all the same, open for that reason."""
    for leaf, root in dropped[:1]:
        context = {**leaf.context, root: Stop(NONE_FITS)}
        draft = drafted(drafter, facts, ref, leaf, context, number)
        if draft is not None:
            return [Leaf(context, draft, leaf.callers, dict(leaf.grouped), leaf.cut, leaf.prompt, leaf.merged)]
    return []


def _children(
    drafter: Drafter, facts: FileFacts, ref: CallRef, leaf: Leaf, root: Root,
    ways: list[tuple[Bind, dict[Root, Bind]]], number: int,
) -> list[Leaf]:  # fmt: skip
    """One leaf for each decision of a root; decisions with the same outcome and no further question are one."""
    before = {r for (r, what), bind in leaf.draft.consulted.items() if bind is None and what != DEPENDENCY}
    children: dict[object, Leaf] = {}
    for index, (bind, context) in enumerate(ways):
        draft = drafted(drafter, facts, ref, leaf, context, number)
        if draft is None:
            continue
        looked = {r for r, _ in draft.consulted}  # of the decisions that follow from this one, those that matter
        context = {r: b for r, b in context.items() if r in looked or r == root or r in leaf.context}
        asked = {r for (r, what), b in draft.consulted.items() if b is None and what != DEPENDENCY}
        own = isinstance(bind, Called) and invokes(drafter.engine, draft, bind, root)
        key: object = (signature(draft, bind), own and bind) if asked <= before else index
        old = children.get(key)
        if old is None:
            children[key] = Leaf(context, draft, leaf.callers, dict(leaf.grouped), leaf.cut, leaf.prompt, leaf.merged)
        else:
            old.callers += leaf.callers
            old.grouped[root] = [*old.grouped.get(root, [old.context[root]]), bind]
    return list(children.values())


def drafted(
    drafter: Drafter, facts: FileFacts, ref: CallRef, leaf: Leaf, context: dict[Root, Bind], number: int,
    maker: int | None = None,
) -> Draft | None:  # fmt: skip
    """The request below a leaf: with the leaf's prompt, where that is settled."""
    if leaf.prompt is None:
        return drafter.draft(facts, ref, context, number, maker)
    return drafter.draft(facts, ref, context, number, maker, settled=leaf.draft._replace(prompt=leaf.prompt))


def beyond_limit(number: int) -> str:
    """Why a value is open in a request that stands for further decisions."""
    return f"{number} more callers decide it, beyond the {MAX_CONTEXTS} that are followed"


def _cut(
    drafter: Drafter, facts: FileFacts, ref: CallRef, leaf: Leaf, root: Root, rest: int, number: int
) -> Leaf | None:
    context = {**leaf.context, root: Stop(beyond_limit(rest))}
    draft = drafted(drafter, facts, ref, leaf, context, number)
    if draft is None:
        return None
    return Leaf(context, draft, rest, {**leaf.grouped, root: []}, True, leaf.prompt, leaf.merged)


def askable(start: Frame, context: dict[Root, Bind]) -> set[Root]:
    """Functions whose callers matter: the one that sends, those that call it, and those that make its objects.

    Values are also read in other functions (another method that assigns an attribute); who calls those decides nothing.
    """
    frames = [start]
    for bind in context.values():
        if isinstance(bind, Called):
            frames.append(bind.frame)
        elif isinstance(bind, OnObject) and bind.thing.frame is not None:
            frames.append(bind.thing.frame)
    found: set[Root] = set()
    for frame in frames:
        inner: Frame | None = frame
        while inner is not None:
            found.add(Root("callers", inner.path, inner.scope))
            inner = inner.lexical
    return found


def next_root(consulted: Consulted, allowed: set[Root], start: Frame, context: dict[Root, Bind]) -> Root | None:
    """The root to decide next: callers before objects, since a call also says which object it runs on.

    So the callers of a method that sends are decided before its object, even where nothing else of them is asked for.
    """
    open_roots = list(
        dict.fromkeys(root for (root, what), bind in consulted.items() if bind is None and what != DEPENDENCY)
    )
    for kind in ("callers", "self"):
        for root in open_roots:
            if root.kind == kind and (kind != "callers" or root in allowed):
                first = _object_decider(start, context)
                return first if kind == "self" and first is not None else root
    return None


def _object_decider(start: Frame, context: dict[Root, Bind]) -> Root | None:
    """The function whose callers say which object the sending method runs on, while they are not decided.

    Methods that are called on `self` run on the object of the method that calls them.
    """
    frame = start
    while frame.lexical is not None:  # a closure in a method runs on the method's object
        frame = frame.lexical
    for _ in range(MAX_LEVELS):
        root = Root("callers", frame.path, frame.scope)
        bind = context.get(root)
        if bind is None:
            return root
        on_self = isinstance(bind, Called) and isinstance(bind.call.func, Attr) and bind.call.func.base
        if not isinstance(bind, Called) or not isinstance(on_self, Name) or on_self.id not in ("self", "cls"):
            return None
        frame = bind.frame
        while frame.lexical is not None:
            frame = frame.lexical
    return None


def signature(draft: Draft, bind: Bind | None) -> object:
    """What tells two decided requests apart: their values, and the place of a call or object that decided one."""
    return (values_of(draft), _place(draft, bind))


def values_of(draft: Draft) -> object:
    """The deciding values of a draft, comparable."""

    def plain(found: Quantity) -> object:
        return (tuple((type(c.value).__name__, c.value) for c in found.value.choices), found.value.open)

    prompt = tuple(
        (m.role, tuple((s.text, s.name, s.max_chars, s.max_tokens) for s in m.segments)) for m in draft.prompt.messages
    )
    layers = tuple((layer.name, layer.attempts) for layer in draft.layers)
    return (
        plain(draft.model), plain(draft.max_output), plain(draft.reasoning), plain(draft.tier), plain(draft.size),
        plain(draft.quality), plain(draft.region), draft.outputs, prompt,
        draft.prompt.tools_json, layers, draft.turns, draft.elements, tuple(p for p, _ in draft.providers),
        draft.target.spec.api,
    )  # fmt: skip


def _place(draft: Draft, bind: Bind | None) -> object:
    if isinstance(bind, Called) and touched_within(draft.touched, bind):
        return (bind.frame.path, bind.call.pos)
    if isinstance(bind, OnObject) and bind.thing.call is not None and bind.thing.frame is not None:
        made = Called(bind.thing.call, bind.thing.frame)
        own = (bind.thing.cls.path, bind.thing.cls.scope) in draft.owners
        return (made.frame.path, made.call.pos) if own or touched_within(draft.touched, made) else None
    return None


def invokes(engine: Engine, draft: Draft, bind: Called, root: Root) -> bool:
    """Whether a call asks the object that sends, from outside of it, for something of its own: `agent.run("...")`.

    What it says may reach the request over the object's state, which is not followed; the call decides all the same.
    """
    scope = engine.project.scope(root.path, root.scope)
    if (root.path, scope.parent) not in draft.owners or not isinstance(bind.call.func, Attr):
        return False
    receiver = bind.call.func.base
    if isinstance(receiver, Name) and receiver.id in ("self", "cls"):
        return False
    if isinstance(receiver, Call) and isinstance(receiver.func, Name) and receiver.func.id == "super":
        return False
    given = [*bind.call.args, *(value for _, value in bind.call.keywords)]
    return any(
        not passes_on(engine, value, bind.frame) and not (isinstance(value, Const) and not isinstance(value.value, str))
        for value in given
    )


def touched_within(touched: tuple[Hop, ...], bind: Called) -> bool:
    """Whether a value was decided inside a call expression."""
    path, pos = bind.frame.path, bind.call.pos
    return any(h.path == path and pos.start <= h.pos.start and h.pos.end <= pos.end for h in touched)


def objects_of(engine: Engine, leaf: Leaf) -> list[OnObject]:
    """The objects that a context decided on, itself or by a call of their methods."""
    found = [bind for bind in leaf.context.values() if isinstance(bind, OnObject)]
    for bind in leaf.context.values():
        if isinstance(bind, Called):
            called = [alt.thing for alt in engine.quietly(bind.call.func, bind.frame).alts]
            found += [OnObject(f.bound) for f in called if isinstance(f, Func) and isinstance(f.bound, Inst)]
    return list(dict.fromkeys(found))
