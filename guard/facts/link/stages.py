"""In which stage of the software life cycle a file runs, from its path alone. In: a path. Out: a `Stage`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath

from guard.model import Stage

_TEST = frozenset({"test", "tests", "testing", "__tests__", "unit_tests", "integration_tests", "e2e"})
_EXAMPLE = frozenset({"example", "examples", "sample", "samples", "demo", "demos", "docs", "doc", "cookbook",
                      "tutorials", "tutorial", "notebooks", "notebook", "playground", "sandbox"})  # fmt: skip
_EVALUATION = frozenset({"eval", "evals", "evaluation", "evaluations", "bench", "benchmark", "benchmarks"})
_CI = frozenset({".github", ".gitlab", ".circleci", "ci"})
_BATCH = frozenset({"jobs", "batch", "cron", "pipelines", "dags"})


@lru_cache(maxsize=8192)
def stage_of(path: str) -> Stage:
    """The stage of a file. Tests first, then evaluation, examples (development), CI, batch jobs; else production."""
    pure = PurePosixPath(path)
    folders = {part.lower() for part in pure.parts[:-1]}
    name = pure.name.lower()
    if folders & _TEST or name.startswith("test_") or name.endswith(("_test.py", "_tests.py")) or name == "conftest.py":
        return "test"
    if folders & _EVALUATION or name.startswith(("eval_", "bench_")):
        return "evaluation"
    if folders & _EXAMPLE or name.endswith(".ipynb"):
        return "development"
    if folders & _CI:
        return "ci"
    return "batch" if folders & _BATCH else "production"


def is_test(path: str) -> bool:
    """Whether a file is a test."""
    return stage_of(path) == "test"


def is_example(path: str, of: str) -> bool:
    """Whether a file only shows how another one, which is no example itself, can be used."""
    return stage_of(path) in ("development", "evaluation") and stage_of(of) in ("production", "batch")


def is_beside(path: str, of: str) -> bool:
    """Whether a file lies in the folder of another one, or below it: more than an example, it is what that is for."""
    folder = of.rpartition("/")[0]
    return path.startswith(f"{folder}/" if folder else "")
