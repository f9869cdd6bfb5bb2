"""The parts of the schema of guard.yaml about the business: `features`, `stages`.

In: kinds of values (`schema_values`). Out: `FEATURE`, `STAGE_RULES`, put together by `schema`.
"""

from __future__ import annotations

from guard.config.call_schema import mapping, text
from guard.config.schema_values import globs, money

STAGES = ["production", "batch", "evaluation", "ci", "development", "test"]
OWNER = text("Who is responsible: a person or a team, as in CODEOWNERS.", "@search")


def _number(description: str, example: int) -> dict[str, object]:
    return {
        "description": description,
        "type": "number",
        "exclusiveMinimum": 0,
        "title": "a number above 0",
        "examples": [example],
    }


FEATURE = mapping(
    "A part of the product that spend is attributed to.",
    {
        "paths": globs("The files that belong to it.", required=True),
        "owner": OWNER,
        "unit": text("What is sold or done, in the singular.", "query"),
        "units_per_month": _number("How many of these a month has.", 2_000_000),
        "units_per_run": _number(
            "How many of these one run of its entry points makes, where `units_per_month` is not given; without it "
            "one, as an assumption.",
            1,
        ),
        "revenue_per_unit": money("What one of these brings in.", "0.02 USD"),
        "customers": _number("How many customers it has.", 1200),
    },
    {"paths": ["src/search/**"], "owner": "@search", "unit": "query", "revenue_per_unit": "0.02 USD"},
    ("paths",),
)

STAGE_RULES = mapping(
    "In which stage of the software life cycle files run, where the names of their folders do not say it. Of several "
    "patterns that match the most literal one holds.",
    {stage: globs(f"Files that run in this stage ({stage}).") for stage in STAGES},
    {"ci": ["tools/ci/**"]},
)
