"""guard over the source of the most downloaded packages: no exception, no file over 5 s, problems counted.

In: `pins/top300.txt` (or another list, or names out of it). Out: a line for each package in `torture.jsonl` and on the
screen, at the end the sums; exit code 1 when a package raised, did not end in `--limit` seconds, or has a slow file.

Each package is unpacked to a folder of its own and read in a process of its own, twice: every file alone, as if guard
had to know it (bytes, syntax, facts; data files as data), which gives a file's time; and the whole tree as `guard cost`
reads it, which gives requests and problems. Nothing of a package is installed or run. What a former run measured is
not measured again unless `--again` says so.

Run it as `python bench/torture.py` with the interpreter that guard is installed for. Neighbour: `trees` downloads.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trees import NAMES, place, unpacked, wheels

SLOW_SECONDS = 5.0
"""CPU seconds that no file may take."""
DATA_SUFFIXES = {".yaml": "parse_yaml", ".yml": "parse_yaml", ".json": "parse_json", ".toml": "parse_toml"}
DATA_SUFFIXES |= {".ini": "parse_ini", ".cfg": "parse_ini", ".env": "parse_env"}


def reader(path: str) -> Callable[[str, bytes], object] | None:
    """What guard makes of a file of that name, when it has to know it: facts of code, nodes of data."""
    from guard.facts.collect import collect
    from guard.parse import data
    from guard.parse.notebook import parse_notebook
    from guard.parse.python import PythonSyntax, parse_python

    def code(name: str, text: bytes) -> object:
        syntax = parse_notebook(name, text)[0] if name.endswith(".ipynb") else parse_python(name, text)
        return collect(name, syntax) if isinstance(syntax, PythonSyntax) else syntax

    suffix = Path(path).suffix
    if suffix in (".py", ".pyi", ".ipynb"):
        return code
    named = DATA_SUFFIXES.get(suffix)
    return None if named is None else getattr(data, named)


def each_file(root: Path) -> dict[str, Any]:
    """Every file by itself: how many, lines of code, and the slowest one."""
    from guard.model import Problem
    from guard.sources.read import read
    from guard.sources.walk import listing

    slowest, name, files, lines = 0.0, "", 0, 0
    for file in listing(root).files:
        make = reader(file.path)
        data = b"" if make is None else read(root, file)
        if make is None or isinstance(data, Problem):
            continue
        files += 1
        lines += data.count(b"\n") if file.path.endswith(".py") else 0
        started = time.process_time()
        make(file.path, data)
        seconds = time.process_time() - started
        if seconds > slowest:
            slowest, name = seconds, file.path
    return {"files": files, "lines": lines, "slowest_seconds": round(slowest, 2), "slowest_file": name}


def whole_tree(root: Path) -> dict[str, Any]:
    """The tree as `guard cost` reads it."""
    from guard.config.types import Config
    from guard.report.json import render
    from guard.run import scan

    started = time.process_time()
    report = scan(root, Config())
    render(report)
    return {
        "scan_seconds": round(time.process_time() - started, 2),
        "parsed": report.looked.parsed,
        "requests": len(report.requests),
        "problems": dict(Counter(problem.kind for problem in report.problems)),
        "first_problems": [f"{p.path}:{p.line}: {p.kind}: {p.message}" for p in report.problems[:3]],
    }


def one(wheel: Path, limit: float) -> dict[str, Any]:
    """What happened with one package; `error` is set when something went wrong."""
    found: dict[str, Any] = {"package": "-".join(wheel.name.split("-")[:2])}
    with tempfile.TemporaryDirectory(prefix="guard-torture-") as name:
        unpacked(wheel, Path(name))
        command = [sys.executable, __file__, "--one", name]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return {**found, "error": f"did not end in {limit:.0f} s"}
    if done.returncode != 0:
        return {**found, "error": done.stderr.strip()[-3000:] or f"exit code {done.returncode}"}
    return {**found, **json.loads(done.stdout)}


def shown(found: dict[str, Any]) -> str:
    """A line for people."""
    if "error" in found:
        return f"{found['package']:<45} ERROR {found['error'].splitlines()[-1]}"
    slow = f"  SLOW {found['slowest_file']}" if found["slowest_seconds"] > SLOW_SECONDS else ""
    return (
        f"{found['package']:<45}{found['files']:>6} files{found['lines']:>10,} lines  slowest file"
        f"{found['slowest_seconds']:>6.2f} s  scan{found['scan_seconds']:>7.2f} s{found['requests']:>5} requests"
        f"{sum(found['problems'].values()):>4} problems{slow}"
    )


def summed(rows: list[dict[str, Any]]) -> tuple[str, bool]:
    """The sums as text, and whether all is well."""
    bad = [row for row in rows if "error" in row]
    good = [row for row in rows if "error" not in row]
    slow = [row for row in good if row["slowest_seconds"] > SLOW_SECONDS]
    problems: Counter[str] = Counter()
    for row in good:
        problems.update(row["problems"])
    kinds = ", ".join(f"{kind} {number}" for kind, number in problems.most_common()) or "none"
    text = (
        f"{len(rows)} packages, {sum(r['files'] for r in good):,} files, {sum(r['lines'] for r in good):,} lines: "
        f"{len(bad)} failed, {len(slow)} with a file over {SLOW_SECONDS:.0f} s, slowest file "
        f"{max((r['slowest_seconds'] for r in good), default=0.0):.2f} s; "
        f"scans {sum(r['scan_seconds'] for r in good):.0f} s of CPU, {sum(r['requests'] for r in good):,} requests; "
        f"problems: {kinds}"
    )
    return text, not bad and not slow


def main() -> int:
    """Go over the packages of a list; the exit code."""
    parser = argparse.ArgumentParser(description="guard over the most downloaded packages.")
    parser.add_argument("only", nargs="*", help="names of packages (default: all of the list)")
    parser.add_argument("--list", default="top300", choices=NAMES, help="the list of pins/ (default: top300)")
    parser.add_argument("--limit", type=float, default=600, help="seconds for a package (default: 600)")
    parser.add_argument("--again", action="store_true", help="measure anew what a former run has measured")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps({**each_file(options.one), **whole_tree(options.one)}))
        return 0
    kept = place() / "torture.jsonl"
    known = {} if options.again or not kept.exists() else _rows(kept)
    rows = []
    for wheel in wheels(options.list):
        package = "-".join(wheel.name.split("-")[:2])
        if options.only and package.rsplit("-", 1)[0].replace("_", "-") not in options.only:
            continue
        if package not in known:
            known[package] = one(wheel, options.limit)
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(known[package]) + "\n")
        rows.append(known[package])
        print(shown(known[package]), flush=True)
    text, well = summed(rows)
    print(text)
    return 0 if well else 1


def _rows(kept: Path) -> dict[str, dict[str, Any]]:
    """What a former run wrote, the last word on each package."""
    return {row["package"]: row for row in map(json.loads, kept.read_text(encoding="utf-8").splitlines())}


if __name__ == "__main__":
    sys.exit(main())
