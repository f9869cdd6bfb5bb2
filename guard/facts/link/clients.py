"""Clients that files declare by name (BAML): what a declared request by such a name asks.

In: a declared request with `client`. Out: the same with model, limit and retries; one for each client where the name
goes through several: in turn (an exclusive group), or after the failure of the one before. All files of a format in one
folder tree (`baml_src`) know each other's names. Neighbour: `configured`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from guard.facts.documents.types import Declared, Gateway, Target, Written
from guard.model import Layer, Step

if TYPE_CHECKING:
    from guard.facts.link.project import Project

Known = dict[tuple[str, str], list[Gateway]]
MAX_DEPTH = 4
"""Clients that go through clients."""
MAX_WAYS = 8
"""Clients that one name goes through."""


class _Way(NamedTuple):
    """One client that is asked."""

    target: Target
    after: bool
    """Only after a failure of the first."""
    tries: tuple[Written, ...]
    """Further tries of it and of what goes through it; they multiply."""


def by_folder(project: Project) -> Known:
    """The files that declare clients, by format and the folder whose files know each other."""
    found: Known = {}
    for facts in project.configured():
        for gateway in facts.gateways:
            found.setdefault((gateway.format, _folder(gateway.path)), []).append(gateway)
    return found


def asked(files: Known, path: str, declared: Declared) -> list[Declared]:
    """What a declared request asks; itself where it names no client, or one that no file declares."""
    if declared.client is None:
        return [declared]
    ways = _ways(files.get((declared.format, _folder(path)), []), declared.client, 0)
    if not ways:
        return [declared]
    in_turn = sum(not way.after for way in ways) > 1
    return [_through(declared, way, number, in_turn) for number, way in enumerate(ways)]


def _folder(path: str) -> str:
    """The folder whose files know each other: the outermost `baml_src`, else the file's own."""
    head, found, _ = path.partition("baml_src/")
    return f"{head}baml_src" if found else path.rpartition("/")[0]


def _through(declared: Declared, way: _Way, number: int, in_turn: bool) -> Declared:
    target = way.target
    layers = tuple(
        Layer("retry_policy", _number(tries) + 1, "maybe", tries.span, "any error is tried again", (_step(tries),))
        for tries in way.tries
    )
    return replace(
        declared, name=declared.name if number == 0 else f"{declared.name} {number}", models=(target.model,),
        model_why=None, provider=target.provider, limit=target.limit, layers=(*declared.layers, *layers),
        after=declared.name if way.after else None,
        exclusive=f"{declared.name} in turn" if in_turn and not way.after else None,
    )  # fmt: skip


def _number(written: Written) -> int:
    return written.value if isinstance(written.value, int) else 0


def _step(written: Written) -> Step:
    return Step(written.span, "config_file", written.key_path)


def _ways(known: list[Gateway], name: str, depth: int) -> list[_Way]:
    """The clients that a name leads to, in order."""
    found: list[_Way] = []
    for gateway in known:
        for target in gateway.targets:
            if target.alias == name:
                return [_Way(target, False, _tries(known, target.policy))]
        policy = next((own for alias, own in gateway.policy_of if alias == name), None)
        for listed, in_turn in ((gateway.fallbacks, False), (gateway.rotations, True)):
            others = next((others for alias, others in listed if alias == name), ())
            for number, other in enumerate(others if depth < MAX_DEPTH else ()):
                for way in _ways(known, str(other.value), depth + 1):
                    after = way.after or (number > 0 and not in_turn)
                    found.append(way._replace(after=after, tries=(*way.tries, *_tries(known, policy))))
                if len(found) >= MAX_WAYS:
                    return found[:MAX_WAYS]
    return found


def _tries(known: list[Gateway], policy: str | None) -> tuple[Written, ...]:
    own = next((tries for gateway in known for name, tries in gateway.policies if name == policy), None)
    return () if own is None or policy is None else (own,)
