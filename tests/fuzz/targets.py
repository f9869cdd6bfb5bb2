"""What is fuzzed: by name, a function that takes any bytes and must return, and small inputs to begin with.

A target raises only where guard is wrong. What guard may say of bad input (a `Problem`, an error type of its own) is
taken as an answer. Neighbours: `fuzz` feeds them, `test_kept` replays what once found something.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

HEAD = b"from openai import OpenAI\nclient = OpenAI()\n"
SEND = HEAD + b'x = {"a": ["gpt-4o"]}\nclient.chat.completions.create(model=x["a"][0], max_tokens=1)\n'
NOTEBOOK = json.dumps(
    {"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "metadata": {}, "source": ["%pip x\n", "y = 1"]}]}
).encode()
CONFIG = b"""version: 1
extends: [guard:recommended]
usage:
  default: {hole_tokens: 400, output_share: 50%}
  rules: [{paths: ["src/**"], runs_per_month: 2_000_000}]
budgets: [{name: a, per_call: 0.05 USD, compare: high, enforce: block}]
policies: [{id: p, deny: "request.attempts.high > 3 && request.usd.high > 0.50", on_unknown: warn}]
exceptions: [{policy: p, paths: ["a/**"], reason: r, owner: "@a", until: 2027-01-31}]
"""
JINJA = (
    b"{% macro m(a, b=1) %}{{ a|upper }}{% endmacro %}{% for x in y %}{{ loop.index }}{{ m(x) }}{% else %}z{% endfor %}"
)
TREE = b"100644 blob 1111111111111111111111111111111111111111\ta/b.py\x00120000 blob 2222\tc\x00"
DAY = date(2026, 6, 1)


class Target(NamedTuple):
    """One way into guard."""

    run: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def python(data: bytes) -> None:
    """Source text to syntax to facts."""
    from guard.facts.collect import collect
    from guard.parse.python import PythonSyntax, parse_python

    found = parse_python("a.py", data)
    if isinstance(found, PythonSyntax):
        with contextlib.suppress(RecursionError):  # `Project` makes a problem of it
            collect("a.py", found)


def notebook(data: bytes) -> None:
    """A notebook to facts."""
    from guard.facts.collect import collect
    from guard.parse.notebook import parse_notebook

    found, _ = parse_notebook("a.ipynb", data)
    if found is not None:
        with contextlib.suppress(RecursionError):
            collect("a.ipynb", found)


def data_file(kind: str) -> Callable[[bytes], None]:
    """A format of data files; what it made can be turned into plain values."""

    def run(data: bytes) -> None:
        from guard.model import Problem
        from guard.parse import data as formats

        found = getattr(formats, f"parse_{kind}")(f"a.{kind}", data)
        if not isinstance(found, Problem):
            for document in found.documents:
                formats.plain(document)

    return run


def template(data: bytes) -> None:
    """A text as each kind of template."""
    from guard.parse.template_jinja import parse_jinja
    from guard.parse.template_mustache import parse_mustache
    from guard.parse.template_nodes import NotATemplate, TooLarge
    from guard.parse.template_places import parse_dollar, parse_format

    text = data.decode("utf-8", "replace")
    for parse in (parse_jinja, parse_mustache, lambda t: parse_mustache(t, True), parse_format, parse_dollar):
        with contextlib.suppress(NotATemplate, TooLarge):
            parse(text)


def config(data: bytes) -> None:
    """`guard.yaml`, and the same bytes as `pyproject.toml`."""
    from guard.config.issues import ConfigError
    from guard.config.load import load

    with tempfile.TemporaryDirectory(prefix="guard-fuzz-") as name:
        for file in (Path(name, "guard.yaml"), Path(name, "pyproject.toml")):
            file.write_bytes(data)
            with contextlib.suppress(ConfigError):
                load(Path(name), file)


def condition(data: bytes) -> None:
    """A condition's text, parsed, and as a pattern that is held against a text."""
    from guard.policy.expr import pattern
    from guard.policy.expr.errors import ExpressionError
    from guard.policy.expr.parser import parse

    text = data.decode("utf-8", "replace")
    with contextlib.suppress(ExpressionError):
        parse(text)
    with contextlib.suppress(ExpressionError):
        pattern.compile(text)


def cache_file(data: bytes) -> None:
    """A store with any bytes in the middle of its file: it gives out what was put in or nothing, and takes new rows."""
    from guard.cache.store import NAME, Store

    with tempfile.TemporaryDirectory(prefix="guard-fuzz-") as name:
        file = Path(name, NAME)
        good = _good_store()
        at = int.from_bytes(data[:2], "big") % len(good)
        file.write_bytes(good[:at] + data[2:] + good[at + len(data[2:]) :] if data[:1] != b"\xff" else data)
        file.chmod(0o600)
        store = Store(Path(name))
        for number in range(20):
            found = store.get("link", Store.key("link", str(number)))
            if found not in (None, b"value %d" % number * 40):
                raise AssertionError(f"the store gave out {found!r}")
        key = Store.key("link", "new")
        store.put("link", key, b"new")
        store.close()


@cache
def _good_store() -> bytes:
    from guard.cache.store import NAME, Store

    with tempfile.TemporaryDirectory(prefix="guard-fuzz-") as name:
        store = Store(Path(name))
        for number in range(20):
            store.put("link", Store.key("link", str(number)), b"value %d" % number * 40)
        store.close()
        return Path(name, NAME).read_bytes()


def git_answers(data: bytes) -> None:
    """What git lists of a tree, an index, and contents."""
    from guard.sources.entries import TooManyFiles, of_index, of_tree

    for read in (of_tree, of_index):
        with contextlib.suppress(TooManyFiles):
            found = read(data)
            for path in found.files:
                if path.startswith("/") or {"..", ".git", "", "."} & set(path.lower().split("/")):
                    raise AssertionError(f"{path!r} is no path of a tree")


def saved_report(data: bytes) -> None:
    """A file that is given as `--baseline`."""
    from guard.use.diff import saved

    with tempfile.TemporaryDirectory(prefix="guard-fuzz-") as name:
        file = Path(name, "a.json")
        file.write_bytes(data)
        with contextlib.suppress(saved.SavedError):
            saved._read(saved._data(file), file)


@cache
def _report() -> bytes:
    from guard.config.types import Config
    from guard.report.json import render
    from guard.run import scan

    with tempfile.TemporaryDirectory(prefix="guard-fuzz-") as name:
        Path(name, "a.py").write_bytes(SEND)
        return render(scan(Path(name), Config(), today=DAY)).encode()


def repository(data: bytes) -> None:
    """A whole scan of a program with a data file and a template beside it, split at NUL; all reports of it."""
    from guard.config.types import Config
    from guard.report.json import render
    from guard.run import scan

    folder = Path(tempfile.mkdtemp(prefix="guard-fuzz-"))
    try:
        for number, part in enumerate(data.split(b"\x00", 5)):
            named = ("a.py", "b.yaml", "c.j2", "d.json", ".env", "e.ipynb")[number]
            (folder / named).write_bytes(part if number else HEAD + part)
        json.loads(render(scan(folder, Config(), today=DAY)))
    finally:
        shutil.rmtree(folder)


PROGRAM = (
    b"import yaml, jinja2, os, json\nc = yaml.safe_load(open('b.yaml'))\nd = json.load(open('d.json'))\n"
    b"t = jinja2.Template(open('c.j2').read()).render(a=[1, 2], b=os.getenv('B', 'c'))\n"
    b"for m in c['models']:\n    client.chat.completions.create(model=m, max_tokens=d['n'], messages=[{'role': 'user', "
    b"'content': t + f'{m:>10}' + '%s %d' % (m, 3) + '{0!r:^5}'.format(m)}])\n"
    b"\x00models: [gpt-4o, gpt-4o-mini]\n\x00{% for x in a %}{{ x }} {{ b }}{% endfor %}\x00{\"n\": 3}\x00B=c\n"
)  # fmt: skip


def targets() -> dict[str, Target]:
    """All targets by name; made when asked, since some seeds need guard to run."""
    return {
        "python": Target(python, (SEND, b"def f(a, *b, c=1, **d):\n    return [x async for x in y if (z := x)]\n")),
        "notebook": Target(notebook, (NOTEBOOK,)),
        "yaml": Target(data_file("yaml"), (CONFIG, b"a: &x [1, 2]\nb: *x\n<<: {c: !!int '3'}\n--- |\n t\n...\n")),
        "json": Target(data_file("json"), (b'{"a": [1, -2.5e3, "\\u00e9\\ud83d\\ude00", null, true]}',)),
        "toml": Target(data_file("toml"), (b'[a."b c"]\nd = [1, 2.5, """x\n"""]\n[[e]]\nf = {g = 1979-05-27}\n',)),
        "ini": Target(data_file("ini"), (b"[a]\nb = 1\n c\n[DEFAULT]\nd: %(b)s\n; e\n",)),
        "env": Target(data_file("env"), (b"export A='x'\nB=\"a\\nb\" # c\nC=${A}\n",)),
        "template": Target(template, (JINJA, b"{{#a}}{{>b}}{{^c}}{{{d}}}{{/c}}{{/a}} {x[0].y!r:>{w}} $a ${b}")),
        "config": Target(
            config, (CONFIG, b"[tool.guard]\nversion = 1\nbudgets = [{name = 'a', per_call = '1 USD'}]\n")
        ),
        "condition": Target(condition, (b"request.usd.high > 0.5 && !(model in ['a', \"b\"])", b"^(a|b)*[^c-d]{2,3}$")),
        "cache": Target(cache_file, (b"\x00\x10abc", b"\x00\x00" + b"\x00" * 40)),
        "git": Target(git_answers, (TREE, b"100644 1111 0\ta\x00100755 2222 2\tb/../c\x00")),
        "report": Target(saved_report, (_report(),)),
        "repository": Target(repository, (PROGRAM, SEND)),
    }
