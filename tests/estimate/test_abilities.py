"""What models take beside text, as a public list says it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import guard.estimate
from guard.estimate import abilities
from guard.estimate.price_rows import Row
from guard.estimate.prices import load
from guard.model import Message, Prompt, Segment

FILE = Path(guard.estimate.__file__).parent / "data" / "abilities.tsv"


def row(name: str, provider: str = "openai") -> Row:
    found = load().find(name, provider)
    assert found is not None
    return found


def test_the_table_is_as_it_was_compiled() -> None:
    head, _, body = FILE.read_text(encoding="utf-8").partition("\n")
    lines = body.splitlines()
    assert json.loads(head)["sha256"] == hashlib.sha256(body.encode()).hexdigest()
    assert json.loads(head)["rows"] == len(lines) and lines == sorted(lines)
    assert {line.partition("\t")[0] for line in lines} <= set(load().ids())


@pytest.mark.parametrize(
    ("model", "taken"),
    [("gpt-4o-mini", {"tools", "schema", "images", "PDF"}), ("gpt-3.5-turbo", {"tools"}), ("davinci-002", set())],
)
def test_what_a_model_takes(model: str, taken: set[str]) -> None:
    assert abilities.takes(row(model)) == taken


def test_what_is_not_listed_is_not_known() -> None:
    assert abilities.takes(row("text-embedding-3-small")) is None


def hole(name: str, why: str = abilities.MEDIA) -> Message:
    return Message("user", (Segment(None, name, why=why),))


@pytest.mark.parametrize(
    ("prompt", "needed"),
    [
        (Prompt((Message("user", (Segment("hello"),)),)), set()),
        (Prompt(tools=2), {"tools"}),
        (Prompt(tools_open=True), {"tools"}),
        (Prompt((hole("image"),)), {"images"}),
        (Prompt((hole("document"), hole("input_audio"))), {"PDF", "audio"}),
        (Prompt((), others=((hole("image"),),)), {"images"}),
        (Prompt((hole("image", "built at run time"),)), set()),
        (Prompt((Message("text", (Segment("{}", "schema"),)),)), {"schema"}),
    ],
)
def test_what_a_prompt_needs(prompt: Prompt, needed: set[str]) -> None:
    assert abilities.needs(prompt) == needed


def test_what_nobody_says_that_a_model_takes() -> None:
    prompt = Prompt((hole("image"),), tools=1)
    assert abilities.missing(row("gpt-4o"), prompt) == ()
    assert abilities.missing(row("gpt-3.5-turbo"), prompt) == ("images",)
    assert abilities.missing(row("text-embedding-3-small"), prompt) == ("tools", "images")


def test_a_damaged_table_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "abilities.tsv").write_text("{}\nopenai/x\tq\n", encoding="utf-8")
    monkeypatch.setattr(abilities, "__file__", str(tmp_path / "abilities.py"))
    abilities._table.cache_clear()
    try:
        with pytest.raises(RuntimeError, match="damaged"):
            abilities.takes(row("gpt-4o"))
    finally:
        abilities._table.cache_clear()
