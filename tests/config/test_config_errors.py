"""What a user reads when guard.yaml is wrong: the whole text, with place, hint, source line and caret."""

from pathlib import Path

import pytest

from guard.config.load import ConfigError, load

TOP = "version: 1\nextends: []\n"


def message(tmp_path: Path, text: str | bytes, name: str = "guard.yaml") -> str:
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    return str(caught.value)


KNOWN = (
    "version, extends, exclude, usage, assume, aliases, calls, prices, features, scenarios, stages, budgets, policies, "
    "exceptions and baseline"
)
BUDGET = "budgets: [{name: b, per_call: 1, "

# Case -> (text below TOP, first line of the message without "guard.yaml:").
TABLE = {
    "misspelt top-level key": ("budget: []", "3:1: unknown key 'budget'; did you mean 'budgets'?"),
    "key of a later version": ("hosting: []", f"3:1: unknown key 'hosting'; this version of guard knows {KNOWN}"),
    "condition and check": (
        "policies:\n  - id: a\n    deny: request.attempts.high > 3\n    check: output-limit",
        "6:5: policies[0] has both 'deny' and 'check'; keep one of them",
    ),
    "condition with parameters": (
        "policies:\n  - id: a\n    deny: request.attempts.high > 3\n    params: {max_attempts: 3}",
        "6:5: policies[0] has both 'deny' and 'params'; a condition has no parameters; remove them",
    ),
    "condition that begins with a sign of YAML": (
        "policies:\n  - id: a\n    deny: !has(request.max_output)",
        "5:11: tag '!has(request.max_output)' is not supported; quote text that begins with '!'",
    ),
    "day that does not exist": (
        "policies: [{id: a, block_from: 2027-02-30}]",
        "3:32: policies[0].block_from must be a date as YYYY-MM-DD, found '2027-02-30'; for example block_from: ",
    ),
    "misspelt key in a list": (
        "budgets: [{nme: x, name: b, per_call: 1}]",
        "3:12: unknown key 'nme' in budgets[0]; did you mean 'name'?",
    ),
    "hyphen for underscore": (
        "usage: {default: {hole-tokens: 3}}",
        "3:19: unknown key 'hole-tokens' in usage.default; did you mean 'hole_tokens'?",
    ),
    "merge key": (
        "usage: {default: &d {hole_tokens: 3}, rules: [{<<: *d, hole_tokens: 4}]}",
        "3:48: unknown key '<<' in usage.rules[0]; this version of guard knows paths, entry, feature, request, "
        "runs_per_month, cache_hit_rate, error_rate, output_share, output_tokens, hole_tokens and holes",
    ),
    "text for a list": (
        "exclude: tests",
        "3:10: exclude must be a list of globs, found 'tests'; write it as a list: [tests]",
    ),
    "list for a mapping": ("usage: []", "3:8: usage must be a mapping, found a list; for example usage: "),
    "mapping for a list": (
        "budgets: {name: x}",
        "3:10: budgets must be a list, found a mapping; for example budgets: ",
    ),
    "no value": (
        "budgets:",
        "3:9: budgets has no value; for example budgets: [{name: one call, per_call: 0.05 USD}], or",
    ),
    "number for text": (
        "exceptions: [{policy: 12, reason: r}]",
        "3:23: exceptions[0].policy must be text, found 12; put it in quotes",
    ),
    "truth value for text": (
        "aliases: {a: true}",
        "3:14: aliases.a must be text, found true; put it in quotes",
    ),
    "no limit": (
        "budgets: [{name: b}]",
        "3:11: budgets[0] has none of per_call, per_run, per_month, per_unit, per_customer, min_margin, "
        "per_prompt, increase and increase_percent; "
        "add per_call, per_run, per_month, per_unit, per_customer, min_margin, per_prompt, increase",
    ),
    "two limits": (
        "budgets:\n- per_month: 5\n  name: b\n  per_call: 1",
        "6:3: budgets[0] has both 'per_call' and 'per_month'; keep one of them",
    ),
    "budget without a name": ("budgets: [{per_call: 1}]", "3:11: budgets[0] has no 'name'; add name: search"),
    "exception without a reason": (
        "exceptions: [{policy: a}]",
        "3:14: exceptions[0] has no 'reason'; add reason: migration",
    ),
    "policy without an id": ("policies: [{check: a}]", "3:12: policies[0] has no 'id'; add id: approved-models"),
    "policy id with spaces": (
        "policies: [{id: my policy}]",
        "3:17: policies[0].id must be a name of letters, digits, '-', '_' and '.', found 'my policy'; for example",
    ),
    "feature without paths": (
        'features: {search: {owner: "@s"}}',
        "3:20: features.search has no 'paths'; add paths: [src/search/**]",
    ),
    "feature with no path": ("features: {s: {paths: []}}", "3:23: features.s.paths is empty; for example paths: ["),
    "empty text": (BUDGET + 'owner: ""}]', "3:41: budgets[0].owner is empty; for example owner: "),
    "empty name": ('aliases: {"": a}', "3:11: a name in aliases is empty"),
    "share over 100 as text": (
        "usage: {default: {output_share: 150%}}",
        "3:33: usage.default.output_share is 150%, which is more than 100 %; for example output_share: 50%",
    ),
    "share as a bare percentage": (
        BUDGET + "warn_at: 80}]",
        "3:43: budgets[0].warn_at is 80, which is more than 100 %; write 80% or 0.8",
    ),
    "share in words": (
        BUDGET + "warn_at: most}]",
        "3:43: budgets[0].warn_at must be a share from 0 % to 100 %, found 'most'; for example warn_at: 80%",
    ),
    "negative amount": ("budgets: [{name: b, per_call: -5}]", "3:31: budgets[0].per_call is negative (-5); for"),
    "negative amount as text": (
        "budgets: [{name: b, per_call: $-5}]",
        "3:31: budgets[0].per_call is negative ($-5); for example per_call: 0.05 USD",
    ),
    "another currency": (
        "budgets: [{name: b, per_call: 5 EUR}]",
        "3:31: budgets[0].per_call must be an amount of US dollars, found '5 EUR'; for example per_call: 0.05 USD",
    ),
    "thousands comma": (
        'budgets: [{name: b, per_month: "4,000"}]',
        "3:32: budgets[0].per_month must be an amount of US dollars, found '4,000'; for example per_month: 4_000 USD",
    ),
    "truth value for an amount": (
        "budgets: [{name: b, per_call: true}]",
        "3:31: budgets[0].per_call must be an amount of US dollars, found true; for example per_call: 0.05 USD",
    ),
    "fraction of a token": (
        "usage: {default: {hole_tokens: 3.5}}",
        "3:32: usage.default.hole_tokens must be a whole number of at least 0, found 3.5; for example hole_tokens: 400",
    ),
    "negative tokens": (
        "usage: {rules: [{holes: {docs: -1}}]}",
        "3:32: usage.rules[0].holes.docs is negative (-1); for example docs: 8000",
    ),
    "runs in words": (
        "usage: {rules: [{runs_per_month: 2M}]}",
        "3:34: usage.rules[0].runs_per_month must be a number of at least 0, found '2M'; for example runs_per_month: ",
    ),
    "number out of range": ("budgets: [{name: b, per_call: 1e99}]", "3:31: number 1e99 is out of range"),
    "rule that declares nothing": (
        "usage: {rules: [{paths: [a]}]}",
        "3:17: usage.rules[0] declares nothing; add runs_per_month, cache_hit_rate, error_rate, output_share, "
        "output_tokens, hole_tokens or holes",
    ),
    "assumption of nothing": (
        "assume: [{paths: [a]}]",
        "3:10: assume[0] declares nothing; add model, max_output or rep",
    ),
    "discount and own rate": (
        'prices: {"anthropic/*": {input: 3, discount: 18%}}',
        "3:36: prices[\"anthropic/*\"] has both 'discount' and 'input'; keep one of them",
    ),
    "misspelt enforce": (
        "policies: [{id: a, enforce: blok}]",
        "3:29: policies[0].enforce must be one of off, warn, block, found 'blok'; did you mean 'block'?",
    ),
    "false for off": (
        "policies: [{id: a, enforce: false}]",
        "3:29: policies[0].enforce must be one of off, warn, block, found false; did you mean 'off'?",
    ),
    "unknown stage": (
        BUDGET + "stage: prod}]",
        "3:41: budgets[0].stage must be one of production, batch, evaluation, ci, development, test, found 'prod'; for",
    ),
    "no such day": (
        "exceptions: [{policy: a, reason: r, until: 2027-02-30}]",
        "3:44: exceptions[0].until must be a date as YYYY-MM-DD, found '2027-02-30'; for example until: 2027-01-31",
    ),
    "date in another order": (
        "exceptions: [{policy: a, reason: r, until: 31.01.2027}]",
        "3:44: exceptions[0].until must be a date as YYYY-MM-DD, found '31.01.2027'; for example until: 2027-01-31",
    ),
    "glob with ./": (
        "exclude: [./src]",
        "3:11: exclude[0] must be a glob relative to the root, without ./ or ../ in front, found './src'; for example",
    ),
    "policy written twice": (
        "policies: [{id: a}, {id: a}]",
        "3:26: policy 'a' is written twice; the first one is on line 3",
    ),
    "budget written twice": (
        "budgets: [{name: a, per_call: 1},\n {name: a, per_call: 2}]",
        "4:9: budget 'a' is written twice; the first one is on line 3",
    ),
    "budget for a misspelt feature": (
        "features: {search: {paths: [a]}}\n" + BUDGET + "feature: serch}]",
        "4:43: there is no feature 'serch'; did you mean 'search'?",
    ),
    "budget under a misspelt scenario": (
        "scenarios: {launch: {input: x2}}\n" + BUDGET + "scenario: lanch}]",
        "4:44: there is no scenario 'lanch'; did you mean 'launch'?",
    ),
    "usage rule for a feature that does not exist": (
        "usage: {rules: [{feature: search, hole_tokens: 3}]}",
        "3:27: there is no feature 'search'; declare it under 'features'",
    ),
    "factor that may be an amount": (
        "scenarios: {launch: {runs_per_month: 10}}",
        "3:38: scenarios.launch.runs_per_month must be a factor such as x10, x0.5, +30% or -20%, found 10; for example "
        "runs_per_month: x10",
    ),
    "factor below nothing": (
        "scenarios: {launch: {input: -130%}}",
        "3:29: scenarios.launch.input must be a factor such as x10, x0.5, +30% or -20%, found '-130%'",
    ),
    "scenario that changes nothing": ("scenarios: {launch: {}}", "3:21: scenarios.launch declares nothing; add runs"),
    "profile that does not exist": (
        "usage: {profile: smal}",
        "3:18: usage.profile must be one of small, medium, large",
    ),
    "budget for a feature without features": (
        BUDGET + "feature: search}]",
        "3:43: there is no feature 'search'; declare it under 'features'",
    ),
    "key written twice": (
        "exclude: []\nexclude: [a]",
        "4:1: key 'exclude' is written twice; the first one is on line 3",
    ),
    "list as a key": ("? [a]\n: b", "3:3: a key must be text, found a list or a mapping"),
    "tag": (
        "exclude: !!python/name:os.system [a]",
        "3:10: tag 'tag:yaml.org,2002:python/name:os.system' is not supported; rem",
    ),
    "glob that is an alias": (
        "exclude: [*.py]",
        "3:12: bad YAML: did not find expected alphabetic or numeric character; text that begins with *, &, @, %, ! or",
    ),
    "alias without an anchor": (
        "exclude: [*tests]",
        "3:11: there is no anchor '&tests' before this; text that begins with *, &, @, %, ! or a backtick needs quotes",
    ),
    "unquoted team": (
        "features: {s: {paths: [a], owner: @team}}",
        "3:35: bad YAML: found character that cannot start any token; text that begins with *, &, @, %, ! or",
    ),
    "tab": (
        "usage:\n\tdefault: {}",
        "4:1: bad YAML: found character that cannot start any token; indent with spaces, not",
    ),
    "colon in text": (
        "budgets:\n - name: a: b",
        "4:11: bad YAML: mapping values are not allowed in this context; check the indentation, and quote text that",
    ),
    "open bracket": ("exclude: [a", "3:10: bad YAML: did not find expected ',' or ']'; check the brackets, braces and"),
    "two documents": (
        "---\nversion: 1",
        "3:1: the file holds more than one YAML document; keep the part before this ---",
    ),
    "control character": ('exclude: ["\x1b[2J"]', "3:12: character U+001B is not allowed; remove it"),
}


@pytest.mark.parametrize("case", TABLE)
def test_first_line_of_the_message(tmp_path: Path, case: str) -> None:
    body, expected = TABLE[case]
    assert message(tmp_path, TOP + body).splitlines()[0].startswith(f"guard.yaml:{expected}")


# Case -> (file name, content, whole message).
WHOLE = {
    "caret under the key": (
        "guard.yaml",
        "version: 1\nextends: []\nbudget: []\n",
        "guard.yaml:3:1: unknown key 'budget'; did you mean 'budgets'?\n  3 | budget: []\n    | ^",
    ),
    "empty file": ("guard.yaml", "", "guard.yaml:1:1: the configuration is empty; begin with version: 1"),
    "only comments": (
        "guard.yml",
        "# later\n",
        "guard.yml:1:1: the configuration is empty; begin with version: 1\n  1 | # later\n    | ^",
    ),
    "no version": (
        "guard.yaml",
        "exclude: []\nextends: []",
        "guard.yaml:1:1: the configuration has no 'version'; add version: 1\n  1 | exclude: []\n    | ^",
    ),
    "version of the future": (
        "guard.yaml",
        "version: 2\nextends: []",
        "guard.yaml:1:10: version must be 1, the version of this format, found 2; for example version: 1\n"
        "  1 | version: 2\n    |          ^",
    ),
    "true is not version 1": (
        "guard.yaml",
        "version: true\nextends: []",
        "guard.yaml:1:10: version must be 1, the version of this format, found true; for example version: 1\n"
        "  1 | version: true\n    |          ^",
    ),
    "text instead of keys": (
        "guard.yaml",
        "hello",
        "guard.yaml:1:1: the configuration must be a mapping, found 'hello'; begin with version: 1\n"
        "  1 | hello\n    | ^",
    ),
    "hostile text is escaped": (
        "guard.yaml",
        'version: 1\nextends: []\n"\\e[2J\u202e": 1',
        "guard.yaml:3:1: unknown key '\\x1b[2J\\u202e'; this version of guard knows " + KNOWN + "\n"
        '  3 | "\\e[2J\\u202e": 1\n    | ^',
    ),
    "byte that is not UTF-8": (
        "guard.yaml",
        b"version: 1\nabc: \xff",
        "guard.yaml:2:6: byte 0xff is not UTF-8; save the file as UTF-8",
    ),
    "UTF-16": (
        "guard.yaml",
        "version: 1".encode("utf-16"),
        "guard.yaml:1:1: the file is UTF-16, not UTF-8; save it as UTF-8",
    ),
    "TOML syntax": (
        "pyproject.toml",
        "[tool.guard]\nversion = = 1",
        "pyproject.toml:2:11: bad TOML: Invalid value\n  2 | version = = 1\n    |           ^",
    ),
    "TOML hints are TOML": (
        "pyproject.toml",
        '[tool.guard]\nversion = 1\nextends = []\n[[tool.guard.budgets]]\nper_call = "x"\n',
        "pyproject.toml:4:1: budgets[0] has no 'name'; add name = \"search\"\n"
        "  4 | [[tool.guard.budgets]]\n    | ^\n"
        "pyproject.toml:5:12: budgets[0].per_call must be an amount of US dollars, found 'x'; "
        'for example per_call = "0.05 USD"\n'
        '  5 | per_call = "x"\n    |            ^',
    ),
    "TOML number out of range": (
        "pyproject.toml",
        "[tool.guard]\nversion = 1\nextends = []\nbudgets = [{name = 'b', per_call = nan}]\n",
        "pyproject.toml:4:36: number NaN is out of range\n"
        "  4 | budgets = [{name = 'b', per_call = nan}]\n    |                                    ^",
    ),
    "unknown shipped pack": (
        "guard.yaml",
        "version: 1\nextends: [guard:recomended]",
        "guard.yaml:2:11: guard has no pack 'guard:recomended'; did you mean 'guard:recommended'?\n"
        "  2 | extends: [guard:recomended]\n    |           ^",
    ),
    "no such pack": (
        "guard.yaml",
        "version: 1\nextends: [packs/a.yaml]",
        "guard.yaml:2:11: pack 'packs/a.yaml' cannot be used: there is no such file; a path is relative to this file\n"
        "  2 | extends: [packs/a.yaml]\n    |           ^",
    ),
    "pack outside of the project": (
        "guard.yaml",
        "version: 1\nextends: [../../etc/passwd]",
        "guard.yaml:2:11: pack '../../etc/passwd' cannot be used: this path leads out of the project, where guard "
        "reads nothing; a path is relative to this file\n"
        "  2 | extends: [../../etc/passwd]\n    |           ^",
    ),
    "pack by an absolute path": (
        "guard.yaml",
        "version: 1\nextends: [/etc/passwd]",
        "guard.yaml:2:11: pack '/etc/passwd' is not a relative path; write it as seen from this file\n"
        "  2 | extends: [/etc/passwd]\n    |           ^",
    ),
    "pack twice": (
        "guard.yaml",
        "version: 1\nextends: [guard:recommended, guard:recommended]",
        "guard.yaml:2:30: pack 'guard:recommended' is named twice; remove one of them\n"
        "  2 | extends: [guard:recommended, guard:recommended]\n    |                              ^",
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_whole_message(tmp_path: Path, case: str) -> None:
    name, text, expected = WHOLE[case]
    assert message(tmp_path, text, name) == expected


def test_every_mistake_is_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("version: 1\nextends: []\npolicies: [{id: a, enforce: on}]\n")
    text = "version: 1\nbudget: []\nexclude: src\nextends: [pack.yaml, gone.yaml]\npolicies: [{id: a, enforce: x}]\n"
    (tmp_path / "guard.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert [(e.path, e.line, e.column) for e in caught.value.errors] == [
        ("guard.yaml", 2, 1),
        ("guard.yaml", 3, 10),
        ("guard.yaml", 4, 22),
        ("guard.yaml", 5, 29),
        ("pack.yaml", 2, 1),
        ("pack.yaml", 3, 29),
    ]


def test_of_very_many_mistakes_the_first_hundred_are_told(tmp_path: Path) -> None:
    text = TOP + "".join(f"key{i}: 1\n" for i in range(5000))
    assert len(message(tmp_path, text).splitlines()) == 300


def test_a_long_line_is_cut_around_the_caret(tmp_path: Path) -> None:
    text = TOP + "aliases: {" + ", ".join(f"name{i}: model" for i in range(100)) + ", last: 5, more: model}"
    first, source, caret = message(tmp_path, text).splitlines()
    assert first == "guard.yaml:3:1507: aliases.last must be text, found 5; put it in quotes"
    assert len(source) < 120
    assert source[caret.index("^")] == "5"


def test_tabs_before_the_caret_keep_their_width(tmp_path: Path) -> None:
    _, source, caret = message(tmp_path, TOP + "aliases: {\t\ta: 5}").splitlines()
    assert source[caret.index("^")] == "5"


def test_both_spellings_of_the_file_name(tmp_path: Path) -> None:
    (tmp_path / "guard.yaml").write_text(TOP)
    assert message(tmp_path, TOP, "guard.yml") == (
        "guard.yml:1:1: guard.yaml stands beside it, and only one of them can hold; merge the two files into guard.yaml"
    )
