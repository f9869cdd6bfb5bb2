"""The form of the catalogue's entries for frameworks, and the compiled file that stands in for the YAML."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.facts.catalog_index import COMPILED, build, compiled, parse, read_documents
from guard.facts.registry import Catalog, CatalogError, load

FOLDER = Path(__file__).resolve().parents[2] / "guard" / "facts" / "catalog"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load()


def test_compiled_catalogue_is_fresh() -> None:
    """Else run `python tools/check_catalog.py --write`."""
    assert (FOLDER / COMPILED).read_text("utf-8") == compiled(FOLDER)


def test_a_stale_compiled_catalogue_is_not_used(tmp_path: Path) -> None:
    text = "family: acme\ncalls: [{names: [acme.ask], attempts: 1, model: model}]\n"
    (tmp_path / "acme.yaml").write_text(text)
    (tmp_path / COMPILED).write_text(compiled(tmp_path))
    assert build(read_documents(tmp_path)).resolve("acme.ask")
    (tmp_path / "acme.yaml").write_text(text.replace("acme.ask", "acme.tell"))
    assert build(read_documents(tmp_path)).resolve("acme.tell")
    assert not build(read_documents(tmp_path)).resolve("acme.ask")
    (tmp_path / COMPILED).write_text("{")
    assert build(read_documents(tmp_path)).resolve("acme.tell")


def test_a_common_word_is_no_import_root(catalog: Catalog) -> None:
    """A repository's own `agents.py` must not be taken for the SDK."""
    assert "agents" in catalog.common_roots and "agents" not in catalog.import_roots
    assert catalog.distributions["agents"] == ("openai-agents",)
    assert b"agents" not in catalog.needles and b"from agents" in catalog.needles


def acme(text: str) -> Catalog:
    return build([("acme.yaml", {"family": "acme", **parse(text.encode())})])


def test_is_takes_over_calls_and_like_does_not() -> None:
    made = acme("""
clients:
  - {id: base, object: model, names: [acme.Base], model: model}
  - {id: child, is: base, names: [acme.Child]}
  - {id: cousin, like: base, names: [acme.Cousin]}
calls: [{api: acme.ask, on: [base], paths: [ask, "()"]}]
""")
    assert [r.call.api for r in made.resolve("acme.Child().ask")] == ["acme.ask"]
    assert [r.call.api for r in made.resolve("acme.Child()")] == ["acme.ask"]
    assert made.resolve("acme.Cousin().ask") == ()
    assert made.clients["cousin"].roles.keys() == {"model"}


def test_braces_are_alternatives() -> None:
    made = acme("clients: [{id: a, names: ['acme{,.lib.x,.lib.y}.New{A,B}']}]")
    assert set(made.clients_by_name) == {f"acme{m}.New{c}" for m in ("", ".lib.x", ".lib.y") for c in "AB"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clients: [{id: a, names: ['a{b,{c}}']}]", "can't stand in braces"),
        ("clients: [{id: a, names: ['a{b']}]", "braces must be closed"),
        ("clients: [{id: a, object: thing}]", r"clients\[0\]\.object: expected one of"),
        ("clients: [{id: a, holds: [{arg: llm, as: friend}]}]", r"holds\[0\]\.as: expected one of"),
        ("clients: [{id: a, holds: [{arg: llm, sometimes: 3}]}]", r"holds\[0\]: unknown key `sometimes`"),
        ("clients: [{id: a, holds: [llm]}]", r"holds\[0\]: expected a mapping"),
        ("clients: [{id: a, derive: [{paths: [b], modle: x}]}]", r"derive\[0\]: unknown key `modle`"),
        ("clients: [{id: a, is: b}]", r"no entry `b`"),
        ("calls: [{api: x, on: [nobody], paths: [ask], attempts: 1}]", r"x: on: no client `nobody`"),
        ("families: [{modules: [acme], classes: ['*'], like: nobody}]", r"families\[0\]\.like: no client `nobody`"),
    ],
)
def test_a_wrong_entry_is_named(text: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        acme(text)
