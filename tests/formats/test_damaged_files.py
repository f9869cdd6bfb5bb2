"""Damaged configuration files: every one ends with facts, with a problem or with nothing, never with an error."""

from __future__ import annotations

from format_cases import BLOCK, cases, section
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.facts.documents.document import kind_of
from guard.facts.documents.found import MAX_SETTINGS
from guard.facts.documents.read import collect, formats
from guard.facts.documents.types import Facts

FILES = sorted(
    {
        (name, block["body"])
        for path, title in cases()
        for block in BLOCK.finditer(section(path, title))
        if (name := block["info"].partition(" ")[2]) and kind_of(name) is not None
    }
)
"""The files of all cases."""
PIECES = st.sampled_from(
    ["{", "}", "[", "]", ":", "- ", "\n", "  ", '"', "'", "&a ", "*a", "<<: *a", "null", "~", "1e999",
     "!!python/name:os", "#\"", "\"#", "{{", "}}", "${X:-y}", "---\n", "\t", "\ufeff", "\u2028", "true", "? ", "| ", "> "]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FILES), st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.3), PIECES), max_size=4))
def test_damage_ends_with_facts_or_a_problem(file: tuple[str, str], cuts: list[tuple[float, float, str]]) -> None:
    name, text = file
    for at, length, piece in cuts:
        start = int(at * len(text))
        text = text[:start] + piece + text[start + int(length * len(text)) :]
    found = collect(name, text.encode("utf-8", "surrogatepass"))
    assert found is None or isinstance(found, Facts)
    lines = text.count("\n") + text.count("\r") + 1
    for setting in found.settings if found is not None else ():
        assert 1 <= setting.line <= lines + 1
        assert setting.column >= 1


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=400), st.sampled_from(["a.yaml", "a.json", "a.toml", ".env", "a.prompty", "a.baml", "a.jsonl"])
)
def test_bytes_of_any_kind(data: bytes, name: str) -> None:
    words = b" ".join(group[0] for one in formats() for group in one.words)
    collect(name, data + b"\n" + words)


def test_a_file_with_very_many_keys_is_cut() -> None:
    many = "".join(
        f"- model_name: m{n}\n  litellm_params: {{model: openai/gpt-4o}}\n" for n in range(MAX_SETTINGS + 50)
    )
    found = collect("litellm.yaml", f"model_list:\n{many}".encode())
    assert found is not None
    assert len(found.settings) == MAX_SETTINGS
