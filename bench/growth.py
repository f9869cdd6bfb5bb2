"""How work, time and memory grow with the size of a program: each shape at n, 2n and 4n, in one run.

In: nothing, or names of shapes. Out: a table: evaluations, CPU seconds and peak memory at each size, and how many times
those of the size before that is. About 2.0 is linear, 4.0 quadratic. Evaluations are the same in every run; time and
memory are not, so read their ratios only.

Run it as `python bench/growth.py [SHAPE ...]` with the interpreter that guard is installed for. `tests/property`
holds the evaluations of every shape to linear growth.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HEAD = "import os\nfrom openai import OpenAI\n\nclient = OpenAI()\n"
SEND = "client.chat.completions.create(model={model}, max_tokens={limit})\n"
Shape = Callable[[int], str]


def _send(model: str = '"gpt-4o"', limit: str = "100", indent: str = "") -> str:
    return indent + SEND.format(model=model, limit=limit)


def callers(n: int) -> str:
    """Callers that all pass the same through three wrappers."""
    text = HEAD + "\ndef inner(model, limit):\n" + _send("model", "limit", "    ")
    text += "\ndef middle(model, limit=100):\n    inner(model, limit)\n\ndef outer(model):\n    middle(model)\n\n"
    return text + "".join(f'def use{i}():\n    outer("gpt-4o")\n\n' for i in range(n))


def different_callers(n: int) -> str:
    """Callers that each pass another model through three wrappers."""
    text = HEAD + "\ndef inner(model, limit):\n" + _send("model", "limit", "    ")
    text += "\ndef middle(model, limit=100):\n    inner(model, limit)\n\ndef outer(model):\n    middle(model)\n\n"
    return text + "".join(f'def use{i}():\n    outer("gpt-{i}")\n\n' for i in range(n))


def chain_of_branches(n: int) -> str:
    """One `elif` chain that binds a model in each arm."""
    arms = "".join(f'    {"elif" if i else "if"} kind == "k{i}":\n        model = "gpt-{i}"\n' for i in range(n))
    return HEAD + f'\ndef ask(kind):\n{arms}    else:\n        model = "gpt-4o"\n' + _send("model", "100", "    ")


def sends_in_branches(n: int) -> str:
    """One `elif` chain with a send in each arm."""
    arms = "".join(
        f'    {"elif" if i else "if"} kind == "k{i}":\n' + _send(f'"gpt-{i}"', "100", "        ") for i in range(n)
    )
    return HEAD + f"\ndef ask(kind):\n{arms}"


def cases(n: int) -> str:
    """One `match` with many cases over a value that is not known."""
    arms = "".join(f'        case "k{i}":\n            model = "gpt-{i}"\n' for i in range(n))
    text = HEAD + f"\ndef ask(kind):\n    match kind:\n{arms}        case _:\n            model = 'gpt-4o'\n"
    return text + _send("model", "100", "    ")


def early_returns(n: int) -> str:
    """A function with many early returns."""
    arms = "".join(f'    if kind == "k{i}":\n        return "gpt-{i}"\n' for i in range(n))
    return (
        HEAD
        + f"\ndef choose(kind):\n{arms}    return 'gpt-4o'\n\ndef ask(kind):\n"
        + _send("choose(kind)", "1", "    ")
    )


def concatenation(n: int) -> str:
    """A text that grows statement by statement."""
    lines = "".join(f'prompt = prompt + f"line {{kind}} {i}"\n' for i in range(n))
    tail = 'client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": prompt}])\n'
    return HEAD + 'kind = "x"\nprompt = ""\n' + lines + tail


def long_sum(n: int) -> str:
    """One sum of many texts."""
    text = " + ".join(f'f"line {{kind}} {i}"' for i in range(n))
    tail = 'client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": prompt}])\n'
    return HEAD + f'kind = "x"\nprompt = {text}\n' + tail


def large_dict(n: int) -> str:
    """A dict of many entries of which one is read."""
    entries = "".join(f'    "k{i}": {{"model": "gpt-{i}", "limit": {i + 1}}},\n' for i in range(n))
    return HEAD + f"MODELS = {{\n{entries}}}\n" + _send('MODELS["k1"]["model"]', 'MODELS["k1"]["limit"]')


def keys_set(n: int) -> str:
    """A dict that is filled key by key."""
    lines = "".join(f'options["k{i}"] = {i}\n' for i in range(n))
    return HEAD + f'options = {{"model": "gpt-4o"}}\n{lines}' + _send('options["model"]', 'options["k1"] + 1')


def hierarchy(n: int) -> str:
    """A class at the end of a long line of bases; the first one sends."""
    text = HEAD + "\nclass K0:\n    model = 'gpt-4o'\n\n    def ask(self):\n" + _send("self.model", "100", "        ")
    text += "".join(f"\nclass K{i}(K{i - 1}):\n    limit{i} = {i}\n" for i in range(1, n))
    return text + f"\nK{n - 1}().ask()\n"


def siblings(n: int) -> str:
    """Many classes with one base that sends."""
    text = HEAD + "\nclass Base:\n    def ask(self):\n" + _send("self.model", "100", "        ")
    return text + "".join(f"\nclass K{i}(Base):\n    model = 'gpt-{i % 3}'\n\nK{i}().ask()\n" for i in range(n))


def chain_of_functions(n: int) -> str:
    """Functions that call one another in a line; the last one sends."""
    text = HEAD + "\ndef f0(model):\n" + _send("model", "100", "    ")
    return text + "".join(f"\ndef f{i}(model):\n    f{i - 1}(model)\n" for i in range(1, n)) + f'\nf{n - 1}("gpt-4o")\n'


def sends(n: int) -> str:
    """Many sends in one file."""
    return HEAD + "".join(_send('"gpt-4o"', str(i + 1)) for i in range(n))


def sends_in_functions(n: int) -> str:
    """Many functions that each send and are called once."""
    text = HEAD + "MODEL = 'gpt-4o'\n"
    return text + "".join(
        f"\ndef ask{i}(limit):\n{_send('MODEL', 'limit', '    ')}\nask{i}({i + 1})\n" for i in range(n)
    )


def names(n: int) -> str:
    """One function with many names, each made of the one before."""
    lines = "".join(f"    x{i} = x{i - 1}\n" for i in range(1, n))
    return HEAD + f"\ndef ask():\n    x0 = 'gpt-4o'\n{lines}" + _send("x3", "100", "    ") + "\nask()\n"


def rebound(n: int) -> str:
    """One name that is bound many times, with a send behind each."""
    return HEAD + "".join(f"model = 'gpt-{i % 5}'\n" + _send("model", "1") for i in range(n))


def loops(n: int) -> str:
    """Many loops one behind the other that fill one list."""
    lines = "".join(f"for i in [{i}, {i + 1}]:\n    rows.append(i)\n" for i in range(n))
    return HEAD + f"rows = []\n{lines}" + _send('"gpt-4o"', "rows[0] + 1")


def conditions(n: int) -> str:
    """A value to which many conditions may add."""
    lines = "".join(f'if os.environ.get("K{i}"):\n    limit += {i}\n' for i in range(n))
    return HEAD + f"limit = 1\n{lines}" + _send('"gpt-4o"', "limit")


def objects(n: int) -> str:
    """Many objects of one class, each asked once."""
    text = HEAD + "\nclass Asker:\n    def __init__(self, model):\n        self.model = model\n\n    def ask(self):\n"
    text += _send("self.model", "100", "        ")
    return text + "".join(f'\nAsker("gpt-{i % 7}").ask()\n' for i in range(n))


SHAPES: dict[str, tuple[Shape, int]] = {
    "callers": (callers, 50), "different callers": (different_callers, 50), "elif chain": (chain_of_branches, 27),
    "sends in an elif chain": (sends_in_branches, 27), "match": (cases, 27), "early returns": (early_returns, 27),
    "concatenation": (concatenation, 25), "long sum": (long_sum, 60), "large dict": (large_dict, 250),
    "keys set": (keys_set, 100), "class hierarchy": (hierarchy, 13), "sibling classes": (siblings, 15),
    "chain of functions": (chain_of_functions, 250), "sends": (sends, 125),
    "functions that send": (sends_in_functions, 60), "names": (names, 125), "rebound name": (rebound, 60),
    "loops": (loops, 15), "conditions": (conditions, 20), "objects": (objects, 30),
}  # fmt: skip
"""Programs by name, with the smallest size."""


def work(folder: Path) -> tuple[int, int]:
    """Evaluations of a scan of a folder, all questions together, and the number of requests."""
    from guard.facts.link.engine import Engine
    from guard.facts.link.project import Project
    from guard.facts.link.requests import Linker
    from guard.facts.registry import load
    from guard.sources.walk import listing

    total = 0

    class Counting(Engine):
        """Adds up what each question costs."""

        @property
        def work(self) -> int:
            """Evaluations of the question at hand."""
            return self.now

        @work.setter
        def work(self, value: int) -> None:
            nonlocal total
            total += max(0, value - getattr(self, "now", 0))
            self.now = value

    found = Linker(Project(folder, listing(folder), load()), Counting).requests()
    return total, len(found)


def measured(text: str) -> tuple[int, int, float, float]:
    """Evaluations, requests, CPU seconds and peak MiB of a scan of one file, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="guard-growth-") as name:
        Path(name, "app.py").write_text(text, encoding="utf-8")
        command = [sys.executable, __file__, "--one", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"a scan ended with exit code {process.returncode}")
    evaluations, found = (int(number) for number in said.split())
    unit = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss counts bytes on macOS and KiB elsewhere
    return evaluations, found, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def main() -> None:
    """Measure every shape at three sizes and print a line for each."""
    parser = argparse.ArgumentParser(description="How work, time and memory grow with the size of a program.")
    parser.add_argument("shapes", nargs="*", help=f"{', '.join(SHAPES)} (default: all)")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(*work(options.one))
        return
    base = measured(HEAD)
    print(f"{'shape':<24}{'n':>6}{'requests':>9}{'evaluations':>13}{'x':>6}{'CPU s':>8}{'x':>6}{'MiB':>7}{'x':>6}")
    print("CPU seconds and MiB are those above a scan of an empty program; x: times those of half the size")
    for name in options.shapes or SHAPES:
        make, smallest = SHAPES[name]
        before: tuple[float, float, float] | None = None
        for n in (smallest, 2 * smallest, 4 * smallest):
            evaluations, found, seconds, mib = measured(make(n))
            now = (float(evaluations), max(seconds - base[2], 0.001), max(mib - base[3], 0.1))
            times = [f"{b / a:.1f}" if a else "" for a, b in zip(before, now)] if before else ["", "", ""]
            row = f"{name:<24}{n:>6}{found:>9}{evaluations:>13}{times[0]:>6}{now[1]:>8.2f}{times[1]:>6}"
            print(f"{row}{now[2]:>7.1f}{times[2]:>6}", flush=True)
            before = now


if __name__ == "__main__":
    main()
