"""The measures by which guard's report is held against what a program sent. In: `Matched`, `Case`. Out: differences.

Each measure is a function that gives one sentence per difference; none means that they agree. `MEASURES` lists them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from math import prod
from typing import Any

from referee.cases import Case
from referee.counting import Counted, count
from referee.matching import Json, Matched, Seen, means, models_of
from referee.pricing import spent
from referee.recordings import Sent
from referee.rendering import sent as sent_form
from referee.server import MOST_FAILURES

MARGIN = Decimal("1.2")
"""guard's highest price of a static program may be that much above the dearest observed run."""


def where(request: Json) -> str:
    """A request of the report for people: its sites, outermost first."""
    return " > ".join(f"{site['path']}:{site['line']}" for site in request["sites"])


def found(case: Case, matched: Matched) -> Iterator[str]:
    """Everything that was sent is in the report, and everything in the report was sent."""
    lines = Counter((one.sent.chain[-3:], one.asked.model) for one in matched.lost)
    for (chain, model), number in lines.items():
        way = " > ".join(f"{path}:{line}" for path, line in chain)
        yield f"{number} requests to {model} from {way} are not in the report"
    for request in matched.requests:
        if not matched.seen[request["id"]]:
            yield f"{where(request)} ({', '.join(models_of(request))}) is in the report and was never sent"


def model(case: Case, matched: Matched) -> Iterator[str]:
    """The model that was sent is among the report's, and is the default where several are told."""
    for request, seen in matched.pairs:
        told = models_of(request)
        for name in sorted({one.asked.model for one in seen}):
            if not any(means(one, name) for one in told):
                yield f"{where(request)}: {name} was sent, the report says {told or 'nothing'}"
        usual = [variant for variant in request["variants"] if variant["default"]] or request["variants"]
        good = sorted({one.asked.model for one in seen if one.run.name == "good"})
        names = [str(variant["model"]["value"]) for variant in usual if variant["model"]]
        if not all(any(means(one, name) for one in names) for name in good):
            yield f"{where(request)}: {good} was sent, the report's default is {names}"


def limit(case: Case, matched: Matched) -> Iterator[str]:
    """The output limit that was sent is among the report's choices."""
    for request, seen in matched.pairs:
        if request["operation"] in ("embedding", "image", "moderation", "rerank"):
            continue
        told = [choice["value"] for choice in request["max_output"]["choices"]]
        for sent in sorted({one.asked.limit for one in seen}, key=str):
            if sent not in told:
                yield f"{where(request)}: the limit {sent} was sent, the report says {told or 'nothing'}"


def _unit(case: Case, sent: Sent) -> object:
    """What one call of a request is: the number of an activation, or a body."""
    name = case.units.get(sent.inner.function)
    if name is None:
        return sent.inner.called
    if name == "=body":
        return json.dumps(sent.body)
    return next(frame.activation for frame in reversed(sent.stack) if frame.function == name)


def _calls(case: Case, seen: Iterable[Seen]) -> dict[tuple[str, object], list[Seen]]:
    """Requests by run and call."""
    calls: dict[tuple[str, object], list[Seen]] = {}
    for one in seen:
        calls.setdefault((one.run.name, _unit(case, one.sent)), []).append(one)
    return calls


def _bounded(number: int) -> int | None:
    return None if number > MOST_FAILURES else number


def attempts(case: Case, matched: Matched) -> Iterator[str]:
    """`attempts.high` equals the most requests that one call made when they failed."""
    for request, seen in matched.pairs:
        failed = [one for one in seen if not set(one.run.pattern) <= {"good", "tools"}]
        calls = _calls(case, failed)
        if not calls:
            yield f"{where(request)}: never failed in a run"
            continue
        (run, _), most = max(calls.items(), key=lambda item: len(item[1]))
        told = request["attempts"]
        if told["high"] != _bounded(len(most)):
            yield f"{where(request)}: {len(most)} attempts in run {run}, the report says {told['high']} {told['why']}"


def turns(case: Case, matched: Matched) -> Iterator[str]:
    """Turns of one call: those with good answers lie in the interval, those with endless tool calls are its high."""
    for request, seen in matched.pairs:
        told = request["turns"]
        good = [len(call) for (run, _), call in _calls(case, seen).items() if run == "good"]
        most = max((len(call) for (run, _), call in _calls(case, seen).items() if run in ("good", "tools")), default=1)
        high = told["high"]
        if any(number < told["low"] or (high is not None and number > high) for number in good):
            yield f"{where(request)}: {good} turns, the report says {told['low']} to {high}"
        elif high != _bounded(most):
            yield f"{where(request)}: {most} turns at most, the report says {high} {told['why']}"


def _repeats(request: Json, sent: Sent) -> Json:
    """Calls per run of the entry point at which the program began."""
    outer = sent.stack[0]
    for reach in request["reached_from"]:
        if reach["entry"] == f"{outer.path}::{outer.function}":
            return dict(reach["repeats"])
    product = [site["repeats"] for site in request["sites"]]
    highs = [one["high"] for one in product]
    return {
        "low": prod(one["low"] for one in product),
        "high": None if None in highs else prod(highs),
        "why": ["product of the sites: the report has no such entry point"],
    }


def requests(case: Case, matched: Matched) -> Iterator[str]:
    """Calls per run of the program: those with good answers lie in the interval, the most ever seen are its high."""
    for request, seen in matched.pairs:
        told = _repeats(request, seen[0].sent)
        per_run = Counter(run for run, _ in _calls(case, seen))
        good, most = per_run.get("good", 0), max(per_run.values())
        low = 0 if request["conditional"] or request["after"] else told["low"]
        high = told["high"]
        if good < low or (high is not None and most > high):
            yield f"{where(request)}: {good} calls in a good run, {most} at most, the report says {low} to {high}"
        elif high is None and seen[0].sent.inner.function not in case.unbounded:
            yield f"{where(request)}: {most} calls at most, the report knows no bound: {told['why']}"
        elif high is not None and high != most:
            yield f"{where(request)}: {most} calls at most, the report says {high} {told['why']}"


def _first_turns(case: Case, request: Json, seen: list[Seen]) -> list[tuple[Seen, Counted]]:
    """The first request of each call of the good run, counted; for requests that do not run then, of the first run."""
    calls = [call for (run, _), call in _calls(case, seen).items() if run == "good"]
    calls = calls or [next(iter(_calls(case, seen).values()))]
    return [(call[0], count(call[0].asked, request["provider"])) for call in calls]


def tokens(case: Case, matched: Matched) -> Iterator[str]:
    """Input tokens of the first turn lie in the interval."""
    for request, seen in matched.pairs:
        told = request["estimate"]["input_tokens"]
        if told is None:
            if request["operation"] != "image":
                yield f"{where(request)}: the report has no input tokens: {request['estimate']['why']}"
            continue
        for _, counted in _first_turns(case, request, seen):
            if counted.tokens < told["low"] or (told["high"] is not None and counted.tokens > told["high"]):
                yield f"{where(request)}: {counted.tokens:g} tokens, the report says {told['low']} to {told['high']}"


def typical(case: Case, matched: Matched) -> Iterator[str]:
    """Where all prompts are static, typical input is the mean of what was sent."""
    for request, seen in matched.pairs if case.static else ():
        told = request["estimate"]["input_tokens"]
        if told is None:
            continue
        sizes = [counted.tokens for _, counted in _first_turns(case, request, seen)]
        mean = sum(sizes) / len(sizes)
        if abs(told["typical"] - mean) > case.approximate * mean:
            holes = [hole["name"] for hole in request["prompt"]["holes"]]
            yield f"{where(request)}: {mean:g} tokens on average, the report says {told['typical']:g} (holes: {holes})"


def _rates(request: Json) -> dict[str, Decimal]:
    """Dollars per token of the dearest variant's parts by name."""
    return {part["name"]: Decimal(part["usd_per_million"]) / 1_000_000 for part in request["estimate"]["parts"]}


def dearest(case: Case, request: Json, seen: list[Seen]) -> Decimal | None:
    """Dollars of the dearest call that was observed, had every answer been as long as the limit lets it, and the input
    as long as the published error of the count lets it.

    Billed is what the server took on: what it answered, and what it answered too late. None where the report has no
    price by tokens.
    """
    rates = _rates(request)
    if "output" not in rates and "input" not in rates:
        return None
    longest = (request["estimate"]["output_tokens"] or {"high": 0})["high"] or 0
    most = Decimal(0)
    for call in _calls(case, seen).values():
        usd = Decimal(0)
        for one in call:
            if one.sent.status != 200:
                continue
            answers = int(one.asked.body.get("n") or 1)
            written = longest if one.asked.limit is None else one.asked.limit * answers  # `longest`: all answers
            size = count(one.asked, request["provider"]).most
            usd += Decimal(str(size)) * rates.get("input", Decimal(0))
            usd += Decimal(written) * rates.get("output", Decimal(0))
        most = max(most, usd)
    return most


def usd(case: Case, matched: Matched) -> Iterator[str]:
    """The highest price of a call is no less than the dearest observed one and, if static, at most 1.2 times it."""
    for request, seen in matched.pairs:
        told = request["estimate"]["usd"]
        if told is None:
            yield f"{where(request)}: no price: {request['estimate']['why']}"
            continue
        most = dearest(case, request, seen)
        high = None if told["high"] is None else Decimal(told["high"])
        if most is None:
            continue
        if high is not None and high < most * Decimal("0.98"):
            yield f"{where(request)}: a call for {most:.6f} USD was observed, the report's highest is {high:.6f}"
        elif case.static and (high is None or high > most * MARGIN):
            shown = "without bound" if high is None else f"{high:.6f} USD"
            yield f"{where(request)}: the dearest call was {most:.6f} USD, the report's highest is {shown}"


OFF = Decimal("0.05")
"""guard's typical price of a static program may be that far from what its traffic costs."""


def priced(case: Case, matched: Matched) -> Iterator[str]:
    """What the calls of a good run cost by the published prices lies in the interval, and within 5 % of typical where
    all prompts are static. What a model would write is not recorded: its answers have guard's typical length.
    """
    for request, seen in matched.pairs:
        told = request["estimate"]["usd"]
        calls = [call for (run, _), call in _calls(case, seen).items() if run == "good"]
        if told is None or not calls:
            continue
        answer = (request["estimate"]["output_tokens"] or {"typical": 0})["typical"]
        bills = [spent(call, request["provider"], answer) for call in calls]
        low, high = Decimal(told["low"]), None if told["high"] is None else Decimal(told["high"])
        for usd in (min(bills), max(bills)):
            if usd < low or (high is not None and usd > high):
                yield f"{where(request)}: a call for {usd:.6f} USD, the report says {low:.6f} to {told['high']}"
        mean = sum(bills) / len(bills)
        if case.static and abs(Decimal(told["typical"]) - mean) > OFF * mean:
            yield f"{where(request)}: {mean:.6f} USD a call on average, the report says {told['typical']}"


def rendered(case: Case, matched: Matched) -> Iterator[str]:
    """Tools and schemas are those that the SDK sent, word for word."""
    for request, seen in matched.pairs:
        tools, schema = sent_form(seen[0].asked.body)
        told_tools, told_schema = request["rendered"]
        for one in tools:
            if one not in told_tools:
                name = one["name"]
                like = [tool for tool in told_tools if tool["name"] == name] or [tool["name"] for tool in told_tools]
                yield f"{where(request)}: the tool {json.dumps(one)} was sent, the report has {json.dumps(like)}"
        if schema != told_schema:
            told = json.dumps(told_schema)
            yield f"{where(request)}: the schema {json.dumps(schema)} was sent, the report has {told}"


Measure = Callable[[Case, Matched], Iterator[str]]
MEASURES: dict[str, Measure] = {
    "found": found, "model": model, "limit": limit, "requests": requests, "attempts": attempts, "turns": turns,
    "tokens": tokens, "typical": typical, "usd": usd, "priced": priced, "rendered": rendered,
}  # fmt: skip


def spread(report: Json) -> list[float]:
    """High by low of the price of each counted request that has both."""
    found = []
    for request in report["requests"]:
        told: Any = request["estimate"]["usd"]
        if request["counted"] and told and told["high"] is not None and Decimal(told["low"]) > 0:
            found.append(float(Decimal(told["high"]) / Decimal(told["low"])))
    return found
