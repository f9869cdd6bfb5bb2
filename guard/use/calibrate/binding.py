"""Which requests the measured rows belong to.

In: a `Reading` and a `Report`. Out: `Bound` groups, and the rest with the reason.
The surest way that a row offers is taken: the line of the code, then the function, then a name (`--bind`, the id of a
request, a function, an entry point, a feature), then the model. A way that leads to several requests is narrowed by the
model; what is still several is bound to them together, and said so. Neighbours: `reading` before it, `comparing` after.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from guard.config.types import Config
from guard.estimate.prices import Prices
from guard.estimate.usage import request_names
from guard.model import Priced, Report, Site
from guard.use.calibrate.measured import Group, Key

Way = Literal["site", "function", "tag", "model"]
WAYS: tuple[Way, ...] = ("site", "function", "tag", "model")
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Bound:
    """Measured groups of the same requests."""

    requests: tuple[Priced, ...]
    """One, or several that the rows do not tell apart."""
    held: tuple[tuple[Way, Group], ...]
    """The groups, each with the way that it was found by."""

    @property
    def groups(self) -> list[Group]:
        """The groups, whatever way they were found by."""
        return [group for _, group in self.held]

    @property
    def counted(self) -> list[Group]:
        """The groups whose source counts requests. Means are of these; a bill beside them has none."""
        return [group for group in self.groups if group.sums.requests or group.sums.failed]

    @property
    def ways(self) -> list[Way]:
        """The ways, the surest first."""
        return [way for way in WAYS if any(way == one for one, _ in self.held)]


@dataclass(frozen=True, slots=True)
class Loose:
    """A group that belongs to no request that guard knows."""

    group: Group
    why: str


@dataclass(frozen=True, slots=True)
class Binding:
    """All groups of a reading."""

    bound: tuple[Bound, ...]
    loose: tuple[Loose, ...]


def bind(groups: Iterable[Group], report: Report, config: Config, prices: Prices, binds: dict[str, str]) -> Binding:
    """Binds the groups. `binds`: what a tag (in lower case) stands for, as the user says it."""
    finder = _Finder(report.requests, config, prices, binds)
    bound: dict[tuple[str, ...], tuple[tuple[Priced, ...], list[tuple[Way, Group]]]] = {}
    loose: list[Loose] = []
    for group in groups:
        way, found, why = finder.find(group.key)
        if way is None:
            loose.append(Loose(group, why))
            continue
        ids = tuple(one.request.id for one in found)
        bound.setdefault(ids, (found, []))[1].append((way, group))
    places = tuple(Bound(requests, tuple(held)) for requests, held in bound.values())
    return Binding(places, tuple(loose))


def names(report: Report, config: Config) -> set[str]:
    """All names by which a tag can mean a request."""
    found = {feature.name for feature in config.features}
    for priced in report.requests:
        found |= _names(priced, config.prefix)
    return found


def _names(priced: Priced, prefix: str) -> set[str]:
    """The names of one request: its id, the functions of its calls, its entry points."""
    request = priced.request
    entries = {name for reach in request.reached_from for name in (reach.entry, *reach.aliases)}
    bare = {site.qualname for site in request.sites if not site.qualname.startswith("<")}
    return {*request_names(request, prefix), *bare, *entries, *(prefix + name for name in entries)}


def _normal(text: str) -> str:
    """Words and digits of a name, in lower case: `Claude Sonnet 4.5` and `claude-sonnet-4-5` are one."""
    return " ".join(_WORD.findall(text.lower()))


@dataclass
class _Finder:
    requests: Sequence[Priced]
    config: Config
    prices: Prices
    binds: dict[str, str]
    seen: dict[Key, tuple[Way | None, tuple[Priced, ...], str]] = field(default_factory=dict)

    def find(self, key: Key) -> tuple[Way | None, tuple[Priced, ...], str]:
        """The way and the requests that it leads to; without a way, why there is none."""
        if key not in self.seen:
            self.seen[key] = self._find(key)
        return self.seen[key]

    def _find(self, key: Key) -> tuple[Way | None, tuple[Priced, ...], str]:
        ways: tuple[tuple[Way, Callable[[Key], tuple[Priced, ...]]], ...] = (
            ("site", self._by_site), ("function", self._by_function), ("tag", self._by_tag)
        )  # fmt: skip
        other: list[str] = []
        for way, look in ways:
            found = look(key)
            if not found:
                continue
            fitting = self._fitting(found, key)
            if fitting:
                return way, fitting, ""
            other.append(f"the code at its {way} asks another model")
        found = self._fitting(self.requests, key, certain=True) if key.model else ()
        if found:
            return "model", found, ""
        if other:
            return None, (), other[0]
        if key.model is None:
            return None, (), "the rows name neither a place of the code nor a model"
        return None, (), "no request of the code is known to ask this model"

    # --- the ways ---

    def _by_site(self, key: Key) -> tuple[Priced, ...]:
        if key.path is None or key.line is None:
            return ()
        line = key.line
        here = [one for one in self.requests if any(self._holds(site, key.path, line) for site in one.request.sites)]
        sending = [one for one in here if self._holds(one.request.sites[-1], key.path, line)]
        return tuple(sending or here)

    def _holds(self, site: Site, path: str, line: int) -> bool:
        return site.span.line <= line <= site.span.end_line and self._same_file(site.span.path, path)

    def _by_function(self, key: Key) -> tuple[Priced, ...]:
        if key.function is None:
            return ()
        wanted = key.function.replace("<locals>.", "")

        def held(site: Site) -> bool:
            if key.path is not None and not self._same_file(site.span.path, key.path):
                return False
            module = re.sub(r"\.(py|ipynb)$", "", site.span.path).replace("/__init__", "").replace("/", ".")
            own = site.qualname.replace("<locals>.", "")
            return (
                wanted == own
                or _ends(f"{module}.{own}", wanted)
                or _ends(wanted, f"{module}.{own}")
                or (key.path is not None and _ends(own, wanted))
            )

        here = [one for one in self.requests if any(held(site) for site in one.request.sites)]
        sending = [one for one in here if held(one.request.sites[-1])]
        return tuple(sending or here)

    def _by_tag(self, key: Key) -> tuple[Priced, ...]:
        if key.tag is None:
            return ()
        tag = self.binds.get(key.tag.lower(), key.tag).lower()
        named = [one for one in self.requests if tag in self._named[one.request.id]]
        if named:
            return tuple(named)
        return tuple(one for one in self.requests if one.feature is not None and one.feature.lower() == tag)

    # --- what fits ---

    def _fitting(self, found: Sequence[Priced], key: Key, *, certain: bool = False) -> tuple[Priced, ...]:
        """Those of the requests that can ask the model of a row; `certain`: an open model is no match."""
        if key.operation == "embedding":
            found = [one for one in found if one.request.operation == "embedding"]
        if key.model is None:
            return tuple(found)
        wanted = self._price_id(key.model, key.provider)
        sure = tuple(one for one in found if self._asks(one, key.model, wanted))
        if sure or certain:
            return sure
        return tuple(one for one in found if one.request.model.open)

    def _asks(self, priced: Priced, model: str, wanted: str | None) -> bool:
        text = f" {_normal(model)} "
        for choice in priced.request.model.choices:
            if choice.value is None:
                continue
            if wanted is not None and choice.price_id is not None:
                if wanted == choice.price_id:
                    return True
                if self._undated(wanted) == self._undated(choice.price_id):
                    return True
            elif wanted is None and f" {_normal(str(choice.value).rpartition('/')[2])} " in text:
                return True
        return False

    def _undated(self, price_id: str) -> str:
        """A price id without the date of a release, by which bills name what the code asks for by its alias."""
        return re.sub(r"[-@](20\d{2}-?\d{2}-?\d{2}|\d{4})$", "", price_id)

    def _price_id(self, model: str, provider: str | None) -> str | None:
        for asked in (provider, None):
            row = self.prices.find(self.config.aliases.get(model, model), asked)
            if row is not None:
                return row.price_id
        return None

    @cached_property
    def _named(self) -> dict[str, set[str]]:
        return {one.request.id: {name.lower() for name in _names(one, self.config.prefix)} for one in self.requests}

    def _same_file(self, ours: str, theirs: str) -> bool:
        """Whether a traced path is a file of the repository, wherever both were checked out."""
        theirs = theirs.replace("\\", "/")
        return _ends(theirs, ours, "/") or _ends(self.config.prefix + ours, theirs, "/")


def _ends(whole: str, end: str, separator: str = ".") -> bool:
    """Whether the last parts of a dotted name or a path are those of another one."""
    return whole == end or (bool(end) and whole.endswith(separator + end))
