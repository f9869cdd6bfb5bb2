"""Two versions made so that comparing them would take for ever: work is bounded, and what differs is still told."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from attack import CALL, guard
from hypothesis import given
from hypothesis import strategies as st
from repository import committed

from guard.sources import changed_lines, changes
from guard.sources.changed_lines import lines


@given(st.lists(st.sampled_from("abcde"), max_size=30), st.lists(st.sampled_from("abcdefg"), max_size=30))
def test_what_is_not_told_as_changed_is_equal(before: list[str], after: list[str]) -> None:
    found = lines(before, after)
    kept = [line for number, line in enumerate(before, 1) if number not in found.base]
    assert kept == [line for number, line in enumerate(after, 1) if number not in found.head]


@given(st.lists(st.sampled_from("abcdefghij"), max_size=40), st.lists(st.sampled_from("abcdefghij"), max_size=40))
def test_the_same_holds_where_exact_comparing_is_too_much_work(before: list[str], after: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changed_lines, "MAX_WORK", 60)
        test_what_is_not_told_as_changed_is_equal.hypothesis.inner_test(before, after)  # type: ignore[attr-defined]


def test_one_changed_line_of_many_that_repeat_is_found() -> None:
    before = [f"unique {n // 10}" if n % 10 == 0 else "pass" for n in range(50_000)]
    after = [*before[:20_001], "changed", *before[20_002:]]
    found = lines([*before, "end"], ["start", *after])
    assert 50_001 in found.base and len(found.base) == 2
    assert {before[line - 1] for line in found.base - {50_001}} == {"pass"}
    assert found.head == {1, 20_003}


@pytest.mark.parametrize("size", [2_000, 20_000])
def test_lines_that_repeat_do_not_multiply_the_work(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    class Counting(difflib.SequenceMatcher[str]):
        def find_longest_match(self, *where: int, **more: int) -> difflib.Match:
            alo, ahi, blo, bhi = where
            calls.append(sum(1 for n in range(alo, ahi) for j in self.b2j.get(self.a[n], ()) if blo <= j < bhi))
            return super().find_longest_match(*where, **more)

    monkeypatch.setattr(changed_lines, "SequenceMatcher", Counting)
    chance = random.Random(7)
    before = [chance.choice("xy") for _ in range(size)]
    after = [chance.choice("xy") for _ in range(size)]
    lines(before, after)
    assert sum(calls) <= changed_lines.MAX_WORK


def test_renames_of_many_files_of_many_lines_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    class Counting(dict[str, int]):
        def total(self) -> int:
            return sum(self.values())

        def items(self) -> Iterator[tuple[str, int]]:  # type: ignore[override]
            looked.append(len(self))
            return iter(super().items())

    def counted(found: Iterator[bytes]) -> Counting:
        made = Counting()
        for line in found:
            made[line] = made.get(line, 0) + 1
        return made

    monkeypatch.setattr(changes, "Counter", counted)
    monkeypatch.setattr(changes, "MAX_COMPARED", 5_000)
    text = b"".join(b"%d\n" % number for number in range(100))
    old = {f"old/{number}.py": text + b"old %d\n" % number for number in range(100)}
    new = {f"new/{number}.py": text + b"new %d\n" % number for number in range(100)}
    found = changes._alike(old, new)
    assert sum(looked) <= 5_000
    assert found["old/7.py"] == "new/7.py"  # the same name is tried first


def test_a_base_of_many_links_is_listed_with_one_look_at_its_folders(tmp_path: Path) -> None:
    folder = committed(tmp_path / "scanned", {"app.py": CALL, **{f"d{n}/x.txt": "" for n in range(300)}})
    for number in range(300):
        (folder / f"link{number}").symlink_to(f"d{number}")
    done = guard(folder, "check", "--staged", "--base", "HEAD")
    assert (done.returncode, done.stderr) == (0, "")


def test_two_versions_of_a_file_that_only_repeats_are_compared(tmp_path: Path) -> None:
    chance = random.Random(11)
    noise = ["a = 1", "b = 2", "a = 2"]
    texts = ["\n".join(chance.choice(noise) for _ in range(60_000)) for _ in range(2)]
    folder = committed(tmp_path / "scanned", {"app.py": f"{texts[0]}\n{CALL}"})
    (folder / "app.py").write_text(f"{texts[1]}\n{CALL.replace('gpt-4o', 'gpt-4.1')}")
    done = guard(folder, "diff", "HEAD", "--format", "json")
    assert done.returncode == 0 and '"gpt-4.1"' in done.stdout
