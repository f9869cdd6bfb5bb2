"""All measurements by one command: `python bench/run.py [PART ...]`, with the interpreter that guard is installed for.

In: names of parts, and trees for `scan`. Out: what each part prints; exit code 1 when one of them failed. Parts:

- `scan`: guard next to ruff and the peers, on the pinned trees or on those that `--tree` names (`scan.py`)
- `sizes`: exponents of time and memory over lines and requests (`sizes.py`)
- `growth`: work, time and memory for single shapes of code (`growth.py`)
- `micro`: evaluator, tokens, reports against a plain loop (`micro.py`); needs pytest-benchmark
- `torture`: the 300 most downloaded packages (`torture.py`); takes an hour or more, so only when named

Downloads, trees and the peers' environments are kept in `GUARD_BENCH_DIR` (else `guard-bench` in the user's cache).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ("scan", "sizes", "growth", "micro", "torture")
USUAL = PARTS[:-1]


def main() -> int:
    """Run the parts one after the other; the exit code."""
    parser = argparse.ArgumentParser(description="Measure guard.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: {', '.join(USUAL)})")
    parser.add_argument("--tree", nargs="+", default=["tree-1m", "tree-5m"], metavar="PATH|NAME", help="for scan")
    parser.add_argument("--peers", nargs="*", default=["all"], help="for scan (default: all)")
    parser.add_argument("--runs", default="3", help="rounds of scan (default: 3)")
    options = parser.parse_args()
    if wrong := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"there is no part {', '.join(wrong)}")
    more = {"scan": [*options.tree, "--runs", options.runs, "--peers", *options.peers]}
    failed = []
    for part in options.parts or USUAL:
        print(f"== {part}", flush=True)
        command = [sys.executable, str(HERE / f"{part}.py"), *more.get(part, [])]
        if subprocess.run(command, check=False).returncode != 0:
            failed.append(part)
    print(f"failed: {', '.join(failed)}" if failed else "all parts went through")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
