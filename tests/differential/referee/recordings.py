"""What a program sent in its runs, as it is kept in `recorded/NAME.json`. In and out: `Recording`.

Equal bodies are stored once. Numbers of activations are counted anew in the order in which they come, so that a
recording made again is the same text.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Frame:
    """A line of the program on the way to a request."""

    path: str
    line: int
    function: str
    """Qualified name of the function that the line stands in."""
    activation: int
    """Number of this execution of the function."""
    called: int | None
    """Number of the execution of the library's function that the line called; None: it called one of the program's."""


@dataclass(frozen=True)
class Sent:
    """One request."""

    host: str
    path: str
    body: Body
    outcome: str
    status: int
    stack: tuple[Frame, ...]

    @property
    def inner(self) -> Frame:
        """The program's innermost line."""
        return self.stack[-1]

    @property
    def chain(self) -> tuple[tuple[str, int], ...]:
        """Path and line of each frame."""
        return tuple((frame.path, frame.line) for frame in self.stack)


@dataclass(frozen=True)
class Run:
    """One execution of the program."""

    name: str
    pattern: tuple[str, ...]
    exit: int
    sent: tuple[Sent, ...]


@dataclass(frozen=True)
class Recording:
    """All runs of a program."""

    program: str
    family: str
    python: str
    versions: dict[str, str]
    runs: tuple[Run, ...] = field(default=())


def _number(counted: dict[int, int], number: int | None) -> int | None:
    return None if number is None else counted.setdefault(number, len(counted) + 1)


def as_text(recording: Recording) -> str:
    """The recording as JSON text, one request a line."""
    bodies: dict[str, int] = {}
    runs = []
    for run in recording.runs:
        counted: dict[int, int] = {}
        sent = []
        for one in run.sent:
            body = bodies.setdefault(json.dumps(one.body), len(bodies))
            stack = [
                [f.path, f.line, f.function, _number(counted, f.activation), _number(counted, f.called)]
                for f in one.stack
            ]
            sent.append([one.host, one.path, body, one.outcome, one.status, stack])
        runs.append({"name": run.name, "pattern": run.pattern, "exit": run.exit, "sent": sent})
    head = {key: value for key, value in asdict(recording).items() if key != "runs"}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    lines += ['  "bodies": [', ",\n".join(f"    {body}" for body in bodies), "  ],", '  "runs": [']
    shown = []
    for run_data in runs:
        inner = ",\n".join(f"      {json.dumps(one)}" for one in run_data.pop("sent"))
        shown.append(f'    {json.dumps(run_data)[:-1]}, "sent": [\n{inner}\n    ]}}')
    return "{\n" + "\n".join([*lines, ",\n".join(shown), "  ]"]) + "\n}\n"


def load(path: Path) -> Recording:
    """A recording from its file."""
    data = json.loads(path.read_text())
    bodies = data["bodies"]
    runs = tuple(
        Run(
            run["name"], tuple(run["pattern"]), run["exit"],
            tuple(
                Sent(host, where, bodies[body], outcome, status, tuple(Frame(*frame) for frame in stack))
                for host, where, body, outcome, status, stack in run["sent"]
            ),
        )
        for run in data["runs"]
    )  # fmt: skip
    return Recording(data["program"], data["family"], data["python"], data["versions"], runs)


def differences(old: Recording, new: Recording) -> list[str]:
    """What a new recording has that the old one has not, and the other way round.

    The order of requests is free. Where the first of several requests at once fails, the others are broken off at any
    moment: so what counts is which requests are sent, and how many of each way at most for one call.
    """
    found = []
    for what, ours, theirs in (("Python packages", old.versions, new.versions),):
        if ours != theirs:
            found.append(f"{what}: {ours} became {theirs}")
    if [run.name for run in old.runs] != [run.name for run in new.runs]:
        found.append(f"runs: {[r.name for r in old.runs]} became {[r.name for r in new.runs]}")
    for before, after in zip(old.runs, new.runs):
        was, now = set(map(_shown, before.sent)), set(map(_shown, after.sent))
        found += [f"{before.name}: no longer {text}" for text in sorted(was - now)]
        found += [f"{before.name}: new {text}" for text in sorted(now - was)]
        most, mostly = _most(before), _most(after)
        found += [f"{before.name}: {most[way]} x became {mostly.get(way)} x {way}" for way in most
                  if most[way] != mostly.get(way)]  # fmt: skip
    return found


def _most(run: Run) -> dict[str, int]:
    """For each way on which requests are sent how many are sent at most for one call of the SDK."""
    calls = Counter((_way(sent), sent.inner.called) for sent in run.sent)
    most: dict[str, int] = {}
    for (way, _), number in calls.items():
        most[way] = max(number, most.get(way, 0))
    return most


def _way(sent: Sent) -> str:
    lines = " > ".join(f"{frame.path}:{frame.line}" for frame in sent.stack)
    return f"{sent.outcome} {sent.host}{sent.path} from {lines}"


def _shown(sent: Sent) -> str:
    return f"{_way(sent)}: {json.dumps(sent.body, sort_keys=True)}"
