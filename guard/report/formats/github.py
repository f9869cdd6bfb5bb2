"""GitHub annotations: workflow commands on the lines of a pull request. In: a `View`. Out: lines for a step's log.

GitHub shows ten annotations of a kind for a step, so at most ten are written, worst first; a line of plain text counts
the others. With a base only new findings are annotated, each on the changed line that it comes from.
"""

from __future__ import annotations

from guard.model import Finding, Span
from guard.report.changes import Causes, cause_words, says_more
from guard.report.format import place, plural, safe
from guard.report.view import Level, View

SHOWN = 10
"""Annotations of a step that GitHub shows."""

_COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "undecided": "notice"}


def render(view: View) -> str:
    """A workflow command for each of the worst findings."""
    causes = Causes.of(view.difference)
    active = [one for one in view.active() if not causes.compared or one.id in causes.new]
    lines = [_annotation(view, finding, causes) for finding in active[:SHOWN]]
    if len(active) > SHOWN:
        lines.append(f"guard: {plural(len(active) - SHOWN, 'more finding')} without an annotation")
    return "".join(f"{line}\n" for line in lines)


def _annotation(view: View, finding: Finding, causes: Causes) -> str:
    cause = causes.behind(finding)
    label = next(iter(finding.labels), None)
    span = cause.span if cause is not None else None if label is None else label.span
    words = [safe(finding.message)]
    if cause is not None and says_more(cause):
        words.append(f"changed: {safe(cause_words(cause))}")
    if label is not None and label.span != span:
        words.append(f"at {place(label.span)}")
    words += [safe(note) for note in finding.notes]
    if finding.help:
        words.append(f"help: {safe(finding.help)}")
    fields = {**_where(view, span, words), "title": f"guard: {safe(finding.policy)}"}
    told = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    return f"::{_COMMANDS[view.level(finding)]} {told}::{_data(chr(10).join(words))}"


def _where(view: View, span: Span | None, words: list[str]) -> dict[str, str]:
    """The properties that put an annotation on a line; nothing for what is in no file of the repository."""
    at = None if span is None else view.place(span)
    if span is None or at is None:
        return {}
    if span.cell is not None:
        words.append(f"cell {span.cell}, line {span.cell_line}")
    found = {"file": safe(at.path), "line": str(at.line)}
    if at.column is not None:
        found["col"] = str(at.column)
    # GitHub refuses columns of an annotation that spans several lines.
    if at.end_line is not None and at.end_line > at.line:
        found.pop("col", None)
        found["endLine"] = str(at.end_line)
    elif at.end_column is not None and at.column is not None and at.end_column > at.column:
        found["endColumn"] = str(at.end_column)
    return found


def _data(text: str) -> str:
    """Text of a command, whose line it must not end."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The value of a property, which it must not end either."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
