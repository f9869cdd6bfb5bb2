"""Owners from CODEOWNERS, where guard.yaml names none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from bill_shop import RULES, guard, scanned, shop

from guard.config.find import owners
from guard.use.bill.views import breakdown

CODEOWNERS = "* @acme/all\n/app/jobs/ @nightshift @ana\n"
FEATURE = RULES + 'features:\n  web: {paths: ["app/web.py"], owner: "@search"}\n'


def of(folder: Path) -> dict[str, str | None]:
    _, report = scanned(folder)
    return {item.request.sites[0].qualname: item.owner for item in report.requests}


@pytest.mark.parametrize("name", [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"])
def test_a_request_has_the_owner_of_the_file_that_makes_it_unless_its_feature_names_one(
    tmp_path: Path, name: str
) -> None:
    shop(tmp_path, FEATURE, {name: CODEOWNERS})
    assert of(tmp_path) == {
        "ask": "@search",
        "tag": "@search",
        "nightly": "@nightshift @ana",
        "unknown": "@nightshift @ana",
    }


def test_the_file_of_github_goes_before_the_others(tmp_path: Path) -> None:
    shop(tmp_path, RULES, {".github/CODEOWNERS": "* @first\n", "CODEOWNERS": "* @second\n"})
    assert set(of(tmp_path).values()) == {"@first"}


def test_a_folder_of_the_repository_has_the_owners_that_the_top_names(tmp_path: Path) -> None:
    shop(tmp_path, RULES, {"CODEOWNERS": CODEOWNERS})
    assert set(of(tmp_path / "app" / "jobs").values()) == {"@nightshift @ana"}


def test_by_owner_a_file_without_one_has_a_line_of_its_own(tmp_path: Path) -> None:
    shop(tmp_path, RULES, {"CODEOWNERS": "/app/jobs/ @ana\n"})
    text = guard("cost", str(tmp_path), "--group-by", "owner").output
    assert "\n  (no owner)" in text and "\n  @ana" in text


def test_a_budget_of_one_of_several_owners_is_about_their_files(tmp_path: Path) -> None:
    budget = 'budgets:\n  - {name: team, per_call: 0.0001 USD, owner: "@ana", on_unknown: pass}\n'
    shop(tmp_path, RULES + budget, {"CODEOWNERS": CODEOWNERS})
    _, report = scanned(tmp_path)
    assert [finding.labels[0].span.path for finding in report.findings] == ["app/jobs/nightly.py"]


def test_a_link_out_of_the_repository_names_nobody(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("* @secret\n")
    folder = tmp_path / "repo"
    folder.mkdir()
    shop(folder)
    (folder / "CODEOWNERS").symlink_to(outside)
    assert owners(folder) is None and set(of(folder).values()) == {None}


def test_a_base_has_its_own_owners(tmp_path: Path) -> None:
    """`--policy-from base` judges by the owners that the base names, so that a change cannot move its files."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    git("init", "-q")
    budget = 'budgets:\n  - {name: team, per_call: 0.0001 USD, owner: "@ana", on_unknown: pass, enforce: block}\n'
    shop(tmp_path, RULES + budget, {"CODEOWNERS": CODEOWNERS})
    git("add", "-A")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "base")
    from guard.config.load import load
    from guard.sources.revision import Repository
    from guard.use.diff.base_config import at_commit

    repository = Repository(tmp_path)
    (tmp_path / "CODEOWNERS").write_text("* @nobody\n")
    head = load(tmp_path)
    base = at_commit(repository, repository.merge_base("HEAD"), head, None, must=True).config
    assert base.owners is not None and base.owners.text == CODEOWNERS
    assert head.owners is not None and head.owners.text == "* @nobody\n"


def test_groups_of_owners_add_up(tmp_path: Path) -> None:
    shop(tmp_path, RULES, {"CODEOWNERS": CODEOWNERS})
    config, report = scanned(tmp_path)
    lines = breakdown(report.requests, config, "owner").lines
    assert {line.name: line.sums.requests for line in lines} == {"@acme/all": 2, "@nightshift @ana": 2}
