"""The GitLab job without GitLab: the `script` of the template in bash, as in a job, and a server that plays GitLab.

guard is fetched from a repository on this machine, as the job fetches it from the one that GUARD_REPOSITORY names.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from ci_repository import ROOT, Repository, Tool
from ci_services import Failure, Service, served
from ci_shop import DEAR, OTHER, SHOP

JOB: dict[str, Any] = yaml.safe_load((ROOT / "integrations/gitlab/guard.gitlab-ci.yml").read_text("utf-8"))["guard"]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def service() -> Iterator[Service]:
    with served(Service("gitlab", me="project_31_bot")) as running:
        yield running


@pytest.fixture
def job(tmp_path: Path, service: Service, published: tuple[Path, str]) -> Run:
    """Runs the job in the pipeline of a merge request that brings `files`; keywords are variables of the job."""
    project = Repository(tmp_path / "shop")
    source, commit = published
    base = project.commit(SHOP)

    def run(files: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
        head = project.commit(files)
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(JOB["script"])],
            check=False, cwd=project.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env={
                **{key: value for key, value in project.environment.items() if key in ("PATH", "HOME")},
                **{key: str(value) for key, value in JOB["variables"].items()},
                "GUARD_REPOSITORY": f"file://{source}", "GUARD_COMMIT": commit, "GUARD_PYTHON": sys.executable,
                "GUARD_TOKEN": service.token, "CI": "true", "CI_PROJECT_DIR": str(project.folder),
                "CI_API_V4_URL": f"{service.base}/api/v4", "CI_PROJECT_ID": "31", "CI_MERGE_REQUEST_IID": "7",
                "CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_COMMIT_SHA": head, **variables,
            },
        )  # fmt: skip

    return run


def reports(tmp_path: Path) -> Path:
    return tmp_path / "shop/guard-reports"


def test_a_dearer_request_is_told_in_a_note_that_follows_the_change(job: Run, service: Service, tmp_path: Path) -> None:
    done = job({"shop/settings.py": OTHER})
    assert done.returncode == 0 and "guard: note created" in done.stdout
    (text,) = service.texts
    assert text.startswith("<!-- guard: comment guard -->\n") and "gpt-4.1-mini" in text and "shop/settings.py" in text
    assert json.loads((reports(tmp_path) / "codequality.json").read_text()) == []
    assert "guard: note updated" in job({"shop/settings.py": OTHER.replace("100", "200")}).stdout
    assert len(service.texts) == 1


def test_a_broken_rule_fails_the_job_and_is_in_every_report(job: Run, service: Service, tmp_path: Path) -> None:
    done = job({"shop/settings.py": DEAR})
    assert done.returncode == 1 and "`gpt-4o` is not an allowed model" in done.stdout
    assert "listed" in service.texts[0]
    (finding,) = json.loads((reports(tmp_path) / "codequality.json").read_text())
    assert finding["location"]["path"] == "shop/llm.py" and finding["fingerprint"]
    assert ElementTree.parse(reports(tmp_path) / "junit.xml").getroot().get("failures") == "1"
    for path in JOB["artifacts"]["reports"].values():
        assert (tmp_path / "shop" / path).is_file()


def test_a_branch_is_judged_as_a_whole_without_a_note(job: Run, service: Service) -> None:
    variables = {"CI_MERGE_REQUEST_IID": "", "CI_MERGE_REQUEST_DIFF_BASE_SHA": ""}
    done = job({"shop/settings.py": DEAR}, **variables)
    assert done.returncode == 1 and "guard: no note: this pipeline is not about a merge request" in done.stdout
    assert service.asked == []


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"GUARD_TOKEN": ""}, "no note: there is no GUARD_TOKEN"),
        ({"GUARD_TOKEN": "expired"}, "401 (Bad credentials); GUARD_TOKEN needs the scope api"),
        ({"GUARD_COMMENT": "off"}, "no note: switched off"),
        ({"GUARD_COMMENT": "always"}, "no note: the mode of comments is update, replace or off, not `always`"),
        ({"GUARD_COMMENT_THRESHOLD": "much"}, "no note: a threshold is an amount"),
        ({"GUARD_COMMENT_THRESHOLD": "10 USD"}, "note not needed"),
    ],
)
def test_a_job_without_a_note_says_why_and_passes(job: Run, variables: dict[str, str], said: str) -> None:
    done = job({"shop/settings.py": OTHER}, **variables)
    assert done.returncode == 0 and said in done.stdout


def test_a_busy_server_still_gets_the_note(job: Run, service: Service) -> None:
    service.failures.append(Failure("GET .*notes", 503))
    assert "guard: note created" in job({"shop/settings.py": OTHER}).stdout


def test_a_mistake_in_the_rules_is_an_error_and_no_verdict(job: Run, service: Service) -> None:
    done = job({"guard.yaml": "version: 1\nbudget: []\n"}, GUARD_POLICY_FROM="head")
    assert done.returncode == 2 and "guard.yaml:2:1" in done.stderr and "no note: guard itself failed" in done.stdout
    assert service.texts == []


def test_reports_are_not_written_through_a_link_of_the_project(job: Run, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.mkdir()
    (tmp_path / "shop/guard-reports").symlink_to(target)
    job({"shop/settings.py": OTHER})
    assert not list(target.iterdir()) and (reports(tmp_path) / "guard.json").is_file()


def test_nothing_of_the_project_is_imported_or_run(job: Run, tmp_path: Path) -> None:
    trap = "import pathlib\npathlib.Path('pwned').touch()\n"
    names = ["json", "venv", "pip", "guard/__init__", "integrations/__init__", "click", "sitecustomize"]
    job({**{f"{name}.py": trap for name in names}, "shop/settings.py": OTHER}, GUARD_CONFIG="$(touch pwned)")
    assert not (tmp_path / "shop/pwned").exists()


def test_it_says_which_variable_is_missing(job: Run) -> None:
    done = job({"shop/settings.py": OTHER}, GUARD_COMMIT="")
    assert done.returncode != 0 and "GUARD_COMMIT: set it to a commit of guard" in done.stderr


def test_the_job_installs_guard_itself(job: Run, tool: Tool) -> None:
    """Only where tools may be installed: pip asks its registry for what guard needs."""
    tool("pre-commit")
    done = job({"shop/settings.py": DEAR}, GUARD_PYTHON="")
    assert done.returncode == 1 and "`gpt-4o` is not an allowed model" in done.stdout, done.stderr
