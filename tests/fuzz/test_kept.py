"""Every target takes its seeds, what once found something (`kept/`), and some changed inputs, without raising."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]

from mutate import WORDS, mutated  # noqa: E402
from targets import targets  # noqa: E402

TARGETS = targets()
KEPT = [(file.parent.name, file) for file in sorted((HERE / "kept").glob("*/*"))]
SLOW = {"repository": 5, "config": 10, "report": 5, "cache": 10}


@pytest.mark.parametrize(("name", "file"), KEPT, ids=[f"{name} {file.name}" for name, file in KEPT])
def test_what_once_found_something(name: str, file: Path) -> None:
    TARGETS[name].run(file.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    for data in TARGETS[name].seeds:
        TARGETS[name].run(data)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_seeds(name: str) -> None:
    from hypothesis import settings

    target = TARGETS[name]

    @settings(max_examples=SLOW.get(name, 30))
    @given(random=st.randoms(use_true_random=False), words=st.lists(st.sampled_from(WORDS), max_size=6))
    def run(random: object, words: list[bytes]) -> None:
        target.run(mutated(random, [*target.seeds, b"".join(words)]))  # type: ignore[arg-type]

    run()


def test_a_target_for_every_kept_input() -> None:
    assert {name for name, _ in KEPT} <= set(TARGETS)
