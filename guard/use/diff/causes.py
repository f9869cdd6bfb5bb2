"""Why a request is dearer or cheaper: the changed line that a figure comes from, be it far from the call.

In: a request before and after, with the files of both sides. Out: `Cause`s, most telling first. Every figure that
differs is followed up its trail to the first step that stands on a changed line; where no step does, changed lines of
the calls themselves are named. Where there is none at all, it is said what differs, and no line is made up. Neighbours:
`facets`, which says what differs; `prompt_causes`, the text; `reach`, who calls; `usage_causes`, what guard.yaml
declares; `versions`, which lines changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from guard.difference import Cause
from guard.facts.link.secrets import looks_secret
from guard.model import Priced, Request, Step
from guard.use.diff import facets
from guard.use.diff.facets import Facet
from guard.use.diff.prompt_causes import Text, texts
from guard.use.diff.reach import reach_causes
from guard.use.diff.versions import Versions

MOST = 6
"""Causes that are named of one request."""
LONGEST = 60
"""Characters of a value or a name that are shown."""
_ASSIGNED = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][\w.\"'\[\]]*)\s*(?::[^=]*)?=(?!=)")
_KEY = re.compile(r"^\s*(?:-\s+)?[\"']?([A-Za-z_][\w .-]*)[\"']?\s*:(?:\s|$)")
_DATA = (".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".env")


class Both(NamedTuple):
    """A step on each side; None where that side has no changed line."""

    base: Step | None
    head: Step | None


_NOWHERE = Both(None, None)


def causes(before: Priced, after: Priced, versions: Versions | None) -> tuple[Cause, ...]:
    """`versions`: None where the base is a saved report; every step then counts as changed."""
    found: list[Cause] = []
    without: list[Facet] = []
    for facet in facets.differing(before.request, after.request):
        cause = _of_facet(facet, versions)
        found += [cause] if cause is not None else []
        without += [facet] if cause is None else []
    found += _of_texts(texts(before, after), versions)
    others = reach_causes(before.request, after.request, versions)
    found += [cause for cause in others if cause.span is not None or cause.base_span is not None]
    if versions is not None:
        found += _of_calls(before.request, after.request, without, versions, alone=not found)
    if not found:
        found = [Cause(facet.what, None, None, short(facet.before), short(facet.after)) for facet in without]
        found += others
    return unique(found)


def unique(found: Iterable[Cause]) -> tuple[Cause, ...]:
    """Without those that say the same of the same line."""
    seen: dict[object, Cause] = {}
    for cause in found:
        seen.setdefault((cause.what, cause.span, cause.base_span, cause.before, cause.after), cause)
    return tuple(seen.values())[:MOST]


def of_new(item: Priced, versions: Versions | None) -> tuple[Cause, ...]:
    """The lines that made a request new: its calls, outermost first, else what leads to it."""
    steps = _ways(item.request)
    step = versions.come(steps) if versions else _first_step(steps)
    models = facets.names(item.request.model)
    return () if step is None else (Cause("call", step.span, None, None, models, short(step.note) or ""),)


def of_removed(item: Priced, versions: Versions | None) -> tuple[Cause, ...]:
    """The lines whose end took a request away."""
    steps = _ways(item.request)
    step = versions.gone(steps) if versions else _first_step(steps)
    models = facets.names(item.request.model)
    return () if step is None else (Cause("call", None, step.span, models, None, short(step.note) or ""),)


def _ways(request: Request) -> list[Step]:
    steps = [Step(site.span, "argument", f"call of {site.callee}") for site in reversed(request.sites)]
    steps += [Step(span, "argument", "a caller") for chain in request.caller_examples for span in chain]
    return steps + [step for choice in request.model.choices for step in choice.trail]


def _of_facet(facet: Facet, versions: Versions | None) -> Cause | None:
    both = _places(facet.base_trail, facet.head_trail, versions)
    if both is None:
        return None
    return _cause(facet, both, versions)


def _cause(facet: Facet, both: Both, versions: Versions | None) -> Cause:
    head, base = both.head, both.base
    note = ""
    if head is not None:
        note = _note(head, versions.head_lines(head.span.path) if versions else [])
    elif base is not None:
        note = _note(base, versions.base_lines(base.span.path) if versions else [])
    return Cause(
        facet.what, None if head is None else head.span, None if base is None else base.span, short(facet.before),
        short(facet.after), note,
    )  # fmt: skip


def _places(base: Sequence[Step], head: Sequence[Step], versions: Versions | None) -> Both | None:
    if versions is None:
        found = Both(_first_step(base), _first_step(head))
    else:
        found = Both(versions.gone(base), versions.come(head))
    return None if found == _NOWHERE else found


def _first_step(steps: Iterable[Step]) -> Step | None:
    """Where a value was written, else what counts (a loop)."""
    found = [step for step in steps if step.span.path]
    return next((step for step in found if step.how != "computed"), next(iter(found), None))


def _of_texts(found: Sequence[Text], versions: Versions | None) -> list[Cause]:
    made: list[Cause] = []
    for text in found:
        both = _places(text.base, text.head, versions)
        if both is not None:
            head, base = both.head, both.base
            spans = None if head is None else head.span, None if base is None else base.span
            made.append(Cause("prompt", *spans, text.before, text.after, short(text.note) or ""))
    return made


def _of_calls(
    before: Request, after: Request, without: Sequence[Facet], versions: Versions, *, alone: bool
) -> list[Cause]:
    """Changed lines of the calls themselves, for what has no trail (`reasoning_effort=...`): those that name it.

    `alone`: nothing else was found; then the first changed line stands for the first of them.
    """
    old = [Step(site.span, "argument", site.callee) for site in reversed(before.sites)]
    new = [Step(site.span, "argument", site.callee) for site in reversed(after.sites)]
    found = []
    for facet in without:
        both = Both(versions.gone(old, facet.words), versions.come(new, facet.words)) if facet.words else _NOWHERE
        if both == _NOWHERE and alone and facet is without[0]:
            both = Both(versions.gone(old), versions.come(new))
        if both != _NOWHERE:
            found.append(
                _cause(facet, Both(*(one and replace(one, note=f"call of {one.note}") for one in both)), versions)
            )
    return found


# --- words ------------------------------------------------------------------------------------------------------------


def _note(step: Step, lines: Sequence[str]) -> str:
    """What stands at a step: `ROUNDS`, `summary of config/models.yaml`, `default of limit`."""
    span = step.span
    line = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
    assigned, key = _ASSIGNED.match(line), _KEY.match(line)
    if span.path.endswith(_DATA) or step.how == "config_file":
        said = f"{(key or assigned)[1]} of {span.path}" if key or assigned else span.path  # type: ignore[index]
    elif step.how == "default" and step.note:
        said = f"default of {step.note}"
    elif step.how == "env_default" and step.note:
        said = f"default of the variable {step.note}"
    else:
        name = assigned or (key if line.lstrip().startswith(("'", '"')) else None)  # an entry of a dict
        said = step.note or (name[1] if name is not None else "")
    return short(said) or ""


def short(text: str | None) -> str | None:
    """Text in one line, cut; nothing of what looks like a secret. None stays None."""
    if text is None:
        return None
    text = " ".join(text.split())
    if looks_secret(text):
        return "..."
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
