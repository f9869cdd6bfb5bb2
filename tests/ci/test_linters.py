"""What others' tools say of the files of the integrations: zizmor, actionlint, shellcheck, and the published schemas.

Each tool is first shown a file with a mistake, so that a tool that looks at nothing is noticed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from ci_documents import examples
from ci_repository import ROOT, Tool

WORKFLOWS = sorted((ROOT / "examples/github").glob("*.yml"))
SCRIPTS = sorted((ROOT / "integrations").rglob("*.sh"))
GITLAB = ROOT / "integrations/gitlab/guard.gitlab-ci.yml"
ACTION = (ROOT / "action.yml").read_text("utf-8")


def run(*command: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def clean(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing_in_the_action_and_the_workflows(tool: Tool, tmp_path: Path) -> None:
    zizmor = [tool("zizmor"), "--offline", "--no-config", "--persona", "auditor"]
    clean(run(*zizmor, "action.yml", *map(str, WORKFLOWS)))
    bad = tmp_path / "action.yml"
    bad.write_text(
        ACTION.replace('run: bash "$GITHUB_ACTION_PATH', 'run: echo ${{ inputs.path }}; bash "$GITHUB_ACTION_PATH')
    )
    assert "template-injection" in run(*zizmor, str(bad)).stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actionlint_finds_nothing_in_a_workflow(tool: Tool, tmp_path: Path, workflow: Path) -> None:
    """With the action beside it, so that its inputs and outputs are checked, too."""
    tool("shellcheck")
    action = next(line.split()[1] for line in workflow.read_text().splitlines() if "/guard@" in line)
    text = workflow.read_text().replace(action, "./guard")
    (tmp_path / ".git").mkdir()
    (tmp_path / "guard").mkdir()
    shutil.copyfile(ROOT / "action.yml", tmp_path / "guard/action.yml")
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "guard.yml").write_text(text)
    clean(run(tool("actionlint"), folder=tmp_path))
    (folder / "guard.yml").write_text(text.replace("comment-threshold:", "comment-treshold:"))
    assert 'input "comment-treshold" is not defined' in run(tool("actionlint"), folder=tmp_path).stdout


def test_shellcheck_finds_nothing_in_the_scripts(tool: Tool, tmp_path: Path) -> None:
    assert len(SCRIPTS) == 5
    clean(run(tool("shellcheck"), "--enable=quote-safe-variables", *map(str, SCRIPTS)))
    job = yaml.safe_load(GITLAB.read_text("utf-8"))["guard"]
    script = tmp_path / "script.sh"
    script.write_text("#!/usr/bin/env bash\n" + "\n".join(job["script"]))
    clean(run(tool("shellcheck"), str(script)))
    script.write_text("#!/usr/bin/env bash\nrm $1\n")
    assert "SC2086" in run(tool("shellcheck"), str(script)).stdout


@pytest.mark.parametrize(
    ("schema", "files", "bad"),
    [
        ("vendor.github-actions", ["action.yml"], "runs: {using: composite}\n"),
        ("vendor.github-workflows", WORKFLOWS, "on: push\njobs: []\n"),
        ("vendor.gitlab-ci", [GITLAB], "guard: {script: 5}\n"),
    ],
)
def test_the_published_schemas_hold(tool: Tool, tmp_path: Path, schema: str, files: list[Path], bad: str) -> None:
    check = [tool("check-jsonschema"), "--builtin-schema", schema]
    check += ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    clean(run(*check, *map(str, files)))
    (tmp_path / "bad.yml").write_text(bad)
    assert run(*check, str(tmp_path / "bad.yml")).returncode == 1


def test_pre_commit_takes_the_hooks(tool: Tool, tmp_path: Path) -> None:
    clean(run(tool("pre-commit"), "validate-manifest", ".pre-commit-hooks.yaml"))
    (tmp_path / "bad.yaml").write_text("- {id: guard}\n")
    assert run(tool("pre-commit"), "validate-manifest", str(tmp_path / "bad.yaml")).returncode == 1


@pytest.mark.parametrize("name", ["README.md", "docs/integrations.md"])
def test_what_documents_say_to_copy_is_taken_by_the_tools(tool: Tool, tmp_path: Path, name: str) -> None:
    tools = {
        ".pre-commit-config.yaml": [tool("pre-commit"), "validate-config"],
        ".gitlab-ci.yml": [tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci"],
    }
    copies = [(one.word("file "), one.text) for one in examples(ROOT / name, ROOT) if one.word("file ")]
    assert copies
    for file, text in copies:
        assert file is not None
        (tmp_path / file).write_text(text)
        done = run(*tools[file], file, folder=tmp_path)
        assert done.returncode == 0 and "unexpected key" not in done.stdout.lower(), done.stdout + done.stderr


def test_the_action_uses_no_action_of_others_and_the_example_pins_them() -> None:
    assert all("uses" not in step for step in yaml.safe_load(ACTION)["runs"]["steps"])
    for workflow in WORKFLOWS:
        for job in yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values():
            for step in job["steps"]:
                assert len(step["uses"].partition("@")[2]) == 40


def test_the_document_names_every_input_output_and_variable() -> None:
    document = (ROOT / "docs/integrations.md").read_text("utf-8")
    github, gitlab = (document.split(f"\n## {name}\n")[1].split("\n## ")[0] for name in ("GitHub", "GitLab"))

    def named(text: str) -> list[str]:
        rows = re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE)
        return sorted(name for row in rows for name in re.findall(r"`([\w-]+)`", row))

    action = yaml.safe_load(ACTION)
    assert named(github.split("### Inputs")[1].split("###")[0]) == sorted(action["inputs"])
    assert named(github.split("### Outputs")[1]) == sorted(action["outputs"])
    sources = [ROOT / "integrations/wish.py", *(p for p in GITLAB.parent.iterdir() if p.is_file())]
    used = {name for path in sources for name in re.findall(r"GUARD_[A-Z_]+", path.read_text("utf-8"))}
    own = {"GUARD_EXIT_CODE", "GUARD_REPORT", "GUARD_MARKDOWN", "GUARD_TOKEN"}
    assert named(gitlab) == sorted(used - own)


def test_no_step_has_an_expression_in_its_script() -> None:
    for step in yaml.safe_load(ACTION)["runs"]["steps"]:
        assert "${{" not in step["run"] and step["shell"] == "bash"
