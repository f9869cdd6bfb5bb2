"""The stage of a request where guard.yaml names it (`stages`). In and out: `Request`.

Link tells the stage by the names of folders. What the user says goes before that: of several patterns that match the
file of the outermost call the most literal one. Neighbours: `cost`, which asks before it estimates.
"""

from __future__ import annotations

from dataclasses import replace

from guard.config.types import Config
from guard.estimate import usage
from guard.model import Request, Stage


def with_stage(request: Request, config: Config) -> Request:
    """The request in the stage that the configuration names for its file."""
    best: tuple[int, Stage] | None = None
    path = usage.outermost_path(request)
    for stage, globs in config.stages.items():
        hit = usage.matches(path, globs, config.prefix)
        if hit is not None and (best is None or usage.literal(hit) > best[0]):
            best = (usage.literal(hit), stage)
    return request if best is None or best[1] == request.stage else replace(request, stage=best[1])
