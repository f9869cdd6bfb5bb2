"""What stands behind a `try` and runs only where that failed.

In: a place in a scope. Out: the handler of such a `try`: its success leaves the function (`try: return ask()`), or sets
a name that is missing where the place is reached (`if answer is None:`). Neighbours: `control` asks, `groups` says
which request it comes after; where the `try` makes none, as with a cache that is looked into, it is no fallback.
"""

from __future__ import annotations

from guard.facts.expr import Compare, Const, Expr, Name, Unary
from guard.facts.filefacts import Block, Scope
from guard.facts.link.names import Place, blocks_at

LEAVING = frozenset({"return", "raise", "break", "continue"})


def behind(scope: Scope, place: Place) -> Block | None:
    """The handler of the nearest `try` after whose failure alone a place behind it is reached."""
    around = {(b.group, b.arm) for b in blocks_at(scope, place)}
    ended = [b for b in scope.blocks if b.kind == "try" and b.end <= place and (b.group, b.arm) not in around]
    for tried in sorted(ended, key=lambda b: b.start, reverse=True):
        group = [b for b in scope.blocks if b.group == tried.group]
        outside = [
            b for b in blocks_at(scope, tried.start) if (b.group, b.arm) not in around and b.group != tried.group
        ]
        if any(b.end > place for b in group) or any(b.kind not in ("for", "while", "with") for b in outside):
            continue
        looped = any(b.kind != "with" for b in outside)
        handler = next((b for b in group if b.kind == "except" and _reaches(b, looped)), None)
        if handler is not None and (_left(group, looped) or _missing(scope, tried, group, place, around)):
            return handler
    return None


def _reaches(handler: Block, looped: bool) -> bool:
    """Whether what stands behind is reached after a failure; behind a loop around the `try`, also by leaving that."""
    return not handler.leaves or (looped and handler.leaves in ("break", "continue"))


def _left(group: list[Block], looped: bool) -> bool:
    """Whether success never comes to what stands behind."""
    leaves = {b.leaves for b in group if b.kind in ("try", "try_else") and b.leaves}
    return "return" in leaves or (not looped and bool(leaves & LEAVING))


def _missing(
    scope: Scope, tried: Block, group: list[Block], place: Place, around: set[tuple[int, int]]
) -> bool:  # fmt: skip
    """Whether a place is reached only while a name has no value that the `try` gives it."""
    end = max(b.end for b in group)
    for arm in scope.blocks:
        inside = (arm.group, arm.arm) in around
        if arm.kind != "if" or arm.start < end or not (inside or (arm.end <= place and arm.leaves == "return")):
            continue
        if not inside and any((b.group, b.arm) not in around for b in blocks_at(scope, arm.start) if b is not arm):
            continue
        tests = [(arm.test, inside), *((test, False) for test in arm.negated if inside)]
        names = [_without(test, holds) for test, holds in tests if test is not None]
        if any(name is not None and _given(scope, tried, name, end, arm.start) for name in names):
            return True
    return False


def _without(test: Expr, holds: bool) -> str | None:
    """The name that has no value where a test holds, or does not: `x is None`, `not x`; of `x` where it does not."""
    if isinstance(test, Unary) and test.op == "not":
        return test.value.id if holds and isinstance(test.value, Name) else None
    if isinstance(test, Name):
        return None if holds else test.id
    if not isinstance(test, Compare) or len(test.ops) != 1 or not isinstance(test.left, Name):
        return None
    nothing = isinstance(test.rights[0], Const) and test.rights[0].value is None
    fits = test.ops[0] in (("is", "==") if holds else ("is not", "!="))
    return test.left.id if nothing and fits else None


def _given(scope: Scope, tried: Block, name: str, end: Place, use: Place) -> bool:
    """Whether a `try` surely sets a name where it succeeds, and nothing behind it does before a use."""
    bindings = scope.bindings.get(name, ())
    if any(end <= b.pos.start < use for b in bindings):
        return False
    return any(
        tried.start <= b.pos.start < tried.end
        and not (isinstance(b.value, Const) and b.value.value is None)
        and all(
            x.kind == "with" or x.group == tried.group
            for x in blocks_at(scope, b.pos.start)
            if x.start >= tried.start and x.end <= tried.end
        )
        for b in bindings
    )
