"""Runs the steps of `action.yml` as a runner of GitHub does: each `run` in `bash`, in the environment of a runner.

Of expressions only what the action uses is understood; anything else is an error, and so is one inside `run`.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ci_repository import ROOT, Repository

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


@dataclass
class Job:
    """What a job came to."""

    succeeded: bool = True
    exit_code: int = 0
    """Of the step that failed."""
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    """Outputs of the action; an empty text for one that no step gave."""
    ran: list[str] = field(default_factory=list)
    """Names of the steps that ran."""


@dataclass
class Runner:
    """A runner with one checkout. `installed`: an interpreter that has guard; the step `install` is then left out."""

    checkout: Repository
    folder: Path
    api: str
    event: dict[str, Any] = field(default_factory=dict)
    token: str = "secret-token"
    installed: str | None = None
    actor: str = "ana"

    def run(self, **inputs: str) -> Job:
        """The action with these inputs (`_` for `-`) and the defaults of the others."""
        given = {name: str(spec.get("default", "")) for name, spec in ACTION["inputs"].items()}
        for name, value in inputs.items():
            assert name.replace("_", "-") in given, f"{name} is no input"
            given[name.replace("_", "-")] = value
        job, steps = Job(), {}
        for step in ACTION["runs"]["steps"]:
            if not job.succeeded or not self._wanted(step.get("if"), given):
                continue
            if step.get("id") == "install" and self.installed is not None:
                steps["install"] = {"python": self.installed}
                continue
            assert step["shell"] == "bash" and "${{" not in step["run"]
            environment = {name: self._filled(text, given, steps) for name, text in step.get("env", {}).items()}
            steps[step.get("id", "")] = self._step(step["name"], step["run"], environment, job)
        job.outputs = {name: self._filled(spec["value"], given, steps) for name, spec in ACTION["outputs"].items()}
        return job

    @staticmethod
    def _wanted(condition: str | None, inputs: dict[str, str]) -> bool:
        if condition is None:
            return True
        name, value = re.fullmatch(r"inputs\.([\w-]+) != '(\w+)'", condition).groups()  # type: ignore[union-attr]
        return inputs[name] != value

    def _filled(self, text: str, inputs: dict[str, str], steps: dict[str, dict[str, str]]) -> str:
        def value(match: re.Match[str]) -> str:
            kind, *rest = match[1].split(".")
            if kind == "inputs" and len(rest) == 1:
                return self._filled(inputs[rest[0]], inputs, steps)
            if kind == "steps" and len(rest) == 3 and rest[1] == "outputs":
                return steps.get(rest[0], {}).get(rest[2], "")
            assert match[1] == "github.token", f"{match[0]} is not understood here"
            return self.token

        return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", value, str(text))

    def _step(self, name: str, script: str, environment: dict[str, str], job: Job) -> dict[str, str]:
        self.folder.mkdir(parents=True, exist_ok=True)
        files = {
            key: self.folder / key.lower() for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH")
        }
        for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            files[key].write_text("")
        files["GITHUB_EVENT_PATH"].write_text(json.dumps(self.event))
        source = self.folder / "script.sh"
        source.write_text(script)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(source)],
            check=False, cwd=self.checkout.folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env={
                **{key: self.checkout.environment[key] for key in ("PATH", "HOME") if key in self.checkout.environment},
                **{key: str(path) for key, path in files.items()},
                "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop",
                "GITHUB_API_URL": self.api, "GITHUB_GRAPHQL_URL": f"{self.api}/graphql",
                "GITHUB_WORKSPACE": str(self.checkout.folder), "GITHUB_ACTION_PATH": str(ROOT),
                "RUNNER_TEMP": str(self.folder), "RUNNER_OS": "Linux", "GITHUB_ACTOR": self.actor,
                **environment,
            },
        )  # fmt: skip
        job.ran.append(name)
        job.log += done.stdout + done.stderr
        job.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        if done.returncode:
            job.succeeded, job.exit_code = False, done.returncode
        return dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
