"""Which request of the base is which of the head. In: the requests of both sides. Out: pairs, and those without one.

Ids name no path and no line, but number equal ones in the order of files, so that a file more moves the numbers of
others. Pairs are therefore made step by step, surest first: the same names in the same file (or the file that it was
renamed to) with the same source; the same names there, those with the same values first; the same names elsewhere; the
same source under another name; the same calls in functions with other names; begun in the same function by way of the
same files, whatever the functions on the way are called; the same sending call though what decides it is another one.
Where several fit, they are paired in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from guard.facts.link.requests import identity
from guard.model import Priced, Request, Site
from guard.use.diff.versions import Versions

ANONYMOUS = "<module>"
"""Where code stands in no function, its name tells nothing."""


class Pairing(NamedTuple):
    """Pairs of a base and a head, in the order of the head."""

    pairs: list[tuple[Priced, Priced]]
    removed: list[Priced]
    added: list[Priced]


class _Side:
    """How requests of one side are described."""

    def __init__(self, path: Callable[[str], str], source: Callable[[Site], str | None]) -> None:
        self.path, self.source = path, source

    def paths(self, request: Request) -> Hashable:
        return tuple(self.path(site.span.path) for site in request.sites)

    def sources(self, request: Request) -> Hashable:
        """None where one of the calls cannot be read: nothing is equal to that."""
        found = tuple(self.source(site) for site in request.sites)
        return None if None in found else found

    def sending(self, request: Request) -> Hashable:
        send = request.sites[-1]
        return self.path(send.span.path), send.qualname, send.callee, request.api


_Key = Callable[[_Side, Request], Hashable]


def _exactly(side: _Side, request: Request) -> Hashable:
    sources = side.sources(request)
    return None if sources is None else (identity(request), side.paths(request), sources, _said(request))


def _with_source(side: _Side, request: Request) -> Hashable:
    sources = side.sources(request)
    return None if sources is None else (identity(request), side.paths(request), sources)


def _with_values(side: _Side, request: Request) -> Hashable:
    return identity(request), side.paths(request), request.provider, _said(request)[:2], request.counted


def _with_provider(side: _Side, request: Request) -> Hashable:
    return identity(request), side.paths(request), request.provider, request.counted


def _in_file(side: _Side, request: Request) -> Hashable:
    return identity(request), side.paths(request)


def _named_source(side: _Side, request: Request) -> Hashable:
    sources = side.sources(request)
    return None if sources is None else (identity(request), sources)


def _named(side: _Side, request: Request) -> Hashable:
    return None if request.sites[-1].qualname == ANONYMOUS else identity(request)


def _source_in_file(side: _Side, request: Request) -> Hashable:
    sources = side.sources(request)
    return None if sources is None else (request.api, side.paths(request), sources)


def _source(side: _Side, request: Request) -> Hashable:
    sources = side.sources(request)
    return None if sources is None else (request.api, sources)


def _calls_in_file(side: _Side, request: Request) -> Hashable:
    return request.api, side.paths(request), tuple(site.callee for site in request.sites)


def _from_function(side: _Side, request: Request) -> Hashable:
    """Where a wrapper was renamed, neither the calls nor the names on the way are what they were; who begins it is."""
    return request.api, side.paths(request), request.sites[0].qualname, _said(request)[:2]


def _from_function_otherwise(side: _Side, request: Request) -> Hashable:
    return request.api, side.paths(request), request.sites[0].qualname


def _send(side: _Side, request: Request) -> Hashable:
    return side.sending(request)


STEPS: tuple[_Key, ...] = (
    _exactly, _with_source, _with_values, _with_provider, _in_file, _named_source, _named, _source_in_file, _source,
    _calls_in_file, _from_function, _from_function_otherwise, _send,
)  # fmt: skip
"""How requests are described, surest first."""


def paired(before: Sequence[Priced], after: Sequence[Priced], versions: Versions | None) -> Pairing:
    """`versions`: the files of both sides; None: the base is a saved report, of which there is no source."""
    old = _Side(
        versions.now if versions else lambda path: path,
        lambda site: versions.base_source(site.span) if versions else None,
    )
    new = _Side(lambda path: path, lambda site: versions.head_source(site.span) if versions else None)
    left, right = list(before), list(after)
    found: dict[int, Priced] = {}
    for key in STEPS:
        left, right = _step(key, old, new, left, right, found)
        if not left or not right:
            break
    pairs = [(found[id(item)], item) for item in after if id(item) in found]
    return Pairing(pairs, left, right)


def _step(
    key: _Key, old: _Side, new: _Side, left: list[Priced], right: list[Priced], found: dict[int, Priced]
) -> tuple[list[Priced], list[Priced]]:
    """Pairs what has equal keys, in order; gives what is left. `found`: by identity of the head's, that of the base."""
    waiting: dict[Hashable, list[Priced]] = {}
    for item in left:
        described = key(old, item.request)
        if described is not None:
            waiting.setdefault(described, []).append(item)
    taken: set[int] = set()
    rest: list[Priced] = []
    for item in right:
        described = key(new, item.request)
        candidates = waiting.get(described) if described is not None else None
        if candidates:
            first = candidates.pop(0)
            taken.add(id(first))
            found[id(item)] = first
        else:
            rest.append(item)
    return [item for item in left if id(item) not in taken], rest


def _said(request: Request) -> tuple[Hashable, ...]:
    """The values of a request, which tell those apart that one call sends."""
    texts = tuple(s.text if s.text is not None else s.name for m in request.prompt.messages for s in m.segments)
    model = tuple(str(choice.value) for choice in request.model.choices)
    return model, tuple(str(choice.value) for choice in request.max_output.choices), texts, request.repeats.high
