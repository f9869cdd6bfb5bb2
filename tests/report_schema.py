"""Checks any JSON report that a test makes against the schema, in its closed form (a key it does not name fails).

Use: `from report_schema import assert_valid` and `assert_valid(json_text)`; it returns the parsed report.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import jsonschema

from guard.report.schema import schema


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema(closed=True))


def assert_valid(report_json: str) -> dict[str, Any]:
    """Fail with every place that breaks the schema; return the report as data."""
    report = json.loads(report_json)
    errors = sorted(_validator().iter_errors(report), key=lambda error: error.json_path)
    assert not errors, "\n".join(f"{error.json_path}: {error.message}" for error in errors[:20])
    assert isinstance(report, dict)
    return report
