"""Writes the table of programs and measures into docs/accuracy.md. `make accuracy`, with `ARGS="FOLDER..."`.

In: the recordings, guard's reports. Out: the part of the document between its two marks. How wide prices are (high by
low, the median over requests) is told for these programs and for the repositories in the folders that are named.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from statistics import median
from typing import Any

from guard.config.load import load as load_config
from guard.report.json import as_data
from guard.run import scan
from referee import cases, compare, measures, recordings

DOCUMENT = cases.HERE.parents[1] / "docs" / "accuracy.md"
LABELLED = "labelled repositories"
BEGIN, END = "<!-- begin: make accuracy -->\n", "<!-- end: make accuracy -->\n"


def table() -> list[str]:
    """Lines of the table, one program each."""
    words = list(measures.MEASURES)
    lines = [
        f"| Program | SDK | requests sent | {' | '.join(words)} | high / low |",
        "| --- " * (len(words) + 4) + "|",
    ]
    for name in cases.names():
        case = cases.load(name)
        recording = recordings.load(case.recording)
        found = compare.differences(name)
        cells = [_cell(case, word, found[word]) for word in words]
        package, version = _package(case, recording.versions)
        sent = sum(len(run.sent) for run in recording.runs)
        wide = measures.spread(compare.report_of(name))
        width = f"{median(wide):.1f}" if wide else "-"
        lines.append(f"| {name} | {package} {version} | {sent} | {' | '.join(cells)} | {width} |")
    return lines


def _package(case: cases.Case, versions: dict[str, str]) -> tuple[str, str]:
    """The first of the family's packages that the program imports, with its version."""
    code = "\n".join(path.read_text() for path in sorted(case.root.rglob("*.py")))
    for package, version in versions.items():
        module = re.escape(package).replace(r"\-", "[._]").removeprefix("google[._]")
        if re.search(rf"^\s*(?:import|from) .*\b{module}\b", code, re.MULTILINE):
            return package, version
    return next(iter(versions.items()))


def _cell(case: cases.Case, word: str, sentences: tuple[str, ...]) -> str:
    if word in ("typical",) and not case.static:
        return "-"
    return "**differs**" if sentences else "agrees"


def _differing() -> list[str]:
    return [f"- {name}, {one.measure}: {one.reason}." for name in cases.names() for one in cases.load(name).differs]


def _widths(reports: list[dict[str, Any]]) -> str:
    every = sorted(ratio for report in reports for ratio in measures.spread(report))
    counted = sum(request["counted"] for report in reports for request in report["requests"])
    if not every:
        return f"none of {counted} counted requests has both bounds"
    return f"{median(every):.1f} (over {len(every)} of {counted} counted requests, those with a low above 0 and a high)"


def section(folders: list[Path]) -> str:
    """All of the generated part."""
    programs = [compare.report_of(name) for name in cases.names()]
    static = [compare.report_of(name) for name in cases.names() if cases.load(name).static]
    agreed = sum(not found for name in cases.names() for found in compare.differences(name).values())
    asked = len(cases.names()) * len(measures.MEASURES)
    differing = _differing()
    why = [" What differs, and why:", "", *differing] if differing else [""]
    lines = [*table(), "", f"{agreed} of {asked} cells agree.{why[0]}", *why[1:], ""]
    lines += [
        "How wide a price is: the median of high by low of one call.",
        "",
        f"- programs whose prompts are static: {_widths(static)}",
        f"- all programs: {_widths(programs)}",
    ]
    if folders:
        reports = [as_data(scan(folder, load_config(folder), compare.DAY)) for folder in folders]
        lines.append(f"- the {len(folders)} {LABELLED}: {_widths(reports)}")
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """The command."""
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    old, _, after = rest.partition(END)
    made = section([Path(one) for one in arguments])
    if not arguments:  # what was measured on repositories stays
        made += "".join(line for line in old.splitlines(keepends=True) if LABELLED in line)
    DOCUMENT.write_text(before + BEGIN + made + END + after)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
