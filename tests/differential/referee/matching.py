"""Which request of guard's report a recorded request is. In: the report as data, a `Recording`. Out: `Matched`.

A recorded request belongs to a request of the report whose sending call spans the program's innermost line. Where
several do (a call that sends under several contexts, a framework's call that asks several agents), the other calls on
the way there, the model and the static text of the prompt decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from referee import asked
from referee.asked import Asked
from referee.recordings import Recording, Run, Sent

Json = dict[str, Any]
SENDING = ("send", "invoke")
"""Roles of sites that send."""


@dataclass(frozen=True)
class Seen:
    """A recorded request and what it asks for."""

    run: Run
    sent: Sent
    asked: Asked


@dataclass
class Matched:
    """The report's requests with what was sent for them."""

    requests: list[Json]
    """The counted requests of the report."""
    seen: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    """By the request's id."""
    lost: list[Seen] = field(default_factory=list)
    """Sent, and nowhere in the report."""

    @property
    def pairs(self) -> Iterable[tuple[Json, list[Seen]]]:
        """Each request of the report that was sent, with all that was."""
        return ((request, self.seen[request["id"]]) for request in self.requests if self.seen[request["id"]])


def match(report: Json, recording: Recording) -> Matched:
    """Every recorded request with its request of the report."""
    found = Matched([request for request in report["requests"] if request["counted"]])
    for run in recording.runs:
        for sent in run.sent:
            body = asked.asked(sent.path, sent.body)
            assert body is not None, sent.path
            seen = Seen(run, sent, body)
            best = _best(found.requests, seen)
            found.lost.append(seen) if best is None else found.seen[best["id"]].append(seen)
    return found


def _best(requests: list[Json], seen: Seen) -> Json | None:
    """The request of the report that fits best; of equals the first."""
    sending = [request for request in requests if _sends(request, seen.sent)]
    return max(sending, key=lambda request: _fit(request, seen), default=None)


def _covers(site: Json, path: str, line: int) -> bool:
    return bool(site["path"] == path and site["line"] <= line <= site["end_line"])


def _sends(request: Json, sent: Sent) -> bool:
    sites = [site for site in request["sites"] if site["role"] in SENDING]
    return bool(sites) and _covers(sites[-1], sent.inner.path, sent.inner.line)


def _off_the_way(request: Json, sent: Sent) -> int:
    """Sites that no line on the way to the request is in. The constructors of what is asked are among them."""
    return sum(not any(_covers(site, frame.path, frame.line) for frame in sent.stack) for site in request["sites"])


def means(told: object, sent: str) -> bool:
    """Whether a name of the report, perhaps with a provider before it (`openai/`, `openai:`), is the one sent."""
    return str(told) == sent or str(told).endswith((f"/{sent}", f":{sent}"))


def models_of(request: Json) -> list[str]:
    """The model names that the report gives a request."""
    return [str(choice["value"]) for choice in request["model"]["choices"]]


def _fit(request: Json, seen: Seen) -> tuple[int, bool, int, int]:
    """The same way first, then the right model, how much of the static prompt was sent, how many sites are told."""
    text = "\n".join(asked.texts_of(seen.asked.body))
    static = [segment.get("text") or "" for segment in request["prompt"]["segments"]]
    sent = sum(len(part) for part in static if part in text)
    right = any(means(told, seen.asked.model) for told in models_of(request))
    return -_off_the_way(request, seen.sent), right, sent, len(request["sites"])
