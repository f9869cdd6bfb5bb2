"""The JSON report, version 1.

In: a `Report`. Out: JSON text whose form is `schema.py` (published as docs/report.schema.json). Every key is always
there; null says "not known" or "does not apply". Money is a decimal string in US dollars, token counts and multipliers
are numbers. Output is ASCII and sorted, so that equal reports are equal byte for byte, with one request, finding or
problem a line: the encoder in C, which writes a large report ten times faster, knows no indentation, and lines are what
`grep` and `diff` want. Text of prompts is left out unless asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from guard import __version__
from guard.bill import Bill
from guard.difference import Difference
from guard.model import (
    ONCE,
    Choice,
    Count,
    Estimate,
    Finding,
    Label,
    Layer,
    Priced,
    Problem,
    Prompt,
    Reach,
    Report,
    Request,
    Setting,
    Site,
    Span,
    Totals,
    Value,
    Variant,
)
from guard.report import json_values as plain
from guard.report.bill_json import bill_data
from guard.report.deployment_json import deployment_data
from guard.report.json_difference import difference_data

SCHEMA_VERSION = 1
"""Grows only when a key changes its meaning or goes; new keys do not change it."""

Json = plain.Json


def render(
    report: Report, *, show_prompts: bool = False, difference: Difference | None = None, bill: Bill | None = None
) -> str:
    """The report as JSON text with a closing newline; `show_prompts` adds the static text of prompts."""
    return _lines(as_data(report, show_prompts=show_prompts, difference=difference, bill=bill))


def _lines(data: Json) -> str:
    """JSON text with a line for each key, and for each entry of a key that holds a list."""
    encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode
    entries = []
    for key, value in data.items():
        if isinstance(value, list) and value:
            entries.append(f"{encode(key)}: [\n" + ",\n".join(map(encode, value)) + "\n]")
        else:
            entries.append(f"{encode(key)}: {encode(value)}")
    return "{\n" + ",\n".join(entries) + "\n}\n"


def as_data(
    report: Report, *, show_prompts: bool = False, difference: Difference | None = None, bill: Bill | None = None
) -> Json:
    """The report as plain data, ready for `json.dumps`; `difference`: what changed against a base; `bill`: what was
    asked beyond the requests."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "guard", "version": __version__},
        "root": report.root,
        "config": report.config_path,
        "prices": {"as_of": report.prices.as_of, "sha256": report.prices.sha256},
        "looked": {
            "files": report.looked.files,
            "parsed": report.looked.parsed,
            "lines": report.looked.lines,
            "skipped": report.looked.skipped,
        },
        "requests": [_request(priced, show_prompts) for priced in sorted(report.requests, key=_request_order)],
        "deployments": [deployment_data(one) for one in report.deployments],
        "settings": [
            _setting(setting, show_prompts)
            for setting in sorted(report.settings, key=lambda item: (item.path, item.line, item.column, item.key_path))
        ],
        "findings": [_finding(finding) for finding in sorted(report.findings, key=_finding_order)],
        "problems": [_problem(problem) for problem in sorted(report.problems, key=_problem_order)],
        "totals": _totals(report.totals),
        "difference": None if difference is None else _difference(difference),
        "views": None if bill is None else bill_data(bill),
    }


# --- order ------------------------------------------------------------------------------------------------------


def _span_order(span: Span) -> tuple[str, int, int]:
    return span.path, span.line, span.column


def _request_order(priced: Priced) -> tuple[tuple[str, int, int], tuple[str, int, int], str]:
    """By the outermost site, then by the sending one, then by id."""
    sites = priced.request.sites
    return _span_order(sites[0].span), _span_order(sites[-1].span), priced.request.id


def _finding_order(finding: Finding) -> tuple[tuple[str, int, int], str, str]:
    place = _span_order(finding.labels[0].span) if finding.labels else ("", 0, 0)
    return place, finding.policy, finding.id


def _problem_order(problem: Problem) -> tuple[str, int, int, str, str]:
    return problem.path, problem.line or 0, problem.column or 0, problem.kind, problem.message


# --- requests ---------------------------------------------------------------------------------------------------


def _request(priced: Priced, show_prompts: bool) -> Json:
    request, estimate = priced.request, priced.estimate
    return {
        "id": request.id,
        "api": request.api,
        "operation": request.operation,
        "provider": request.provider,
        "counted": request.counted,
        "why_not": request.why_not,
        "exclusive": request.exclusive,
        "exclusive_default": request.exclusive_default,
        "after": request.after,
        "conditional": request.conditional,
        "callers": request.callers,
        "caller_examples": [[plain.point(span) for span in chain] for chain in request.caller_examples],
        "sites": [_site(site) for site in request.sites],
        "model": _value(request.model, priced=True),
        "max_output": _value(request.max_output, priced=False),
        "variants": [_variant(variant) for variant in request.variants],
        "outputs": request.outputs,
        "attempts": plain.count(request.attempts),
        "turns": plain.count(request.turns),
        "repeats": plain.count(request.repeats),
        "layers": [_layer(layer) for layer in request.layers],
        "prompt": _prompt(request.prompt, estimate, show_prompts),
        "estimate": _estimate(estimate),
        "reached_from": [_reach(reach, estimate, len(request.reached_from)) for reach in request.reached_from],
        "feature": priced.feature,
        "owner": priced.owner,
        "stage": request.stage,
        "unknown": _unknown(request),
        "assumed": list(request.assumed),
        "inline": dict(sorted(request.inline.items())),
    }


def _unknown(request: Request) -> list[Json]:
    return [
        {"what": item.what, "why": item.why, "at": None if item.span is None else plain.point(item.span)}
        for item in request.unknown
    ]


def _site(site: Site) -> Json:
    repeats = site.repeats
    return {
        **plain.extent(site.span),
        "role": site.role,
        "qualname": site.qualname,
        "callee": site.callee,
        "repeats": {
            "low": repeats.low,
            "typical": plain.number(repeats.typical),
            "high": repeats.high,
            "why": "; ".join(repeats.why) or None,
        },
    }


def _how(choice: Choice) -> str | None:
    """How the value came to be: the word of its origin; null with a value of null always means "not sent"."""
    if choice.value is None:
        return "not_sent"
    return choice.trail[0].how if choice.trail else None


def _choice(choice: Choice, priced: bool) -> Json:
    price = {"price_id": choice.price_id} if priced else {}
    return {
        "value": plain.scalar(plain.short(choice.value)),
        **price,
        "how": _how(choice),
        "trail": plain.trail(choice.trail),
    }


def _value(value: Value, *, priced: bool) -> Json:
    return {"choices": [_choice(choice, priced) for choice in value.choices], "open": value.open, "why": value.why}


def _variant(variant: Variant) -> Json:
    model, limit = variant.model, variant.max_output
    return {
        "model": None
        if model is None
        else {"value": plain.scalar(plain.short(model.value)), "price_id": model.price_id},
        "provider": variant.provider,
        "max_output": None if limit is None else {"value": plain.scalar(limit.value), "how": _how(limit)},
        "reasoning": plain.scalar(variant.reasoning),
        "tier": variant.tier,
        "default": variant.default,
    }


def _layer(layer: Layer) -> Json:
    return {
        "name": layer.name,
        "attempts": layer.attempts,
        "billed": layer.billed,
        "at": None if layer.span is None else plain.point(layer.span),
        "why": layer.why,
        "trail": plain.trail(layer.trail),
    }


def _reach(reach: Reach, estimate: Estimate, roots: int) -> Json:
    # The estimate holds the runs of all entry points together: this one's own where it is the only one.
    runs = estimate.runs_per_month if roots == 1 else None
    return {
        "entry": reach.entry,
        "kind": reach.kind,
        "aliases": list(reach.aliases),
        "repeats": plain.count(reach.repeats),
        "runs_per_month": None if runs is None else plain.decimal_text(runs),
        "from": None if runs is None else estimate.runs_source,
        "chain": [plain.point(span) for span in reach.chain],
    }


def _prompt(prompt: Prompt, estimate: Estimate, show_prompts: bool) -> Json:
    segments: list[Json] = []
    for index, message in enumerate(prompt.messages):
        counts = estimate.segment_tokens[index] if index < len(estimate.segment_tokens) else ()
        for position, segment in enumerate(message.segments):
            static = segment.text is not None
            item: Json = {
                "message": index,
                "role": message.role,
                "kind": "static" if static else "hole",
                "name": segment.name,
                "tokens": counts[position] if static and position < len(counts) else None,
                "hash": None if segment.text is None else _hash(segment.text),
                "max_chars": segment.max_chars,
                **({} if segment.max_tokens is None else {"max_tokens": segment.max_tokens}),
                "why": segment.why,
                "at": None if segment.span is None else plain.point(segment.span),
            }
            if show_prompts:
                item["text"] = segment.text
            segments.append(item)
    return {
        "static_tokens": estimate.static_tokens,
        "segments": segments,
        "holes": [
            {
                "name": hole.name,
                "tokens": plain.number(hole.tokens.typical),
                "low": hole.tokens.low,
                "high": hole.tokens.high,
                "from": hole.source,
            }
            for hole in estimate.holes
        ],
        "open": prompt.open,
        "why": prompt.why,
        "tools": prompt.tools,
        "tools_open": prompt.tools_open,
        "tools_trail": plain.trail(prompt.tools_trail),
        "batch": _batch(prompt),
    }


def _batch(prompt: Prompt) -> Json | None:
    """The inputs of a request for embeddings; None for a prompt that is one input."""
    if prompt.batch is None:
        return None
    counts = [message.inputs or ONCE for message in prompt.messages]
    highs = [count.high for count in counts]
    high = None if not counts or None in highs else sum(n for n in highs if n is not None)
    why = tuple(dict.fromkeys(reason for count in counts for reason in count.why))
    inputs = Count(sum(c.low for c in counts), sum(c.typical for c in counts), high, why)
    return {"inputs": plain.count(inputs), "most_inputs": prompt.batch.inputs, "most_tokens": prompt.batch.tokens}


def _hash(text: str) -> str:
    """Tells equal text from changed text without showing it: 8 bytes of BLAKE2b, hexadecimal."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _estimate(estimate: Estimate) -> Json:
    runs = estimate.runs_per_month
    return {
        "priced": estimate.priced,
        "why": list(estimate.why),
        "input_tokens": plain.tokens(estimate.input_tokens),
        "output_tokens": plain.tokens(estimate.output_tokens),
        "usd": plain.money(estimate.usd),
        "usd_per_run": plain.money(estimate.usd_per_run),
        "usd_per_month": plain.money(estimate.usd_per_month),
        "runs_per_month": None if runs is None else plain.decimal_text(runs),
        "runs_source": estimate.runs_source,
        "parts": [
            {
                "name": part.name,
                "quantity": plain.tokens(part.quantity),
                "usd_per_million": plain.decimal_text(part.usd_per_million),
                "usd": plain.money(part.usd),
                "variant": part.variant,
            }
            for part in estimate.parts
        ],
        "assumptions": list(estimate.assumptions),
        "approximate": estimate.approximate,
        "assumed_share": None if estimate.assumed_share is None else plain.number(estimate.assumed_share),
        "known_only": list(estimate.known_only),
    }


def _setting(setting: Setting, show_prompts: bool) -> Json:
    hidden = setting.what == "prompt" and not show_prompts
    shown: object = plain.scalar(setting.value)
    if setting.items is not None:
        shown = [plain.scalar(item) for item in setting.items]
    return {
        "path": setting.path,
        "line": setting.line,
        "column": setting.column,
        "format": setting.format,
        "key_path": setting.key_path,
        "what": setting.what,
        "value": None if hidden else shown,
        "confidence": setting.confidence,
    }


# --- findings and sums ------------------------------------------------------------------------------------------


def _label(label: Label) -> Json:
    return {**plain.extent(label.span), "text": label.text}


def _finding(finding: Finding) -> Json:
    forgiven = finding.forgiven
    return {
        "id": finding.id,
        "policy": finding.policy,
        "verdict": finding.verdict,
        "severity": finding.severity,
        "enforce": finding.enforce,
        "confidence": finding.confidence,
        "message": finding.message,
        "labels": [_label(label) for label in finding.labels],
        "notes": list(finding.notes),
        "help": finding.help,
        "request": finding.request,
        "forgiven": None
        if forgiven is None
        else {
            "by": forgiven.by,
            "reason": forgiven.reason,
            "at": None if forgiven.span is None else plain.point(forgiven.span),
        },
    }


def _problem(problem: Problem) -> Mapping[str, Any]:
    return {
        "path": problem.path,
        "line": problem.line,
        "column": problem.column,
        "kind": problem.kind,
        "message": problem.message,
        "hint": problem.hint,
    }


def _difference(difference: Difference) -> Json:
    sums = {"before": _totals(difference.before), "after": _totals(difference.after)}
    return difference_data(difference, sums)


def _totals(totals: Totals) -> Json:
    return {
        "requests": totals.requests,
        "counted": totals.counted,
        "tests": totals.tests,
        "priced": totals.priced,
        "usd": plain.money(totals.usd),
        "usd_per_month": plain.money(totals.usd_per_month),
        "monthly_requests": totals.monthly_requests,
        "assumed_share": None if totals.assumed_share is None else plain.number(totals.assumed_share),
        "known_only": totals.known_only,
        "stood_for": totals.stood_for,
        "unpriced": [{"reason": reason, "requests": requests} for reason, requests in totals.unpriced],
    }
