"""Programs made to hurt: values that double, numbers without end, circles, thousands of everything.

A scan of each ends, finds the call, and never says a value that it did not follow.

Each runs within `LIMIT` seconds of CPU (a normal one takes far less than one), so that a hang is a failure.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType

import pytest
from report_schema import assert_valid

from guard.config.types import Config
from guard.model import Report
from guard.report.json import render
from guard.run import scan

LIMIT = 60
HEAD = "import os\nfrom openai import OpenAI\n\nclient = OpenAI()\n"


def send(model: str = "'gpt-4o'", limit: str = "1", content: str = "'Hi'") -> str:
    """A call that sends."""
    messages = f'[{{"role": "user", "content": {content}}}]'
    return f"client.chat.completions.create(model={model}, max_tokens={limit}, messages={messages})\n"


def doubled(start: str, step: str, times: int = 60) -> str:
    """`x60`, each made of the one before (`X` in `step`)."""
    lines = "".join(f"x{i + 1} = {step.replace('X', f'x{i}')}\n" for i in range(times))
    return f"x0 = {start}\n{lines}"


class Hanging(BaseException):
    """Not an `Exception`, so that nothing on the way takes it for a failure of its own."""


@contextmanager
def limited() -> Iterator[None]:
    """Ends what runs for longer than the limit, where the system can."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hanging(f"more than {LIMIT} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def scanned(folder: Path, files: dict[str, str | bytes]) -> Report:
    """The report of a tree; its JSON fits the schema."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    with limited():
        report = scan(folder, Config(), today=date(2026, 6, 1))
        assert_valid(render(report))
    return report


TOO_LARGE = {
    "a power of a power": "x = 10**10**10\n" + send("str(x)", "x"),
    "a text repeated": 'x = "a" * 10**9\n' + send("x", "10**400 - 10**400 + len(x)"),
    "a list repeated": 'x = ["a"] * 10**9\n' + send("x[0]", "len(x)"),
    "padding": 'x = "a".ljust(10**10) + "b".zfill(10**10) + "c".center(10**9)\n' + send("x", "len(x)"),
    "wide formats": 'x = f"{1:1000000000}" + "{:999999999}".format(2) + "%999999999d" % 3\n' + send("x", "len(x)"),
    "a width that is a value": 'x = "{:{w}}".format(1, w=10**9) + "%*d" % (10**9, 1)\n' + send("x", "len(x)"),
    "precision": 'x = f"{1.5:.999999999f}" + "%.999999999f" % 1.5\n' + send("x", "len(x)"),
    "replacing doubles": doubled('"a"', 'X.replace("a", "aa")') + send("x60", "len(x60)"),
    "replacing nothing": 'x = "ab" * 1000\ny = x.replace("", x).replace("", x)\n' + send("y", "len(y)"),
    "adding doubles": doubled('"a"', "X + X") + send("x60", "len(x60)", "x60"),
    "formatting doubles": doubled('"a"', 'f"{X}{X}"') + send("x60", "len(x60)", "x60"),
    "formatting a hole doubles": doubled("os.getcwd()", 'f"{X}{X}"') + send("x60", "len(x60)", "x60"),
    "joining doubles": doubled('"a"', '"-".join([X, X])') + send("x60", "len(x60)", "x60"),
    "a list doubles": doubled('["a"]', "X + X") + send("x60[0]", "len(x60)"),
    "a spread list doubles": doubled('["a"]', "[*X, *X]") + send("x60[0]", "len(x60)"),
    "lists in lists": doubled('["a"]', "[X, X]") + send("str(x60)", "len(str(x60))", "x60"),
    "text of lists in lists": doubled('"a"', "str([X, X])") + send("x60", "len(x60)", "x60"),
    "a dict doubles": doubled('{"b": 1}', '{**X, **X, "a": X}') + send("str(x60)", "len(str(x60))"),
    "numbers square": doubled("3", "X * X") + send("str(x60)", "x60"),
    "numbers shift": doubled("3", "X << X") + send("str(x60)", "x60"),
    "comprehensions multiply": doubled('["a", "b"]', "[a + b for a in X for b in X]", 30) + send("x30[0]", "len(x30)"),
    "functions call twice": "def f0():\n    return 'a'\n"
    + "".join(f"def f{i + 1}():\n    return f{i}() + f{i}()\n" for i in range(40))
    + send("f40()", "len(f40())"),
    "a hexadecimal number of many digits": f"x = 0x{'f' * 20_000}\n" + send("str(x)", "x"),
    "numbers added without end": "n = 0\nwhile n < 10**9:\n    n += 1\n" + send("str(n)", "n"),
    "loops in loops": "n = 0\n"
    + "".join("    " * i + f"for i{i} in range(20):\n" for i in range(15))
    + "    " * 15
    + "n += 1\n"
    + send("str(n)", "n"),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_value_that_is_too_large_is_open(name: str, tmp_path: Path) -> None:
    report = scanned(tmp_path, {"app.py": HEAD + TOO_LARGE[name]})
    (request,) = [priced.request for priced in report.requests]
    assert request.model.open and request.max_output.open
    assert request.model.why and request.max_output.why
    assert sum(len(s.text or "") for m in request.prompt.messages for s in m.segments) <= 500_000


CIRCLES = {
    "values": "x = x\ny = z\nz = y\n" + send("x", "y", "z"),
    "containers": "d = {}\nd['a'] = d\nl = []\nl.append(l)\nl.extend(l)\nd.update(d)\n"
    + send("d['a']['a']", "l[0]", "l"),
    "classes": "class B(C):\n    m = C().m\nclass C(B):\n    m = B().m\n" + send("C().m", "B.m"),
    "a class of itself": "class A(A):\n    pass\n" + send("A.m", "A().m"),
    "functions": "def f(n):\n    return g(n - 1) + h(n)\ndef g(n):\n    return f(n) + h(n)\n"
    + "def h(n):\n    return f(g(n))\n"
    + send("f(10)", "g(3)"),
    "a function and its default": "def f(a=lambda: f()):\n    return a()\n" + send("f()", "f(f)"),
    "properties": "class A:\n    @property\n    def m(self):\n        return self.n\n    @property\n    def n(self):\n"
    "        return self.m\n" + send("A().m", "A().n"),
    "what sends": "def f(m):\n    return g(m)\ndef g(m):\n    f(m)\n    return " + send("m") + "f('a')\n",
    "a loop and a function": "x = 'a'\ndef f():\n    return x + g()\ndef g():\n    return f() + x\n"
    "for i in [1, 2]:\n    x += f()\n" + send("x", "len(x)"),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_circles_end(name: str, tmp_path: Path) -> None:
    report = scanned(tmp_path, {"app.py": HEAD + CIRCLES[name]})
    assert report.requests and not report.problems


def test_modules_in_a_circle(tmp_path: Path) -> None:
    a = f"from b import model, limit\nimport b\n{HEAD}name = b.name\n{send('model', 'limit')}"
    b = "from a import name\nfrom c import *\nmodel = name\nimport a\nlimit = a.limit\n"
    report = scanned(tmp_path, {"a.py": a, "b.py": b, "c.py": "from b import *\nfrom c import *\n"})
    (request,) = [priced.request for priced in report.requests]
    assert request.model.open and request.max_output.open


MANY = {
    "sends": ("".join(send("'gpt-4o'", str(i + 1)) for i in range(1000)), 1000),
    "assignments": ("".join(f"v{i} = {i}\n" for i in range(20_000)) + send("'gpt-4o'", "v7"), 1),
    "callers": ("def f(a):\n    " + send("a") + "".join(f"f('m{i}')\n" for i in range(10_000)), 65),
    "keys": ("d = {" + "".join(f"'k{i}': {i},\n" for i in range(20_000)) + "}\n" + send("'gpt-4o'", "d['k5']"), 1),
    "arms": (
        "def f(k):\n"
        + "".join(f"    {'elif' if i else 'if'} k == {i}:\n        m = 'm{i}'\n" for i in range(500))
        + "    else:\n        m = 'z'\n    "
        + send("m"),
        1,
    ),
    "conditions": ("x = 1\n" + "".join(f"if os.environ.get('K{i}'):\n    x += {i}\n" for i in range(300)) + send(), 1),
    "names of one list": (
        "x0 = []\n" + "".join(f"x{i + 1} = x{i}\nx{i}.append('m')\n" for i in range(500)) + send("x9[0]"),
        1,
    ),
    "decorators": ("".join("@d\n" for _ in range(500)) + "def f(a):\n    " + send("a") + "f('x')\n", 1),
    "functions that change a name": (
        "x = 'a'\n" + "".join(f"def f{i}():\n    global x\n    x = x + 'b'\n" for i in range(300)) + send("x"),
        1,
    ),
    "a function that changes its argument": (
        "def g(d):\n    d['a'] = 'b'\nd = {}\n" + "g(d)\n" * 1000 + send("d['a']"),
        1,
    ),
    "brackets in one line": ("x = '" + "x[" * 200_000 + "'\n" + send("x[:3]"), 1),
    "a long name": (f"{'a' * 100_000} = 'gpt-4o'\n" + send("a" * 100_000), 1),
    "a long text": ("d = '''" + "a b c d e f " * 100_000 + "'''\n" + send(content="d * 3"), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", MANY)
def test_thousands_of_one_thing(name: str, tmp_path: Path) -> None:
    text, number = MANY[name]
    report = scanned(tmp_path, {"app.py": HEAD + text, "other.py": "from app import x\nx['a'] = 1\nx.append(2)\n"})
    assert len(report.requests) == number and not report.problems


@pytest.mark.parametrize("depth", [50, 150, 290])
@pytest.mark.parametrize(
    ("opening", "middle", "closing"),
    [
        ("('gpt-4o' if os.a else ", "'gpt-4o'", ")"),
        ("not ", "os", ""),
        ("[", "1", "]"),
        ("f(", "'gpt-4o'", ")"),
        ("{'a': ", "1", "}"),
        ("(lambda: ", "'gpt-4o'", ")()"),
        ("-", "3", ""),
        ("'' or ", "'gpt-4o'", ""),
        ("(x := ", "'gpt-4o'", ")"),
        ("[y for y in ", "'ab'", "]"),
    ],
)
def test_what_nests_deeply_is_found_or_told(
    depth: int, opening: str, middle: str, closing: str, tmp_path: Path
) -> None:
    """Python itself refuses more than some hundred brackets; what it reads, guard reads or names as a problem."""
    text = HEAD + f"def f(a):\n    return a\nx = {opening * depth}{middle}{closing * depth}\n" + send("x", "x", "x")
    report = scanned(tmp_path, {"app.py": text})
    assert len(report.requests) + len(report.problems) == 1


def test_what_cannot_be_written_as_text(tmp_path: Path) -> None:
    """Halves of characters, control characters, and numbers that JSON does not know."""
    text = (
        HEAD
        + "x = '\\ud800'\n"
        + send("x", content="x")
        + send("'\\x00\\x1b[31m'", content="'\\x00'")
        + "y = 1e999\n"
        + "client.chat.completions.create(model=str(y), max_tokens=y, n=-y + y, tools=[{'a': y}], temperature=y)\n"
    )
    report = scanned(tmp_path, {"app.py": text})
    assert len(report.requests) == 3
    json.loads(render(report), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


@pytest.mark.parametrize(
    "cell",
    [
        '{"cell_type": "code", "source": 3}',
        '{"cell_type": "code"}',
        '{"cell_type": 7, "source": "x"}',
        '{"source": ["a", 1]}',
        '"text"',
        "null",
        '{"cell_type": "code", "metadata": [], "source": "import openai\\n%%bad\\n!ls"}',
    ],
)
@pytest.mark.parametrize("metadata", ["null", "[]", '{"kernelspec": 5}', '{"language_info": {"name": 4}}'])
def test_notebooks_with_broken_metadata(cell: str, metadata: str, tmp_path: Path) -> None:
    good = json.dumps({"cell_type": "code", "metadata": {}, "source": HEAD + send()})
    notebook = f'{{"metadata": {metadata}, "nbformat": "x", "cells": [{cell}, {good}]}}'
    report = scanned(tmp_path, {"a.ipynb": notebook, "app.py": HEAD + send()})
    assert [p.request.sites[-1].span.path for p in report.requests][-1] == "app.py"
    assert len(report.requests) == 2 or report.problems


def test_modules_that_are_called_like_an_sdk(tmp_path: Path) -> None:
    """`openai.py` of the repository is not the SDK; what it sends itself is found."""
    own = "class OpenAI:\n    def __init__(self):\n        self.chat = self\n\n"
    own += "    def create(self, model):\n        return model\n"
    files: dict[str, str | bytes] = {
        "openai.py": own,
        "app.py": "from openai import OpenAI\nOpenAI().chat.create(model='gpt-4o')\n",
        "pkg/anthropic/__init__.py": "",
        "pkg/anthropic/real.py": "import litellm\nlitellm.completion(model='gpt-4o', messages=[])\n",
        "pkg/litellm.py": "from litellm import *\nimport litellm\n",
    }
    report = scanned(tmp_path, files)
    assert not report.problems
    assert {p.request.sites[-1].span.path for p in report.requests} <= {"pkg/anthropic/real.py"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("latin.py", b"x = '\xe9'\n"),
        ("null.py", b"x = '\0'\n"),
        ("half.py", b"def f(:\n"),
        ("utf16.py", "x = 1\n".encode("utf-16")),
        ("cookie.py", b"# coding: no-such-thing\nx = 1\n"),
        ("indent.py", b"if 1:\n        x = 1\n    y = 2\n"),
        ("deep.py", b"x = " + b"(" * 3000 + b")" * 3000),
    ],
)
def test_a_broken_file_beside_takes_nothing_away(name: str, content: bytes, tmp_path: Path) -> None:
    """A module that cannot be read is a problem; who imports it is read, with what it gives open."""
    stem = name.removesuffix(".py")
    text = HEAD + f"from {stem} import model\nimport {stem}\n" + send("model", f"{stem}.limit")
    report = scanned(tmp_path, {"app.py": text, name: content + b"\nimport openai\n"})
    (request,) = [priced.request for priced in report.requests]
    assert request.model.open and request.max_output.open
    assert [problem.path for problem in report.problems] == [name]
