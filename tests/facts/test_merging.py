"""Which contexts of one call are one request, and what of them adds up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from guard.facts.link.requests import _joined, _merge_key
from guard.model import (
    Choice,
    Count,
    Layer,
    Message,
    Prompt,
    Reach,
    Request,
    Segment,
    Site,
    Span,
    Value,
    Variant,
)


def _value(value: str | int | None) -> Value:
    return Value((Choice(value, ()),), False)


def _request(**changed: Any) -> Request:
    span = Span("app.py", 3, 1, 3, 9)
    made = Request(
        id="", api="openai.chat.completions.create", operation="chat", provider="openai",
        sites=(Site(span, "send", Count(), "ask", "create"),), model=_value("gpt-4o"), max_output=_value(100),
        variants=(Variant(Choice("gpt-4o", ()), "openai", Choice(100, ())),), attempts=Count(), turns=Count(),
        repeats=Count(), layers=(Layer("openai SDK", 3, "maybe"),),
        prompt=Prompt((Message("user", (Segment("hi"),)),)), reached_from=(),
    )  # fmt: skip
    return replace(made, **changed)


FIRST = _request()
OTHER_VARIANT = Variant(Choice("gpt-4o", ()), "openai", Choice(100, ()), reasoning="high")
APART = {
    "model": {"model": _value("gpt-4o-mini")},
    "output limit": {"max_output": _value(200)},
    "reasoning effort": {"variants": (OTHER_VARIANT,)},
    "service tier": {"variants": (replace(OTHER_VARIANT, reasoning=None, tier="batch"),)},
    "attempts": {"layers": (Layer("openai SDK", 6, "maybe"),)},
    "whether a further try is paid for": {"layers": (Layer("openai SDK", 3, "yes"),)},
    "turns": {"turns": Count(1, 2, 5)},
    "text": {"prompt": Prompt((Message("user", (Segment("bye"),)),))},
    "another prompt": {"prompt": replace(FIRST.prompt, others=((Message("user", (Segment("bye"),)),),))},
    "further messages": {"prompt": replace(FIRST.prompt, open=True)},
    "tools": {"prompt": replace(FIRST.prompt, tools_json="[1]")},
    "answers": {"outputs": 2},
    "provider": {"provider": "azure"},
    "whether it counts": {"counted": False, "why_not": "never called"},
    "stage": {"stage": "test"},
}
TOGETHER = {
    "repeats": {"repeats": Count(5, 5, 5)},
    "repeats of a site": {"sites": (replace(FIRST.sites[0], repeats=Count(5, 5, 5)),)},
    "entry points": {"reached_from": (Reach("app.py::main", "function", Count()),)},
    "callers": {"callers": 4},
}


@pytest.mark.parametrize("what", APART)
def test_contexts_that_cost_something_else_are_requests_of_their_own(what: str) -> None:
    assert _merge_key(_request(**APART[what])) != _merge_key(FIRST)


@pytest.mark.parametrize("what", TOGETHER)
def test_contexts_that_differ_in_how_often_they_run_are_one_request(what: str) -> None:
    assert _merge_key(_request(**TOGETHER[what])) == _merge_key(FIRST)


def test_runs_from_one_entry_point_add_up_and_repeats_span_both() -> None:
    main, job = (Reach(f"app.py::{name}", "function", Count(3, 3, 3)) for name in ("main", "job"))
    site = FIRST.sites[0]
    three = _request(
        repeats=Count(3, 3, 3), sites=(replace(site, repeats=Count(3, 3, 3)),), reached_from=(main,), callers=2
    )
    five = _request(
        repeats=Count(5, 5, 5), sites=(replace(site, repeats=Count(5, 5, 5)),), reached_from=(main, job), callers=1
    )
    joined = _joined(three, five)
    assert joined.callers == 3
    assert {r.entry: r.repeats.high for r in joined.reached_from} == {"app.py::main": 6, "app.py::job": 3}
    assert (joined.repeats.low, joined.repeats.high) == (3, 5)
    assert (joined.sites[0].repeats.low, joined.sites[0].repeats.high) == (3, 5)
