"""The schema is the one truth: it agrees with the types, the published file, the guide and the shipped packs."""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft7Validator

from guard.config import schema, types
from guard.config.load import load
from guard.config.packs import shipped
from guard.config.validate import problems
from guard.config.yaml_reader import read_yaml
from guard.model import Enforce, Severity, Stage

REPOSITORY = Path(__file__).resolve().parents[2]
TOP = schema.SCHEMA["properties"]
USAGE_BESIDE = {"hole_tokens_source", "output_share_source", "rules", "profile", "scenario"}
"""Fields of the type that are no key of `usage.default`."""
GUIDE = (REPOSITORY / "docs" / "configuration.md").read_text()


def walk(node: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Every subschema that describes a value, with the way to it."""
    yield where, node
    for key, inner in node.get("properties", {}).items():
        yield from walk(inner, f"{where}.{key}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(node.get(keyword), dict):
            yield from walk(node[keyword], f"{where}[]")


def test_the_published_schema_is_fresh() -> None:
    written = (REPOSITORY / "docs" / "guard.schema.json").read_text()
    assert written == schema.as_json(), "run: python -m guard.config.schema > docs/guard.schema.json"


@pytest.mark.parametrize("found", [schema.SCHEMA, schema.PACK_SCHEMA], ids=["guard.yaml", "pack"])
def test_it_is_a_json_schema(found: schema.Schema) -> None:
    Draft7Validator.check_schema(found)
    json.loads(json.dumps(found))


def test_every_value_has_a_description_and_an_example_that_fits() -> None:
    definitions = {"definitions": schema.SCHEMA["definitions"]}
    for where, node in [*walk(schema.SCHEMA), *walk(schema.SCHEMA["definitions"]["argument"], ".argument")]:
        assert node["title"] and node["examples"], where
        for example in node["examples"]:
            assert Draft7Validator({**node, **definitions}).is_valid(example), (where, example)
        # Globs in lists are described with the list.
        assert len(node.get("description", "")) > 5 or where.endswith("[]"), where


@pytest.mark.parametrize(
    ("part", "made", "added"),
    [
        (TOP["usage"]["properties"]["default"], types.Usage, USAGE_BESIDE),
        (TOP["usage"]["properties"]["rules"]["items"], types.UsageRule, {"source", "place"}),
        (TOP["assume"]["items"], types.Assume, {"source", "place"}),
        (TOP["prices"]["additionalProperties"], types.PriceRule, {"source", "place", "pattern"}),
        (TOP["features"]["additionalProperties"], types.Feature, {"name", "place"}),
        (TOP["scenarios"]["additionalProperties"], types.Scenario, {"name", "place", "max_output"}),
        (TOP["budgets"]["items"], types.Budget, {"place"}),
        (TOP["policies"]["items"], types.PolicySpec, {"place", "param_places", "check_place", "message_place"}),
        (TOP["exceptions"]["items"], types.Exemption, {"place"}),
        (schema.SCHEMA, types.Config, {"path", "prefix", "owners"}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_schema_and_types_have_the_same_keys(part: schema.Schema, made: type, added: set[str]) -> None:
    assert set(part["properties"]) - {"version"} == {f.name for f in dataclasses.fields(made)} - added


def test_defaults_and_words_are_those_of_the_types() -> None:
    budget, policy = TOP["budgets"]["items"]["properties"], TOP["policies"]["items"]["properties"]
    for properties, made in ((budget, types.Budget), (policy, types.PolicySpec)):
        defaults = {f.name: f.default for f in dataclasses.fields(made)}
        written = {key: node["default"] for key, node in properties.items() if "default" in node}
        assert written and written == {key: defaults[key] for key in written}
    assert tuple(budget["stage"]["enum"]) == get_args(Stage)
    assert tuple(budget["severity"]["enum"]) == tuple(policy["severity"]["enum"]) == get_args(Severity)
    assert tuple(budget["enforce"]["enum"]) == get_args(Enforce)
    assert tuple(budget["compare"]["enum"]) == get_args(types.Compare)
    assert tuple(budget["on_unknown"]["enum"]) == get_args(types.OnUnknown)


def test_every_key_is_in_the_guide_with_an_example() -> None:
    examples = "\n".join(re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL))
    for where, _ in walk(schema.SCHEMA):
        key = where.rsplit(".", 1)[-1].removesuffix("[]")
        if where.startswith(".calls[]."):
            # What arguments can mean and how they are written are tables: there are many.
            assert f"`{key}`" in GUIDE or re.search(rf"\b{key}:", examples), where
            continue
        assert not key or re.search(rf"\b{key}\b[\"']?:", examples), where


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL), ids=lambda text: text[:30])
def test_examples_of_the_guide_load(tmp_path: Path, text: str) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "team.yaml").write_text("version: 1\npolicies: [{id: a}]")
    # A fragment of the guide stands alone; features that a budget names are declared elsewhere in it.
    whole = text if "version:" in text else f"version: 1\n{text}"
    if "feature: search" in whole and "features:" not in whole:
        whole += "\nfeatures: {search: {paths: [src], unit: query, revenue_per_unit: 1, customers: 9}}\n"
    (tmp_path / "guard.yaml").write_text(whole)
    load(tmp_path)


def test_the_pyproject_example_of_the_guide_loads(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(text)
    assert load(tmp_path).path == "pyproject.toml"


def test_shipped_packs_are_valid() -> None:
    packs = shipped()
    assert "guard:recommended" in packs
    for name, file in packs.items():
        assert problems(read_yaml(file.read_bytes(), name), schema.PACK_SCHEMA) == []
