"""The JSON Schema of guard.yaml: the one description for command, editor and documentation.

In: nothing. Out: `SCHEMA` (guard.yaml, `[tool.guard]`) and `PACK_SCHEMA` (a policy pack), draft 7 because that is what
editors understand, almost without `$ref` so that they show the text of each key (only the arguments of `calls` share
one, see `call_schema`). `validate` makes its messages from these texts: `title` completes the sentence "... must be",
`examples` holds what to write instead.

`python -m guard.config.schema > docs/guard.schema.json` writes the file for editors.
"""

from __future__ import annotations

from guard.config.business_schema import FEATURE, OWNER, STAGE_RULES, STAGES
from guard.config.call_schema import argument, mapping, text, user_call
from guard.config.schema_values import Schema, any_of, date, globs, items, money, named, share, whole, words
from guard.config.usage_schema import ASSUME, SCENARIO, USAGE

RATES = ["input", "output", "cache_read", "cache_write"]
LIMITS = ["per_call", "per_run", "per_month", "per_unit", "per_customer", "min_margin", "per_prompt"]
OF_FEATURES = ["per_unit", "per_customer", "min_margin"]
"""Limits that need a feature, which says what a unit is."""
OF_REQUESTS = ["feature", "owner", "model", "stage", "scenario", "compare", "min_coverage"]
"""Keys of a budget that say nothing of templates."""
INCREASES = ["increase", "increase_percent"]


_ENFORCE = words(
    "What a violation does: `block` fails the build, `warn` reports it, `off` switches it off.",
    ["off", "warn", "block"],
    "warn",
)
_ON_UNKNOWN = words(
    "What happens when the verdict is undecided because something is unknown: `pass` says nothing, `warn` reports it, "
    "`block` fails the build.",
    ["pass", "warn", "block"],
    "warn",
)
_SEVERITY_TEXT = "How serious a violation is; `--fail-on` compares with it."
_SEVERITIES = ["low", "medium", "high"]

_PRICE = mapping(
    "Either a discount on the price table or rates of your own, in US dollars per million tokens.",
    {
        "discount": share("Taken off every rate of the table.", "18%"),
        "input": money("Input, per million tokens.", "2.50 USD"),
        "output": money("Output, per million tokens.", "10 USD"),
        "cache_read": money("Input read from the prompt cache, per million tokens.", "0.25 USD"),
        "cache_write": money("Input written to the prompt cache, per million tokens.", "3.75 USD"),
    },
    {"discount": "18%"},
    oneOf=[{"required": ["discount"]}, {"anyOf": any_of(RATES)}],
)

_BUDGET = mapping(
    "A limit on spend. `per_call` judges each request, `per_run` each entry point with all that a run of it calls, "
    "`per_month` the sum of the requests that it selects, `increase` what a change adds to that sum; `per_prompt` "
    "judges each prompt template in a file.",
    {
        "name": text("Its name in reports.", "search"),
        "per_call": money("The most that one call may cost.", "0.05 USD"),
        "per_run": money("The most that one run of an entry point may cost.", "0.50 USD"),
        "per_month": money("The most that a month may cost.", "4_000 USD"),
        "per_unit": money("The most that one unit of the feature may cost (`features.NAME.unit`).", "0.01 USD"),
        "per_customer": money("The most that a customer of the feature may cost in a month.", "2 USD"),
        "min_margin": share("The least share of the feature's revenue that must be left of it.", "60%"),
        "per_prompt": whole(
            "The most tokens that the text of one prompt template may have; `paths` are then those of templates.", 2000
        ),
        "increase": money("The most that a change may add to a month; needs a base to compare with.", "500 USD"),
        "increase_percent": share("The same as a part of the month before; with `increase`, both count.", "20%"),
        "feature": text("Only requests of this feature (a key of `features`).", "search"),
        "owner": text("Only requests of this owner.", "@search"),
        "model": text("Only requests to models that match this glob.", "gpt-4o*"),
        "stage": words("Only requests of this stage.", STAGES),
        "paths": globs("Only requests in these files."),
        "scenario": text("Judged under this scenario (a key of `scenarios`) instead of use as it is.", "launch"),
        "compare": words("The end of the estimate that is compared with it.", ["low", "typical", "high"], "typical"),
        "enforce": _ENFORCE,
        "warn_at": share("Share of the limit from which a warning is given.", "80%"),
        "min_coverage": share(
            "Share of the selected requests that must have a figure: with fewer the budget is violated, with enough "
            "the others are let pass.",
            "90%",
        ),
        "on_unknown": _ON_UNKNOWN,
        "severity": words(_SEVERITY_TEXT, _SEVERITIES, "high"),
    },
    {"name": "one call", "per_call": "0.05 USD"},
    ("name",),
    oneOf=[*any_of(LIMITS), {"anyOf": any_of(INCREASES)}],
)

_EXAMPLE_CODE = "from openai import OpenAI\nOpenAI(max_retries=9).responses.create(model='gpt-4o', input='hi')"
_POLICY = mapping(
    "A check with parameters, or a condition. With the id of a policy of a pack it changes that one: only what is "
    "written here.",
    {
        "id": {
            "description": "Its name in reports, in `exceptions` and in `# guard: ignore[...]`.",
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
            "title": "a name of letters, digits, '-', '_' and '.'",
            "examples": ["approved-models"],
        },
        "check": text("The check that it uses; without it the check whose name is the id.", "model-allowed"),
        "params": {
            "description": "Parameters of the check, see docs/checks.md.",
            "type": "object",
            "title": "a mapping",
            "examples": [{"allow": ["gpt-4o-mini*"]}],
        },
        "deny": text(
            "A condition that must not hold, see docs/conditions.md.",
            "request.attempts.high > 3 && request.usd.high > 0.50 USD",
        ),
        "enforce": _ENFORCE,
        "block_from": date("First day on which a violation blocks; before it, it warns: `2027-02-01`.", "2027-02-01"),
        "severity": words(_SEVERITY_TEXT, _SEVERITIES),
        "message": text(
            "Shown instead of guard's own message; fields in braces are filled in.",
            "{model} is not approved; ask #ai-platform",
        ),
        "docs": text("Where the rule is explained, usually a link.", "https://wiki.example/llm-policy"),
        "owner": OWNER,
        "on_unknown": _ON_UNKNOWN,
        "paths": globs("Only requests in these files."),
        "skip_stages": {
            "description": "Requests of these stages are not judged, for example `[test]`; `[]` means that all are.",
            "type": "array",
            "items": words("A stage.", STAGES, "test"),
            "title": "a list of stages",
            "examples": [["test"]],
        },
        "tests": mapping(
            "Python code for `guard test`: what the policy must deny, let pass, or not be able to decide.",
            {
                kind: items(f"Code that {what}.", text("Code.", _EXAMPLE_CODE, "Python code"))
                for kind, what in (("deny", "is denied"), ("pass", "passes"), ("undecided", "cannot be decided"))
            },
            {"deny": [_EXAMPLE_CODE]},
        ),
    },
    {"id": "output-limit", "enforce": "block"},
    ("id",),
)

_EXCEPTION = mapping(
    "Findings that are forgiven. They stay in the report, marked as such.",
    {
        "policy": text("Id of the policy or name of the budget.", "approved-models"),
        "paths": globs("Where it holds; everywhere without it."),
        "reason": text("Why. Shown beside the finding.", "migration"),
        "owner": OWNER,
        "until": date("Last day on which it holds: `2027-01-31`.", "2027-01-31"),
    },
    {"policy": "approved-models", "paths": ["src/legacy/**"], "reason": "migration"},
    ("policy", "reason"),
)

_VERSION: Schema = {
    "description": "Version of this format.",
    "const": 1,
    "title": "1, the version of this format",
    "examples": [1],
}
_POLICIES = items("Checks with parameters and conditions, added to those of the packs.", _POLICY)

SCHEMA: Schema = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **mapping(
        "Configuration of guard: what may be spent on language models, and what the code cannot tell about usage.",
        {
            "version": _VERSION,
            "extends": {
                "description": "Policy packs: `guard:recommended`, `package:NAME` of an installed package, "
                "`git+URL@COMMIT:FILE` of a repository, or a file relative to this one. Without this key "
                "`guard:recommended` holds; `[]` means none.",
                "type": "array",
                "items": text("A pack.", "guard:recommended", "the name of a pack or a file"),
                "default": ["guard:recommended"],
                "title": "a list of packs",
                "examples": [["guard:recommended"]],
            },
            "exclude": globs("Files that are not scanned."),
            "usage": USAGE,
            "assume": items("Values that guard could not find in the code.", ASSUME),
            "aliases": named(
                "Names as they are sent (a deployment, a name of a proxy) and the `provider/model` that prices them.",
                text("The model that prices it.", "azure/gpt-4o"),
                {"prod-chat-eu": "azure/gpt-4o"},
            ),
            "calls": items(
                "Functions of your own, or of a private SDK, that ask a model.", user_call("#/definitions/argument")
            ),
            "prices": named(
                "Your own prices by `provider/model` glob.", _PRICE, {"anthropic/*": _PRICE["examples"][0]}
            ),
            "features": named("Parts of the product, by name.", FEATURE, {"search": {"paths": ["src/search/**"]}}),
            "scenarios": named(
                "Use as it may become, by name. Budgets can be judged under one.",
                SCENARIO,
                {"launch": SCENARIO["examples"][0]},
            ),
            "stages": STAGE_RULES,
            "budgets": items("Limits on spend.", _BUDGET),
            "policies": _POLICIES,
            "exceptions": items("Findings that are forgiven.", _EXCEPTION),
            "baseline": text(
                "The file of known findings that `guard baseline` writes and `guard check` forgives, relative to this "
                "one. Without this key it is `.guard-baseline.json`, where there is one.",
                "ci/guard-baseline.json",
                "the name of a file",
            ),
        },
        {"version": 1, "extends": ["guard:recommended"]},
        ("version",),
    ),
    "title": "guard.yaml",
    "definitions": {"argument": argument()},
}

PACK_SCHEMA: Schema = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    **mapping(
        "A policy pack: policies that several repositories share.",
        {"version": _VERSION, "policies": _POLICIES},
        {"version": 1, "policies": [{"id": "output-limit"}]},
        ("version", "policies"),
    ),
    "title": "guard policy pack",
}


def as_json() -> str:
    """The text of docs/guard.schema.json."""
    import json

    return json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(as_json())
