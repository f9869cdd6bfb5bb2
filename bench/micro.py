"""Small parts of guard against a plain loop of Python in the same run, so that a figure holds on any machine.

In: nothing. Out: pytest-benchmark's table, and for each part how many times the reference loop's time it takes, by
the quickest round of each, since what disturbs a run only ever adds to it. The loop is the same for all parts: 20,000
turns of adding and looking up in a dict.

Run it as `python bench/micro.py`. Parts: the evaluator (a program of 40 sends, facts at hand, linked), counting tokens,
writing a report of 200 requests as JSON, and parsing with collecting.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.model import Report

DAY = date(2026, 6, 1)
REFERENCE = "test_reference_loop"


def program(sends: int) -> str:
    """A program with that many requests, through one helper each."""
    head = "from openai import OpenAI\n\nclient = OpenAI()\n\n"
    return head + "".join(
        f"def ask{i}(question, model='gpt-4o', limit={i + 1}):\n    return client.chat.completions.create(model=model, "
        f"max_tokens=limit, messages=[{{'role': 'user', 'content': 'Say it in {i} words: ' + question}}])\n\n\n"
        f"ask{i}('why?')\n"
        for i in range(sends)
    )


def scanned(sends: int) -> Report:
    """The report of such a program."""
    from guard.config.types import Config
    from guard.run import scan

    with tempfile.TemporaryDirectory(prefix="guard-micro-") as name:
        Path(name, "app.py").write_text(program(sends), encoding="utf-8")
        return scan(Path(name), Config(), today=DAY)


def test_reference_loop(benchmark: Any) -> None:
    """What the others are measured by."""

    def loop() -> int:
        table: dict[int, int] = {}
        total = 0
        for number in range(20_000):
            table[number & 255] = number
            total += table.get(number & 127, 0)
        return total

    assert benchmark(loop) > 0


def test_evaluator_40_sends(benchmark: Any, tmp_path: Path) -> None:
    """Facts to requests."""
    from guard.facts.link.project import Project
    from guard.facts.link.requests import Linker
    from guard.facts.registry import load
    from guard.sources.tree import Folder

    (tmp_path / "app.py").write_text(program(40), encoding="utf-8")
    tree = Folder(tmp_path)
    listing, catalog = tree.listing((), ""), load()

    def facts() -> tuple[tuple[Linker], dict[str, Any]]:
        project = Project(tree, listing, catalog)
        project.facts("app.py")
        return (Linker(project),), {}

    found = benchmark.pedantic(lambda linker: linker.requests(), setup=facts, rounds=15)
    assert len(found) == 40


def test_parse_and_collect_40_sends(benchmark: Any) -> None:
    """Bytes to facts."""
    from guard.facts.collect import collect
    from guard.parse.python import PythonSyntax, parse_python

    data = program(40).encode()

    def read() -> int:
        syntax = parse_python("app.py", data)
        assert isinstance(syntax, PythonSyntax)
        return len(collect("app.py", syntax).calls)

    assert benchmark(read) >= 80


def test_tokens_of_20_000_characters(benchmark: Any) -> None:
    """A text that was not counted before, ranks loaded."""
    from guard.estimate import encodings

    text = "The quick brown fox answers 12 questions about invoices. " * 350
    numbers = itertools.count()
    assert benchmark(lambda: encodings.count_exact(f"{next(numbers)} {text}", "o200k_base")) > 3000


def test_json_report_of_200_requests(benchmark: Any) -> None:
    """A report to JSON."""
    from guard.report.json import render

    report = scanned(200)
    assert json.loads(benchmark(render, report))["totals"]["requests"] == 200


def main() -> int:
    """Run this file with pytest-benchmark and print the ratios; the exit code."""
    with tempfile.TemporaryDirectory(prefix="guard-micro-") as name:
        out = Path(name, "out.json")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--benchmark-only"]
        done = subprocess.run([*command, f"--benchmark-json={out}", __file__], check=False)
        if done.returncode != 0:
            return done.returncode
        quickest = {one["name"]: one["stats"]["min"] for one in json.loads(out.read_bytes())["benchmarks"]}
    for test, seconds in quickest.items():
        shown = test.removeprefix("test_").replace("_", " ")
        print(f"{shown:<36}{1000 * seconds:>10.2f} ms{seconds / quickest[REFERENCE]:>10.1f} x the loop")
    return 0


if __name__ == "__main__":
    sys.exit(main())
