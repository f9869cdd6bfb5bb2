"""The JSON Schema of guard.yaml: the one description for command, editor and documentation.

In: nothing. Out: `SCHEMA` (guard.yaml, `[tool.guard]`) and `PACK_SCHEMA` (a policy pack), draft 7 because that is what
editors understand, almost without `$ref` so that they show the text of each key (only the arguments of `calls` share
one, see `call_schema`). `validate` makes its messages from these texts: `title` completes the sentence "... must be",
`examples` holds what to write instead.

`python -m guard.config.schema > docs/guard.schema.json` writes the file for editors.
"""

from __future__ import annotations

from typing import Any

from guard.config.call_schema import argument, mapping, text, user_call
from guard.config.values import MONEY_PATTERN, SHARE_PATTERN

Schema = dict[str, Any]

STAGES = ["production", "batch", "evaluation", "ci", "development", "test"]
USAGE_FIGURES = ["runs_per_month", "cache_hit_rate", "output_share", "output_tokens", "hole_tokens", "holes"]
ASSUMED_VALUES = ["model", "max_output", "repeats"]
RATES = ["input", "output", "cache_read", "cache_write"]
LIMITS = ["per_call", "per_run", "per_month", "per_prompt"]
OF_REQUESTS = ["feature", "owner", "model", "stage", "compare", "min_coverage"]
"""Keys of a budget that say nothing of templates."""
INCREASES = ["increase", "increase_percent"]


def _money(description: str, example: str) -> Schema:
    return {
        "description": f"{description} US dollars: `0.05 USD`, `4_000 USD`, `$5` or a plain number.",
        "type": ["number", "string"],
        "minimum": 0,
        "pattern": MONEY_PATTERN,
        "title": "an amount of US dollars",
        "examples": [example],
    }


def _share(description: str, example: str) -> Schema:
    return {
        "description": f"{description} A share: `80%` or `0.8`.",
        "type": ["number", "string"],
        "minimum": 0,
        "maximum": 1,
        "pattern": SHARE_PATTERN,
        "title": "a share from 0 % to 100 %",
        "examples": [example],
    }


def _whole(description: str, example: int, minimum: int = 0) -> Schema:
    title = f"a whole number of at least {minimum}"
    return {
        "description": description,
        "type": "integer",
        "minimum": minimum,
        "title": title,
        "examples": [example],
    }


def _words(description: str, words: list[str], default: str | None = None) -> Schema:
    title = f"one of {', '.join(words)}"
    found = {"description": description, "enum": words, "title": title, "examples": [default or words[0]]}
    return found | ({"default": default} if default else {})


def _date(description: str, example: str) -> Schema:
    return {
        "description": description,
        "type": "string",
        "format": "date",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        "title": "a date as YYYY-MM-DD",
        "examples": [example],
    }


def _globs(description: str, *, required: bool = False) -> Schema:
    item = {
        "type": "string",
        # "./src" and "../src" never match a path; gitignore knows neither. A lone "!" or a trailing "\" is no pattern.
        "pattern": r"^(?!\.{1,2}/)(?!!$)(.*[^\\])$",
        "title": "a glob relative to the root, without ./ or ../ in front",
        "examples": ["src/search/**"],
    }
    return {
        "description": f"{description} Globs as in .gitignore, relative to the root: `src/**`, `*_test.py`.",
        "type": "array",
        "items": item,
        **({"minItems": 1} if required else {}),
        "title": "a list of globs",
        "examples": [["src/search/**"]],
    }


def _list(description: str, item: Schema) -> Schema:
    examples = [[item["examples"][0]]]
    return {"description": description, "type": "array", "items": item, "title": "a list", "examples": examples}


def _named(description: str, item: Schema, example: Any) -> Schema:
    """A mapping whose keys the user chooses."""
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"minLength": 1},
        "additionalProperties": item,
        "title": "a mapping",
        "examples": [example],
    }


def _any_of(keys: list[str]) -> list[Schema]:
    return [{"required": [key]} for key in keys]


_ENFORCE = _words(
    "What a violation does: `block` fails the build, `warn` reports it, `off` switches it off.",
    ["off", "warn", "block"],
    "warn",
)
_ON_UNKNOWN = _words(
    "What happens when the verdict is undecided because something is unknown: `pass` says nothing, `warn` reports it, "
    "`block` fails the build.",
    ["pass", "warn", "block"],
    "warn",
)
_SEVERITY_TEXT = "How serious a violation is; `--fail-on` compares with it."
_SEVERITIES = ["low", "medium", "high"]
_OWNER = text("Who is responsible: a person or a team, as in CODEOWNERS.", "@search")

_USAGE_RULE = mapping(
    "What is declared for the requests that it matches; the most specific rule wins. Without `paths` and `entry` it "
    "matches all.",
    {
        "paths": _globs("Match the file of the entry point, else the file of the outermost call."),
        "entry": text("One entry point: `path::function`, `module:function` or `METHOD /route`.", "POST /ask"),
        "runs_per_month": {
            "description": "How often the entry point runs in a month. Monthly figures exist only where this is said.",
            "type": "number",
            "minimum": 0,
            "title": "a number of at least 0",
            "examples": [300000],
        },
        "cache_hit_rate": _share("Part of the unchanging input tokens that is read from the prompt cache.", "60%"),
        "output_share": _share("Typical output as a share of the output limit.", "40%"),
        "output_tokens": _whole("Typical output in tokens. Goes before `output_share`.", 350),
        "hole_tokens": _whole("Typical tokens for each part of a prompt that is filled in at run time.", 400),
        "holes": _named(
            "Typical tokens for parts of a prompt, by the name of the variable that fills them.",
            _whole("Tokens.", 8000),
            {"docs": 8000},
        ),
    },
    {"paths": ["src/search/**"], "runs_per_month": 300000},
    anyOf=_any_of(USAGE_FIGURES),
)

_USAGE = mapping(
    "What the code cannot tell: how often it runs, how long answers are, how large the inserted texts are.",
    {
        "default": mapping(
            "What is taken where no rule says more.",
            {
                "hole_tokens": _whole("Tokens for each part of a prompt that is filled in at run time.", 400),
                "output_share": _share("Typical output as a share of the output limit.", "50%"),
            },
            {"hole_tokens": 400, "output_share": "50%"},
        ),
        "rules": _list("Figures for some paths or entry points.", _USAGE_RULE),
    },
    {"default": {"hole_tokens": 400}},
)

_ASSUME = mapping(
    "Values that guard could not find in the code, for the requests in `paths` (all without it).",
    {
        "paths": _globs("Where the assumption holds."),
        "model": text("The model that is used.", "gpt-4o-mini"),
        "max_output": _whole("The output limit in tokens.", 1024, 1),
        "repeats": _whole("How often the call runs per run of its entry point.", 20, 1),
    },
    {"paths": ["src/router/**"], "model": "gpt-4o-mini"},
    anyOf=_any_of(ASSUMED_VALUES),
)

_PRICE = mapping(
    "Either a discount on the price table or rates of your own, in US dollars per million tokens.",
    {
        "discount": _share("Taken off every rate of the table.", "18%"),
        "input": _money("Input, per million tokens.", "2.50 USD"),
        "output": _money("Output, per million tokens.", "10 USD"),
        "cache_read": _money("Input read from the prompt cache, per million tokens.", "0.25 USD"),
        "cache_write": _money("Input written to the prompt cache, per million tokens.", "3.75 USD"),
    },
    {"discount": "18%"},
    oneOf=[{"required": ["discount"]}, {"anyOf": _any_of(RATES)}],
)

_FEATURE = mapping(
    "A part of the product that spend is attributed to.",
    {"paths": _globs("The files that belong to it.", required=True), "owner": _OWNER},
    {"paths": ["src/search/**"], "owner": "@search"},
    ("paths",),
)

_BUDGET = mapping(
    "A limit on spend. `per_call` judges each request, `per_run` each entry point with all that a run of it calls, "
    "`per_month` the sum of the requests that it selects, `increase` what a change adds to that sum; `per_prompt` "
    "judges each prompt template in a file.",
    {
        "name": text("Its name in reports.", "search"),
        "per_call": _money("The most that one call may cost.", "0.05 USD"),
        "per_run": _money("The most that one run of an entry point may cost.", "0.50 USD"),
        "per_month": _money("The most that a month may cost.", "4_000 USD"),
        "per_prompt": _whole(
            "The most tokens that the text of one prompt template may have; `paths` are then those of templates.", 2000
        ),
        "increase": _money("The most that a change may add to a month; needs a base to compare with.", "500 USD"),
        "increase_percent": _share("The same as a part of the month before; with `increase`, both count.", "20%"),
        "feature": text("Only requests of this feature (a key of `features`).", "search"),
        "owner": text("Only requests of this owner.", "@search"),
        "model": text("Only requests to models that match this glob.", "gpt-4o*"),
        "stage": _words("Only requests of this stage.", STAGES),
        "paths": _globs("Only requests in these files."),
        "compare": _words("The end of the estimate that is compared with it.", ["low", "typical", "high"], "typical"),
        "enforce": _ENFORCE,
        "warn_at": _share("Share of the limit from which a warning is given.", "80%"),
        "min_coverage": _share(
            "Share of the selected requests that must have a figure: with fewer the budget is violated, with enough "
            "the others are let pass.",
            "90%",
        ),
        "on_unknown": _ON_UNKNOWN,
        "severity": _words(_SEVERITY_TEXT, _SEVERITIES, "high"),
    },
    {"name": "one call", "per_call": "0.05 USD"},
    ("name",),
    oneOf=[*_any_of(LIMITS), {"anyOf": _any_of(INCREASES)}],
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
        "block_from": _date("First day on which a violation blocks; before it, it warns: `2027-02-01`.", "2027-02-01"),
        "severity": _words(_SEVERITY_TEXT, _SEVERITIES),
        "message": text(
            "Shown instead of guard's own message; fields in braces are filled in.",
            "{model} is not approved; ask #ai-platform",
        ),
        "docs": text("Where the rule is explained, usually a link.", "https://wiki.example/llm-policy"),
        "owner": _OWNER,
        "on_unknown": _ON_UNKNOWN,
        "paths": _globs("Only requests in these files."),
        "skip_stages": {
            "description": "Requests of these stages are not judged, for example `[test]`; `[]` means that all are.",
            "type": "array",
            "items": _words("A stage.", STAGES, "test"),
            "title": "a list of stages",
            "examples": [["test"]],
        },
        "tests": mapping(
            "Python code for `guard test`: what the policy must deny, let pass, or not be able to decide.",
            {
                kind: _list(f"Code that {what}.", text("Code.", _EXAMPLE_CODE, "Python code"))
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
        "paths": _globs("Where it holds; everywhere without it."),
        "reason": text("Why. Shown beside the finding.", "migration"),
        "owner": _OWNER,
        "until": _date("Last day on which it holds: `2027-01-31`.", "2027-01-31"),
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
_POLICIES = _list("Checks with parameters and conditions, added to those of the packs.", _POLICY)

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
            "exclude": _globs("Files that are not scanned."),
            "usage": _USAGE,
            "assume": _list("Values that guard could not find in the code.", _ASSUME),
            "aliases": _named(
                "Names as they are sent (a deployment, a name of a proxy) and the `provider/model` that prices them.",
                text("The model that prices it.", "azure/gpt-4o"),
                {"prod-chat-eu": "azure/gpt-4o"},
            ),
            "calls": _list(
                "Functions of your own, or of a private SDK, that ask a model.", user_call("#/definitions/argument")
            ),
            "prices": _named(
                "Your own prices by `provider/model` glob.", _PRICE, {"anthropic/*": _PRICE["examples"][0]}
            ),
            "features": _named("Parts of the product, by name.", _FEATURE, {"search": {"paths": ["src/search/**"]}}),
            "budgets": _list("Limits on spend.", _BUDGET),
            "policies": _POLICIES,
            "exceptions": _list("Findings that are forgiven.", _EXCEPTION),
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
