"""A good guard.yaml arrives as the expected `Config`, wherever it stands and however it is written."""

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from guard.config.document import number
from guard.config.load import ConfigError, load
from guard.config.types import (
    Assume,
    Baseline,
    Budget,
    Config,
    Exemption,
    Feature,
    Place,
    PolicySpec,
    PriceRule,
    Usage,
    UsageRule,
)
from guard.config.values import money, share
from guard.config.yaml_reader import read_yaml

EXAMPLE = """\
version: 1
extends: [packs/team.yaml]
exclude: ["vendor/**"]
usage:
  default: {hole_tokens: 400, output_share: 50%}
  rules:
    - {paths: ["src/search/**"], runs_per_month: 2_000_000, cache_hit_rate: 60%}
    - {entry: "POST /ask", runs_per_month: 300_000}
    - {holes: {docs: 8000}}
assume:
  - {paths: ["src/router/**"], model: gpt-4o-mini}
aliases: {prod-chat-eu: azure/gpt-4o}
prices:
  "anthropic/*": {discount: 18%}
  "openai/gpt-4o": {input: 2.40 USD, output: $9.60}
features:
  search: {paths: ["src/search/**"], owner: "@search"}
budgets:
  - {name: one call, per_call: 0.05 USD, compare: high, enforce: block}
  - {name: search, feature: search, per_month: 4_000 USD, enforce: block, warn_at: 80%}
policies:
  - id: approved-models
    check: model-allowed
    params: {allow: ["gpt-4o-mini*", "claude-*-haiku*"]}
    enforce: block
    message: "{model} is not approved; ask #ai-platform"
exceptions:
  - {policy: approved-models, paths: ["src/legacy/**"], reason: migration, owner: "@ana", until: 2027-01-31}
"""

TEAM = "version: 1\npolicies:\n- id: output-limit\n  severity: low\n"

AS_TOML = """\
[project]
name = "shop"

[tool.guard]
version = 1
extends = ["packs/team.yaml"]
exclude = ["vendor/**"]
aliases = { prod-chat-eu = "azure/gpt-4o" }
assume = [{ paths = ["src/router/**"], model = 'gpt-4o-mini' }]

[tool.guard.usage]
default = { hole_tokens = 400, output_share = "50%" }

[[tool.guard.usage.rules]]
paths = ["src/search/**"]
runs_per_month = 2_000_000
cache_hit_rate = 0.6

[[tool.guard.usage.rules]]
entry = "POST /ask"
runs_per_month = 300_000

[[tool.guard.usage.rules]]
holes.docs = 8000

[tool.guard.prices."anthropic/*"]
discount = 0.18

[tool.guard.prices."openai/gpt-4o"]
input = 2.40
output = 9.6

[tool.guard.features.search]
paths = ["src/search/**"]
owner = "@search"

[[tool.guard.budgets]]
name = "one call"
per_call = 0.05
compare = "high"
enforce = "block"

[[tool.guard.budgets]]
name = "search"
feature = "search"
per_month = 4_000
enforce = "block"
warn_at = 0.8

[[tool.guard.policies]]
id = "approved-models"
check = "model-allowed"
params = { allow = ["gpt-4o-mini*", "claude-*-haiku*"] }
enforce = "block"
message = "{model} is not approved; ask #ai-platform"

[[tool.guard.exceptions]]
policy = "approved-models"
paths = ["src/legacy/**"]
reason = "migration"
owner = "@ana"
until = 2027-01-31
"""


def at(line: int, column: int, path: str = "guard.yaml") -> Place:
    return Place(path, line, column)


def without_places(value: Any) -> Any:
    """The same plain data with every place blanked, to compare two ways of writing one configuration."""
    if isinstance(value, Place):
        return None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: without_places(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: without_places(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [without_places(item) for item in value]
    return value


def same(a: Config, b: Config) -> bool:
    blank = [without_places(dataclasses.replace(config, path=None)) for config in (a, b)]
    return bool(blank[0] == blank[1])


def project(folder: Path, **files: str) -> Path:
    (folder / "packs").mkdir(parents=True, exist_ok=True)
    (folder / "packs" / "team.yaml").write_text(TEAM)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def loaded(folder: Path, text: str) -> Config:
    (folder / "guard.yaml").write_text(text)
    return load(folder)


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    found = load(project(tmp_path, guard_yaml=EXAMPLE))
    assert found.path == "guard.yaml"
    assert found.extends == ("packs/team.yaml",)
    assert found.exclude == ("vendor/**",)
    rules = (
        UsageRule(
            "usage.rules[0]",
            at(7, 7),
            ("src/search/**",),
            runs_per_month=Decimal(2_000_000),
            cache_hit_rate=Decimal("0.6"),
        ),
        UsageRule("usage.rules[1]", at(8, 7), entry="POST /ask", runs_per_month=Decimal(300_000)),
        UsageRule("usage.rules[2]", at(9, 7), holes={"docs": 8000}),
    )
    assert found.usage == Usage(400, Decimal("0.5"), "usage.default", "usage.default", rules)
    assert found.assume == (Assume("assume[0]", at(11, 5), ("src/router/**",), model="gpt-4o-mini"),)
    assert found.aliases == {"prod-chat-eu": "azure/gpt-4o"}
    assert found.prices == (
        PriceRule('prices["anthropic/*"]', at(14, 3), "anthropic/*", discount=Decimal("0.18")),
        PriceRule('prices["openai/gpt-4o"]', at(15, 3), "openai/gpt-4o", input=Decimal("2.40"), output=Decimal("9.60")),
    )
    assert found.features == (Feature("search", at(17, 3), ("src/search/**",), "@search"),)
    assert found.budgets == (
        Budget("one call", at(19, 5), per_call=Decimal("0.05"), compare="high", enforce="block"),
        Budget(
            "search",
            at(20, 5),
            per_month=Decimal(4000),
            feature="search",
            enforce="block",
            warn_at=Decimal("0.8"),
        ),
    )
    assert found.policies == (
        PolicySpec("output-limit", at(3, 3, "packs/team.yaml"), "output-limit", severity="low"),
        PolicySpec(
            "approved-models",
            at(22, 5),
            "model-allowed",
            {"allow": ["gpt-4o-mini*", "claude-*-haiku*"]},
            {"allow": at(24, 14), "allow[0]": at(24, 22), "allow[1]": at(24, 38)},
            enforce="block",
            message="{model} is not approved; ask #ai-platform",
            check_place=at(23, 12),
            message_place=at(26, 14),
        ),
    )
    assert found.exceptions == (
        Exemption(at(28, 5), "approved-models", "migration", ("src/legacy/**",), "@ana", "2027-01-31"),
    )


def test_flow_and_block_style_say_the_same(tmp_path: Path) -> None:
    data = read_yaml(EXAMPLE.encode(), "guard.yaml").data
    text = {style: yaml.safe_dump(data, default_flow_style=style == "flow") for style in ("flow", "block")}
    assert text["flow"].startswith("{") and text["block"].startswith("aliases:\n  prod")
    found = [load(project(tmp_path / style, guard_yaml=out)) for style, out in text.items()]
    assert same(found[0], found[1])
    assert same(found[0], load(project(tmp_path / "example", guard_yaml=EXAMPLE)))


def test_pyproject_says_the_same_as_guard_yaml(tmp_path: Path) -> None:
    from_yaml = load(project(tmp_path / "yaml", guard_yaml=EXAMPLE))
    from_toml = load(project(tmp_path / "toml", pyproject_toml=AS_TOML))
    assert from_toml.path == "pyproject.toml"
    assert same(from_yaml, from_toml)


def test_places_in_pyproject(tmp_path: Path) -> None:
    found = load(project(tmp_path, pyproject_toml=AS_TOML))
    lines = AS_TOML.splitlines()
    assert lines[found.budgets[1].place.line - 1 :][:2] == ["[[tool.guard.budgets]]", 'name = "search"']
    assert lines[found.usage.rules[2].place.line :][:1] == ["holes.docs = 8000"]
    allow = found.policies[1].param_places["allow[1]"]
    assert lines[allow.line - 1][allow.column - 1 :].startswith('"claude-*-haiku*"')
    assert found.prices[0].place == at(lines.index('[tool.guard.prices."anthropic/*"]') + 1, 20, "pyproject.toml")
    assert found.assume[0].place == at(9, 11, "pyproject.toml")


def test_places_survive_every_kind_of_toml_string_and_comment(tmp_path: Path) -> None:
    text = (
        '# guard = """\n[tool.other]\na = """x [tool.guard] \\""" """"\nb = \'\'\'\n[x]\'\'\'\n"c d"."e" = [1, # ]\n'
        " 2]\n"
        'd = { x = "}", y = [{ z = 1 }] }\nwhen = 1979-05-27 07:32:00\n[[tool.more]]\n[tool.more.guard]\n'
        "[\"tool\" . 'guard']\nversion = 1\nextends = []\nexclude = [\n  # none\n  \"a]\", 'b',\n  5,\n]\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(project(tmp_path, pyproject_toml=text))
    (issue,) = caught.value.errors
    assert (issue.source, issue.column, issue.message) == ("  5,", 3, issue.message)
    assert issue.message.startswith("exclude[2] must be a glob")


def test_words_of_yaml_1_2_stay_words(tmp_path: Path) -> None:
    params = "{on: on, no: n, y: 0.5, z: 1_0}"
    text = f"version: 1\nextends: []\npolicies: [{{id: a, enforce: off, owner: yes, params: {params}}}]"
    (policy,) = loaded(tmp_path, text).policies
    assert (policy.enforce, policy.owner) == ("off", "yes")
    assert policy.params == {"on": "on", "no": "n", "y": 0.5, "z": 10}
    assert [type(value) for value in policy.params.values()] == [str, str, float, int]


# --- which file ------------------------------------------------------------------------------------------------


def test_without_a_file_the_recommended_policies_warn(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    found = load(tmp_path)
    assert dataclasses.replace(found, policies=(), baseline=None) == Config()
    assert found.baseline == Baseline(".guard-baseline.json")
    assert {"output-limit", "attempts-bounded", "loop-bounded", "model-known"} <= {p.id for p in found.policies}
    assert {p.enforce for p in found.policies} == {"warn"}
    assert {p.place.path for p in found.policies} == {"guard:recommended"}


def test_a_file_without_extends_keeps_the_recommended_policies(tmp_path: Path) -> None:
    recommended = load(tmp_path).policies
    assert loaded(tmp_path, "version: 1").policies == recommended


def test_the_nearest_file_upwards_wins(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    (tmp_path / "guard.yaml").write_text("version: 1\nextends: []\nexclude: [top]")
    (tmp_path / "a" / "guard.yml").write_text("version: 1\nextends: []\nexclude: [near]")
    found = load(tmp_path / "a" / "b" / "c")
    assert (found.path, found.exclude) == ("../../guard.yml", ("near",))


def test_nothing_above_the_git_root_is_read(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text("not: [valid")
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "src").mkdir()
    assert load(tmp_path / "repo" / "src").path is None
    (tmp_path / "repo" / "guard.yaml").write_text("version: 1")
    assert load(tmp_path / "repo" / "src").path == "../guard.yaml"


def test_guard_yaml_goes_before_pyproject_and_pyproject_before_the_folder_above(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    (tmp_path / "guard.yaml").write_text("version: 1\nexclude: [above]")
    (below / "pyproject.toml").write_text("[tool.guarded]\nx = 'guard'\n")
    assert load(below).exclude == ("above",)
    (below / "pyproject.toml").write_text("[tool.guard]\nversion = 1\nexclude = ['toml']\n")
    assert load(below).exclude == ("toml",)
    (below / "guard.yaml").write_text("version: 1\nexclude: [yaml]")
    assert load(below).exclude == ("yaml",)


def test_a_broken_pyproject_matters_only_with_a_guard_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['guard-spend'\n")
    assert load(tmp_path).path is None
    (tmp_path / "pyproject.toml").write_text("[project]\ndependencies = ['guard-spend'\n[tool.guard.usage]\n")
    with pytest.raises(ConfigError, match="bad TOML"):
        load(tmp_path)


def test_a_file_that_is_named_is_read_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text("version: 1\nexclude: [a]")
    (tmp_path / "strict.yaml").write_text("version: 1\nexclude: [b]")
    assert load(tmp_path, tmp_path / "strict.yaml").exclude == ("b",)
    with pytest.raises(ConfigError, match=r"^gone.yaml:1:1: there is no such file$"):
        load(tmp_path, tmp_path / "gone.yaml")
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'")
    with pytest.raises(ConfigError, match=r"^pyproject.toml:1:1: the file has no table \[tool.guard\]; "):
        load(tmp_path, tmp_path / "pyproject.toml")


# --- packs -----------------------------------------------------------------------------------------------------


def test_a_policy_of_a_pack_is_changed_field_by_field(tmp_path: Path) -> None:
    pack = (
        "version: 1\npolicies:\n- {id: a, check: model-allowed, severity: low, message: hi, "
        "params: {allow: [x], deny: [y]}}\n- {id: b, owner: '@b'}\n"
    )
    (tmp_path / "pack.yaml").write_text(pack)
    text = "version: 1\nextends: [pack.yaml]\npolicies:\n- {id: c}\n- {id: a, enforce: block, params: {deny: [z]}}\n"
    a, b, c = loaded(tmp_path, text).policies
    assert (a.id, a.check, a.enforce, a.severity, a.message) == ("a", "model-allowed", "block", "low", "hi")
    assert a.params == {"allow": ["x"], "deny": ["z"]}
    assert a.place == at(5, 3)
    assert {name: (p.path, p.line) for name, p in a.param_places.items()} == {
        "allow": ("pack.yaml", 3),
        "allow[0]": ("pack.yaml", 3),
        "deny": ("guard.yaml", 5),
        "deny[0]": ("guard.yaml", 5),
    }
    assert (b.id, b.check, b.owner) == ("b", "b", "@b")
    assert (c.id, c.check) == ("c", "c")


def test_parameters_of_another_check_are_not_kept(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("version: 1\npolicies: [{id: a, check: x, params: {p: 1}}]")
    (policy,) = loaded(tmp_path, "version: 1\nextends: [pack.yaml]\npolicies: [{id: a, check: y}]").policies
    assert (policy.check, policy.params, policy.param_places) == ("y", {}, {})


def test_later_packs_go_before_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("version: 1\npolicies: [{id: a, enforce: block, owner: one}]")
    (tmp_path / "two.yaml").write_text("version: 1\npolicies: [{id: a, owner: two}]")
    (policy,) = loaded(tmp_path, "version: 1\nextends: [one.yaml, two.yaml]").policies
    assert (policy.enforce, policy.owner) == ("block", "two")


def test_a_pack_elsewhere_in_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "org.yaml").write_text("version: 1\npolicies: [{id: a}]")
    (tmp_path / "service").mkdir()
    found = loaded(tmp_path / "service", "version: 1\nextends: [../policies/org.yaml]")
    assert [(p.id, p.place.path) for p in found.policies] == [("a", "../policies/org.yaml")]


# --- figures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "usd"),
    [
        ("0.05 USD", "0.05"),
        ("4_000 USD", "4000"),
        ("4_000", "4000"),
        ("$5", "5"),
        ("$ 5.50", "5.50"),
        ("4000", "4000"),
        ("0.1", "0.1"),
        ("'12USD'", "12"),
        ("1e-3", "0.001"),
        ("0", "0"),
    ],
)
def test_money(tmp_path: Path, written: str, usd: str) -> None:
    (budget,) = loaded(tmp_path, f"version: 1\nbudgets: [{{name: b, per_call: {written}}}]").budgets
    assert budget.per_call == Decimal(usd)


@pytest.mark.parametrize(
    ("written", "value"), [("80%", "0.8"), ("0.8", "0.8"), ("12.5 %", "0.125"), ("100%", "1"), ("1", "1"), ("0", "0")]
)
def test_shares(tmp_path: Path, written: str, value: str) -> None:
    (budget,) = loaded(tmp_path, f"version: 1\nbudgets: [{{name: b, per_call: 1, warn_at: {written}}}]").budgets
    assert budget.warn_at == Decimal(value)


@given(st.decimals(min_value=0, max_value=10**12, places=4))
def test_money_is_exact_however_it_is_written(amount: Decimal) -> None:
    plain = f"{amount:f}"
    grouped = f"{amount:,f}".replace(",", "_")
    read = read_yaml(f"[{plain}, {grouped} USD, ${plain}]".encode(), "guard.yaml").data
    assert [money(value) for value in read] == [amount] * 3


@given(st.decimals(min_value=0, max_value=100, places=3))
def test_a_percentage_is_exactly_a_hundredth(percent: Decimal) -> None:
    assert share(f"{percent}%") == percent / 100


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_underscores_do_not_change_a_number(value: int) -> None:
    assert number(f"{value:_}") == number(str(value)) == value
