"""Which decisions of a root can go with those that a context has made.

In: a root, a context. Out: `Ways`, each decision with the context that it makes; none of functions that call one
another in a circle, none that `possible` excludes, few of examples. Neighbours: `callers` finds the decisions,
`contexts` makes a request of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.link.possible import ONLY_EXAMPLES, Context, fitting
from guard.facts.link.stages import is_beside, stage_of
from guard.facts.link.things import Bind, Called, Frame, Root, Stop

if TYPE_CHECKING:
    from guard.facts.link.callers import Callers

MAX_EXAMPLES = 3
"""Callers in examples that may decide what code sends that is no example."""
MAX_DEAD = 8
"""Ways through branches that are not taken of which requests are shown."""


class Ways(NamedTuple):
    """Decisions of a root that can go with those of a context, each with the context that it makes."""

    found: list[tuple[Bind, Context]]
    dead: dict[int, str]
    """Where all of them have a call in a branch that is not taken: which, by identity of the decision."""


def ways(callers: Callers, before: Context, root: Root) -> Ways:
    """The decisions of a root that can go with those of a context.

    Not calls of closures that other calls made than the context has decided on: such a closure may be called unseen.
    """
    binds = fitting(callers.of(root), root, before)
    made = [callers.possible.closures(bind, root, before) for bind in binds]
    own = [
        (bind, calls)
        for bind, calls in zip(binds, made)
        if all(_same(before.get(at), call) for at, call in calls.items())
    ]
    if binds and not own:
        own = [(Stop("it is called where guard cannot see it"), {})]
    made_of = [(bind, {**before, **calls, root: bind}) for bind, calls in own]
    fitted = [
        (b, context) for b, context in made_of if not _circular(context, root) and callers.possible.holds(context)
    ]
    whys = [callers.possible.dead(context) for _, context in fitted]
    if None not in whys:
        return Ways(fitted[:MAX_DEAD], {id(bind): why for (bind, _), why in zip(fitted, whys) if why is not None})
    kept = {id(bind): context for (bind, context), why in zip(fitted, whys) if why is None}
    counting = _relevant([bind for bind, _ in fitted if id(bind) in kept], root)
    return Ways([(bind, kept.get(id(bind), {**before, root: bind})) for bind in counting], {})


def chained(callers: Callers, bind: Bind, context: Context, levels: int) -> tuple[Bind, Context]:
    """A decision with those that follow from it: who calls the function that calls, where just one call does."""
    current = bind
    while isinstance(current, Called) and len(context) < levels:
        frame = current.frame
        while frame.lexical is not None:
            frame = frame.lexical
        root = Root("callers", frame.path, frame.scope)
        if frame.scope == 0 or root in context or len(callers.of(root)) != 1:
            break
        found, dead = ways(callers, context, root)
        if dead or len(found) != 1 or not isinstance(found[0][0], Called):
            break
        current, context = found[0]
    return bind, context


def _relevant(binds: list[Bind], root: Root) -> list[Bind]:
    """Many examples say little of what production code sends: beyond a few they are left out, the value stays open."""

    if stage_of(root.path) == "development":
        return binds

    def counts(bind: Bind) -> bool:
        path = bind.frame.path if isinstance(bind, Called) else root.path
        return stage_of(path) != "development" or is_beside(path, root.path)

    production = [bind for bind in binds if counts(bind)]
    if len(binds) - len(production) <= MAX_EXAMPLES:
        return binds
    return production or [Stop(ONLY_EXAMPLES, True)]


def _same(decided: Bind | None, made: Bind) -> bool:
    """Whether what is decided, if anything, is this call."""
    if not isinstance(decided, Called) or not isinstance(made, Called):
        return True
    return (decided.frame.path, decided.call.pos) == (made.frame.path, made.call.pos)


def _circular(context: dict[Root, Bind], root: Root) -> bool:
    """Whether a function would be called by itself, over others: nothing new is decided that way."""
    current = root
    for _ in range(len(context)):
        bind = context.get(current)
        if not isinstance(bind, Called):
            return False
        frame: Frame | None = bind.frame
        above = []
        while frame is not None:
            above.append(Root("callers", frame.path, frame.scope))
            frame = frame.lexical
        if root in above:
            return True
        following = next((r for r in above if r in context), None)
        if following is None:
            return False
        current = following
    return True
