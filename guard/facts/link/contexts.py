"""The contexts of a send: which callers and objects decide what it sends.

In: a call that sends. Out: one `Leaf` for each way in which the repository decides the request, at most 64 of them and 12
levels deep; what is beyond becomes one leaf that says so. A root is decided only when a question asked for it, so that
callers which decide nothing do not multiply the work.
"""

from __future__ import annotations

from typing import NamedTuple

from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link.callers import Callers
from guard.facts.link.draft import Draft, Drafter
from guard.facts.link.engine import Consulted
from guard.facts.link.sends import may_send
from guard.facts.link.things import Bind, Called, OnObject, Root, Stop

MAX_CONTEXTS = 64
MAX_LEVELS = 12


class Leaf(NamedTuple):
    """A decided request."""

    context: dict[Root, Bind]
    draft: Draft
    cut: bool
    """Stands for the contexts beyond the limit."""


def leaves(drafter: Drafter, callers: Callers, facts: FileFacts, ref: CallRef) -> list[Leaf]:
    """All contexts of a send."""
    found: list[Leaf] = []
    waiting: list[dict[Root, Bind]] = [{}]
    while waiting:
        context = waiting.pop(0)
        draft = drafter.draft(facts, ref, context)
        if draft is None:
            receiver = _next(drafter.engine.consulted) if may_send(drafter.engine, ref) and len(context) < MAX_LEVELS else None
            if receiver is not None and len(waiting) < MAX_CONTEXTS:
                waiting = [{**context, receiver: bind} for bind in callers.of(receiver)[:MAX_CONTEXTS]] + waiting
            continue
        root = _next(draft.consulted)
        if root is None or len(context) >= MAX_LEVELS:
            found.append(Leaf(context, draft, False))
            continue
        binds = callers.of(root)
        room = MAX_CONTEXTS - len(found) - len(waiting)
        if len(binds) > max(room, 1):
            waiting += [{**context, root: bind} for bind in binds[: max(room - 1, 0)]]
            stopped = drafter.draft(facts, ref, {**context, root: Stop(f"more than {MAX_CONTEXTS} callers decide it")})
            if stopped is not None:
                found.append(Leaf({**context, root: Stop(f"more than {MAX_CONTEXTS} callers decide it")}, stopped, True))
            continue
        waiting = [{**context, root: bind} for bind in binds] + waiting
    live = [leaf for leaf in found if leaf.draft.around.unreachable is None]
    return live or found[:1]


def _next(consulted: Consulted) -> Root | None:
    """The root to decide next: callers before objects, since a call also says which object it runs on."""
    open_roots = list(dict.fromkeys(root for (root, _), bind in consulted.items() if bind is None))
    for kind in ("callers", "self", "object"):
        for root in open_roots:
            if root.kind == kind:
                return root
    return None


def chain(leaf: Leaf, root: Root) -> list[Called]:
    """The calls that lead to a function in a context, the outermost first."""
    found: list[Called] = []
    seen: set[Root] = set()
    current: Root | None = root
    while current is not None and current not in seen:
        seen.add(current)
        bind = leaf.context.get(current)
        if not isinstance(bind, Called):
            break
        found.append(bind)
        frame = bind.frame
        while frame.lexical is not None and Root("callers", frame.path, frame.scope) not in leaf.context:
            frame = frame.lexical
        current = Root("callers", frame.path, frame.scope)
    return found[::-1]


def objects_of(leaf: Leaf) -> list[OnObject]:
    """The objects that a context decided on."""
    return [bind for bind in leaf.context.values() if isinstance(bind, OnObject)]
