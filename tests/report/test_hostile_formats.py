"""Names of a hostile repository in every format: shown, and never a command, markup, a link or the end of anything."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from difference_samples import DIFFERENCE, ROUNDS
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from report_samples import ALLOWED, CHAT, FORGIVEN, RANKED, REPORT, UNDECIDED, WARNED, span
from test_formats import annotations, render
from test_sarif import run_of

from guard.difference import Base, Change, Loosening
from guard.model import Choice, Forgiven, Label, Problem, Value
from guard.report.view import Rule, View

PIECES = (
    "\n", "\r", "\t", "\x00", "\x1b[31m", "\u202e", "\u2028", "\ud800", "\ufffe", "::error::boo", "::stop-commands::x",
    "%0A::error::", "##[error]", "</details>", "</code>", "<img src=x onerror=alert(1)>", "<!--", "<script>", "]]>",
    "&lt;", "|", "`", "``", "```", "~~~", "@octocat", "@org/team", "#123", "GH-12", "o/r#1", "[x](https://evil.example)",
    "![i](u)", "<https://evil.example>", "https://evil.example", "www.evil.example", "a@b.example", "$x$", ":smile:",
    "\\", "*b*", "__i__", "~~s~~", "- x", "1. x", "===", "---", "# h", "    x", "/close", "deadbeef1", "{0}", "''", '"',
    ",", ":", "gpt-4o", "plain words", "caf\u00e9", "\u4e2d",
)  # fmt: skip
WORKFLOW_COMMAND = re.compile(r"\s*::[\w-]+[ :]*[^:]*::")
"""What the runner of GitHub takes for a command: `::name properties::`."""
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), min_size=1, max_size=5).flatmap(
    lambda parts: st.sampled_from(["".join(parts), " ".join(parts)])
)


@st.composite
def views(draw: st.DrawFn) -> View:
    """A report whose every text comes from a hostile repository, with or without a base."""
    texts = [draw(HOSTILE) for _ in range(6)]
    one, two, three, four, five, six = texts
    path = one.replace("/", "_") or "x"
    where = span(path, 3, 1, 9)
    finding = replace(
        ALLOWED, policy=two, message=three, notes=(four,), help=five, labels=(Label(where, six), Label(where, one))
    )
    findings = (
        finding,
        replace(finding, id="f2", enforce="warn", request=None),
        replace(UNDECIDED, policy=two, message=four),
        replace(FORGIVEN, policy=one, forgiven=Forgiven("inline", six, where)),
        WARNED,
    )
    model = Value((Choice(five, (), six),), False)
    site = replace(RANKED.request.sites[0], span=where, qualname=four, callee=three)
    request = replace(RANKED.request, sites=(site,), model=model, provider=two, assumed=(three,))
    shown = replace(RANKED, request=request, estimate=replace(RANKED.estimate, assumptions=(four, two)))
    lost = replace(CHAT, request=replace(CHAT.request, sites=(site,)), estimate=replace(CHAT.estimate, why=(five,)))
    report = replace(
        REPORT,
        root=six,
        requests=(shown, lost),
        findings=findings,
        problems=(Problem(path, 1, 1, "syntax", three, four),),
        config_path=path,
    )
    cause = replace(ROUNDS, span=where, before=two, after=three, note=four)
    difference = replace(
        DIFFERENCE,
        base=Base(five),
        changes=(Change("dearer", lost, shown, (cause,)), Change("removed", shown, None)),
        fixed_findings=(six,),
        loosened=(Loosening(one, where),),
    )
    rules = (Rule(two, "A title", "## What it does\n\nA text.\n", message=six, docs=one),)
    return View(report, difference=difference if draw(st.booleans()) else None, rules=lambda: rules, folder="sub")


def harmless(text: str, besides: str = "\n") -> None:
    """No character that steers a terminal, hides or reorders what is read."""
    for character in text:
        assert character in besides or unicodedata.category(character)[0] in "LMNPSZ", f"{character!r} in {text!r}"
        assert unicodedata.category(character) not in ("Zl", "Zp")


@settings(max_examples=60, deadline=None)
@given(views())
def test_sarif_stays_valid(view: View) -> None:
    run = run_of(view)
    assert len(run["results"]) == len(view.report.findings)
    for uri in (artifact["location"]["uri"] for artifact in run["artifacts"]):
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", uri)

    def walk(data: Any) -> None:
        if isinstance(data, str):
            harmless(data)
        for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
            walk(item)

    walk(run["results"])


@settings(max_examples=100, deadline=None)
@given(views())
def test_github_gets_one_command_for_each_finding(view: View) -> None:
    text = render("github", view)
    harmless(text)
    new = [one for one in view.active() if view.difference is None or one.id in view.difference.new_findings]
    found = annotations(text)
    assert len(found) == len(text.splitlines()) == len(new)
    assert all(set(fields) <= {"file", "line", "col", "endLine", "endColumn", "title"} for _, fields, _ in found)


@settings(max_examples=100, deadline=None)
@given(views())
def test_gitlab_and_json_lines_stay_whole(view: View) -> None:
    entries = json.loads(render("gitlab", view))
    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == len(view.active())
    for entry in entries:
        harmless(entry["description"] + entry["check_name"] + entry["location"]["path"], "")
    lines = render("jsonl", view).split("\n")
    assert lines[-1] == "" and all(json.loads(line)["type"] for line in lines[:-1])


@settings(max_examples=100, deadline=None)
@given(views())
def test_junit_stays_well_formed(view: View) -> None:
    text = render("junit", view)
    harmless(text)
    root = ElementTree.fromstring(text)
    assert {element.tag for element in root.iter()} <= {"testsuites", "testsuite", "testcase", "failure", "skipped"}
    assert len(list(root.iter("failure"))) == 1
    assert int(root.get("tests", "")) == len(list(root.iter("testcase")))


@settings(max_examples=100, deadline=None)
@given(views())
def test_a_concise_line_is_a_line(view: View) -> None:
    text = render("concise", view)
    harmless(text)
    assert not [line for line in text.splitlines() if WORKFLOW_COMMAND.match(line)]
    loosened = 0 if view.difference is None else len(view.difference.loosened) + len(view.difference.changes)
    assert len(text.splitlines()) == loosened + len(view.active())


@settings(max_examples=60, deadline=None)
@given(views(), st.sampled_from(["check", "cost", "diff"]), st.integers(40, 120), st.booleans())
def test_text_neither_steers_a_terminal_nor_commands_a_runner(
    view: View, command: Any, width: int, everything: bool
) -> None:
    if command == "diff" and view.difference is None:
        command = "check"
    text = render("text", replace(view, command=command, width=width, everything=everything))
    harmless(text)
    assert not [line for line in text.splitlines() if re.match(r"::\w", line.lstrip())]


def words(tokens: list[Token]) -> list[str]:
    """The text that a reader of Markdown looks into: all but code."""
    found = []
    for token in tokens:
        if token.type == "text":
            found.append(token.content)
        found += words(token.children or [])
    return found


def kinds(tokens: list[Token]) -> set[str]:
    return {token.type for token in tokens} | {kind for token in tokens for kind in kinds(token.children or [])}


@settings(max_examples=150, deadline=None)
@given(views())
def test_markdown_has_no_markup_but_guards_own(view: View) -> None:
    text = render("markdown", view)
    harmless(text)
    tokens = MarkdownIt("gfm-like").parse(text)
    found = kinds(tokens)
    assert not {kind for kind in found if kind.startswith(("link", "image", "em_", "s_", "fence", "blockquote", "hr"))}
    assert not found & {"code_block", "ordered_list_open"}
    assert sum(token.type == "heading_open" for token in tokens) == 1
    html = {token.content for token in flat(tokens) if token.type == "html_inline"}
    assert html <= {"<br>", "<sub>", "</sub>", "<code>", "</code>"}
    for token in tokens:
        if token.type == "html_block":
            assert re.fullmatch(r"<details><summary>[\w, ]+</summary>\n?|</details>\n?", token.content), token.content
    for line in words(tokens):
        assert not re.search(r"@\w|#\d|\bGH-\d+\b|://|www\.|:\w+:|\$[^\d]|\bdeadbeef1\b", line), line


@settings(max_examples=100, deadline=None)
@given(views())
def test_tables_of_markdown_keep_their_columns(view: View) -> None:
    tokens = MarkdownIt("gfm-like").parse(render("markdown", view))
    widths: list[list[int]] = []
    for token in tokens:
        if token.type == "table_open":
            widths.append([])
        elif token.type == "tr_open":
            widths[-1].append(0)
        elif token.type in ("th_open", "td_open"):
            widths[-1][-1] += 1
    assert all(len(set(rows)) == 1 for rows in widths)


def flat(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *flat(token.children or []))]
