"""Dataclasses as bytes: what is read is what was written, with its types, and nothing else is ever read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.cache.plain import Plain

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Leaf:
    word: str
    value: Scalar = None
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...] = ()
    nested: tuple[tuple[Leaf, ...], ...] = ()
    pair: tuple[str, int] = ("", 0)
    usd: Decimal | None = None
    best: Leaf | None = None
    share: float = 0
    words: Mapping[str, str] = field(default_factory=dict)
    either: Scalar | tuple[Scalar, ...] = None
    hidden: tuple[str, ...] = field(default=(), compare=False)


PLAIN = Plain(Tree)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
leaves = st.builds(Leaf, st.text(), scalars, st.sampled_from(["a", "b"]))
figures = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20)
trees = st.builds(
    Tree, st.lists(leaves).map(tuple), st.lists(st.lists(leaves).map(tuple)).map(tuple),
    st.tuples(st.text(), st.integers()), st.none() | figures, st.none() | leaves,
    st.floats(allow_nan=False) | st.integers(), st.dictionaries(st.text(), st.text()),
    scalars | st.lists(scalars).map(tuple), st.lists(st.text()).map(tuple),
)  # fmt: skip


@given(trees)
def test_what_is_read_is_what_was_written(tree: Tree) -> None:
    """As `repr` has it: 1, 1.0 and True stay apart, and fields that comparisons pass over are kept, too."""
    assert repr(PLAIN.loads(PLAIN.dumps(tree))) == repr(tree)


def test_text_that_is_no_unicode_is_kept() -> None:
    tree = Tree(leaves=(Leaf("a\udc80\0\u202e"),))
    assert PLAIN.loads(PLAIN.dumps(tree)) == tree


@settings(max_examples=300)
@given(trees, st.data())
def test_bytes_with_anything_else_in_them_are_read_as_a_tree_or_not_at_all(tree: Tree, data: st.DataObject) -> None:
    columns = json.loads(PLAIN.dumps(tree))
    name = data.draw(st.sampled_from(sorted(columns)))
    anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4)
    if columns[name] and data.draw(st.booleans()):
        column = data.draw(st.sampled_from(columns[name]))
        column[data.draw(st.integers(0, len(column) - 1))] = data.draw(anything)
    else:
        columns[name] = data.draw(anything)
    found = PLAIN.loads(json.dumps(columns).encode())
    if found is not None:
        assert repr(PLAIN.loads(PLAIN.dumps(found))) == repr(found)  # it is as its annotations say: it can be written


@given(st.binary())
def test_noise_is_not_read(data: bytes) -> None:
    assert PLAIN.loads(data) is None


@pytest.mark.parametrize("figure", ["NaN", "sNaN", "Infinity", "1e999999999", "1e-999999", "x", "1" * 300])
def test_figures_that_nothing_costs_are_not_read(figure: str) -> None:
    columns = json.loads(PLAIN.dumps(Tree(usd=Decimal("0.25"))))
    at = [column == ["0.25"] for column in columns["Tree"]].index(True)
    columns["Tree"][at] = [figure]
    assert PLAIN.loads(json.dumps(columns).encode()) is None


@pytest.mark.parametrize(
    "tree",
    [
        Tree(leaves=[Leaf("a")]),
        Tree(pair=("a",)),
        Tree(usd=1.5),
        Tree(share="1"),
        Tree(best=Tree()),
        Tree(words={1: ""}),
    ],  # type: ignore
)
def test_what_is_not_as_annotated_is_refused(tree: Tree) -> None:
    with pytest.raises(TypeError):
        PLAIN.dumps(tree)


@dataclass(frozen=True)
class Holder:
    anything: Any


def test_an_annotation_that_says_nothing_is_refused() -> None:
    with pytest.raises(TypeError):
        Plain(Holder)
