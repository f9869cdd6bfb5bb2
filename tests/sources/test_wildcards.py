"""Patterns with many wildcards: they match what pathspec matches, and end on paths made to keep a matcher busy."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from guard.estimate.usage import matches
from guard.policy.places import globs
from guard.sources.ignore import Patterns, compiled, matcher
from guard.sources.walk import listing
from guard.sources.wildcards import regex

BOMBS = {
    "stars in a name": ("*a" * 25 + "*b", "a" * 200),
    "stars behind a folder": ("x/" + "*a" * 25 + "*b", "x/" + "a" * 200),
    "folders": ("**/d/" * 12 + "zz", "d/" * 200 + "z"),
    "both": ("**/*d*d*d*d/" * 12 + "zz", "dddddddd/" * 60 + "z"),
}


@pytest.mark.parametrize("pattern, path", BOMBS.values(), ids=BOMBS)
def test_a_pattern_made_to_keep_guard_busy_ends(pattern: str, path: str) -> None:
    # Every road on which a pattern of a scanned repository comes in. Without atomic groups none of these ends.
    left_out = compiled([pattern])
    assert left_out is not None and left_out.decides(path) is None
    assert not globs((pattern,)).match_file(path)
    assert matches(path, [pattern]) is None


def test_a_gitignore_with_a_bomb_is_read(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*a" * 25 + "*b\n")
    (tmp_path / ("a" * 200)).write_text("")
    (tmp_path / ("a" * 200 + "b")).write_text("")
    assert [file.path for file in listing(tmp_path).files] == [".gitignore", "a" * 200]


def test_many_wildcards_match_what_pathspec_matches() -> None:
    chance = random.Random(20)
    # Without `[!a]`, which takes a slash in pathspec and none in git.
    pieces = ["*", "a", "b", "?", "[ab]", "**", "*a*", "a*b*", "\\*"]
    agreed = 0
    for _ in range(4000):
        segments = ["".join(chance.choices(pieces, k=chance.randint(1, 3))) for _ in range(chance.randint(1, 4))]
        pattern = chance.choice(["", "/"]) + "/".join(segments) + chance.choice(["", "", "/"])
        try:
            own = Patterns(GitIgnoreSpec([_pattern(pattern)]))
        except ValueError:
            continue
        usual = Patterns(GitIgnoreSpec.from_lines([pattern]))
        for _ in range(8):
            path = "/".join("".join(chance.choices("ab*", k=chance.randint(1, 4))) for _ in range(chance.randint(1, 5)))
            assert own.decides(path) == usual.decides(path), (pattern, path)
            agreed += usual.decides(path) is True
    assert agreed > 1000


def _pattern(pattern: str) -> object:
    from pathspec.pattern import RegexPattern

    return RegexPattern(regex(pattern), True)


def test_the_last_pattern_decides_among_easy_and_hard_ones() -> None:
    found = matcher(["*.log", "!*k*e*p*.log", "*s*e*c*r*e*t*/"])
    assert found.match_file("a/x.log")
    assert not found.match_file("a/keep.log")
    assert found.match_file("my-secrets/x.py") and not found.match_file("my-secrets")


@pytest.mark.parametrize("pattern", ["*a*b*[c", "*a*b*\\", "*a*b*[z-a]", "[z-a]"])
def test_what_is_no_pattern_matches_nothing(pattern: str) -> None:
    assert not matcher([pattern]).match_file("aabbc")
