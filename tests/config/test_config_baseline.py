"""The baseline file: whatever is in it, it loads or fails with its place; entries match findings one to one."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.config.baselines import NAME, read
from guard.config.issues import ConfigError
from guard.config.types import Baseline, BaselineEntry
from guard.model import Extent, Finding, Label, Span
from guard.policy.baseline import matched
from guard.use.baseline import entries, plan, text

WORDS = st.sampled_from(["a", "b", '"', "\n", "findings", "\\", "é\u2028", "id"])
EXTENTS = st.none() | st.builds(Extent, st.decimals(0, 10**9, places=6), st.just("usd"))
EXTENTS |= st.builds(Extent, st.integers(0, 99).map(Decimal), st.just("requests"))
FINDINGS = st.builds(
    lambda id_, policy, verdict, path, message, extent: Finding(
        id_, policy, verdict, "high", "block", message, (Label(Span(path, 1, 1, 1, 1)),), extent=extent
    ),
    WORDS, WORDS, st.sampled_from(["violated", "undecided"]), st.sampled_from(["a.py", "b/c.py"]), WORDS, EXTENTS,
)  # fmt: skip


def loaded(folder: Path, data: bytes) -> Baseline:
    (folder / NAME).write_bytes(data)
    return read(None, None, folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FINDINGS, max_size=12))
def test_what_is_written_reads_as_it_was_and_forgives_all(tmp_path: Path, findings: list[Finding]) -> None:
    written = entries(plan(Baseline(NAME), findings), add=True)
    found = loaded(tmp_path, text(written).encode("ascii"))
    assert tuple(replace(one, line=1) for one in found.entries) == written
    lines = text(written).split("\n")
    assert all(lines[one.line - 1].rstrip(",") == f"    {json.dumps(_as_data(one))}" for one in found.entries)
    again = plan(found, findings)
    assert (again.shrinks, again.unknown) == (False, ())
    assert {replace(one, line=1) for one in again.kept} == set(written)


def _as_data(one: BaselineEntry) -> Any:
    return json.loads(text([one]))["findings"][0]


@given(st.lists(FINDINGS, max_size=10), st.lists(FINDINGS, max_size=10))
def test_each_entry_is_about_one_finding_at_most(before: list[Finding], after: list[Finding]) -> None:
    held = entries(plan(Baseline(NAME), before), add=True)
    found = matched(held, after, "")
    assert len({id(entry) for entry, _ in found.pairs}) == len({id(one) for _, one in found.pairs}) == len(found.pairs)
    assert len(found.pairs) + len(found.gone) == len(held)
    assert len(found.pairs) + len(found.others) == len(after)


@given(st.lists(FINDINGS, max_size=10), st.lists(FINDINGS, max_size=10))
def test_without_add_nothing_more_is_forgiven(before: list[Finding], after: list[Finding]) -> None:
    held = entries(plan(Baseline(NAME), before), add=True)
    left = entries(plan(Baseline(NAME, held, True), after), add=False)
    assert len(left) <= len(held)
    amounts = [sum(one.extent.quantity for one in side if one.extent is not None) for side in (held, left)]
    assert amounts[1] <= amounts[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_load_or_fail_with_a_place(tmp_path: Path, data: bytes) -> None:
    try:
        loaded(tmp_path, data)
    except ConfigError as error:
        assert all(issue.path == NAME and issue.line >= 1 for issue in error.errors)


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | WORDS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.dictionaries(st.sampled_from(["id", "policy", "path", "message", "usd", "requests", "verdict"]), PLAIN),
        lambda inner: st.lists(inner) | PLAIN,
        max_leaves=8,
    )
)
def test_any_entry_loads_or_fails_with_a_place(tmp_path: Path, entry: Any) -> None:
    data = {"format": "guard-baseline", "version": 1, "findings": [entry, entry]}
    try:
        found = loaded(tmp_path, json.dumps(data, indent=1).encode())
    except ConfigError as error:
        assert error.errors[0].line == 5
    else:
        assert [one.line for one in found.entries] == [5, 5 + json.dumps(entry, indent=1).count("\n") + 1]


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file(tmp_path: Path, kind: str) -> None:
    import os

    (tmp_path / NAME).mkdir() if kind == "folder" else os.mkfifo(tmp_path / NAME)
    with pytest.raises(ConfigError, match=rf"{NAME}:1:1: this is (a folder, )?not a"):
        read(None, None, tmp_path)
