"""Source frames show code, not prompts: text that is sent reads as dots, in place, and what fills it stays readable.

Secrets are never shown, with `--show-prompts` neither.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from report_samples import RANKED, REPORT

from guard.cli import main
from guard.facts.link.secrets import stretches
from guard.model import Message, Prompt, Segment, Span
from guard.report.withheld import without_prompts, without_secrets


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


def shown_line(line: str, path: str = "a.py") -> str:
    (found,) = without_secrets({path: [line]}.get, stretches)(path) or []
    assert len(found) == len(line)
    return found


@pytest.mark.parametrize(
    "line",
    [
        'client = OpenAI(api_key="hunter2-x")',
        "client = OpenAI(model='m', api_key = 'hunter2-x')",
        'token: str | None = "hunter2-x"',
        'headers = {"Authorization": "hunter2-x", "X": "y"}',
        'headers["x-api-key"] = "hunter2-x"',
        '{"apiKey": "hunter2-x"}',
        'connect(password=SecretStr("hunter2-x"))',
        'key = os.getenv("OPENAI_API_KEY", "hunter2-x")',
        'credentials = \'{"private": "hunter2-x"}\'',
        'password = """hunter2-x',
        'post(url, "Bearer hunter2-x")',
        'ask("sk-abcdefgh-hunter2-x")',
        'url = "https://me:hunter2-x@host/v1"',
        'url = "https://host/v1?key=hunter2-x&a=b"',
    ],
)
def test_a_secret_in_a_shown_line_is_dots(line: str) -> None:
    found = shown_line(line)
    assert "hunter2" not in found and "." * len("hunter2-x") in found
    assert found[:3] == line[:3]


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        (".env", "export OPENAI_API_KEY=hunter2", "export OPENAI_API_KEY=......."),
        ("s.yaml", "  - api-key: hunter2", "  - api-key: ......."),
        ("s.yaml", "model: gpt-4o", "model: gpt-4o"),
        ("k.py", "-----BEGIN PRIVATE KEY-----", "." * 27),
    ],
)
def test_settings_need_no_quotes_to_be_withheld(path: str, line: str, expected: str) -> None:
    assert shown_line(line, path) == expected


@pytest.mark.parametrize(
    "line",
    [
        'client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], max_tokens=500)',
        'create(model="gpt-4o", max_tokens=500, messages=[{"role": "user", "content": "hi"}])',
        "client = OpenAI(api_key=settings.api_key)",
        'headers = {"Authorization": f"{settings.key}"}',
        'if token == "done":',
        'model = "pplx-7b-online"',
    ],
)
def test_what_is_no_secret_stays(line: str) -> None:
    assert shown_line(line) == line


def test_what_fills_a_secret_at_run_time_stays_readable() -> None:
    assert shown_line('h = {"Authorization": f"Bearer {settings.key}"}') == (
        'h = {"Authorization": f".......{settings.key}"}'
    )


def test_a_file_that_cannot_be_read_has_no_lines() -> None:
    assert without_secrets({}.get, stretches)("gone.py") is None


@pytest.mark.parametrize("option", [[], ["--show-prompts"]], ids=["check", "show-prompts"])
def test_no_command_shows_a_secret_of_the_code(tmp_path: Path, option: list[str]) -> None:
    (tmp_path / ".git").mkdir()
    call = 'OpenAI(api_key="hunter2-x").chat.completions.create(model="sk-abcdefghijk", messages=[])'
    (tmp_path / "a.py").write_text(f"from openai import OpenAI\n{call}\n")
    for command in ("check", "cost"):
        for form in ("text", "json"):
            arguments = [command, str(tmp_path), "--width", "200", "--format", form, *option]
            printed = CliRunner().invoke(main, arguments).output
            assert "a.py" in printed and "hunter2" not in printed and "sk-abc" not in printed
            assert command == "cost" or form == "json" or 'api_key="........."' in printed
