"""The action without GitHub: the `run` of each step of `action.yml` in bash, and a server that plays GitHub.

What a change does is judged on a checkout as GitHub's own is: the merge of the change, of depth two.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ci_repository import Repository, Tool
from ci_runner import Runner
from ci_services import Failure, Service, served
from ci_shop import CHEAP, DEAR, ENDLESS, OTHER, RULES, SHOP

Change = Callable[..., Runner]


@pytest.fixture
def service() -> Iterator[Service]:
    with served(Service("github")) as running:
        yield running


@pytest.fixture
def change(tmp_path: Path, service: Service) -> Change:
    """A runner with the checkout of a pull request that brings `files` to the shop; `fork`: from another repository."""

    def made(files: dict[str, str], before: dict[str, str] | None = None, fork: bool = False, depth: int = 2) -> Runner:
        origin = Repository(tmp_path / "origin")
        base = origin.commit({**SHOP, **(before or {})})
        origin.git("checkout", "-q", "-b", "change")
        head = origin.commit(files)
        origin.git("checkout", "-q", "--detach", base)
        origin.git("merge", "-q", "--no-ff", "-m", "merge", "change")
        origin.git("branch", "pull")
        checkout = Repository(tmp_path / "work")
        checkout.git("fetch", "-q", f"--depth={depth}", f"file://{origin.folder}", "pull")
        checkout.git("checkout", "-q", "--detach", "FETCH_HEAD")
        there = "ana/shop" if fork else "acme/shop"
        event = {"pull_request": {
            "number": 7, "base": {"sha": base, "repo": {"full_name": "acme/shop"}},
            "head": {"sha": head, "repo": {"full_name": there}},
        }}  # fmt: skip
        return Runner(checkout, tmp_path / "temp", service.base, event, installed=sys.executable)

    return made


@pytest.fixture
def pushed(tmp_path: Path, service: Service) -> Callable[..., Runner]:
    """A runner with the checkout of a branch that holds the shop with `files`."""

    def made(files: dict[str, str] | None = None) -> Runner:
        checkout = Repository(tmp_path / "work")
        checkout.commit({**SHOP, **(files or {})})
        return Runner(checkout, tmp_path / "temp", service.base, {"ref": "main"}, installed=sys.executable)

    return made


def test_a_change_that_makes_a_request_dearer_is_told_with_its_cause(change: Change, service: Service) -> None:
    runner = change({"shop/settings.py": OTHER})
    job = runner.run()
    assert job.succeeded and job.ran == ["Check", "Comment", "Verdict"]
    assert job.outputs["verdict"] == "passed" and job.outputs["changes"] == "1"
    before, after = float(job.outputs["usd-before"]), float(job.outputs["usd-after"])
    assert 0 < before < after and abs(float(job.outputs["usd-change"]) - (after - before)) < 1e-12
    (text,) = service.texts
    assert text.startswith("<!-- guard: comment guard -->\n") and "gpt-4.1-mini" in text and "shop/settings.py" in text
    assert text.rstrip().splitlines()[-1].startswith("<sub>guard, for commit ")
    assert (
        "gpt-4.1-mini" in job.summary and f"Against `{runner.event['pull_request']['base']['sha'][:7]}`" in job.summary
    )
    assert "::notice title=guard::comment created" in job.log


def test_a_new_request_is_told_though_the_month_does_not_cover_it(change: Change, service: Service) -> None:
    usage = RULES + "usage:\n  rules:\n    - {paths: [shop/llm.py], runs_per_month: 1000}\n"
    more = 'client.responses.create(model="gpt-4o-mini", input="hello", max_output_tokens=9)'
    new = f"from openai import OpenAI\n\nclient = OpenAI()\n\n\ndef greet():\n    return {more}\n"
    job = change({"shop/greet.py": new}, before={"guard.yaml": usage}).run(comment_threshold="50%")
    assert job.succeeded and job.outputs["cost-basis"] == "month" and float(job.outputs["usd-change"]) == 0
    (text,) = service.texts
    assert "shop/greet.py" in text


def test_a_change_that_breaks_a_rule_fails_the_job_after_all_is_told(change: Change, service: Service) -> None:
    runner = change({"shop/settings.py": DEAR})
    job = runner.run()
    assert (job.succeeded, job.exit_code, job.ran[-1]) == (False, 1, "Verdict")
    assert (job.outputs["verdict"], job.outputs["new-findings"]) == ("blocked", "1")
    assert "`gpt-4o` is not an allowed model" in job.log
    (annotation,) = [line for line in job.log.splitlines() if line.startswith("::error file=")]
    assert annotation.startswith("::error file=shop/settings.py,line=1")
    assert "listed" in service.texts[0] and "listed" in job.summary
    sarif = json.loads(Path(job.outputs["sarif"]).read_text())
    assert sarif["version"] == "2.1.0" and len(sarif["runs"][0]["results"]) == 1
    assert json.loads(Path(job.outputs["report"]).read_text())["difference"]["changes"]
    assert Path(job.outputs["markdown"]).is_file()
    assert os.path.commonpath([job.outputs["sarif"], runner.folder]) == str(runner.folder)


def test_what_was_wrong_before_blocks_no_change(change: Change, service: Service) -> None:
    job = change({"README.md": "The shop.\n"}, before={"shop/settings.py": DEAR}).run()
    assert job.succeeded and job.outputs["new-findings"] == "0"
    assert service.texts == []
    assert "::notice title=guard::comment not needed" in job.log


def test_a_change_cannot_lift_the_rules_that_it_is_judged_by(change: Change) -> None:
    lifted = RULES.replace("[gpt-4o-mini,", "[gpt-4o, gpt-4o-mini,")
    files = {"shop/settings.py": DEAR, "guard.yaml": lifted}
    assert change(files).run().exit_code == 1


def test_the_rules_of_the_change_hold_where_that_is_asked_for(change: Change) -> None:
    lifted = RULES.replace("[gpt-4o-mini,", "[gpt-4o, gpt-4o-mini,")
    job = change({"shop/settings.py": DEAR, "guard.yaml": lifted}).run(policy_from="head")
    assert job.succeeded and "guard.yaml" in job.summary


def test_the_comment_follows_the_change(change: Change, service: Service) -> None:
    runner = change({"shop/settings.py": DEAR})
    service.add("please explain", "ana")
    runner.run()
    assert len(service.texts) == 2 and "listed" in service.texts[1]
    number = service.comments[1]["id"]
    (runner.checkout.folder / "shop/settings.py").write_text(CHEAP)
    job = runner.run()
    assert job.succeeded and "::notice title=guard::comment updated" in job.log
    assert service.comments[1]["id"] == number and "listed" not in service.texts[1]


def test_a_new_comment_takes_the_place_of_the_old_one_where_asked_for(change: Change, service: Service) -> None:
    runner = change({"shop/settings.py": DEAR})
    runner.run(comment="replace")
    service.add("why?", "ana")
    (runner.checkout.folder / "shop/settings.py").write_text(OTHER)
    assert "comment replaced" in runner.run(comment="replace").log
    assert [text.splitlines()[0] for text in service.texts] == ["why?", "<!-- guard: comment guard -->"]


def test_a_small_change_of_cost_is_left_to_the_summary(change: Change, service: Service) -> None:
    runner = change({"shop/settings.py": OTHER})
    job = runner.run(comment_threshold="99")
    assert service.texts == [] and "comment not needed" in job.log and "gpt-4.1-mini" in job.summary
    assert "comment created" in runner.run(comment_threshold="10%").log


def test_switched_off_nothing_is_asked(change: Change, service: Service) -> None:
    job = change({"shop/settings.py": DEAR}).run(comment="off", summary="false", annotations="false")
    assert service.asked == [] and job.ran == ["Check", "Verdict"] and job.summary == ""
    assert "::error file" not in job.log and "`gpt-4o` is not an allowed model" in job.log


def test_a_fork_may_not_comment_and_has_the_summary(change: Change, service: Service) -> None:
    service.may_write = False
    job = change({"shop/settings.py": OTHER}, fork=True).run()
    assert job.succeeded and service.texts == [] and "gpt-4.1-mini" in job.summary
    assert "::notice title=guard::no comment: POST was answered 403 (Resource not accessible by integration)" in job.log


def test_without_a_token_there_is_the_summary(change: Change, service: Service) -> None:
    job = change({"shop/settings.py": OTHER}).run(github_token="")
    assert job.succeeded and service.asked == [] and "gpt-4.1-mini" in job.summary
    assert "::notice title=guard::no comment: there is no token" in job.log


def test_dependabot_may_not_comment_either(change: Change, service: Service) -> None:
    service.may_write = False
    runner = change({"shop/settings.py": OTHER})
    runner.actor = "dependabot[bot]"
    job = runner.run()
    assert job.succeeded and "::notice title=guard::no comment: POST was answered 403" in job.log


def test_a_missing_permission_is_a_warning_that_says_which(change: Change, service: Service) -> None:
    service.may_write = False
    job = change({"shop/settings.py": OTHER}).run()
    assert job.succeeded
    assert "::warning title=guard::no comment: POST was answered 403" in job.log
    assert "`permissions: pull-requests: write`" in job.log


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Failure("POST .*comments", 422, "Validation Failed", times=9), "422 (Validation Failed)"),
        (Failure("GET .*comments", 401, "Bad credentials", times=9), "401 (Bad credentials)"),
        (Failure("POST .*comments", 403, "rate limit", {"Retry-After": "999"}, times=9), "403 (rate limit)"),
    ],
)
def test_trouble_with_the_comment_fails_no_job(change: Change, service: Service, failure: Failure, said: str) -> None:
    service.failures.append(failure)
    job = change({"shop/settings.py": OTHER}).run()
    assert job.succeeded and said in job.log and "::warning title=guard::no comment" in job.log


def test_a_server_that_is_busy_for_a_moment_still_gets_the_comment(change: Change, service: Service) -> None:
    service.failures.append(Failure("GET .*comments", 502))
    service.failures.append(Failure("POST .*comments", 429, "slow down", {"Retry-After": "1"}))
    assert "comment created" in change({"shop/settings.py": OTHER}).run().log


def test_a_push_is_judged_as_a_whole_and_has_no_comment(pushed: Any, service: Service) -> None:
    job = pushed({"shop/settings.py": DEAR}).run()
    assert job.exit_code == 1 and job.outputs["verdict"] == "blocked" and job.outputs["usd-before"] == ""
    assert float(job.outputs["usd-after"]) > 0
    assert service.asked == [] and "no comment: this run is not about a pull request" in job.log


def test_without_a_base_everything_is_judged(change: Change) -> None:
    job = change({"README.md": "The shop.\n"}, before={"shop/settings.py": DEAR}).run(base="none")
    assert job.exit_code == 1 and job.outputs["findings"] == "1"


def test_warnings_fail_where_their_severity_is_asked_for(pushed: Any) -> None:
    runner = pushed({"shop/llm.py": ENDLESS, "guard.yaml": RULES.replace("enforce: block", "enforce: warn")})
    assert runner.run().succeeded
    assert runner.run(fail_on="medium").exit_code == 1


def test_a_folder_with_a_configuration_of_its_own_is_checked(pushed: Any) -> None:
    runner = pushed(
        {"services/ask.py": 'import openai\n\nopenai.OpenAI().responses.create(model="gpt-4o", input="Hi")\n'}
    )
    (runner.checkout.folder / "strict.yaml").write_text(RULES)
    job = runner.run(path="services", config="strict.yaml")
    assert job.exit_code == 1 and job.outputs["findings"] == "2"
    assert "::error file=services/ask.py,line=3" in job.log


def test_a_mistake_in_the_rules_is_an_error_and_no_verdict(change: Change, service: Service) -> None:
    job = change({"guard.yaml": "version: 1\nbudget: []\n"}).run(policy_from="head")
    assert (job.exit_code, job.outputs["verdict"]) == (2, "error")
    assert "::error title=guard failed::" in job.log and "guard.yaml:2:1" in job.log
    assert "could not check" in job.summary and service.texts == []
    assert job.outputs["sarif"] == "" and job.outputs["report"] == ""


def test_a_checkout_without_the_base_says_what_to_do(change: Change) -> None:
    job = change({"shop/settings.py": DEAR}, depth=1).run()
    assert job.exit_code == 2 and job.outputs["verdict"] == "error" and "fetch-depth: 0" in job.log


def test_a_python_that_is_too_old_says_so(pushed: Any, tmp_path: Path) -> None:
    old = tmp_path / "python2"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    runner = pushed()
    runner.installed = None
    job = runner.run(python=str(old))
    assert (job.exit_code, job.ran) == (2, ["Install guard"]) and "needs Python 3.11 or newer" in job.log


@pytest.mark.parametrize(
    "name", ["path", "config", "base", "policy_from", "fail_on", "comment_key", "comment_threshold"]
)
def test_no_input_is_run_by_the_shell(change: Change, name: str) -> None:
    runner = change({"shop/settings.py": OTHER})
    for text in ("$(touch pwned)", "; touch pwned", "`touch pwned`", "x' && touch pwned #"):
        runner.run(**{name: text})
    assert not list(runner.checkout.folder.rglob("pwned")) and not list(runner.folder.rglob("pwned"))


def test_nothing_of_the_checkout_is_imported(change: Change) -> None:
    """A change may bring modules with the names of Python's own, of guard's, and of what guard uses."""
    trap = "import pathlib\npathlib.Path('pwned').touch()\n"
    names = [
        "json",
        "venv",
        "pip",
        "secrets",
        "guard/__init__",
        "integrations/__init__",
        "click",
        "sitecustomize",
        "yaml",
    ]
    runner = change({**{f"{name}.py": trap for name in names}, "shop/settings.py": OTHER})
    runner.run()
    assert not (runner.checkout.folder / "pwned").exists()


def test_names_of_files_do_not_command_the_runner(pushed: Any) -> None:
    """Names with line ends and workflow commands stand only where the runner takes no commands, or escaped."""
    name = "a\n::warning::owned\n::add-mask::shop.py"
    runner = pushed({f"shop/{name}": ENDLESS, "shop/\n::set-output name=verdict::passed\n.py": "def broken(:\n"})
    job = runner.run()
    assert job.exit_code == 1 and job.outputs["verdict"] == "blocked"
    silent = None
    for line in job.log.splitlines():
        if line.startswith("::stop-commands::"):
            silent = line.removeprefix("::stop-commands::")
        elif silent is not None:
            silent = None if line == f"::{silent}::" else silent
        elif line.startswith("::"):
            assert line.startswith(
                ("::error file=shop/", "::error title=guard::", "::warning file=", "::notice title=guard")
            )
            assert "owned" not in line.partition("::")[0]
    assert not any(line.startswith("::warning::owned") for line in job.log.splitlines())


def test_the_token_is_in_no_log_and_no_report(change: Change) -> None:
    job = change({"shop/settings.py": DEAR}).run()
    assert "secret-token" not in job.log + job.summary
    for name in ("report", "sarif", "markdown"):
        assert "secret-token" not in Path(job.outputs[name]).read_text()


def test_the_action_installs_itself(pushed: Any, tool: Tool) -> None:
    """Only where tools may be installed: pip asks its registry for what guard needs."""
    tool("pre-commit")
    runner = pushed({"shop/settings.py": DEAR})
    runner.installed = None
    job = runner.run()
    assert job.ran == ["Install guard", "Check", "Comment", "Verdict"] and job.exit_code == 1
    assert job.outputs["verdict"] == "blocked"
