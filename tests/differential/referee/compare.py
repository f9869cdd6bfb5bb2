"""Holds guard's report of a program's folder against the recording. `make compare`, with `ARGS="[PROGRAM...]"`.

In: `programs/NAME`, `recorded/NAME.json`. Out: the sentences of each measure; printed, exit 1 where there are
unexpected ones. Neighbours: `measures` decides, `test_differential.py` asks the same in the ordinary test run.
"""

from __future__ import annotations

import sys
from datetime import date
from functools import cache
from typing import Any

from guard.config.load import load as load_config
from guard.estimate.inputs import SCHEMA
from guard.model import Prompt
from guard.report.json import as_data
from guard.run import scan
from referee import cases, measures, recordings, rendering
from referee.matching import match

DAY = date(2026, 11, 23)
"""The day whose prices hold."""


@cache
def report_of(name: str) -> dict[str, Any]:
    """guard's JSON report of a program's folder, with the text of its prompts and, which reports leave out, the tools
    and the schema as guard renders them."""
    root = cases.load(name).root
    report = scan(root, load_config(root), DAY)
    data = as_data(report, show_prompts=True)
    prompts = {item.request.id: item.request.prompt for item in report.requests}
    for request in data["requests"]:
        request["rendered"] = rendering.rendered(*_texts(prompts[request["id"]]))
    return data


def _texts(prompt: Prompt) -> tuple[str | None, str | None]:
    """The JSON of the tools, and that of the schema of the answer."""
    pieces = (part for message in prompt.messages for part in message.segments if part.name == SCHEMA)
    return prompt.tools_json, next((part.text for part in pieces if part.text), None)


@cache
def differences(name: str) -> dict[str, tuple[str, ...]]:
    """For each measure the differences between guard's report and what the program sent."""
    case = cases.load(name)
    matched = match(report_of(name), recordings.load(case.recording))
    return {word: tuple(measure(case, matched)) for word, measure in measures.MEASURES.items()}


def main(names: list[str]) -> int:
    """The command."""
    unexpected = 0
    for name in names or cases.names():
        case = cases.load(name)
        expected = {one.measure: one.reason for one in case.differs}
        for measure, sentences in differences(name).items():
            if bool(sentences) != (measure in expected):
                unexpected += 1
                mark = "DIFFERS" if sentences else f"AGREES, though it should differ ({expected[measure]})"
            elif sentences:
                mark = "differs as expected"
            else:
                continue
            print(f"{name}: {measure}: {mark}")
            for sentence in sentences:
                print(f"    {sentence}")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
