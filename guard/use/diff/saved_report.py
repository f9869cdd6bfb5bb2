"""Reads a JSON report that guard wrote before. In: its data. Out: the `Priced` requests, findings and sums in it.

The JSON report leaves out some of what `guard.model` holds: of static text it has a hash, which stands for the text
here; tool definitions, sizes of images and other whole prompts are not in it. Who compares a report of today with a
saved one therefore takes both from their JSON (`saved`). Neighbour: `guard.report.json`, which writes it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.model import (
    Choice,
    Count,
    Estimate,
    Finding,
    Forgiven,
    Hole,
    Label,
    Layer,
    Message,
    Money,
    Priced,
    Prompt,
    Reach,
    Request,
    Segment,
    Site,
    Span,
    Step,
    Tokens,
    Totals,
    Unknown,
    Value,
    Variant,
)

Json = dict[str, Any]
MAX_MESSAGES = 1_000_000
"""Messages of all prompts of a report together."""


def requests(data: Json) -> tuple[Priced, ...]:
    """All requests of a report.

    Raises `KeyError` for a key that every report has and this one lacks, `ValueError` for figures that guard never
    writes.
    """
    last = (
        max((part.get("message", 0) for part in one.get("prompt", {}).get("segments", ())), default=0)
        for one in data["requests"]
    )
    # Messages before the last one may have no segments, so a number alone can ask for any amount of memory.
    if sum(last) > MAX_MESSAGES:
        raise ValueError(f"its prompts have more than {MAX_MESSAGES} messages")
    return tuple(Priced(_request(one), _estimate(one), one["feature"], one["owner"]) for one in data["requests"])


def findings(data: Json) -> tuple[Finding, ...]:
    """All findings of a report, forgiven ones included."""
    return tuple(
        Finding(
            id=one["id"],
            policy=one["policy"],
            verdict=one["verdict"],
            severity=one["severity"],
            enforce=one["enforce"],
            message=one["message"],
            labels=tuple(Label(_span(label), label["text"]) for label in one["labels"]),
            request=one["request"],
            forgiven=None if one["forgiven"] is None else Forgiven(one["forgiven"]["by"], one["forgiven"]["reason"]),
        )
        for one in data["findings"]
    )


def totals(data: Json) -> Totals:
    """The sums of a report."""
    found = data["totals"]
    return Totals(
        requests=found["requests"],
        counted=found["counted"],
        priced=found["priced"],
        usd=_money(found["usd"]),
        usd_per_month=_money(found["usd_per_month"]),
        monthly_requests=found["monthly_requests"],
        assumed_share=found["assumed_share"],
        unpriced=tuple((one["reason"], one["requests"]) for one in found["unpriced"]),
        tests=found["tests"],
        known_only=found["known_only"],
        stood_for=found["stood_for"],
    )


# --- requests ---------------------------------------------------------------------------------------------------------


def _request(one: Json) -> Request:
    return Request(
        id=one["id"],
        api=one["api"],
        operation=one["operation"],
        provider=one["provider"],
        sites=tuple(_site(site) for site in one["sites"]),
        model=_value(one["model"]),
        max_output=_value(one["max_output"]),
        variants=tuple(_variant(variant) for variant in one["variants"]),
        attempts=_count(one["attempts"]),
        turns=_count(one["turns"]),
        repeats=_count(one["repeats"]),
        layers=tuple(_layer(layer) for layer in one["layers"]),
        prompt=_prompt(one["prompt"]),
        reached_from=tuple(_reach(reach) for reach in one["reached_from"]),
        counted=one["counted"],
        why_not=one["why_not"],
        exclusive=one["exclusive"],
        exclusive_default=one["exclusive_default"],
        after=one["after"],
        callers=one["callers"],
        caller_examples=tuple(tuple(map(_span, chain)) for chain in one["caller_examples"]),
        stage=one["stage"],
        conditional=one["conditional"],
        outputs=one["outputs"],
        unknown=tuple(Unknown(item["what"], item["why"], _span_or_none(item["at"])) for item in one["unknown"]),
        assumed=tuple(one["assumed"]),
        inline=one["inline"],
    )


def _site(site: Json) -> Site:
    repeats = site["repeats"]
    why = () if repeats["why"] is None else (repeats["why"],)
    count = Count(repeats["low"], repeats["typical"], repeats["high"], why)
    return Site(_span(site), site["role"], count, site["qualname"], site["callee"])


def _value(value: Json) -> Value:
    return Value(tuple(_choice(choice) for choice in value["choices"]), value["open"], value["why"])


def _choice(choice: Json) -> Choice:
    return Choice(choice["value"], _trail(choice.get("trail", ())), choice.get("price_id"))


def _variant(variant: Json) -> Variant:
    model, limit = variant["model"], variant["max_output"]
    return Variant(
        model=None if model is None else _choice(model),
        provider=variant["provider"],
        max_output=None if limit is None else _choice(limit),
        reasoning=variant["reasoning"],
        tier=variant["tier"],
        default=variant["default"],
    )


def _count(count: Json) -> Count:
    trail = _trail(count.get("trail", ()))
    return Count(count["low"], count["typical"], count["high"], tuple(count["why"]), trail)


def _layer(layer: Json) -> Layer:
    at, trail = _span_or_none(layer["at"]), _trail(layer.get("trail", ()))
    return Layer(layer["name"], layer["attempts"], layer["billed"], at, layer["why"], trail)


def _reach(reach: Json) -> Reach:
    chain = tuple(map(_span, reach["chain"]))
    return Reach(reach["entry"], reach["kind"], _count(reach["repeats"]), tuple(reach["aliases"]), chain)


def _prompt(prompt: Json) -> Prompt:
    messages: list[Message] = []
    for segment in prompt["segments"]:
        made = Segment(
            segment["hash"],
            segment["name"],
            _span_or_none(segment["at"]),
            segment["max_chars"],
            segment["why"],
            segment.get("max_tokens"),
        )
        while len(messages) <= segment["message"]:
            messages.append(Message(segment["role"], ()))
        last = messages[segment["message"]]
        messages[segment["message"]] = Message(segment["role"], (*last.segments, made))
    return Prompt(
        tuple(messages),
        prompt["open"],
        prompt["why"],
        tools=prompt["tools"],
        tools_open=prompt["tools_open"],
        tools_trail=_trail(prompt.get("tools_trail", ())),
    )


def _estimate(one: Json) -> Estimate:
    found, prompt = one["estimate"], one["prompt"]
    runs = found["runs_per_month"]
    counts: dict[int, list[int]] = {}
    for segment in prompt["segments"]:
        counts.setdefault(segment["message"], []).append(segment["tokens"] or 0)
    return Estimate(
        priced=found["priced"],
        why=tuple(found["why"]),
        input_tokens=_tokens(found["input_tokens"]),
        output_tokens=_tokens(found["output_tokens"]),
        usd=_money(found["usd"]),
        usd_per_run=_money(found["usd_per_run"]),
        usd_per_month=_money(found["usd_per_month"]),
        runs_per_month=None if runs is None else Decimal(runs),
        runs_source=found["runs_source"],
        static_tokens=prompt["static_tokens"],
        segment_tokens=tuple(tuple(counts.get(index, ())) for index in range(max(counts, default=-1) + 1)),
        holes=tuple(
            Hole(hole["name"], Tokens(hole["low"], hole["tokens"], hole["high"]), hole["from"])
            for hole in prompt["holes"]
        ),
        parts=(),
        assumptions=tuple(found["assumptions"]),
        approximate=found["approximate"],
        assumed_share=found["assumed_share"],
        known_only=tuple(found["known_only"]),
    )


# --- figures and places -----------------------------------------------------------------------------------------------


def _money(usd: Json | None) -> Money | None:
    if usd is None:
        return None
    low, typical = Decimal(usd["low"]), Decimal(usd["typical"])
    high = None if usd["high"] is None else Decimal(usd["high"])
    if low > typical or (high is not None and typical > high):
        raise ValueError(f"a sum is not in order: {low}, {typical}, {high}")
    return Money(low, typical, high)


def _tokens(amount: Json | None) -> Tokens | None:
    return None if amount is None else Tokens(amount["low"], amount["typical"], amount["high"])


def _trail(steps: Any) -> tuple[Step, ...]:
    return tuple(Step(_span(step), step["how"], step["note"]) for step in steps)


def _span_or_none(point: Json | None) -> Span | None:
    return None if point is None else _span(point)


def _span(point: Json) -> Span:
    """A place; one that only begins ends where it begins. In a notebook the line is that of the cell."""
    line = point["line"] or point["cell_line"] or 1
    end = point.get("end_line") or point.get("cell_end_line") or line
    column = point["column"]
    return Span(
        point["path"], line, column, end, point.get("end_column") or column, point["cell"], point["cell_line"]
    )  # fmt: skip
