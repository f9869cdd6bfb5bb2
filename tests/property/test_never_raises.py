"""Whatever a program is: a scan ends, raises nothing, keeps within its limits and its report fits the schema."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from arbitrary import Arbitrary
from hypothesis import given
from hypothesis import strategies as st
from mutants import mutant, programs
from profiles import examples
from report_schema import assert_valid
from spec_check import broken_rules

from guard.config.types import Config
from guard.facts.link import answers, contexts, engine, requests
from guard.report.json import render
from guard.run import scan

DAY = date(2026, 6, 1)
Write = Callable[[Callable[[int], int]], dict[str, str]]


class Counting(engine.Engine):
    """An engine that keeps the work of its largest question and of all together."""

    most = total = 0

    @property
    def work(self) -> int:  # type: ignore[override]
        """Evaluations of the question at hand."""
        return self.now

    @work.setter
    def work(self, value: int) -> None:
        Counting.total += max(0, value - getattr(self, "now", 0))
        Counting.most = max(Counting.most, value)
        self.now = value


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    """Scans with an engine that counts."""
    monkeypatch.setattr(requests, "Engine", Counting)
    Counting.most = Counting.total = 0
    return Counting


def write(folder: Path, files: dict[str, str]) -> None:
    """Makes a folder hold these files and nothing else."""
    shutil.rmtree(folder)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    folder.mkdir(exist_ok=True)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        pytest.param(lambda choose: Arbitrary(choose).files(), 40, id="any program"),
        pytest.param(lambda choose: Arbitrary(choose, 40).files(), 12, id="a larger program"),
        pytest.param(mutant, 60, id="a real program, changed"),
    ],
)
def test_a_scan_ends_well(written: Write, number: int, tmp_path: Path, counted: type[Counting]) -> None:
    folder = tmp_path / "scanned"
    folder.mkdir()

    @examples(number)
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        files = written(lambda n: data.draw(st.integers(0, n - 1)))
        write(folder, files)
        counted.most = counted.total = 0
        report = scan(folder, Config(), today=DAY)
        shown = "\n".join(f"# {name}\n{text}" for name, text in files.items())
        assert_valid(render(report))
        assert not broken_rules(report), f"{broken_rules(report)}\n{shown}"
        assert counted.most <= answers.MAX_WORK, shown
        sends = sum(text.count("(") for text in files.values())
        assert counted.total <= sends * contexts.MAX_SPENT, shown

    run()


def test_mutants_are_made_of_all_specifications() -> None:
    assert len(programs()) > 500
