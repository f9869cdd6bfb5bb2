"""Work grows linearly with callers, files, arms and names: counted in evaluations, which are the same in every run.

The shapes are those of `bench/growth.py`, which also prints time and memory.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from guard.facts.link.contexts import MAX_CONTEXTS


def _bench() -> ModuleType:
    path = Path(__file__).parents[2] / "bench" / "growth.py"
    spec = importlib.util.spec_from_file_location("growth", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["growth"] = module
    spec.loader.exec_module(module)
    return module


growth = _bench()


@pytest.mark.parametrize("name", growth.SHAPES)
def test_evaluations_grow_linearly(name: str, tmp_path: Path) -> None:
    make, smallest = growth.SHAPES[name]
    work: list[tuple[int, int]] = []
    for times in (1, 2, 4):
        (tmp_path / "app.py").write_text(make(times * smallest))
        work.append(growth.work(tmp_path))
    (first, few), (second, more), (third, most) = work
    assert third - second <= 2.2 * max(second - first, 10), f"{name}: {first}, {second}, {third} evaluations"
    assert few >= 1 and more <= 2 * few and most <= 2 * more


@pytest.mark.parametrize("number", [50, 100, 200, 400])
@pytest.mark.parametrize("name", ["callers", "different callers"])
def test_callers_through_three_wrappers(name: str, number: int, tmp_path: Path) -> None:
    """Each caller costs a few evaluations; those beyond the limit of contexts are one request that says so."""
    (tmp_path / "app.py").write_text(growth.SHAPES[name][0](number))
    evaluations, requests = growth.work(tmp_path)
    assert evaluations <= 30 * number
    assert requests == min(number, MAX_CONTEXTS + 1)
