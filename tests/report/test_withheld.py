"""Source frames show code, not prompts: text that is sent reads as dots, in place, and what fills it stays readable."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_samples import RANKED, REPORT

from guard.model import Message, Prompt, Segment, Span
from guard.report.withheld import without_prompts


def shown(source: str, *spans: tuple[int, int, int, int], path: str = "a.py") -> list[str]:
    """The lines of a file whose text at `spans` (line, column, end line, end column) is sent."""
    segments = tuple(Segment("x", span=Span(path, *span)) for span in spans)
    request = replace(RANKED.request, prompt=Prompt((Message("user", segments),)))
    report = replace(REPORT, requests=(replace(RANKED, request=request),))
    lines = without_prompts(report, {path: source.split("\n")}.get)(path)
    assert lines is not None
    return lines


@pytest.mark.parametrize(
    ("source", "span", "expected"),
    [
        ('ask("Be brief.")', (1, 5, 1, 16), 'ask(".........")'),
        ("ask(f'Sum {docs} up')", (1, 5, 1, 21), "ask(f'....{docs}...')"),
        ("ask(PROMPT)", (1, 5, 1, 11), "ask(PROMPT)"),
        ('ask("")', (1, 5, 1, 7), 'ask("")'),
    ],
    ids=["literal", "f-string", "name", "empty"],
)
def test_text_that_is_sent_is_dots_of_the_same_width(source: str, span: tuple[int, int, int, int], expected: str):
    (line,) = shown(source, span)
    assert line == expected and len(line) == len(source)


def test_text_over_several_lines_keeps_its_indent_and_quotes() -> None:
    source = 'P = """Be brief\n    and kind.\n"""\nask(P)'
    assert shown(source, (1, 5, 3, 4)) == ['P = """........', "    .........", '"""', "ask(P)"]


def test_a_prompt_file_is_all_dots() -> None:
    assert shown("Be brief.\n  And kind.", (1, 1, 2, 12), path="p.txt") == [".........", "  ........."]


def test_a_file_that_shrank_since_it_was_read_is_no_error() -> None:
    assert shown("a = 1", (9, 1, 9, 5)) == ["a = 1"]
