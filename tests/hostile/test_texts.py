"""Texts that a program makes grow: what is too large to be followed is open, and a scan goes on.

Each program is scanned in a process of its own with a limit on its memory and on its seconds of CPU.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from attack import LIMIT

from guard.facts.link import pure
from guard.facts.link.plain import MAX_TEXT, TooLarge

MEMORY = 2_000_000_000
"""Bytes of address space; a normal scan takes a tenth."""
BIG = 'BIG = "y" * 390_000\n'
LOADED = "import sys\n\nS = sys.argv[0]\n"


def scanned(folder: Path, setup: str, text: str) -> dict[str, object]:
    """The one request of a program whose prompt is `text`, an expression behind the statements of `setup`."""
    (folder / "app.py").write_text(
        f"import string\n\nfrom openai import OpenAI\n\n{setup}\n\ndef ask(question, unknown):\n"
        f"    messages = [{{'role': 'user', 'content': {text}}}]\n"
        "    return OpenAI().chat.completions.create(model='gpt-4o', messages=messages, max_tokens=100)\n"
    )
    limits = f"import resource as r; r.setrlimit(r.RLIMIT_AS, ({MEMORY},) * 2); r.setrlimit(r.RLIMIT_CPU, (60, 60))"
    call = "import sys; sys.argv = ['guard', 'cost', '--format', 'json']; from guard.__main__ import run; run()"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", f"{limits}; {call}"], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=LIMIT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    (request,) = json.loads(done.stdout)["requests"]
    return request  # type: ignore[no-any-return]


def doubled(start: str, step: str) -> str:
    return start + f"{step}\n" * 60


PROGRAMS = {
    "a text times a billion": ("", '"a" * 10**12'),
    "a format of 80,000 names that are missing": ("", '("%(x)s" * 80_000) % {}'),
    "a format of 80,000 names with something unknown": ("", '("%(x)s" * 80_000) % {"x": unknown}'),
    "a format of 80,000 fields of something unknown": ("", '("%s" * 80_000) % unknown'),
    "a format of 80,000 fields of a large text": (BIG, '("%(x)s" * 80_000) % {"x": BIG}'),
    "fields by order": ("", '("{}" * 80_000).format(unknown)'),
    "fields by name of a large text": (BIG, '("{x}" * 80_000).format(x=BIG)'),
    "a large text between unknown ones": (BIG, '("{x}{y}" * 40_000).format(x=BIG, y=unknown)'),
    "a large text joined by itself": (BIG, "BIG.join([BIG] * 900)"),
    "unknown texts joined by a large one": (BIG, "BIG.join([unknown] * 900)"),
    "a text that doubles": (doubled('S = "a"\n', "S = S + S"), "S"),
    "an unknown text that doubles": (doubled(LOADED, "S = S + S"), "S"),
    "an f-string that doubles": (doubled(LOADED, 'S = f"{S}{S}"'), "S"),
    "a format that doubles": (doubled(LOADED, 'S = "{0}{0}".format(S)'), "S"),
    "a percent format that doubles": (doubled(LOADED, 'S = "%s%s" % (S, S)'), "S"),
    "replacements that grow": ('S = "ab"\n' + 'S = S.replace("a", "ab" * 100).replace("b", "ba" * 100)\n' * 40, "S"),
    "a template of `string`": (BIG, 'string.Template("$x" * 80_000).substitute(x=BIG)'),
    "a loop that appends": ('S = ""\nfor i in range(10**9):\n    S += "abc" * 1000\n', "S"),
    "a width in braces": ("", '"{:>999999999999}".format("a")'),
    "a width of an f-string": ("", 'f"{question:>999999999999}"'),
    "a width that is a value": ("", 'f"{question:>{10**9}}"'),
    "a width of a percent format": ("", '"%999999999999s" % question'),
    "a list that doubles": (doubled("L = [1]\n", "L = [L, L]"), "str(L)"),
    "a comprehension of a thousand squared": ("R = range(1000)\n", '"".join(str(i + j) for i in R for j in R)'),
    "a power of powers": ("", "str(10 ** 10 ** 10)"),
    "a number rounded to a billion digits": ("", "str(round(12, -10**9))"),
    "a shifted number": ("", "hex(1 << 10**12)"),
    "leading zeros": ("", '"a".zfill(10**12)'),
}


@pytest.mark.skipif(sys.platform != "linux", reason="limits on memory are those of Linux")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_text_that_grows_without_end_is_open(tmp_path: Path, name: str) -> None:
    request = scanned(tmp_path, *PROGRAMS[name])
    (site,) = request["sites"]  # type: ignore[misc]
    assert site["path"] == "app.py"
    assert len(json.dumps(request)) < 3_000_000


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (pure.percent, ("%(x)s" * 80_000, {"x": "y" * MAX_TEXT})),
        (pure.percent, ("%(a(b))s" * 80_000, {"a(b)": "y" * MAX_TEXT})),
        (pure.percent, ("%s%s", ("y" * MAX_TEXT, "y"))),
        (pure.percent, ("%r", ["\0" * MAX_TEXT] * 100)),
        (pure.format_method, ("{0}" * 80_000, "y" * MAX_TEXT)),
        (pure.format_method, ("{}{}", "y" * MAX_TEXT, "y")),
        (pure.format_method, ("{0[0]}" * 80_000, ["y" * MAX_TEXT])),
        (pure.format_method, ("{0!r}" * 80_000, "\0" * MAX_TEXT)),
        (pure.formatted, (["\0" * MAX_TEXT] * 100, "r", "")),
        (pure.text_method("expandtabs", ("tabsize",)), ("\t" * 200_000, 100_000)),
        (pure.BUILTINS["builtins.repr"], (["\0" * MAX_TEXT] * 1_000,)),
        (pure.BUILTINS["builtins.round"], (12, -(10**9))),
        (pure.BUILTINS["builtins.sum"], ([["a"] * 1_000] * 1_000, [])),
    ],
)
def test_what_would_be_too_large_is_not_made(make: pure.Function, arguments: tuple[object, ...]) -> None:
    with pytest.raises(TooLarge):
        make(*arguments)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (pure.percent("%s, %d%%", ("y", 5)), "y, 5%"),
        (pure.percent("%(x)s %(x)r", {"x": "y"}), "y 'y'"),
        (pure.percent("%(a(b))s", {"a(b)": "y"}), "y"),
        (pure.percent("%s", {"a": 1}), "{'a': 1}"),
        (pure.format_method("{0} {x} {1[0]}", "a", ["b"], x="c"), "a c b"),
        (pure.format_method("{:>{}}", "a", 3), "  a"),
        (pure.percent("%(x)s" * 20, {"x": "y" * 19_000, "z": "y" * 300_000}), "y" * 380_000),
        (pure.BUILTINS["builtins.sum"]([[1], [2]], []), [1, 2]),
        (pure.BUILTINS["builtins.round"](1234, -2), 1200),
    ],
)
def test_what_is_not_too_large_is_made(made: object, expected: object) -> None:
    assert made == expected
