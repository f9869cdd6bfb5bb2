"""`guard explain PATH:LINE`: where every figure of a request comes from, and the arithmetic of its price.

In: a `Report` and the target as typed. Out: text; `NotThere` (a `LookupError`) where the report has no request there,
with what is near. The parts of the text stand in `trail.py` (values) and `arithmetic.py` (price).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from guard.config.types import Config
from guard.estimate.outputs import NO_OUTPUT
from guard.model import EntryCost, Estimate, Money, Priced, Reach, Report, Site, Span
from guard.report.format import count, money, number, place, plural, safe, wrap
from guard.report.table import table
from guard.use import firm
from guard.use.arithmetic import arithmetic
from guard.use.trail import limit_lines, model_lines, prompt_lines, step_text, tries_lines

NEAR = 5
"""Requests that are named where the target has none."""
EXPLAINED = 3
"""Requests that are explained where many stand at one place."""

_TARGET = re.compile(r"^(?P<path>.+?):(?:cell)?(?P<first>\d+)(?::(?P<second>\d+))?(?::(?P<third>\d+))?$")


class NotThere(LookupError):
    """No request stands at the target; the message says what is near."""


@dataclass(frozen=True, slots=True)
class Target:
    """What `PATH:LINE`, `PATH:LINE:COLUMN`, `NOTEBOOK:CELL:LINE` or a bare `PATH` asks for."""

    path: str
    line: int | None = None
    cell: int | None = None


def parse(target: str) -> Target:
    """Read the target as typed; a notebook's cell may be written `cell3` or `3`, as reports write it."""
    found = _TARGET.match(target)
    if found is None:
        return Target(_clean(target))
    path, first, second = _clean(found["path"]), int(found["first"]), found["second"]
    if path.endswith(".ipynb"):
        return Target(path, None if second is None else int(second), first)
    return Target(path, first)


def _clean(path: str) -> str:
    path = path.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return path


def explain(
    report: Report, target: str, *, width: int = 100, everything: bool = False, config: Config | None = None
) -> str:
    """Everything that is known of the requests whose call stands at `target`, in at most `width` columns.

    A path without a line explains every request of the file. Of many requests a table comes first and only the
    dearest are explained, unless `everything` is asked for. `config`: that of the report, for the lines that would make
    its estimates firm; without it there are none. Raises `NotThere` where there is none.
    """
    wanted = parse(target)
    ordered = sorted(report.requests, key=lambda p: (_order(p.request.sites[0].span), p.request.id))
    found = [p for p in ordered if any(_covers(site.span, wanted) for site in p.request.sites)]
    if not found:
        raise NotThere(_nothing(ordered, wanted))
    rule = "\n" + "-" * min(width, 100) + "\n\n"
    explained = found
    if not everything and len(found) > EXPLAINED + 1:
        explained = sorted(found, key=_dearness, reverse=True)[:EXPLAINED]
    blocks = ["\n".join(_request(priced, report, width, config)) + "\n" for priced in explained]
    head = f"{plural(len(found), 'request')} at {safe(target)}.\n\n" if len(found) > 1 else ""
    if len(explained) < len(found):
        rows = "\n".join(table(found, width=width, color=False))
        head = f"{head}{rows}\n\nThe dearest {EXPLAINED} of them; `--all` explains each.\n{rule}"
    return head + rule.join(blocks)


def _dearness(priced: Priced) -> Decimal:
    """The typical price of one call; nothing for what has no price."""
    return priced.estimate.usd.typical if priced.estimate.usd is not None else Decimal(0)


def _order(span: Span) -> tuple[str, int, int]:
    return span.path, span.line, span.column


def _covers(span: Span, wanted: Target) -> bool:
    if span.path != wanted.path or (wanted.cell is not None and span.cell != wanted.cell):
        return False
    if wanted.line is None:
        return True
    if span.cell_line is not None:
        return span.cell_line <= wanted.line <= span.cell_line + span.end_line - span.line
    return span.line <= wanted.line <= span.end_line


def _nothing(ordered: list[Priced], wanted: Target) -> str:
    """Why there is nothing to explain, and the nearest requests."""
    at = safe(wanted.path) + ("" if wanted.line is None else f":{wanted.line}")
    if wanted.cell is not None:
        at = f"{safe(wanted.path)}:cell{wanted.cell}" + ("" if wanted.line is None else f":{wanted.line}")
    spans = {site.span for priced in ordered for site in priced.request.sites}
    same = [span for span in spans if span.path == wanted.path]
    if same:
        line = wanted.line or 0
        near = sorted(same, key=lambda span: (abs((span.cell_line or span.line) - line), _order(span)))[:NEAR]
        return f"no request to a model stands at {at}. Near: {', '.join(map(place, sorted(near, key=_order)))}"
    if not ordered:
        return f"no request to a model stands at {at}: none was found in this tree."
    name = wanted.path.rsplit("/", 1)[-1]
    alike = sorted((span for span in spans if span.path.rsplit("/", 1)[-1] == name), key=_order)
    if alike:
        return f"{at} has no request to a model. Files of that name that have: {', '.join(map(place, alike[:NEAR]))}"
    files = sorted({span.path for span in spans})
    more = f" and {len(files) - NEAR} more" if len(files) > NEAR else ""
    return f"{at} has no request to a model. Files that have: {', '.join(map(safe, files[:NEAR]))}{more}"


# --- one request ------------------------------------------------------------------------------------------------


def _request(priced: Priced, report: Report, width: int, config: Config | None) -> list[str]:
    request, estimate = priced.request, priced.estimate
    provider = safe(request.provider) if request.provider else "provider unknown"
    lines = [f"{place(request.sites[0].span)}  {safe(request.api)} ({request.operation}, {provider})"]
    lines += _standing(priced, width)
    sections = (
        ("Way", _way(request.sites)),
        ("Model", model_lines(request)),
        ("Output limit", [] if request.operation in NO_OUTPUT else limit_lines(request)),
        ("Tries", tries_lines(request)),
        ("Repeats and turns", _repeats(priced)),
        ("Input of one turn", prompt_lines(request, estimate)),
        ("Price of one call", arithmetic(request, estimate, report.prices.as_of)),
        ("Not covered by low and worst", [safe(why) for why in estimate.known_only]),
        ("Runs and months", _months(priced)),
        ("Reached from", _reached(request.reached_from, estimate)),
        ("Assumed", [safe(text) for text in dict.fromkeys(request.assumed + estimate.assumptions)]),
        ("Not known", [_unknown(item.what, item.why, item.span) for item in request.unknown]),
        ("Declared beside the call", [f"{safe(k)}={safe(v)}" for k, v in sorted(request.inline.items())]),
    )
    for title, body in sections:
        if body:
            lines += ["", title]
            for text in body:
                depth = len(text) - len(text.lstrip(" ")) + 2
                # Spaces inside a line align figures: lines that fit are kept as they are.
                fits = depth + len(text.lstrip(" ")) <= width
                lines += [" " * depth + text.lstrip(" ")] if fits else wrap(text, width, " " * (depth + 4), " " * depth)
    return lines + _to_declare(priced, config)


def _to_declare(priced: Priced, config: Config | None) -> list[str]:
    """Lines for guard.yaml, however long they are, so that they can be copied."""
    made = [] if config is None else firm.lines(priced, config)
    if config is None or not made:
        return []
    return ["", f"To make it firm, write into {firm.file_of(config)}", *(f"  {line}" for line in made)]


def _standing(priced: Priced, width: int) -> list[str]:
    """What is special about the request, in sentences."""
    request = priced.request
    usd, partly = priced.estimate.usd, bool(priced.estimate.known_only)
    said = ["One call: ?" if usd is None else f"One call: {money(usd.typical)} typical, {_worst(usd, partly)}."]
    if not request.counted:
        said.append(f"Not counted: {safe(request.why_not or 'no reason was given')}.")
    if request.after:
        said.append(f"A fallback: it runs when {safe(request.after)} fails.")
    if request.exclusive:
        default = ", and runs by default" if request.exclusive_default else ""
        said.append(f"One of several that exclude one another ({safe(request.exclusive)}){default}.")
    if request.conditional:
        said.append("It stands under a condition, so it may cost nothing.")
    if request.callers > 1:
        said.append(f"{plural(request.callers, 'caller')} with the same deciding values share it.")
    if request.stage != "production":
        said.append(f"Stage: {request.stage}.")
    if priced.feature or priced.owner:
        said.append(f"Feature: {safe(priced.feature or 'none')}; owner: {safe(priced.owner or 'none')}.")
    said.append(f"Id: {safe(request.id)}")
    return [line for sentence in said for line in wrap(sentence, width, "  ")]


def _worst(usd: Money, partly: bool) -> str:
    """The worst case in words; `partly`: it covers only what is known and priced."""
    least = "at least " if partly else ""
    return "no bound on the worst case" if usd.high is None else f"{least}{money(usd.high)} worst"


def _way(sites: tuple[Site, ...]) -> list[str]:
    """The sites, outermost first, with the function that each stands in."""
    size = max(len(place(site.span)) for site in sites)
    return [f"{place(s.span):<{size}}  {s.role:<7}  {safe(s.callee)} in {safe(s.qualname)}" for s in sites]


def _repeats(priced: Priced) -> list[str]:
    request = priced.request
    lines = [f"repeats {count(request.repeats)} per run of {safe(request.sites[0].qualname)}"]
    lines += [f"  {place(site.span)}  {safe(why)}" for site in request.sites for why in site.own.why]
    seen = {why for site in request.sites for why in site.own.why}
    lines += [f"  {safe(why)}" for why in request.repeats.why if why not in seen]
    lines += [f"  {step_text(step)}" for step in request.repeats.trail]
    if request.turns.high != 1 or request.turns.why:
        lines += [f"turns {count(request.turns)} per call", *(f"  {safe(why)}" for why in request.turns.why)]
        lines += [f"  {step_text(step)}" for step in request.turns.trail]
    return lines


def _months(priced: Priced) -> list[str]:
    estimate = priced.estimate
    lines = []
    partly = bool(estimate.known_only)
    if estimate.usd_per_run is not None:
        run = estimate.usd_per_run
        lines.append(f"a run      {money(run.low)} low, {money(run.typical)} typical, {_worst(run, partly)}")
    if estimate.runs_per_month is not None:
        source = f" ({safe(estimate.runs_source)})" if estimate.runs_source else ""
        lines.append(f"runs       {number(float(estimate.runs_per_month))} a month{source}")
    if estimate.usd_per_month is not None:
        month = estimate.usd_per_month
        lines.append(f"a month    {money(month.low)} low, {money(month.typical)} typical, {_worst(month, partly)}")
    elif estimate.priced:
        lines.append("a month    ? (no `runs_per_month` is declared for its entry points)")
    return lines


def _reached(reaches: tuple[Reach, ...], estimate: Estimate) -> list[str]:
    own = {cost.entry: cost for cost in estimate.by_entry}
    return [line for reach in reaches for line in _reach(reach, own.get(reach.entry))] or [
        "no entry point that was found"
    ]


def _reach(reach: Reach, own: EntryCost | None) -> list[str]:
    """An entry point; `own`: what a call from it costs where usage rules tell entry points apart."""
    names = f" (also {', '.join(map(safe, reach.aliases))})" if reach.aliases else ""
    times = "" if (reach.repeats.low, reach.repeats.high) == (1, 1) else f", {count(reach.repeats)} calls a run"
    lines = [f"{safe(reach.entry)}  {safe(reach.kind)}{names}{times}"]
    if reach.chain:
        lines.append("  by " + ", ".join(map(place, reach.chain)))
    if own is not None:
        rules = ", ".join(map(safe, own.rules)) or "no usage rule"
        lines.append(f"  a call from here {money(own.usd.typical)} typical, sized by {rules}")
    return lines


def _unknown(what: str, why: str, span: Span | None) -> str:
    return f"{safe(what)}: {safe(why)}" + ("" if span is None else f" ({place(span)})")
