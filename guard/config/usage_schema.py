"""The parts of the schema of guard.yaml about use: `usage`, `assume`, `scenarios`.

In: kinds of values (`schema_values`). Out: `USAGE`, `ASSUME`, `SCENARIO`, put together by `schema`.
"""

from __future__ import annotations

from guard.config.call_schema import mapping, text
from guard.config.schema_values import any_of, factor, globs, items, named, share, whole
from guard.config.values import PROFILES

USAGE_FIGURES = [
    "runs_per_month", "cache_hit_rate", "error_rate", "output_share", "output_tokens", "hole_tokens", "holes",
]  # fmt: skip
ASSUMED_VALUES = ["model", "max_output", "repeats"]
FACTORS = ["runs_per_month", "input", "output", "retrieval", "turns", "holes", "cache_hit_rate", "error_rate"]
"""What a scenario can change."""

_ERROR_RATE = (
    "Part of the tries that fail: those of re-asks are paid for again, and a fallback runs for the same part of the "
    "calls before it."
)

_RULE = mapping(
    "What is declared for the requests that it matches; the most specific rule wins: `request` before `entry`, `entry` "
    "before `paths`, `paths` before `feature`. Without any of them it matches all.",
    {
        "paths": globs("Match the file of the entry point, else the file of the outermost call."),
        "entry": text("One entry point: `path::function`, `module:function` or `METHOD /route`.", "POST /ask"),
        "feature": text("The requests of one feature (a key of `features`).", "search"),
        "request": text(
            "One request by its id, or those that the calls in one function make: `path::function`.",
            "src/search/rank.py::rank",
        ),
        "runs_per_month": {
            "description": "How often the entry point runs in a month. Monthly figures exist only where this is said.",
            "type": "number",
            "minimum": 0,
            "title": "a number of at least 0",
            "examples": [300000],
        },
        "cache_hit_rate": share("Part of the unchanging input tokens that is read from the prompt cache.", "60%"),
        "error_rate": share(_ERROR_RATE, "2%"),
        "output_share": share("Typical output as a share of the output limit.", "40%"),
        "output_tokens": whole("Typical output in tokens. Goes before `output_share`.", 350),
        "hole_tokens": whole("Typical tokens for each part of a prompt that is filled in at run time.", 400),
        "holes": named(
            "Typical tokens for parts of a prompt, by the name of the variable that fills them.",
            whole("Tokens.", 8000),
            {"docs": 8000},
        ),
    },
    {"paths": ["src/search/**"], "runs_per_month": 300000},
    anyOf=any_of(USAGE_FIGURES),
)

USAGE = mapping(
    "What the code cannot tell: how often it runs, how long answers are, how large the inserted texts are.",
    {
        "default": mapping(
            "What is taken where no rule says more.",
            {
                "hole_tokens": whole("Tokens for each part of a prompt that is filled in at run time.", 400),
                "output_share": share("Typical output as a share of the output limit.", "50%"),
            },
            {"hole_tokens": 400, "output_share": "50%"},
        ),
        "profile": {
            "description": "A traffic profile: runs a month for entry points without declared runs, by their kind (see "
            "docs/cost.md). Always an assumption; without it there is no month where nothing is declared.",
            "enum": list(PROFILES),
            "title": f"one of {', '.join(PROFILES)}",
            "examples": [PROFILES[0]],
        },
        "rules": items("Figures for some paths, entry points, features or requests.", _RULE),
    },
    {"default": {"hole_tokens": 400}},
)

ASSUME = mapping(
    "Values that guard could not find in the code, for the requests in `paths` (all without it).",
    {
        "paths": globs("Where the assumption holds."),
        "model": text("The model that is used.", "gpt-4o-mini"),
        "max_output": whole("The output limit in tokens.", 1024, 1),
        "repeats": whole("How often the call runs per run of its entry point.", 20, 1),
    },
    {"paths": ["src/router/**"], "model": "gpt-4o-mini"},
    anyOf=any_of(ASSUMED_VALUES),
)

SCENARIO = mapping(
    "Use as it may become: what it multiplies or sets holds for every request. A budget with `scenario` is judged "
    "under it.",
    {
        "runs_per_month": factor("Runs of every entry point that has any.", "x10"),
        "input": factor("Typical input of every request, at most the model's window.", "+30%"),
        "output": factor("Typical output of every request, at most its limit.", "+10%"),
        "retrieval": factor("What is looked up for a prompt: passages that a retriever gives.", "x2"),
        "turns": factor("Typical turns of agents, at most their bound.", "x1.5"),
        "holes": named(
            "Parts of a prompt, by the name of the variable that fills them.",
            factor("Their typical size.", "x3"),
            {"history": "x3"},
        ),
        "cache_hit_rate": share("Instead of what `usage` declares.", "20%"),
        "error_rate": share("Instead of what `usage` declares.", "10%"),
    },
    {"runs_per_month": "x10", "input": "+30%", "retrieval": "x2"},
    anyOf=any_of(FACTORS),
)
