"""Small files that ask for endless work: aliases, nesting, notebooks, environments, branches, circles of modules and classes.

Each run is a process with a limit on its memory; each still finds the good call beside the bomb.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from attack import CALL, LIMIT

MEMORY = 2_500_000_000
"""Bytes of address space; a normal scan takes a tenth."""
ALIASES = "a0: &a0 [lol, lol]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
HEAD = "from openai import OpenAI\n\n"
SEND = "OpenAI().chat.completions.create(model={model}, messages=[], max_tokens=9)\n"


def scanned(folder: Path, *arguments: str) -> dict[str, object]:
    """The report of a run that must go well and find the call in `good.py`."""
    (folder / "good.py").write_text(CALL)
    limits = f"import resource as r; r.setrlimit(r.RLIMIT_AS, ({MEMORY},) * 2); r.setrlimit(r.RLIMIT_CPU, (90, 90))"
    words = ["guard", *(arguments or ("cost", "--format", "json"))]
    call = f"import sys; sys.argv = {words!r}; from guard.__main__ import run; run()"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", f"{limits}; {call}"], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=LIMIT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-2_000:]
    report = json.loads(done.stdout)
    assert "good.py" in {site["path"] for one in report["requests"] for site in one["sites"]}
    return report  # type: ignore[no-any-return]


def cell(source: str, outputs: object = ()) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "outputs": outputs, "metadata": {}, "execution_count": 1}


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


FILES = {
    "aliases of YAML": {"compose.yaml": ALIASES, "app.yaml": f"model: gpt-4o\n{ALIASES}"},
    "merges of YAML": {
        "app.yaml": "a0: &a0 {model: gpt-4o}\n"
        + "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 20))
    },
    "an alias of itself": {"app.yaml": "model: &m {model: *m}\n"},
    "deep YAML": {"app.yaml": "model: " + "[" * 50_000, "b.yaml": "".join(" " * i + "a:\n" for i in range(2_000))},
    "deep JSON": {"models.json": '{"model":' * 100_000 + "1" + "}" * 100_000, "b.json": "[" * 1_000_000},
    "deep TOML": {"pyproject.toml": "a = " + "[" * 50_000 + "]" * 50_000, "b.toml": "[" + "a." * 50_000 + "b]\nc = 1\n"},
    "many keys of TOML": {"config.toml": "".join(f"[{'a.' * 50}b{i}]\nmodel = 'gpt-4o'\n" for i in range(3_000))},
    "a large environment": {".env": "MODEL=gpt-4o\n" * 200_000, "b/.env": "A=${A}${A}\n" * 1_000 + "B=" + "x" * 4_000_000},
    "an environment of itself": {".env": "".join(f"V{i}=${{V{i + 1}}}${{V{i + 1}}}\n" for i in range(60)) + "V60=$V0\n"},
    "a notebook with large outputs": {
        "a.ipynb": notebook(cell(HEAD + SEND.format(model="'gpt-4o'"), [{"data": {"image/png": "A" * 20_000_000}}]))
    },
    "a notebook of many cells": {"a.ipynb": notebook(*[cell("import openai\nx = 1\n")] * 20_000)},
    "a deep notebook": {"a.ipynb": '{"cells": [' + '{"a":' * 50_000 + "1" + "}" * 50_000 + '], "openai": 1}'},
    "a notebook of nulls": {"a.ipynb": '{"cells": [null, 1, [], {"cell_type": "code", "source": {"openai": []}}]}'},
    "modules that import each other": {
        f"m{i}.py": f"from m{(i + 1) % 60} import *\nfrom m{(i + 7) % 60} import MODEL\n{HEAD}{SEND.format(model='MODEL')}"
        for i in range(60)
    },
    "packages that import themselves": {
        "p/__init__.py": "from p import *\nfrom p.p import p\nfrom . import p\n",
        "p/p.py": f"from p import p\nfrom p.p import p as q\n{HEAD}{SEND.format(model='p.q.p')}",
    },
    "classes that inherit from themselves": {
        "c.py": HEAD
        + "class A(B):\n    pass\n\n\nclass B(C, A):\n    pass\n\n\nclass C(A, B):\n    model = A.model\n\n"
        + "    def ask(self):\n        "
        + SEND.format(model="self.model")
        + "\nC().ask()\n"
    },
    "a ladder of diamonds": {
        "c.py": HEAD + "class A0:\n    pass\n\n"
        + "".join(f"class B{i}(A{i}):\n    pass\nclass C{i}(A{i}):\n    pass\nclass A{i + 1}(B{i}, C{i}):\n    pass\n" for i in range(60))
        + "def ask():\n    " + SEND.format(model="A60().model")
    },
    "branches upon branches": {
        "b.py": HEAD + "import sys\nm = 'a'\n" + "".join(f"if sys.argv[{i}]:\n    m = m + 'x{i}'\nelse:\n    m = m + 'y'\n" for i in range(400))
        + SEND.format(model="m")
    },
    "branches in one another": {
        "b.py": HEAD + "def f(x):\n    m = 'a'\n"
        + "".join("    " * (i + 1) + f"if x[{i}]:\n" + "    " * (i + 2) + f"m = 'm{i}'\n" for i in range(90))
        + "    " + SEND.format(model="m")
    },
    "an if with thousands of arms": {
        "b.py": HEAD + "def f(x):\n    if x == 0:\n        m = 'a'\n"
        + "".join(f"    elif x == {i}:\n        m = 'm{i}'\n" for i in range(1, 500))
        + "    " + SEND.format(model="m")
    },
    "a tree of calls": {
        "f.py": HEAD + "".join(f"def f{i}(m):\n    f{i + 1}(m + 'a')\n    f{i + 1}(m + 'b')\n\n\n" for i in range(40))
        + "def f40(m):\n    " + SEND.format(model="m") + "\n\nf0('')\n"
    },
    "functions that call each other": {
        "f.py": HEAD + "def a(m):\n    return b(m + 'x')\n\n\ndef b(m):\n    a(m)\n    b(m)\n    " + SEND.format(model="a(b(m))")
        + "\n\na('m')\n"
    },
    "templates that loop": {
        "t.j2": "{% for a in range(10**12) %}{% for b in range(10**12) %}{{ a * b }}{% endfor %}{% endfor %}"
        "{{ ''.__class__.__mro__[1].__subclasses__() }}{% include 't.j2' %}{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "t.py": HEAD + "import jinja2\n\nTEMPLATE = jinja2.Environment(loader=jinja2.FileSystemLoader('.')).get_template('t.j2')"
        "\nTEXT = jinja2.Template(open('t.j2').read()).render()\n"
        + SEND.format(model="'gpt-4o'").replace("messages=[]", "messages=[{'role': 'user', 'content': TEMPLATE.render() + TEXT}]"),
    },
    "a template of 100,000 braces": {
        "t.j2": "{{ a }}{% if b %}" * 50_000 + "{{" * 50_000,
        "t.py": HEAD + "import jinja2\n" + SEND.format(model="'gpt-4o'").replace(
            "messages=[]", "messages=[{'role': 'user', 'content': jinja2.Template(open('t.j2').read()).render(a=1)}]"
        ),
    },
    "a line of four megabytes": {"l.py": HEAD + "x = '" + "a" * 4_000_000 + "'\n" + SEND.format(model="x")},
    "comments of guard without end": {"c.py": HEAD + "# guard: ignore " + "x" * 100_000 + "\n" + "# guard: assume\n" * 50_000},
    "ignore files without end": {".gitignore": "*a*b*c*d*e*f*g*h*i*\n" * 20_000, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab.py": ""},
    "numbers without end": {"n.py": HEAD + f"x = {'9' * 4_000}\n" + "y = 10 ** 10 ** 10\nz = 1 << 10 ** 9\n" + SEND.format(model="str(x + y + z)")},
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="limits on memory are those of Linux")
@pytest.mark.parametrize("name", FILES)
def test_a_bomb_is_read_within_bounds(tmp_path: Path, name: str) -> None:
    for path, text in FILES[name].items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    scanned(tmp_path)


def test_a_template_runs_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    attack = "{{ cycler.__init__.__globals__.os.popen('touch ran').read() }}{{ x.__class__.__mro__ }}"
    (tmp_path / "t.j2").write_text(attack)
    (tmp_path / "t.py").write_text(
        f"import os\nimport jinja2\n{HEAD}os.system('touch ran')\nTEXT = jinja2.Template(open('t.j2').read()).render(x=1)\n"
        + SEND.format(model="'gpt-4o'").replace("messages=[]", "messages=[{'role': 'user', 'content': TEXT}]")
    )
    (tmp_path / "setup.py").write_text("open('ran', 'w')\nimport openai\n")
    (tmp_path / "sitecustomize.py").write_text("open('ran', 'w')\n")
    (tmp_path / "openai.py").write_text("open('ran', 'w')\n")
    (tmp_path / "yaml.py").write_text("open('ran', 'w')\n")
    scanned(tmp_path)
    assert not mark.exists()
