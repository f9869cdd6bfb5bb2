"""The lines that `guard explain` says to write into guard.yaml: they load, and what they declare is assumed no more."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
from bill_shop import RULES, guard, scanned, shop

from guard.model import Priced

ODD = """\
import os

from openai import OpenAI

client = OpenAI(max_retries=0)

class Desk:
    def answer(self, mails, **settings):
        for mail in mails:
            while self.open(mail):
                client.chat.completions.create(
                    model=os.environ["DESK"], max_tokens=settings.get("limit"),
                    messages=[{"role": "user", "content": f"{self.rules}\\n{mail.body}: {self.on}"}],
                )

def tools(q, on):
    return client.chat.completions.create(
        model="my-own-model", tools=make(q), messages=[{"role": "user", "content": on}]
    )
"""
PLACES = [
    ("app/web.py", 9), ("app/web.py", 16), ("app/jobs/nightly.py", 6), ("app/jobs/nightly.py", 11),
    ("app/[odd] öne.py", 11), ("app/[odd] öne.py", 17),
]  # fmt: skip


def written(folder: Path, path: str, line: int) -> str:
    """The lines for guard.yaml, as a reader copies them."""
    text = guard("explain", f"{path}:{line}", str(folder)).output
    name = "pyproject.toml" if (folder / "pyproject.toml").exists() else "guard.yaml"
    _, found, after = text.partition(f"To make it firm, write into {name}\n")
    assert found, text
    return textwrap.dedent(after)


def at(folder: Path, path: str, line: int) -> Priced:
    _, report = scanned(folder)
    (found,) = [
        item
        for item in report.requests
        if any(site.span.path == path and site.span.line <= line <= site.span.end_line for site in item.request.sites)
    ]
    return found


@pytest.mark.parametrize(("path", "line"), PLACES)
def test_the_lines_load_and_leave_nothing_assumed(tmp_path: Path, path: str, line: int) -> None:
    shop(tmp_path, None, {"app/[odd] öne.py": ODD})
    before = at(tmp_path, path, line)
    (tmp_path / "guard.yaml").write_text(written(tmp_path, path, line), encoding="utf-8")
    after = at(tmp_path, path, line)
    assert after.estimate.usd is not None
    assert after.estimate.usd_per_month is not None and after.estimate.runs_per_month == 1000
    assert not after.estimate.assumed_share and not after.estimate.assumed_share_month
    if before.estimate.usd is not None:  # the values are those that were taken
        assert after.estimate.usd.typical == before.estimate.usd.typical
    assert "To make it firm" not in guard("explain", f"{path}:{line}", str(tmp_path)).output


@pytest.mark.parametrize(("path", "line"), PLACES)
def test_every_number_in_the_lines_changes_the_figure(tmp_path: Path, path: str, line: int) -> None:
    shop(tmp_path, None, {"app/[odd] öne.py": ODD})
    lines = written(tmp_path, path, line).splitlines()
    rules = tmp_path / "guard.yaml"
    rules.write_text("\n".join(lines), encoding="utf-8")
    first = at(tmp_path, path, line).estimate
    numbers = [at for at, text in enumerate(lines) if re.search(r": \d+  #", text)]
    assert numbers
    for number in numbers:
        changed = list(lines)
        changed[number] = re.sub(r": (\d+)  #", lambda found: f": {int(found[1]) * 3}  #", changed[number])
        rules.write_text("\n".join(changed), encoding="utf-8")
        now = at(tmp_path, path, line).estimate
        assert (now.usd_per_month, now.holes, now.usd) != (first.usd_per_month, first.holes, first.usd), lines[number]


def test_what_is_declared_is_not_offered_again(tmp_path: Path) -> None:
    text = guard("explain", "app/web.py:9", str(shop(tmp_path, RULES))).output
    assert "To make it firm" not in text


def test_the_file_that_is_there_is_named_and_its_version_not_repeated(tmp_path: Path) -> None:
    text = guard("explain", "app/jobs/nightly.py:6", str(shop(tmp_path, RULES))).output
    section = text.split("To make it firm, write into guard.yaml")[1]
    assert "# A key that guard.yaml has already takes what stands below it." in section
    assert "version: 1" not in section
    assert '    - request: "app/jobs/nightly.py::nightly"' in section


def test_below_the_configuration_s_folder_names_begin_there(tmp_path: Path) -> None:
    shop(tmp_path, "version: 1\n")
    text = guard("explain", "jobs/nightly.py:6", str(tmp_path / "app")).output
    assert '"app/jobs/nightly.py::nightly"' in text.split("To make it firm")[1]


@pytest.mark.parametrize(("path", "line"), PLACES)
def test_the_same_in_pyproject(tmp_path: Path, path: str, line: int) -> None:
    shop(tmp_path, None, {"app/[odd] öne.py": ODD})
    rules = tmp_path / "pyproject.toml"
    rules.write_text("[tool.guard]\nversion = 1\n", encoding="utf-8")
    rules.write_text(rules.read_text() + written(tmp_path, path, line), encoding="utf-8")
    after = at(tmp_path, path, line)
    assert after.estimate.usd is not None and after.estimate.runs_per_month == 1000
    assert not after.estimate.assumed_share and not after.estimate.assumed_share_month
    assert "To make it firm" not in guard("explain", f"{path}:{line}", str(tmp_path)).output


@pytest.mark.parametrize("name", ["on", "x: y # z", 'q"uote', "tab\there", "a\nb", "日本", "- x", "\x7f", "1", "~"])
def test_names_of_a_repository_are_nothing_but_names(tmp_path: Path, name: str) -> None:
    from guard.config.load import load
    from guard.use.firm_text import Declared, Entry, Named, as_toml, as_yaml

    found = Declared(
        (Entry("request", f"a.py::{name}", (("output_tokens", 5, name),), (Named(name, 7, name),)),),
        (Entry("paths", name.replace("\n", " "), (("model", name, name),)),),
        {name: "openai/gpt-4o"},
    )
    texts = {
        "guard.yaml": "version: 1\n" + "\n".join(as_yaml(found)),
        "pyproject.toml": "[tool.guard]\nversion = 1\n" + "\n".join(as_toml(found)),
    }
    for file, text in texts.items():
        folder = tmp_path / file.partition(".")[0]
        (folder / ".git").mkdir(parents=True)
        (folder / file).write_text(text, encoding="utf-8")
        config = load(folder)
        (rule,) = config.usage.rules
        assert (rule.request, dict(rule.holes), rule.output_tokens) == (f"a.py::{name}", {name: 7}, 5)
        assert (config.assume[0].model, dict(config.aliases)) == (name, {name: "openai/gpt-4o"})
