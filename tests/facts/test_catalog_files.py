"""The catalogue's files are sound, wrong entries are named, users can add their own; and its formulas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.facts.catalog_index import build, read_documents
from guard.facts.catalog_schema import schema
from guard.facts.registry import Call, Catalog, CatalogError, formula, load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load()


# --- formulas ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "roles", "expected"),
    [
        ("1", {}, 1),
        ("1 + client_retries", {"client_retries": 2}, 3),
        ("1 + client_retries", {"client_retries": None}, None),
        ("1 + client_retries", {}, None),
        ("(1 + max_retries) * (1 + client_retries)", {"max_retries": 3, "client_retries": 2}, 12),
        ("max(1, max_retries)", {"max_retries": 0}, 1),
        ("max(1, max_retries)", {"max_retries": None}, None),
        ("min(5, max_turns)", {"max_turns": None}, 5),
        ("0 * max_turns", {"max_turns": None}, 0),
        ("max_turns - 1", {"max_turns": 4}, 3),
        ("1 + top_k * 1024 // 3000", {"top_k": 5}, 2),
        ("top_k // 10", {"top_k": None}, None),
    ],
)
def test_formula(text: str, roles: dict[str, int | None], expected: int | None) -> None:
    assert formula(text).value(roles) == expected


@pytest.mark.parametrize(
    "text",
    ["", "1 +", "__import__('os')", "a.b", "2 ** 9", "1 / 2", "max()", "max(a, key=b)", "1.5", "True", "a if b else c",
     "a // 0", "a // b",
     "sum(a)", "(" * 300 + "1" + ")" * 300],
)  # fmt: skip
def test_no_formula(text: str) -> None:
    with pytest.raises(CatalogError):
        formula(text)


@given(st.integers(0, 50), st.integers(0, 50))
def test_formula_agrees_with_python(a: int, b: int) -> None:
    text = "max(1, max_retries) * (1 + client_retries) - min(max_retries, 3)"
    assert formula(text).value({"max_retries": a, "client_retries": b}) == max(1, a) * (1 + b) - min(a, 3)


# --- the files --------------------------------------------------------------------------------------------------


def test_files_fit_the_published_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "catalog.schema.json").read_text("utf-8")))
    for name, document in read_documents():
        errors = [f"{name}: {list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(document)]
        assert not errors


def test_published_schema_is_the_generated_one() -> None:
    """Else run `python tools/check_catalog.py --write`."""
    assert json.loads((ROOT / "docs" / "catalog.schema.json").read_text("utf-8")) == schema()


def every_call(catalog: Catalog) -> list[Call]:
    """Several entries may share a name in reports, so that `calls` alone lacks some."""
    found = (*catalog.calls.values(), *catalog.calls_by_name.values(), *catalog._call_on.values())
    return list({id(call): call for call in found}.values())


def test_every_call_says_how_often_it_tries(catalog: Catalog) -> None:
    for call in every_call(catalog):
        assert call.layers, call.api
        assert call.roles, call.api


def test_every_client_answers_for_retries(catalog: Catalog) -> None:
    """A client says what its retries are, or hands the question to those that it wraps, holds or was made on."""
    for client in catalog.clients.values():
        asked = {"client_retries", "max_retries"} & client.roles.keys()
        elsewhere = client.wraps is not None or client.on or client.holds or client.object not in (None, "model")
        assert asked or elsewhere, client.id


def test_references_between_entries_exist(catalog: Catalog) -> None:
    for call in every_call(catalog):
        assert set(call.on) <= catalog.clients.keys(), call.api
        known = call.roles.keys() | {r for c in call.on for r in catalog.clients[c].roles}
        known |= {"client_retries", "again_retries"}
        held = [client for client in catalog.clients.values() if client.holds]
        known |= {role for client in held for role in client.roles} if call.invoke else set()
        assert set(call.turns_when) <= known, call.api
        for layer in call.layers:
            assert layer.formula.names() <= known, call.api
    for client in catalog.clients.values():
        assert set(client.on) <= catalog.clients.keys(), client.id


def api(catalog: Catalog, chain: str) -> list[str]:
    return [resolved.call.api for resolved in catalog.resolve(chain)]


def chains_of(catalog: Catalog, client_id: str) -> list[str]:
    """Chains that make a client that has the calls of `client_id`."""
    found = [name for c in catalog.clients.values() if client_id in c.kinds for name in c.names]
    for client in catalog.clients.values():
        if client_id in client.kinds:
            for owner in set(client.on) - set(client.kinds):
                found += [f"{chain}().{path}" for chain in chains_of(catalog, owner) for path in client.paths]
    return found


def test_every_call_can_be_reached(catalog: Catalog) -> None:
    for (client_id, path), call in catalog._call_on.items():
        chains = [f"{chain}().{path}".removesuffix(".") for chain in chains_of(catalog, client_id)]
        own = [chain for chain in chains if (call_of := catalog.resolve(chain)) and call_of[-1].call is call]
        assert own, (client_id, path)
        assert all(catalog.resolve(chain) for chain in chains), (client_id, path)


def test_class_methods_that_send_can_be_reached(catalog: Catalog) -> None:
    for (client_id, method), call in catalog._class_on.items():
        names = [n for c in catalog.clients.values() if client_id in c.kinds for n in c.names if "()" not in n]
        chains = [f"{name}.{method}".rstrip(".") for name in names]
        assert chains and all(call.api in api(catalog, chain) for chain in chains), (client_id, method)


def test_filters_let_known_calls_through(catalog: Catalog) -> None:
    roots = catalog.import_roots | catalog.common_roots
    for name in catalog.calls_by_name:
        assert name.rpartition(".")[2] in catalog.last_names
        assert any(name.startswith(root + ".") for root in roots), name
    for client in catalog.clients.values():
        for name in client.names:
            assert any(name.startswith(root + ".") for root in roots), name
            module, _, last = name.removesuffix("()").partition("(")[0].rpartition(".")
            written = f"from {module} import {last}\nimport {name}".encode()
            assert any(needle in written for needle in catalog.needles), name
            assert client.object is None or catalog.may_make(name.rpartition(".")[2]), name
    assert b"completions.create" in catalog.needles and b"/chat/completions" in catalog.needles
    assert all(len(needle) > 3 for needle in catalog.needles)


# --- wrong entries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"modell": "model"}, r"x\.yaml: calls\[0\]: unknown key `modell`; did you mean `model`\?"),
        ({"model": {"arg": "model", "position": 0}}, r"calls\[0\]\.model: unknown key `position`"),
        ({"model": {"arg": "model", "how": "guess"}}, r"calls\[0\]\.model\.how: expected one of"),
        ({"model": 3}, r"calls\[0\]\.model: expected a name or a list of names"),
        ({"input": {"arg": ["a", "b"], "form": ["text"]}}, r"calls\[0\]\.input\.form: expected one of"),
        ({"attempts": "1 + retries"}, r"calls\[0\]\.attempts: `retries` is no role"),
        ({"attempts": "1 + "}, r"calls\[0\]\.attempts: .*is no formula"),
        ({"operation": "talk"}, r"calls\[0\]\.operation: expected one of"),
        ({"like": "acme.other"}, r"calls\[0\]\.like: no entry `acme.other`"),
        ({"model": {"arg": "model", "pos": -1}}, r"calls\[0\]\.model\.pos"),
    ],
)
def test_a_wrong_entry_is_named(call: dict[str, object], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        build([("x.yaml", {"family": "acme", "calls": [{"names": ["acme.ask"], "attempts": 1, **call}]})])


def test_a_name_is_given_once() -> None:
    entry = {"names": ["acme.ask"], "attempts": 1}
    with pytest.raises(CatalogError, match=r"`acme\.ask` is given by both"):
        build([("x.yaml", {"family": "acme", "calls": [entry, {**entry, "api": "other"}]})])


def test_entries_that_are_like_each_other() -> None:
    calls = [{"names": ["acme.a"], "like": "acme.b"}, {"names": ["acme.b"], "like": "acme.a"}]
    with pytest.raises(CatalogError, match="like"):
        build([("x.yaml", {"family": "acme", "calls": calls})])
