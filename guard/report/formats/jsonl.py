"""JSON lines: one request, finding, change or problem a line, each with its `type`. In: a `View`. Out: JSON lines.

The first line (`report`) has what is said once; the others are the entries of the JSON report (`json.py`), with the
same keys and in the same order, so that its schema describes them, too.
"""

from __future__ import annotations

from json import JSONEncoder

from guard.report.json import as_data
from guard.report.view import View

LISTS = {"requests": "request", "deployments": "deployment", "settings": "setting", "findings": "finding",
         "problems": "problem"}  # fmt: skip
"""Keys of the JSON report whose entries have lines of their own, with the `type` of these."""


def render(view: View) -> str:
    """The report as lines of JSON."""
    data = as_data(view.report, show_prompts=view.show_prompts, difference=view.difference, bill=view.bill)
    difference = data.pop("difference")
    changes = []
    if difference is not None:
        changes = difference.pop("changes")
    head = {key: value for key, value in data.items() if key not in LISTS}
    lines = [{"type": "report", **head, "difference": difference}]
    lines += [{"type": "change", **change} for change in changes]
    lines += [{"type": kind, **entry} for key, kind in LISTS.items() for entry in data[key]]
    encode = JSONEncoder(ensure_ascii=True, allow_nan=False).encode
    return "".join(f"{encode(line)}\n" for line in lines)
