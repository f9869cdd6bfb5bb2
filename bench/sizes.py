"""How time and memory grow with lines and with requests: generated programs that double, and the exponent.

In: nothing. Out: two tables, one for programs whose lines double while the requests stay, one for programs whose
requests double too; and for each the exponent of CPU seconds and of memory, which is 1 where growth is linear and 2
where it is quadratic. It is the slope of a straight line through the logarithms, least squares, over what is above a
scan of one package, which loads all that a scan loads. Exit code 1 when the exponent of time is above `--most`.

A program is packages of ten modules each: settings, a client, a helper that sends what it is given, callers of it
with different models and limits, and code that asks nobody. Names differ from package to package, so that reach by
name has something to tell apart. Run it as `python bench/sizes.py`. Neighbours: `growth` counts work for single shapes
of code, the same in every run; `measure`.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from measure import Run, measured, table
from scan import guard_command

SIZES = (25, 50, 100, 200)
"""Packages of ten modules."""
PLAIN = "".join(
    f"def step_{n}(rows, limit={n}):\n    kept = []\n    for row in rows:\n        if row.get('size', 0) > limit:\n"
    f"            kept.append({{'name': row['name'], 'size': row['size'] * {n + 2}}})\n    return kept\n\n\n"
    for n in range(40)
)
"""A module that asks nobody."""


def asking(n: int) -> dict[str, str]:
    """Modules of a package that ask models: 8 requests."""
    callers = "".join(
        f"def use_{n}_{i}(question):\n    return ask_{n}(question, 'gpt-4o{'-mini' if i % 2 else ''}', {100 + i})\n\n\n"
        for i in range(8)
    )
    return {
        f"settings_{n}.py": f"TIMEOUT_{n} = {n}\nSYSTEM_{n} = 'Answer in {n % 7 + 1} sentences.'\n",
        f"client_{n}.py": "from openai import OpenAI\n\n\nclient = OpenAI(max_retries=3)\n",
        f"helper_{n}.py": f"from .client_{n} import client\nfrom .settings_{n} import SYSTEM_{n}\n\n\n"
        f"def ask_{n}(question, model, limit):\n    return client.chat.completions.create(model=model, "
        f"max_tokens=limit,\n        messages=[{{'role': 'system', 'content': SYSTEM_{n}}}, "
        "{'role': 'user', 'content': question}])\n",
        f"callers_{n}.py": f"from .helper_{n} import ask_{n}\n\n\n{callers}",
    }


def program(folder: Path, packages: int, with_requests: int) -> int:
    """Write that many packages, `with_requests` of which ask models; the lines."""
    lines = 0
    for n in range(packages):
        files = {"__init__.py": ""} | (asking(n) if n < with_requests else {})
        files |= {f"plain_{n}_{i}.py": PLAIN.replace("step_", f"step_{n}_{i}_") for i in range(11 - len(files))}
        for name, text in files.items():
            path = folder / f"package_{n}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            lines += text.count("\n")
    return lines


def best(folder: Path, runs: int, out: Path) -> Run:
    """The quickest of some scans without a cache: what disturbs a run only ever adds to it."""
    found = [measured(guard_command(folder), out, environment={"GUARD_NO_CACHE": "1"}) for _ in range(runs)]
    return Run(
        min(run.wall_seconds for run in found),
        min(run.cpu_seconds for run in found),
        min(run.peak_mib for run in found),
        0,
    )


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of values over sizes on logarithmic scales, least squares."""
    xs, ys = [math.log(size) for size in sizes], [math.log(max(value, 0.001)) for value in values]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)


def grown(title: str, asks: Callable[[int], int], sizes: Sequence[int], runs: int) -> float:
    """Measure one kind of growth and print its table; the exponent of time."""
    rows: list[tuple[str, ...]] = [(title, "lines", "requests", "CPU s", "above one", "peak MiB", "above one")]
    amounts, seconds, mebibytes = [], [], []
    with tempfile.TemporaryDirectory(prefix="guard-sizes-") as name:
        out = Path(name, "out.json")
        first = program(Path(name, "1"), 1, 1)
        one = best(Path(name, "1"), runs, out)
        for size in sizes:
            folder = Path(name, str(size))
            lines = program(folder, size, asks(size))
            run = best(folder, runs, out)
            amounts.append(lines - first)
            seconds.append(run.cpu_seconds - one.cpu_seconds)
            mebibytes.append(run.peak_mib - one.peak_mib)
            counts = (f"{size} packages", f"{lines:,}", f"{8 * asks(size):,}")
            times = (f"{run.cpu_seconds:.2f}", f"{seconds[-1]:.2f}", f"{run.peak_mib:.0f}", f"{mebibytes[-1]:.1f}")
            rows.append(counts + times)
    slope = exponent(amounts, seconds)
    print(table(rows))
    print(f"exponent of time {slope:.2f}, of memory {exponent(amounts, mebibytes):.2f}\n", flush=True)
    return slope


def main() -> int:
    """Measure both kinds of growth; the exit code."""
    parser = argparse.ArgumentParser(description="How time and memory grow with lines and with requests.")
    parser.add_argument("--runs", type=int, default=3, help="scans of each size, of which the quickest counts")
    parser.add_argument("--most", type=float, default=1.15, help="largest exponent of time that is well")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help=f"packages (default: {SIZES})")
    options = parser.parse_args()
    slopes = [
        grown("lines", lambda size: options.sizes[0], options.sizes, options.runs),
        grown("requests", lambda size: size, options.sizes, options.runs),
    ]
    return 0 if max(slopes) <= options.most else 1


if __name__ == "__main__":
    sys.exit(main())
