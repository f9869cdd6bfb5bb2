"""JSON: all that guard knows, with a published schema. In: a `View`. Out: JSON text.

Neighbour: `guard.report.json`, which writes it; `jsonl.py` has the same entries line by line.
"""

from __future__ import annotations

from guard.report import json
from guard.report.view import View


def render(view: View) -> str:
    """The report as one JSON object."""
    return json.render(view.report, show_prompts=view.show_prompts, difference=view.difference, bill=view.bill)
