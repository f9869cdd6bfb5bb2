"""`guard test`: runs the tests that policies bring along.

In: a `Config`. Out: a `Result` for each example of each policy. An example is Python code that is put into a folder of
its own and scanned under the configuration with that policy alone, whatever its `paths` say; it must be denied, pass,
or be undecided, as the list says in which it stands.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from guard.config.types import Config, PolicySpec
from guard.model import Report

FILE = "example.py"
"""The name that an example's code is given."""
EXPECTED = {"deny": "violated", "pass": "kept", "undecided": "undecided"}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one example. `told`: what it is (`is violated: ...`); `ok`: whether that is expected."""

    policy: str
    name: str
    """`deny[0]`: where it stands in `tests`."""
    ok: bool
    told: str


def run(config: Config) -> Iterator[Result]:
    """The results of all examples of all policies, in order. Raises `ConfigError` for policies that cannot be used."""
    from guard.policy.load import load

    load(config.policies)
    for spec in config.policies:
        for kind, codes in spec.tests.items():
            for index, code in enumerate(codes):
                yield _result(config, spec, kind, index, code)


def _result(config: Config, spec: PolicySpec, kind: str, index: int, code: str) -> Result:
    report = _scanned(config, spec, code)
    verdict, message = _verdict(report)
    if not report.requests:
        message = "no request to a model was found in the code"
        if any(problem.kind == "syntax" for problem in report.problems):
            message = f"the code cannot be read: {report.problems[0].message}"
        return Result(spec.id, f"{kind}[{index}]", False, message)
    told = f"is {verdict}: {message}" if message else f"is {verdict}"
    return Result(spec.id, f"{kind}[{index}]", verdict == EXPECTED[kind], told)


def _scanned(config: Config, spec: PolicySpec, code: str) -> Report:
    """The report about one example, with this policy switched on and nothing else to say."""
    from guard.run import scan

    alone = replace(
        spec, paths=(), enforce="warn" if spec.enforce == "off" else spec.enforce, on_unknown="warn", skip_stages=()
    )
    plain = replace(config, policies=(alone,), budgets=(), exceptions=(), baseline=None, exclude=(), prefix="")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_text(code, "utf-8")
        return scan(Path(folder), plain)


def _verdict(report: Report) -> tuple[str, str]:
    """The worst that the policy says of any request of the example."""
    for verdict in ("violated", "undecided"):
        found = next((one for one in report.findings if one.verdict == verdict and one.forgiven is None), None)
        if found is not None:
            return verdict, found.message
    return "kept", ""
