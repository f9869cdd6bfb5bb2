"""Runs programs with their real SDKs and writes what they sent to `recorded/`.

`make record`, with `ARGS="[PROGRAM...] [--family NAME] [--quick] [--check]"`. A program runs
once with good answers; once with tools called for ever, if it sends tools; once with answers that are not the demanded
structure, if it demands one; and for each way to fail once with every request failing and, where it sends from several
lines, once for each of them. `--check` records, writes nothing, and fails where the recording would change.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from referee import asked, cases, envs, recordings
from referee.cases import Case
from referee.recordings import Frame, Recording, Run, Sent
from referee.server import Heard, ModelServer, Script, Way

SECONDS = 60
"""A run that takes longer is killed."""
KEYS = {
    "OPENAI_API_KEY": "test", "ANTHROPIC_API_KEY": "test", "GEMINI_API_KEY": "test", "GOOGLE_API_KEY": "test",
    "MISTRAL_API_KEY": "test", "COHERE_API_KEY": "test", "CO_API_KEY": "test", "GROQ_API_KEY": "test",
    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "OTEL_SDK_DISABLED": "true",
    "CREWAI_DISABLE_TELEMETRY": "true", "OPENAI_AGENTS_DISABLE_TRACING": "1", "LANGSMITH_TRACING": "false",
    "DO_NOT_TRACK": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
}  # fmt: skip
"""The environment of every program: keys that open nothing, and no telemetry."""


_RANDOM = re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""Identifiers that an SDK makes up anew in each run; recordings have a 0 there."""


class Program:
    """A program in the process that runs it."""

    def __init__(self, case: Case, server: ModelServer) -> None:
        self.case, self.server = case, server
        family = envs.families()[case.family]
        python = envs.interpreter(family)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        environment = {**kept, **KEYS, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": server.url, **case.env}
        child = Path(__file__).with_name("child.py")
        self.process = subprocess.Popen(
            [str(python), str(child)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        setup = {
            "root": str(case.root), "server": server.url, "module": case.module, "arguments": case.arguments,
            "preload": family.preload, "packages": family.packages,
        }  # fmt: skip
        self.facts = self._ask(setup)
        self.log = Path(tempfile.mkstemp(prefix=f"differential-{case.name}-")[1])

    def _ask(self, line: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        if not reply:
            raise RuntimeError(f"{self.case.name}: the child process ended")
        return dict(json.loads(reply))

    def run(self, name: str, script: Script) -> Run:
        """One run. Raises `RuntimeError` when it asks something that the server does not know, or hangs."""
        heard = self.server.begin(script)
        code = self._ask({"log": str(self.log), "seconds": SECONDS})["exit"]
        log = self.log.read_text(errors="replace")
        if heard.unknown or code < 0 or (name == "good" and code) or not heard.heard:
            raise RuntimeError(f"{self.case.name}, run {name}: exit {code}, unknown {heard.unknown}\n{log[-4000:]}")
        lost = [one for one in heard.heard if not one.stack]
        if lost:
            raise RuntimeError(f"{self.case.name}, run {name}: {len(lost)} requests come from no line of the program")
        return Run(name, script.pattern, code, tuple(map(_sent, heard.heard)))

    def close(self) -> None:
        """Ends the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.log.unlink()


def _sent(heard: Heard) -> Sent:
    stack = tuple(Frame(*frame) for frame in heard.stack)
    body = json.loads(_RANDOM.sub("0", json.dumps(heard.body)))
    return Sent(heard.host, heard.path, body, heard.outcome, heard.status, stack)


def _way(sent: Sent) -> Way:
    found = asked.asked(sent.path, sent.body)
    return sent.chain, found.model if found is not None else ""


def _runs(program: Program) -> Iterable[Run]:
    base = program.case.script
    good = program.run("good", base)
    found = [asked.asked(sent.path, sent.body) for sent in good.sent]
    seen = dict.fromkeys(map(_way, good.sent), base.pattern)
    yield good
    if any(one is not None and one.tools for one in found):
        yield program.run("tools", replace(base, pattern=("tools",)))
    failures = list(program.case.failures)
    if any(one is not None and one.schema is not None for one in found) and "invalid" not in failures:
        failures.append("invalid")
    for failure in failures:
        run = program.run(failure, replace(base, pattern=tuple(failure.split())))
        for sent in run.sent:
            seen.setdefault(_way(sent), run.pattern)
        yield run
    yield from _one_by_one(program, failures, seen)


def _one_by_one(program: Program, failures: list[str], seen: dict[Way, tuple[str, ...]]) -> Iterable[Run]:
    """For each way to a request the runs in which it alone fails, and what is needed to come there."""
    if len(seen) == 1:
        return
    for failure in failures:
        pattern = tuple(failure.split())
        for way, others in seen.items():
            if others != pattern:
                lines = " > ".join(f"{path}:{line}" for path, line in way[0][-3:])
                name = f"{failure} at {lines}, {way[1]}"
                yield program.run(name, replace(program.case.script, pattern=pattern, only=way, others=others))


def record(case: Case) -> Recording:
    """Runs a program in all its ways."""
    server = ModelServer()
    try:
        program = Program(case, server)
        try:
            runs = tuple(_runs(program))
        finally:
            program.close()
    finally:
        server.close()
    return Recording(case.name, case.family, program.facts["python"], program.facts["versions"], runs)


def _chosen(options: argparse.Namespace) -> list[Case]:
    quick = {name for name, family in envs.families().items() if family.quick}
    found = [cases.load(name) for name in options.program or cases.names()]
    found = [case for case in found if not options.family or case.family in options.family]
    return [case for case in found if not options.quick or case.family in quick]


def main() -> int:
    """The command; 1 when `--check` finds a difference."""
    parser = argparse.ArgumentParser(prog="referee.record", description=__doc__)
    parser.add_argument("program", nargs="*")
    parser.add_argument("--family", action="append", help="only programs of this family")
    parser.add_argument("--quick", action="store_true", help="only families that are quick to install")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a recording would change")
    options = parser.parse_args()
    changed = 0
    for case in _chosen(options):
        started = time.monotonic()
        new = record(case)
        requests = sum(len(run.sent) for run in new.runs)
        print(f"{case.name}: {len(new.runs)} runs, {requests} requests, {time.monotonic() - started:.1f} s", flush=True)
        if not options.check:
            case.recording.parent.mkdir(exist_ok=True)
            case.recording.write_text(recordings.as_text(new))
            continue
        found = recordings.differences(recordings.load(case.recording), new)
        changed += bool(found)
        for text in found[:20]:
            print(f"  {text[:600]}")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
