"""`guard calibrate` for people. In: the reading, the comparisons and the proposal. Out: lines.

All text of files (tags, models, functions) is escaped here. Neighbour: `as_json.py` gives the same for machines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from guard.config.types import Config
from guard.report.format import cut, money, number, percent, place, plural, safe, wrap
from guard.use.calibrate.binding import WAYS, Loose
from guard.use.calibrate.comparing import Comparison, Figure
from guard.use.calibrate.measured import Bad
from guard.use.calibrate.result import Result
from guard.use.firm_text import as_toml, as_yaml

SHOWN = 20
"""Places, and names of what is not bound, that are listed."""
WAY_WORDS = {
    "site": "by line of the code", "function": "by function", "tag": "by name", "model": "by model alone",
}  # fmt: skip


def render(result: Result, config: Config, width: int) -> str:
    """The whole report."""
    lines = [*_head(result), "", *_bound_share(result)]
    for one in result.comparisons[:SHOWN]:
        lines += ["", *_place(one, width)]
    if len(result.comparisons) > SHOWN:
        lines += ["", f"and {len(result.comparisons) - SHOWN:,} more places (--format json has all)"]
    lines += _not_bound(result)
    lines += _proposed(result, config, width)
    return "".join(f"{line}\n" for line in lines)


def _head(result: Result) -> Iterator[str]:
    reading, total = result.reading, result.total
    rows = sum(file.rows for file in reading.files)
    yield f"measured: {plural(rows, 'row')} of {reading.period()}, {money(total.usd)}"
    for file in reading.files:
        yield f"  {safe(file.path)}: {file.title}, {plural(file.rows, 'row')}"
        yield from (f"    not used: {one.rows:,} {safe(one.why)} ({_rows(one)})" for one in file.bad)
        yield from (f"    left out: {one.rows:,} {safe(one.why)}" for one in file.skipped)
    if total.priced_by_guard:
        share = percent(float(total.priced_by_guard / total.usd)) if total.usd else "all"
        yield f"  {share} of the dollars are tokens at the rates that guard ships: their files have none"
    if total.unknown:
        yield f"  {plural(total.unknown, 'row')} of models without a known price are not in the dollars"


def _rows(bad: Bad) -> str:
    named = ", ".join(f"{number:,}" for number in bad.first)
    more = ", ..." if bad.rows > len(bad.first) else ""
    return f"{bad.unit}{'s' if bad.rows > 1 else ''} {named}{more}"


def _bound_share(result: Result) -> Iterator[str]:
    total, bound = result.total.usd, result.bound.usd
    if total:
        yield f"bound to the code: {percent(float(bound / total))} of the spend ({money(bound)})"
    else:
        rows = sum(one.sums.rows for one in result.comparisons)
        yield f"bound to the code: {plural(rows, 'row')}; no dollars are known"
    for way in WAYS:
        usd = result.by_way.get(way)
        if usd is not None:
            places = sum(way in one.bound.ways for one in result.comparisons)
            share = f"{percent(float(usd / total))} " if total else ""
            yield f"  {share}{WAY_WORDS[way]}, {plural(places, 'place')}"


def _place(one: Comparison, width: int) -> Iterator[str]:
    """A place with its figures."""
    first = one.bound.requests[0].request
    site = first.sites[-1]
    yield safe(f"{place(site.span, column=False)}  {site.qualname}")
    several = len(one.bound.requests)
    together = f"{plural(several, 'request')} that the rows do not tell apart, " if several > 1 else ""
    models = ", ".join(one.models[:3]) + (f" and {len(one.models) - 3} more" if len(one.models) > 3 else "")
    about = f"{together}{models or 'no model in the rows'}, {_ways(one)}, {_counted(one)}"
    yield from wrap(safe(about), width, "  ")
    # Embeddings have no output, neither measured nor estimated.
    figures = [one for one in one.figures if one.measured is not None and (one.measured or one.typical)]
    if not figures:
        yield "  the source does not count requests, and the period is not known: nothing to compare"
        return
    yield f"  {'':<18}{'measured':>12}  {'estimate':<34}{'error':>8}"
    for figure in figures:
        yield _figure(figure).rstrip()


def _ways(one: Comparison) -> str:
    return " and ".join(WAY_WORDS[way] for way in one.bound.ways)


def _counted(one: Comparison) -> str:
    requests = plural(one.sums.requests, "request") if one.sums.requests else plural(one.sums.rows, "row")
    failed = f", {one.sums.failed:,} failed" if one.sums.failed else ""
    return f"{requests}{failed}, {money(one.spend.usd) if one.spend.usd else 'no dollars known'}"


def _figure(figure: Figure) -> str:
    dollars = figure.name.startswith("usd")
    assert figure.measured is not None
    name = figure.name.replace("usd", "cost") if figure.name != "usd" else "cost of a request"
    measured = _amount(figure.measured, dollars)
    if figure.typical is None or figure.low is None:
        return f"  {name:<18}{measured:>12}  {'not known':<34}"
    high = "no bound" if figure.high is None else _amount(figure.high, dollars)
    bounds = "" if figure.name == "requests a month" else f" ({_amount(figure.low, dollars)} to {high})"
    estimate = f"{_amount(figure.typical, dollars)}{bounds}"
    error = "" if figure.error is None else _error(figure.error)
    outside = "  outside" if figure.inside is False else ""
    return f"  {name:<18}{measured:>12}  {cut(estimate, 34):<34}{error:>8}{outside}"


def _error(share: float) -> str:
    """`-50%`, `0%`, `x17` for what is many times too much."""
    if share >= 9:
        return f"x{1 + share:.0f}"
    text = f"{share:+.0%}"
    return "0%" if text in ("+0%", "-0%") else text


def _amount(value: float, dollars: bool) -> str:
    return money(Decimal(repr(value))) if dollars else number(value)


def _not_bound(result: Result) -> Iterator[str]:
    if not result.loose:
        return
    yield ""
    usd = result.loose_spend.usd
    amount = f" ({money(usd)})" if usd else ""
    yield f"not bound: {plural(sum(one.group.sums.rows for one in result.loose), 'row')}{amount}"
    held: dict[tuple[str, str], list[Loose]] = {}
    for one in result.loose:
        held.setdefault((_named(one), one.why), []).append(one)
    ranked = sorted(
        held.items(), key=lambda item: (-sum(one.group.sums.usd or 0 for one in item[1]), -_row_sum(item[1]), item[0])
    )
    for (name, why), group in ranked[:SHOWN]:
        dollars = sum((one.group.sums.usd or Decimal(0) for one in group), Decimal(0))
        amount = f", {money(dollars)}" if dollars else ""
        yield safe(f"  {name}: {plural(_row_sum(group), 'row')}{amount}; {why}")
    if len(ranked) > SHOWN:
        yield f"  and {len(ranked) - SHOWN:,} more"


def _row_sum(loose: Sequence[Loose]) -> int:
    return sum(one.group.sums.rows for one in loose)


def _named(loose: Loose) -> str:
    key = loose.group.key
    where = key.path and (f"{key.path}:{key.line}" if key.line is not None else key.path)
    parts = [part for part in (where, key.function, key.tag, key.model) if part]
    return cut(", ".join(parts), 70) if parts else "rows that name nothing"


def _proposed(result: Result, config: Config, width: int) -> Iterator[str]:
    notes = result.proposal.notes
    if notes:
        yield ""
        yield "not proposed:"
        for note in notes[:SHOWN]:
            first, *rest = wrap(safe(note), width - 4) or [""]
            yield f"  - {first}"
            yield from (f"    {line}" for line in rest)
        if len(notes) > SHOWN:
            yield f"  and {len(notes) - SHOWN:,} more"
    yield ""
    declared = result.proposal.declared
    if not declared:
        yield "nothing to declare follows from these rows"
        return
    toml = config.path is not None and config.path.endswith(".toml")
    yield f"for {'pyproject.toml' if toml else 'guard.yaml'} (--write puts it there):"
    yield from as_toml(declared) if toml else as_yaml(declared)
