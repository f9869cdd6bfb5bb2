"""Labels for findings: where to act, where a value came from, who calls.

In: a `Request` or one of its values. Out: `Label`s, the first of a finding being where a developer should act.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol

from guard.model import Choice, How, Label, Request, Site, Span

CALLED = "called from here"
MADE = "the model object is made here"
"""Words beside the outermost call of a request, and beside one that only makes the object that is asked."""

_ORIGINS: dict[How, str] = {
    "default": "default value",
    "env_default": "default of the environment variable",
    "config_file": "set here",
    "catalog_default": "the SDK's default",
    "declared": "declared here",
    "inline": "declared here",
    "not_sent": "nothing is sent",
}


class Globs(Protocol):
    """What is asked of `guard.sources.ignore.Patterns`."""

    def match_file(self, file: str) -> bool: ...


def send(request: Request, text: str = "") -> Label:
    """The call that sends."""
    return Label(request.sites[-1].span, text)


def outermost(request: Request, text: str = "") -> Label:
    """The outermost call: it tells requests apart that share a wrapper."""
    return Label(request.sites[0].span, text)


def callers(request: Request) -> tuple[Label, ...]:
    """The outermost call, where it is another than the one that sends."""
    outer = request.sites[0].span
    return () if outer == request.sites[-1].span else (Label(outer, _called(request.sites[0])),)


def _called(site: Site) -> str:
    return MADE if site.role == "model" else CALLED


def way(request: Request, text: str = "", most: int = 3) -> tuple[Label, ...]:
    """The outermost call with `text` beside it, then the calls down to the one that sends, at most `most` of them.

    The outermost call tells requests apart that share a wrapper, so it comes first.
    """
    outer, *inner = request.sites
    between = inner[:-1][: max(most - 2, 0)]
    labels = [Label(outer.span, text or ("" if not inner else _called(outer)))]
    labels += [Label(site.span, MADE if site.role == "model" else "through") for site in between]
    labels += [Label(inner[-1].span, "sends")] if inner else []
    return join(labels)


def origin(choice: Choice, what: str) -> tuple[Label, ...]:
    """Where a value was written. `what` names it, e.g. `model`. Empty where no place is known."""
    if not choice.trail:
        return ()
    first = choice.trail[0]
    words = _ORIGINS.get(first.how, "comes from here")
    return (Label(first.span, f"{what}: {words}" if first.how in _ORIGINS else f"{what} {words}"),)


def join(*groups: Iterable[Label]) -> tuple[Label, ...]:
    """The labels in order, each span once: the first words for a span win."""
    seen: dict[Span, Label] = {}
    for group in groups:
        for label in group:
            seen.setdefault(label.span, label)
    return tuple(seen.values())


def spans(request: Request) -> tuple[Span, ...]:
    """The spans of all sites of a request, outermost first."""
    return tuple(site.span for site in request.sites)


def unbounded(request: Request) -> tuple[Site, ...]:
    """The sites whose own repeats have no bound; the loop that calls a closure is not one of those in it."""
    return tuple(site for site in request.sites if site.own.high is None)


@lru_cache(maxsize=256)
def globs(patterns: tuple[str, ...]) -> Globs:
    """Gitignore-style patterns as a matcher. The import is slow, so it is made on first use."""
    from guard.sources.ignore import matcher

    return matcher(patterns)


def within(request: Request, patterns: tuple[str, ...], prefix: str = "") -> bool:
    """Whether any site of the request lies in `patterns` (gitignore style). No patterns: everywhere.

    `prefix`: that of the configuration (`Config.prefix`), which the patterns are relative to.
    """
    if not patterns:
        return True
    matcher = globs(patterns)
    return any(matcher.match_file(prefix + path) for path in {span.path for span in spans(request)})


def provider_of(request: Request, choice: Choice) -> str | None:
    """The provider of the variant that has this model, else the request's."""
    for variant in request.variants:
        if variant.model is not None and variant.model.value == choice.value:
            return variant.provider or request.provider
    return request.provider
