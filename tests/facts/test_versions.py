"""Which entry a package's release comes from where several say the same."""

from __future__ import annotations

from itertools import permutations

from guard.facts.link import versions


def test_of_equal_entries_every_run_names_the_same() -> None:
    entries = [versions.admitted("==1.2", path, line) for path, line in (("a.txt", 9), ("b.txt", 1), ("b.txt", 2))]
    named = {pin for order in permutations(entries) for pin in versions._newest(order)}
    assert [(pin.path, pin.line) for pin in named] == [("b.txt", 2)]


def test_the_newest_exact_entry_wins() -> None:
    entries = [versions.admitted("==1.2", "a.txt", 1), versions.admitted("<3", "b.txt", 1)]
    (pin,) = versions._newest(entries)
    assert (pin.path, pin.text) == ("a.txt", "1.2")
