"""`guard init`: a guard.yaml that says what is, blocks nothing, and is never written twice."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guard.cli import main
from guard.config.load import load
from guard.model import Priced
from guard.policy.examples import estimate, known, priced, span
from guard.policy.examples import request as example_request
from guard.run import scan
from guard.use.init import draft, guessed

PROJECTS = Path(__file__).parent / "projects"
CODE = """\
from openai import OpenAI

client = OpenAI(max_retries=1)


def {name}(question):
    messages = [{{"role": "user", "content": question}}]
    return client.chat.completions.create(model="{model}", messages=messages, max_tokens=200)
"""
EXPECTED = """\
# Written by `guard init` from what it found: 2 requests to models, 2 with a price. Every line is a
# proposal; nothing here blocks. `guard check` shows what it says, and `enforce: block` behind a
# policy or budget makes it fail the build.

version: 1

# Policies that warn. There are guard:strict, guard:finops and guard:reliability, too; `guard policy
# list` shows what holds.
extends: [guard:recommended]

# How often code runs cannot be read from it. With these figures a month has a price, too:
# usage:
#   rules:
#     - {entry: "src/search/rank.py::rank", runs_per_month: 1000}   # one run costs $0.0020 typical
#     - {entry: "src/chat/ask.py::ask", runs_per_month: 1000}   # one run costs $0.00012 typical

# Parts of the product, guessed from the folders: spend is told for each. Give each an owner.
features:
  chat: {paths: ["src/chat/**"]}
  search: {paths: ["src/search/**"]}

# Today's figures with a fifth of headroom: what gets dearer than that is told.
budgets:
  # The dearest call costs $0.0020 typical (src/search/rank.py:8).
  - {name: one call, per_call: 0.0025 USD, on_unknown: pass}
  # The dearest run costs $0.0020 typical (src/search/rank.py::rank).
  - {name: one run, per_run: 0.0025 USD, on_unknown: pass}

# The models in use today. Another one is told until it stands here; globs such as gpt-4o* work.
policies:
  - id: approved-models
    check: model-allowed
    on_unknown: pass
    params:
      allow:
        - "gpt-4o"   # 1 request
        - "gpt-4o-mini"   # 1 request
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, name, model in (("src/chat/ask.py", "ask", "gpt-4o-mini"), ("src/search/rank.py", "rank", "gpt-4o")):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(CODE.format(name=name, model=model))
    return tmp_path


def test_a_first_configuration_is_written_with_a_remark_for_each_part(project: Path) -> None:
    done = run("init", project)
    assert (done.exit_code, done.output) == (0, f"wrote {project / 'guard.yaml'}; next: guard check\n")
    assert (project / "guard.yaml").read_text() == EXPECTED


def test_running_it_twice_changes_nothing(project: Path) -> None:
    run("init", project)
    before = (project / "guard.yaml").read_bytes()
    done = run("init", project)
    assert (done.exit_code, done.output) == (0, "guard.yaml holds here already; nothing was changed\n")
    assert (project / "guard.yaml").read_bytes() == before
    assert run("init", project, "--print").output == EXPECTED


def test_a_configuration_elsewhere_is_left_alone(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.guard]\nversion = 1\n")
    assert "pyproject.toml holds here already" in run("init", project).output
    assert not (project / "guard.yaml").exists()


def test_what_it_says_holds_for_the_code_as_it_is(project: Path) -> None:
    run("init", project)
    done = run("check", project)
    assert done.exit_code == 0
    assert "approved-models" not in done.output
    assert "budget:" not in done.output


@pytest.mark.parametrize("folder", sorted(path.name for path in PROJECTS.iterdir() if path.is_dir())[:6])
def test_it_loads_and_holds_for_the_sample_projects(folder: str, tmp_path: Path) -> None:
    report = scan(PROJECTS / folder, load(tmp_path))
    (tmp_path / "guard.yaml").write_text(draft(report))
    found = scan(PROJECTS / folder, load(tmp_path, tmp_path / "guard.yaml")).findings
    ours = [one for one in found if one.policy in ("approved-models", "budget:one call", "budget:one run")]
    assert ours == []
    assert not [one for one in found if one.policy.startswith("unmatched") or one.enforce == "block"]


def _at(path: str) -> Priced:
    site = example_request().sites[0]
    return priced(id=path, sites=(type(site)(span(3, path), "send", site.repeats, "f", "g"),))


def test_features_are_folders_below_what_all_have_in_common() -> None:
    assert guessed([_at("src/app/a/x.py"), _at("src/app/b/y.py"), _at("src/app/z.py")]) == {
        "a": "src/app/a/**",
        "b": "src/app/b/**",
    }
    assert guessed([_at("a.py"), _at("b.py")]) == {}
    assert guessed([_at("src/a/x.py")]) == {}
    assert guessed([_at(f"f{number}/x.py") for number in range(30)]) == {}


def test_hostile_names_stay_names(tmp_path: Path) -> None:
    names = ['a"\n  - {id: b}', "gpt-*[x]?", "{{ model }}", "\x1b[2J"]
    items = [
        priced(estimate(), id=str(i), model=known(name), sites=_at(f"s/[{i}]*/{i}.py").request.sites)
        for i, name in enumerate(names)
    ]
    report = scan(tmp_path, load(tmp_path))
    text = draft(type(report)(**{**{f: getattr(report, f) for f in report.__slots__}, "requests": tuple(items)}))
    assert text.isprintable() or all(line.isprintable() for line in text.split("\n"))
    (tmp_path / "guard.yaml").write_text(text)
    config = load(tmp_path)
    (policy,) = [one for one in config.policies if one.id == "approved-models"]
    assert len(policy.params["allow"]) == len(names)
    assert len(config.features) == len(names)
