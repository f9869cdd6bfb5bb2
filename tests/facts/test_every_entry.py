"""Every direct entry of the catalogue is found in a program that uses it: one request, its name, model and provider.

`entry_programs` writes the programs. All of them are files of one tree, so that one scan answers for all.
"""

from __future__ import annotations

from datetime import date

import pytest
from entry_programs import Program, programs

from guard.config.types import Config
from guard.facts.registry import load
from guard.model import Request
from guard.run import scan

PROGRAMS = list(programs(load()))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Request]]:
    """The requests of the last line of each program."""
    root = tmp_path_factory.mktemp("entries")
    for number, program in enumerate(PROGRAMS):
        (root / f"p{number}.py").write_text(program.text, encoding="utf-8")
    report = scan(root, Config(), today=date(2026, 6, 1))
    assert not report.problems
    by_path: dict[str, list[Request]] = {}
    for priced in report.requests:
        span = priced.request.sites[-1].span
        program = PROGRAMS[int(span.path.removeprefix("p").removesuffix(".py"))]
        if span.line == program.text.count("\n"):
            by_path.setdefault(span.path, []).append(priced.request)
    return by_path


@pytest.mark.parametrize("number", range(len(PROGRAMS)), ids=[program.title for program in PROGRAMS])
def test_entry_is_found(number: int, found: dict[str, list[Request]]) -> None:
    program = PROGRAMS[number]
    requests = found.get(f"p{number}.py", [])
    assert [(r.api, r.provider) for r in requests] == [(program.call.api, program.provider)], program.text
    assert expected(program) == actual(requests[0]), program.text


def expected(program: Program) -> tuple[list[str | None], int | None]:
    return [program.model] if program.model else [], program.limit


def actual(request: Request) -> tuple[list[object], object]:
    limits = [choice.value for choice in request.max_output.choices]
    return [choice.value for choice in request.model.choices], limits[0] if limits else None
