"""Locations of a SARIF log: files, regions, and the way of a value through the code.

In: spans and findings. Out: plain data. Neighbour: `formats/sarif.py`. Each file is one artifact, to which locations
refer by number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from guard.model import Choice, Finding, Request, Span
from guard.report.format import place, safe
from guard.report.view import View

ROOT = "%SRCROOT%"
LONGEST_FLOW = 100
"""Steps of a way that are told."""

Json = dict[str, Any]


class Places:
    """Makes locations, and remembers the files that they are in."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._files: dict[str, int] = {}

    def location(self, span: Span, text: str = "", number: int | None = None, *, whole: bool = True) -> Json:
        """A location with words beside it; `number` is its id among the related ones.

        Without `whole` the region is the first line of the span, be the span longer: code scanning shows a result in a
        pull request only where all lines of its region were changed.
        """
        at = self._view.place(span)
        found: Json = {} if number is None else {"id": number}
        if at is None:
            # No machine format can name a file above the repository.
            found["logicalLocations"] = [{"fullyQualifiedName": place(span)}]
        else:
            region: Json = {"startLine": at.line}
            if at.column is not None:
                region["startColumn"] = at.column
            if whole and at.end_line is not None and at.end_column is not None:
                region |= {"endLine": at.end_line, "endColumn": at.end_column}
            found["physicalLocation"] = {"artifactLocation": self._file(at.path), "region": region}
        if text:
            found["message"] = {"text": safe(text)}
        return found

    def at(self, path: str, line: int | None, column: int | None) -> Json:
        """A place in a file that is named from the top of the repository; without a line the whole file."""
        physical: Json = {"artifactLocation": self._file(path)}
        if line is not None:
            physical["region"] = {"startLine": line} | ({} if column is None else {"startColumn": column})
        return {"physicalLocation": physical}

    def _file(self, path: str) -> Json:
        index = self._files.setdefault(path, len(self._files))
        return {**_uri(path), "index": index}

    def artifacts(self) -> list[Json]:
        """The files of all locations that were made, in the order of their numbers."""
        return [{"location": {**_uri(path), "index": index}} for path, index in self._files.items()]


def _uri(path: str) -> Json:
    """A relative URI, percent-encoded; names that are not UTF-8 by their bytes."""
    try:
        name = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no file of any system has such a name; a configuration may say one
        name = path.encode("utf-8", "backslashreplace")
    return {"uri": quote(name, safe="/"), "uriBaseId": ROOT}


def flow(finding: Finding, request: Request, places: Places) -> list[Json]:
    """The way of the value that a finding is about to the call that sends, as locations of a thread flow.

    A value is the finding's where a step of its trail stands at one of the finding's labels. Without one it is the way
    of the call: from the outermost site to the one that sends. A way of one step is none.
    """
    steps = list(_value_way(finding, request)) or [(site.span, safe(site.callee)) for site in request.sites]
    found: list[Json] = []
    seen: set[tuple[str, int, int]] = set()
    for span, words in steps[:LONGEST_FLOW]:
        key = (span.path, span.line, span.column)
        if key in seen:
            continue
        seen.add(key)
        found.append({"location": places.location(span, words)})
    return found if len(found) > 1 else []


def _value_way(finding: Finding, request: Request) -> Iterator[tuple[Span, str]]:
    """The trail of the finding's value, origin first, then the call that sends; nothing where no value is meant."""
    named = {(label.span.path, label.span.line, label.span.column) for label in finding.labels}
    calls = {(site.span.path, site.span.line, site.span.column) for site in request.sites}
    for choice in _choices(request):
        at = {(step.span.path, step.span.line, step.span.column) for step in choice.trail}
        if at & (named - calls):
            for step in choice.trail:
                yield (
                    step.span,
                    f"{step.how.replace('_', ' ')}: {step.note}" if step.note else step.how.replace("_", " "),
                )
            yield request.sites[-1].span, request.sites[-1].callee
            return


def _choices(request: Request) -> Iterator[Choice]:
    for value in (request.model, request.max_output, request.size, request.quality):
        yield from value.choices
