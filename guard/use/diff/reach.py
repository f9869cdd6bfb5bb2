"""Who reaches a request: entry points that came, went or have another name. In: a request before and after. Out: those.

A function that nothing calls stands as its own entry point; that is nobody, and so are tests, notebooks and examples,
which count no runs. What has one name less and one more of the same kind was renamed. Neighbours: `kinds` asks whether
anything came or went, `causes` for the lines.
"""

from __future__ import annotations

from typing import NamedTuple

from guard.difference import Cause
from guard.estimate.usage import NO_RUNS
from guard.model import Reach, Request, Span, Step
from guard.use.diff.versions import Versions


class Reached(NamedTuple):
    """How the entry points of two sides differ."""

    come: tuple[Reach, ...]
    """Those of the head that the base lacks."""
    gone: tuple[Reach, ...]
    renamed: tuple[tuple[Reach, Reach], ...]
    """Those whose every name differs, before and now."""

    @property
    def differs(self) -> bool:
        """Whether others reach the request, not only the same under other names."""
        return bool(self.come or self.gone)


def reached(before: Request, after: Request) -> Reached:
    """Entry points of the same name on both sides are left out."""
    old, new = _entries(before), _entries(after)
    known = {name for reach in new for name in _names(reach)}
    gone = [reach for reach in old if known.isdisjoint(_names(reach))]
    known = {name for reach in old for name in _names(reach)}
    come: list[Reach] = []
    renamed: list[tuple[Reach, Reach]] = []
    for reach in new:
        if not known.isdisjoint(_names(reach)):
            continue
        was = next((one for one in gone if one.kind == reach.kind), None)
        if was is None:
            come.append(reach)
        else:
            gone.remove(was)
            renamed.append((was, reach))
    return Reached(tuple(come), tuple(gone), tuple(renamed))


def reach_causes(before: Request, after: Request, versions: Versions | None) -> list[Cause]:
    """The new calls, and those that are gone, by which entry points reach a request."""
    found = reached(before, after)
    made = []
    for reach in found.come:
        steps = _steps(reach, after)
        step = versions.come(steps) if versions else next(iter(steps), None)
        made.append(Cause("reach", None if step is None else step.span, None, None, shown(reach)))
    for reach in found.gone:
        steps = _steps(reach, before)
        step = versions.gone(steps) if versions else next(iter(steps), None)
        made.append(Cause("reach", None, None if step is None else step.span, shown(reach), None))
    return made


def shown(reach: Reach) -> str:
    """A route by its method and path, anything else by its function."""
    route = next((name for name in reach.aliases if " " in name), None)
    return route or reach.entry.split("::", 1)[-1]


def _entries(request: Request) -> list[Reach]:
    own = {f"{site.span.path}::{site.qualname}" for site in request.sites[:1]}
    return [
        reach
        for reach in request.reached_from
        if reach.kind not in NO_RUNS and not (reach.entry in own and reach.kind in ("function", "module"))
    ]


def _names(reach: Reach) -> set[str]:
    return {reach.entry, *reach.aliases}


def _steps(reach: Reach, request: Request) -> list[Step]:
    """Calls on the way from an entry point to a request; those of its own file stand first."""
    spans = [*reach.chain, *_in_file(reach, request)]
    return [Step(span, "argument", "a call") for span in spans]


def _in_file(reach: Reach, request: Request) -> list[Span]:
    path = reach.entry.split("::", 1)[0]
    return [span for chain in request.caller_examples for span in chain if span.path == path]
