"""Fuzzes the targets for a time each: with atheris where it is installed, else with the mutator of `mutate`.

In: names of targets, seconds for each. Out: a line for each; exit code 1 when one raised, took more than `SLOW` seconds
for one input or more than `MEMORY` of memory. What did it is written to `--found` and belongs, made small, into
`kept/`.

Run it as `python tests/fuzz/fuzz.py --seconds 600 [TARGET ...]`. Every target runs in a process of its own, `--jobs` at
a time. The seed of the mutator is printed, so that a run can be had again.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import importlib.util
import os
import resource
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]

from mutate import LARGEST, mutated  # noqa: E402
from targets import targets  # noqa: E402

SLOW = 20
"""Seconds that one input may take."""
MEMORY = 2 << 30
"""Bytes of address space beyond what the process has when it begins."""


def seeds(name: str) -> list[bytes]:
    """What a target begins with: its own seeds and what once found something."""
    kept = HERE / "kept" / name
    return [*targets()[name].seeds, *(file.read_bytes() for file in sorted(kept.glob("*")))]


def by_mutator(name: str, seconds: float, number: int) -> int:
    """Feed a target with changed inputs until the time is over; how many. The input at hand is in `last-NAME`."""
    target = targets()[name]
    pool, random = seeds(name), Random(number)
    known: set[object] = set()
    inputs, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        data = pool[inputs] if inputs < len(pool) else mutated(random, pool)
        _last(name).write_bytes(data)
        faulthandler.dump_traceback_later(SLOW, exit=True)
        seen = _lines_of(target.run, data)
        faulthandler.cancel_dump_traceback_later()
        inputs += 1
        if not seen <= known and len(pool) < 400:
            known |= seen
            pool.append(data)
    return inputs


def _lines_of(run: object, data: bytes) -> set[object]:
    """What of guard ran for an input: its functions, by where they begin."""
    seen: set[object] = set()

    def profile(frame: object, event: str, argument: object) -> None:
        if event == "call":
            seen.add(frame.f_code)  # type: ignore[attr-defined]

    sys.setprofile(profile)
    try:
        run(data)  # type: ignore[operator]
    finally:
        sys.setprofile(None)
    return {code for code in seen if f"{os.sep}guard{os.sep}" in code.co_filename}  # type: ignore[attr-defined]


def by_atheris(name: str, seconds: float, number: int) -> None:
    """The same with coverage of lines. Ends the process."""
    import atheris

    with atheris.instrument_imports(include=["guard"]):
        target = targets()[name]
        for data in target.seeds:
            target.run(data)

    def run(data: bytes) -> None:
        _last(name).write_bytes(data)
        target.run(data)

    corpus = _last(name).parent / f"corpus-{name}"
    corpus.mkdir(exist_ok=True)
    for data in seeds(name):
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    options = [f"-max_total_time={seconds:.0f}", f"-timeout={SLOW}", f"-seed={number}", f"-max_len={2 * LARGEST}"]
    options += ["-rss_limit_mb=4096", "-print_final_stats=1", "-verbosity=0", f"-artifact_prefix={_last(name).parent}/"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], run)
    atheris.Fuzz()


def _last(name: str) -> Path:
    return Path(os.environ["GUARD_FUZZ_FOUND"], f"last-{name}")


def alone(name: str, seconds: float, number: int) -> int:
    """Fuzz one target in this process; the exit code."""
    faulthandler.enable()
    os.environ["GUARD_NO_CACHE"] = "1"
    if importlib.util.find_spec("atheris") is not None:
        by_atheris(name, seconds, number)
        return 0
    now = (
        int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if sys.platform == "linux" else 0
    )
    if now:
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    try:
        print(f"{by_mutator(name, seconds, number)} inputs")
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def fuzzed(name: str, seconds: float, number: int, found: Path) -> bool:
    """Fuzz one target in a process of its own and tell; whether all went well."""
    command = [sys.executable, str(HERE / "fuzz.py"), "--alone", "--seconds", str(seconds), "--seed", str(number), name]
    environment = {**os.environ, "GUARD_FUZZ_FOUND": str(found)}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "inputs" in line or "executed_units" in line]
    if done.returncode == 0:
        print(f"{name}: {' '.join(said[-1:]).replace('stat::number_of_executed_units:', '') or 'well'}", flush=True)
        return True
    last = found / f"last-{name}"
    data = last.read_bytes() if last.exists() else b""
    kept = found / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
    kept.write_bytes(data)
    print(f"{name}: FAILED with {kept}, seed {number}\n{(done.stdout + done.stderr)[-3000:]}", flush=True)
    return False


def main() -> int:
    """Fuzz the targets that are named, or all; the exit code."""
    parser = argparse.ArgumentParser(description="Fuzz guard.")
    parser.add_argument("names", nargs="*", help="targets (default: all)")
    parser.add_argument("--seconds", type=float, default=60, help="for each target (default: 60)")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time (default: 1)")
    parser.add_argument("--seed", type=int, default=None, help="of the random numbers (default: the time)")
    parser.add_argument(
        "--found", type=Path, default=Path("fuzz-found"), help="where failures go (default: fuzz-found)"
    )
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.names or list(targets())
    unknown = sorted(set(names) - set(targets()))
    if unknown:
        parser.error(f"no target is called {', '.join(unknown)}")
    number = int(time.time()) if options.seed is None else options.seed
    if options.alone:
        return alone(names[0], options.seconds, number)
    options.found.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        well = list(pool.map(lambda name: fuzzed(name, options.seconds, number, options.found.resolve()), names))
    print(f"{sum(well)} of {len(well)} targets went well, {options.seconds:.0f} s each, seed {number}")
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
