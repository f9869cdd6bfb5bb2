"""Lists of reasons below the table of `guard cost`: what is assumed, what has no price, what has no bound.

In: requests of a report. Out: (what, why) pairs for a section. Neighbour: `text.py`, which cuts long lists short.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from guard.model import Priced
from guard.report.format import place, plural, safe

PLACES = 3
"""Places that are named for a shared reason before the rest is counted."""
NAMES = 4
"""Names of prompt parts that are listed for a shared assumption before the rest is counted."""

Item = tuple[str, str]

_PART = re.compile(r"(?P<name>[^:]+): (?P<tokens>[\d,]+) tokens \((?P<source>default|usage\.[^)]*)\)")
_OUTPUT = re.compile(r"output: \d+ tokens, (?P<share>[\d.]+ % of the limit) \((?P<source>.*)\)")
_SOLD = re.compile(r"(?P<words>`.+` is not in the price table of) (?P<seller>\S+)")
_WINDOW = re.compile(r"no bound on (?P<names>.+): at most the rest of the model's window, \d+ tokens")


@dataclass(slots=True)
class _Shared:
    """An assumption with the requests that rest on it and the prompt parts that it is about."""

    requests: int = 0
    names: dict[str, None] = field(default_factory=dict)


def order(priced: Priced) -> tuple[str, int, int, str]:
    """Requests by the place of their outermost call."""
    span = priced.request.sites[0].span
    return span.path, span.line, span.column, priced.request.id


def assumptions(requests: Sequence[Priced]) -> list[Item]:
    """Assumptions with the number of requests that rest on each, the most common first.

    Those that differ only in the prompt part or in the limit that they are about are one line; `guard explain` and the
    JSON report have each.
    """
    shared: dict[str, _Shared] = {}
    for priced in requests:
        seen: set[str] = set()
        for text in dict.fromkeys(priced.request.assumed + priced.estimate.assumptions):
            words, names = _in_common(text)
            entry = shared.setdefault(words, _Shared())
            entry.names.update(dict.fromkeys(names))
            entry.requests += words not in seen
            seen.add(words)
    ranked = sorted(shared.items(), key=lambda item: (-item[1].requests, item[0]))
    size = max((len(plural(entry.requests, "request")) for _, entry in ranked), default=0)
    return [
        (f"{plural(entry.requests, 'request'):>{size}}", safe(words + _named(tuple(entry.names))))
        for words, entry in ranked
    ]


def _in_common(text: str) -> tuple[str, tuple[str, ...]]:
    """What an assumption says without the names of the prompt parts that it is about, and these names."""
    if found := _OUTPUT.fullmatch(text):
        return f"output: {found['share']} ({found['source']})", ()
    if found := _PART.fullmatch(text):
        return f"{found['tokens']} tokens for a part of the prompt ({found['source']})", (found["name"],)
    if found := _WINDOW.fullmatch(text):
        names = tuple(found["names"].split(", "))
        return "no bound on a part of the prompt, so at worst the rest of the model's window", names
    return text, ()


def _named(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return f": {', '.join(names[:NAMES])}{more}"


def why_unpriced(priced: Priced) -> tuple[str, ...]:
    """Why a request has no price; empty where it has one."""
    if priced.estimate.priced:
        return ()
    return priced.estimate.why or tuple(item.why for item in priced.request.unknown) or ("no reason was given",)


def why_unbounded(priced: Priced) -> tuple[str, ...]:
    """Why the worst case of a priced request has no bound; empty where it has one."""
    usd = priced.estimate.usd
    if usd is None or usd.high is not None:
        return ()
    return priced.estimate.why or ("no reason was given",)


def why_partial(priced: Priced) -> tuple[str, ...]:
    """Why the worst case of a priced request covers only what is known and priced; empty where it covers all."""
    usd = priced.estimate.usd
    return () if usd is None or usd.high is None else priced.estimate.known_only


def why_outside(priced: Priced) -> tuple[str, ...]:
    """Why a request is not counted."""
    return () if priced.request.counted else (priced.request.why_not or "no reason was given",)


@dataclass(slots=True)
class _Because:
    """A reason with the places that it holds for and the sellers that it names."""

    places: list[str] = field(default_factory=list)
    sellers: dict[str, None] = field(default_factory=dict)


def reasons(requests: Iterable[Priced], why: Callable[[Priced], tuple[str, ...]]) -> list[Item]:
    """(places, reason) for each reason, the most common first; those that differ in the seller alone are one."""
    groups: dict[str, _Because] = {}
    for priced in sorted(requests, key=order):
        at = place(priced.request.sites[0].span, column=False)
        for reason in dict.fromkeys(why(priced)):
            sold = _SOLD.fullmatch(reason)
            entry = groups.setdefault(sold["words"] if sold else reason, _Because())
            entry.places.append(at)
            if sold:
                entry.sellers[sold["seller"]] = None
    ranked = sorted(groups.items(), key=lambda item: -len(item[1].places))
    return [(_places(entry.places), safe(words + _sellers(tuple(entry.sellers)))) for words, entry in ranked]


def _sellers(names: tuple[str, ...]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return f" {', '.join(names[:NAMES])}{more}"


def _places(places: list[str]) -> str:
    unique = list(dict.fromkeys(places))
    more = f" and {len(unique) - PLACES} more" if len(unique) > PLACES else ""
    return ", ".join(unique[:PLACES]) + more
