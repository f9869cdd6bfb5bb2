"""The lines of the configuration that make an estimate firm: what is assumed or not known of a request.

In: a `Priced` and the `Config`. Out: lines with the values that are taken now, which a reader corrects. Written as they
are they load, and what they declare is no assumption any more. Nothing is offered that no declaration could change.
Neighbours: `explain.py` shows them, `firm_text.py` writes them, `guard.estimate.usage` and `declared` read them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from guard.config.types import Assume, Config, Place
from guard.estimate import usage
from guard.estimate.outputs import NO_OUTPUT
from guard.model import Estimate, Priced, Request
from guard.report.format import safe
from guard.use.firm_text import Declared, Entry, Named, as_toml, as_yaml

ENTRIES = 5
"""Entry points without declared runs that are offered."""
RUNS = 1000
"""Runs a month that stand in the lines where none are known."""
LIMIT = 1000
"""What stands in the lines for a limit that is not known."""
MODEL = "openai/gpt-4o-mini"
MODELS = {
    "anthropic": "anthropic/claude-haiku-4-5", "google": "google/gemini-2.5-flash", "vertex": "gemini-2.5-flash",
    "mistral": "mistral/mistral-small-latest", "cohere": "cohere/command-r", "azure": "azure/gpt-4o-mini",
    "bedrock": "anthropic.claude-3-haiku-20240307-v1:0",
}  # fmt: skip
EMBEDDING, RERANKER = "openai/text-embedding-3-small", "cohere/rerank-v3.5"
"""What stands in the lines for a model that is not known, by provider and by operation."""
VALUES = "# Values are those taken now: put in yours."
OWN = "your own hardware"
"""In the reason of models that have no price per token, whatever name they are given."""
SURE = ("usage.rules", "inline", "the library's wording")
"""How the sources of sizes begin that nobody has to declare."""


def lines(priced: Priced, config: Config) -> list[str]:
    """Lines for the configuration file; none where nothing can be declared."""
    priced = _as_declared(priced, config)
    found = Declared(
        (*_size_rule(priced, config), *_run_rules(priced, config)), _assume(priced, config), _aliases(priced)
    )
    if not found:
        return []
    if config.path is None:
        return [VALUES, "version: 1", *as_yaml(found)]
    if config.path.endswith(".toml"):
        return [VALUES, *as_toml(found)]
    there = safe(config.path.rpartition("/")[2])
    return [VALUES, f"# A key that {there} has already takes what stands below it.", *as_yaml(found)]


def file_of(config: Config) -> str:
    """The file that the lines are for."""
    return "pyproject.toml" if config.path is not None and config.path.endswith(".toml") else "guard.yaml"


def _as_declared(priced: Priced, config: Config) -> Priced:
    """A request without a price with the sizes that it has once the lines give it one; it has none of its own."""
    if priced.estimate.usd is not None:
        return priced
    from guard.estimate.cost import estimate
    from guard.estimate.prices import load

    aliases = {**_aliases(priced), **config.aliases}
    model = _model(priced.request) if priced.request.model.open else None
    assume = (*config.assume, Assume("", Place("", 1, 1), (), model=model))
    with_lines = replace(config, aliases=aliases, assume=assume)
    found = estimate(priced.request, load().with_rules(config.prices), with_lines)
    return replace(priced, estimate=replace(found, usd=None, why=priced.estimate.why))


def _model(request: Request) -> str:
    """What stands in the lines for the model: one that the code names and that has a price, else an example."""
    known = next((str(one.value) for one in request.model.choices if one.value is not None and one.price_id), None)
    return known or _example(request)


def _example(request: Request) -> str:
    """A model of the kind that is asked for, with its provider."""
    by_operation = {"embedding": EMBEDDING, "rerank": RERANKER}
    return by_operation.get(request.operation) or MODELS.get(request.provider or "", MODEL)


def _size_rule(priced: Priced, config: Config) -> Iterator[Entry]:
    """A rule about the sizes of the request."""
    request, estimate = priced.request, priced.estimate
    output, holes = _output(request, estimate), tuple(_holes(estimate))
    if output is not None or holes:
        says = () if output is None else (("output_tokens", *output),)
        yield Entry("request", _name(request, config), says, holes)


def _name(request: Request, config: Config) -> str:
    """The function of the outermost call, which people read, as rules name it."""
    site = request.sites[0]
    return f"{config.prefix}{site.span.path}::{site.qualname}"


def _holes(estimate: Estimate) -> Iterator[Named]:
    """Parts of the prompt whose sizes nobody declared."""
    found: dict[str, Named] = {}
    for hole in estimate.holes:
        if not hole.source.startswith(SURE):
            # A name that stands twice in a prompt has one size.
            known = found.get(hole.name, Named(hole.name, 0, hole.source))
            found[hole.name] = replace(known, tokens=max(known.tokens, math.ceil(hole.tokens.typical)))
    for text in estimate.assumptions:
        result = re.match(r"tool_result: .* of (\d+) tokens", text)
        if result:
            found.setdefault("tool_result", Named("tool_result", int(result[1]), "default"))
    yield from found.values()


def _output(request: Request, estimate: Estimate) -> tuple[int, str] | None:
    """The length of an answer where nobody declared it."""
    said = next((text for text in estimate.assumptions if text.startswith("output: ")), None)
    if request.operation in NO_OUTPUT or estimate.output_tokens is None or said is None:
        return None
    if "the declared" in said:
        return None
    share = said.partition(", ")[2]
    one = math.ceil(estimate.output_tokens.typical / max(request.outputs or 1, 1))
    return one, share or "no limit is sent"


def _run_rules(priced: Priced, config: Config) -> Iterator[Entry]:
    """How often entry points run of which nothing says so."""
    request = priced.request
    if not request.reached_from:
        if usage.runs_of_request(request, config) is None:
            yield Entry("request", _name(request, config), (("runs_per_month", RUNS, "not declared"),))
        return
    runs = [(reach, usage.runs_of(reach, request, config)) for reach in request.reached_from]
    silent = [(reach, one) for reach, one in runs if one is None or one.assumed]
    silent.sort(key=lambda pair: pair[0].kind in usage.NO_RUNS)
    for reach, one in silent[:ENTRIES]:
        taken, why = (RUNS, "not declared") if one is None else (math.ceil(one.per_month), "a traffic profile")
        yield Entry("entry", config.prefix + reach.entry, (("runs_per_month", taken, why),))


def _assume(priced: Priced, config: Config) -> tuple[Entry, ...]:
    """What the code leaves open: model, limit, repeats."""
    request = priced.request
    says: list[tuple[str, str | int, str]] = []
    if request.model.open:
        says.append(("model", _model(request), request.model.why or "not known"))
    limit = request.max_output
    if request.operation not in NO_OUTPUT and limit.open and priced.estimate.output_tokens is not None:
        known = next((one.value for one in limit.choices if isinstance(one.value, int)), LIMIT)
        says.append(("max_output", known, limit.why or "not known"))
    if request.repeats.high is None:
        taken = max(1, math.ceil(request.repeats.typical))
        says.append(("repeats", taken, request.repeats.why[0] if request.repeats.why else "not known"))
    path = config.prefix + request.sites[0].span.path
    # No glob has a line break in it.
    return (Entry("paths", path, tuple(says)),) if says and "\n" not in path else ()


def _aliases(priced: Priced) -> dict[str, str]:
    """Names of models that the price table does not list, with an example of what may stand behind them."""
    found = priced.request.model.choices
    names = [str(one.value) for one in found if isinstance(one.value, str) and one.price_id is None]
    if priced.request.model.open or not priced.estimate.why or priced.estimate.usd is not None:
        return {}
    if any(OWN in why for why in priced.estimate.why):
        return {}
    return dict.fromkeys(names, _example(priced.request))
