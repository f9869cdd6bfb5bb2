"""guard on whole trees, next to `ruff check`, `ast.parse` and the peers, all in one run and in turns.

In: folders, or names of `pins/`. Out: for each a table with a line for each command: medians of wall seconds and CPU
seconds over `--runs`, the highest peak of memory, and how many times ruff's time of the same round that is. With
`--json FILE` every run too.

Run it as `python bench/scan.py [--peers all] [--runs 3] PATH|NAME ...` with the interpreter that guard is installed
for.

How it measures: every run is a new process, as in a hook or a build, and every round runs every command once, so that
what else the machine does meets all of them; a ratio is the median of the ratios of the rounds. One round before the
measured ones fills the file caches. guard runs on a copy of the folder, four ways: `cold` with an empty cache of its
own, `no cache`, `warm` when nothing has changed since, and `changed` after a comment and a constant were put at the
top of
a file that sends a request, so that every place in it moves. Ruff runs without its cache and without the folder's
settings,
with its default rules. It looks at fewer kinds of files and follows no values, so the ratio says how guard feels beside
a linter, not which of them is better. A peer that fails or takes more than `--peer-limit` is told so. Neighbours:
`measure`, `peers`, `trees`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import peers
from measure import Failed, Run, measured, table
from trees import NAMES, committed, tree

HEADER = ("command", "wall s", "CPU s", "peak MiB", "x ruff wall", "x ruff CPU")
PARSE_ALL = (
    "import ast, pathlib, sys\n"
    "for path in pathlib.Path(sys.argv[1]).rglob('*.py'):\n"
    "    try:\n        ast.parse(path.read_bytes())\n"
    "    except (SyntaxError, ValueError, RecursionError, OSError):\n        pass\n"
)


class Way(NamedTuple):
    """One command of a round."""

    name: str
    command: list[str]
    environment: dict[str, str]
    before: Callable[[int], None] = lambda number: None
    """What is done before the run of that number, outside the measured time."""
    codes: tuple[int, ...] = (0,)


class Rounds(NamedTuple):
    """All that was measured on one folder."""

    folder: Path
    report: dict[str, Any]
    runs: dict[str, list[Run]]
    failed: dict[str, str]


def guard_command(folder: Path, *more: str) -> list[str]:
    """`guard cost` by this interpreter; `-P` keeps it from taking a folder named guard in the current one."""
    return [sys.executable, "-P", "-m", "guard", "cost", "--format", "json", *more, str(folder)]


def guard_ways(copy: Path, changing: Path | None, scratch: Path) -> list[Way]:
    """guard's four ways, and its start without work."""
    cold, warm = scratch / "cold", scratch / "warm"
    keep = {"GUARD_CACHE_DIR": str(warm)}

    def change(number: int) -> None:
        if changing is not None:
            text = changing.read_text(encoding="utf-8")
            changing.write_text(f"# bench {number}\n_bench_{number} = {number}\n{text}", encoding="utf-8")

    ways = [
        Way(
            "guard, cold",
            guard_command(copy),
            {"GUARD_CACHE_DIR": str(cold)},
            lambda number: shutil.rmtree(cold, ignore_errors=True),
        ),
        Way("guard, no cache", guard_command(copy), {"GUARD_NO_CACHE": "1", "GUARD_CACHE_DIR": str(cold)}),
        Way("guard, warm", guard_command(copy), keep),
    ]
    if changing is not None:
        ways.append(Way("guard, changed", guard_command(copy), keep, change))
    # The round after this one finds the tree warm again only if the changed tree was scanned, which `changed` just did.
    return [*ways, Way("guard --version", [sys.executable, "-P", "-m", "guard", "--version"], {})]


def other_ways(folder: Path, chosen: Sequence[peers.Peer]) -> list[Way]:
    """Ruff where it is installed, `ast.parse`, and the peers."""
    ways = [Way("ast.parse of all", [sys.executable, "-c", PARSE_ALL, str(folder)], {})]
    ruff = shutil.which("ruff", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if ruff is not None:
        command = [ruff, "check", "--no-cache", "--isolated", "--exit-zero", "--quiet", str(folder)]
        ways.insert(0, Way("ruff", command, {}))
    around = peers.environment() if chosen else {}
    limit = shutil.which("timeout")
    for peer in chosen:
        command = peers.command(peer, folder)
        command = [limit, "--signal=KILL", str(PEER_LIMIT_SECONDS), *command] if limit else command
        ways.append(Way(f"{peer.name} {peer.version}", command, around, codes=peer.codes))
    return ways


PEER_LIMIT_SECONDS = 600
"""A peer that takes longer is ended and told as failed."""


def bench(folder: Path, runs: int, chosen: Sequence[peers.Peer], scratch: Path) -> Rounds:
    """All commands on a copy of a folder, `runs` rounds after one that only warms up."""
    copy = copied(folder, scratch)
    first = scratch / "guard.json"
    measured(guard_command(copy), first, environment={"GUARD_CACHE_DIR": str(scratch / "warm")})
    report: dict[str, Any] = json.loads(first.read_bytes())
    ways = [*other_ways(copy, chosen), *guard_ways(copy, sending(copy, report), scratch)]
    found: dict[str, list[Run]] = {way.name: [] for way in ways}
    failed: dict[str, str] = {}
    for number in range(-1, runs):
        for way in ways:
            if way.name in failed:
                continue
            way.before(number + 1)
            try:
                run = measured(way.command, scratch / "out.txt", environment=way.environment, codes=way.codes)
            except Failed as error:
                failed[way.name] = str(error).splitlines()[-1][-150:]
                print(f"{way.name}: {error}", file=sys.stderr)
                continue
            if number >= 0:
                found[way.name].append(run)
    return Rounds(folder, report, found, failed)


def copied(folder: Path, scratch: Path) -> Path:
    """A copy of a folder to work on, a git repository like it; a work tree of another repository gets one of its
    own."""
    copy = scratch / folder.name
    shutil.copytree(folder, copy, symlinks=True)
    if (copy / ".git").is_file():
        (copy / ".git").unlink()
        committed(copy)
    return copy


def sending(copy: Path, report: dict[str, Any]) -> Path | None:
    """A Python file of the copy that sends a request; None where the report has none."""
    for request in report["requests"]:
        for site in reversed(request["sites"]):
            path = str(site["span"]["path"])
            text = (copy / path).read_text(encoding="utf-8", errors="replace") if path.endswith(".py") else ""
            if text and "from __future__" not in text:
                return copy / path
    return None


def lines(rounds: Rounds) -> list[tuple[str, ...]]:
    """The table of a folder, medians and ratios."""
    ruff = rounds.runs.get("ruff", [])
    rows: list[tuple[str, ...]] = [HEADER]
    for name, runs in rounds.runs.items():
        if not runs:
            rows.append((name, "failed", "", "", "", ""))
            continue
        wall = [a.wall_seconds / b.wall_seconds for a, b in zip(runs, ruff)]
        cpu = [a.cpu_seconds / b.cpu_seconds for a, b in zip(runs, ruff) if b.cpu_seconds > 0]
        rows.append(
            (
                name,
                f"{median(r.wall_seconds for r in runs):.2f}",
                f"{median(r.cpu_seconds for r in runs):.2f}",
                f"{max(r.peak_mib for r in runs):.0f}",
                f"{median(wall):.1f}" if wall else "no ruff",
                f"{median(cpu):.1f}" if cpu else "no ruff",
            )
        )
    return rows


def shown(rounds: Rounds) -> str:
    """A folder's heading and table."""
    looked, totals = rounds.report["looked"], rounds.report["totals"]
    share = f"{100 * looked['parsed'] / looked['files']:.0f} %" if looked["files"] else "none"
    head = (
        f"{rounds.folder.name}: {looked['files']:,} files listed, {looked['parsed']:,} parsed ({share}), "
        f"{looked['lines']:,} lines in those, {totals['requests']:,} requests"
    )
    return "\n".join([head, table(lines(rounds)), *(f"{name}: {why}" for name, why in rounds.failed.items())])


def kept(all_rounds: Sequence[Rounds]) -> str:
    """Everything as JSON."""
    return json.dumps(
        [
            {
                "folder": r.folder.name,
                "looked": r.report["looked"],
                "requests": r.report["totals"]["requests"],
                "runs": {name: [run._asdict() for run in runs] for name, runs in r.runs.items()},
                "failed": r.failed,
            }
            for r in all_rounds
        ],
        indent=1,
    )


def whole_runs(text: str) -> int:
    """A number of runs from the command line, at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def main() -> int:
    """Measure every folder and print its table; the exit code."""
    parser = argparse.ArgumentParser(description="guard on whole trees, next to ruff and the peers.")
    parser.add_argument("trees", nargs="+", metavar="PATH|NAME", help=f"a folder, or one of {', '.join(NAMES)}")
    parser.add_argument("--runs", type=whole_runs, default=3, help="measured rounds (default: 3)")
    parser.add_argument("--peers", nargs="*", default=[], choices=["all", *(p.name for p in peers.PEERS)])
    parser.add_argument("--json", type=Path, help="write every run to this file")
    options = parser.parse_args()
    results = []
    for named in options.trees:
        folder = tree(named) if named in NAMES else Path(named).resolve()
        if not folder.is_dir():
            parser.error(f"{named} is not a folder")
        with tempfile.TemporaryDirectory(prefix="guard-bench-") as name:
            results.append(bench(folder, options.runs, peers.chosen(options.peers), Path(name)))
        print(shown(results[-1]), flush=True)
    print(f"medians of {options.runs} rounds, each run in a new process; peak: the highest of them")
    if options.json:
        options.json.write_text(kept(results) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
