"""Input over the turns of an agent, against adding up turn by turn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.estimate.turns import bands, input_of_turns


def one_by_one(first, growth, turns, window):
    return [min(first + k * growth, window) if window is not None else first + k * growth for k in range(turns)]


WINDOW = st.one_of(st.none(), st.integers(1, 3_000))
SIZE = st.integers(0, 2_000)


@given(SIZE, st.integers(0, 500), st.integers(0, 40), WINDOW)
def test_closed_form_equals_adding_up(first, growth, turns, window):
    assert input_of_turns(first, growth, turns, window) == pytest.approx(sum(one_by_one(first, growth, turns, window)))


@given(SIZE, st.integers(0, 500), st.integers(0, 40), WINDOW, st.lists(st.integers(0, 3_000), max_size=3, unique=True))
def test_every_turn_is_in_the_band_of_its_size(first, growth, turns, window, thresholds):
    thresholds = sorted(thresholds)
    expected = {}
    for size in one_by_one(first, growth, turns, window):
        above = max((t for t in thresholds if size > t), default=0)
        number, tokens = expected.get(above, (0, 0))
        expected[above] = (number + 1, tokens + size)
    merged = {}
    for band in bands(first, growth, turns, window, thresholds):
        number, tokens = merged.get(band.above, (0, 0))
        merged[band.above] = (number + band.turns, tokens + band.input_tokens)
    assert merged.keys() == expected.keys()
    for above in merged:
        assert merged[above] == pytest.approx(expected[above])


def test_a_fraction_of_a_turn_is_that_share_of_the_next_one():
    assert input_of_turns(100, 10, 2.5, None) == 100 + 110 + 0.5 * 120


def test_a_million_turns_are_as_quick_as_two():
    assert input_of_turns(100, 1, 1_000_000, 1_000) == sum(one_by_one(100, 1, 1_000_000, 1_000))
