"""Price rows for people and programs: `guard prices show` and `guard prices list`. In: `Row`s. Out: dicts and text.

Money is written as decimal text without exponent (`"0.075"`), the same in both forms, so that no reader rounds it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guard.estimate.price_rows import Rates, Row
from guard.estimate.prices import Prices

UNIT = "usd_per_million_tokens"
_MAIN = ("input", "output", "cache_read", "cache_write")
_CONFIDENCE = {
    "agree": "two or more independent sources agree",
    "single": "one source",
    "disagree": "sources disagree",
    "declared": "declared in guard.yaml",
}


def usd(value: Decimal) -> str:
    """Dollars as plain decimal text: at least two decimals, no exponent, no padding (`3.00`, `0.075`)."""
    text = format(value.normalize(), "f")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def show(row: Row, as_of: str) -> dict[str, Any]:
    """What `guard prices show MODEL --format json` prints. A rate that nobody publishes is null, never 0.

    `as_of` is the date of the table, `Prices.as_of`. `tiers` hold for the whole request; `services` (flex, priority,
    fast, batch) list only the rates that a source publishes; `units` are prices by something else than tokens.
    """
    return {
        "model": row.price_id,
        "provider": row.provider,
        "id": row.id,
        "mode": row.mode,
        "unit": UNIT,
        **{name: _rate(row.rates, name) for name in _MAIN},
        **{name: usd(rate.usd_per_million) for name, rate in row.rates.items() if name not in _MAIN},
        "batch": _rates(row.services["batch"]) if "batch" in row.services else None,
        "services": {name: _rates(rates) for name, rates in row.services.items() if name != "batch"},
        "tiers": [
            {"above_input_tokens": tier.above_tokens, **_rates(tier.rates)}
            | {service: _rates(rates) for service, rates in tier.services.items()}
            for tier in row.tiers
        ],
        "units": {name: {"usd": usd(unit.usd), "per": unit.per} for name, unit in row.units.items()},
        "regional": {region: format(factor, "f") for region, factor in row.regional.items()},
        "limits": {
            "context_window": row.context_window,
            "max_input": row.max_input,
            "max_output": row.max_output,
            "min_cacheable": row.min_cacheable,
        },
        "history": [{"from": p.start.isoformat() if p.start else None, **_rates(p.rates)} for p in row.history],
        "deprecated": row.deprecated.isoformat() if row.deprecated else None,
        "status": row.status,
        "sources": list(row.sources),
        "confidence": row.confidence,
        "dissent": [{"source": source, "says": says} for source, says in row.dissent],
        "as_of": as_of,
    }


def show_text(row: Row, as_of: str) -> str:
    """The same as a short table for the terminal, without a trailing newline."""
    tiers = [(f"above {t.above_tokens:,}", t.rates) for t in row.tiers]
    columns = [("standard", row.rates), *tiers, *row.services.items()]
    names = list(dict.fromkeys(name for _, rates in columns for name, _ in rates.items()))
    title = f"{row.price_id}  ({row.provider}, {row.mode})"
    lines = [title]
    if names:
        heads = ["USD per 1M tokens", *(head for head, _ in columns)]
        body = [[name.replace("_", " "), *(_rate(rates, name) or "-" for _, rates in columns)] for name in names]
        widths = [max(len(row_[i]) for row_ in [heads, *body]) for i in range(len(heads))]
        lines += ["", *("  " + _line(cells, widths) for cells in [heads, *body])]
    lines += [""] if row.units else []
    lines += [f"  {usd(unit.usd)} USD per {unit.per}" for unit in row.units.values()]
    lines += ["", *("  " + line for line in _notes(row, as_of))]
    return "\n".join(lines)


def list_rows(prices: Prices, contains: str = "", provider: str | None = None) -> list[dict[str, Any]]:
    """Rows for `guard prices list`: provider, id, input, output (USD per million tokens, text or null), context window.

    `units` are prices by something else than tokens. `contains` is a piece of `provider/id`, letter case aside;
    `provider` one of guard's provider names.
    """
    piece = contains.strip().lower()
    return [
        {
            "provider": row.provider,
            "id": row.id,
            "model": row.price_id,
            "mode": row.mode,
            "input": _rate(row.rates, "input"),
            "output": _rate(row.rates, "output"),
            "context_window": row.context_window or row.max_input,
            "units": {name: {"usd": usd(unit.usd), "per": unit.per} for name, unit in row.units.items()},
        }
        for row in prices.rows(piece, provider)
    ]


def list_text(rows: list[dict[str, Any]]) -> str:
    """`list_rows` as a table for the terminal, without a trailing newline."""
    heads = ["model", "provider", "input", "output", "context", ""]
    body = [
        [r["model"], r["provider"], r["input"] or "-", r["output"] or "-",
         f"{r['context_window']:,}" if r["context_window"] else "-", _other_unit(r)]
        for r in rows
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in [heads, *body]) for i in range(len(heads))]
    return "\n".join(
        f"{m:<{widths[0]}}  {p:<{widths[1]}}  {i:>{widths[2]}}  {o:>{widths[3]}}  {c:>{widths[4]}}  {u}".rstrip()
        for m, p, i, o, c, u in [heads, *body]
    )


def _other_unit(row: dict[str, Any]) -> str:
    """What a model costs that is not billed by tokens: `0.36 USD per hour of audio`."""
    if row["input"] or row["output"]:
        return ""
    return ", ".join(f"{unit['usd']} USD per {unit['per']}" for unit in row["units"].values())


def _line(cells: list[str], widths: list[int]) -> str:
    """The first cell to the left, the others to the right, so that figures line up."""
    head, *rest = zip(cells, widths, strict=True)
    return f"{head[0]:<{head[1]}}  " + "  ".join(f"{cell:>{width}}" for cell, width in rest)


def _rate(rates: Rates, name: str) -> str | None:
    rate = getattr(rates, name)
    return usd(rate.usd_per_million) if rate is not None else None


def _rates(rates: Rates) -> dict[str, str]:
    return {name: usd(rate.usd_per_million) for name, rate in rates.items()}


def _when(row: Row) -> str:
    """`2026-07-24 (removed)`, or either of the two."""
    if row.deprecated and row.status:
        return f"{row.deprecated} ({row.status})"
    return str(row.deprecated or row.status)


def _notes(row: Row, as_of: str) -> list[str]:
    """Limits, dates, sources: one line each, only what is known."""
    sizes = (("context", row.context_window), ("input up to", row.max_input), ("output up to", row.max_output),
             ("cacheable from", row.min_cacheable))  # fmt: skip
    limits = ", ".join(f"{word} {size:,}" for word, size in sizes if size)
    notes = [f"limits      {limits} tokens"] if limits else []
    notes += [f"region      x {factor} when pinned to {region}" for region, factor in row.regional.items()]
    for before, after in zip(row.history, row.history[1:]):
        change = [
            f"{name} {old} -> {new}"
            for name in ("input", "output")
            if (old := _rate(before.rates, name)) != (new := _rate(after.rates, name))
        ]
        if change:
            notes.append(f"changed     {after.start}: {', '.join(change)}")
    if row.deprecated or row.status:
        # The table is as old as the release: what it says of a later day is an announcement.
        word = "retires" if row.deprecated and str(row.deprecated) > as_of and not row.status else "retired"
        notes.append(f"{word:<12}{_when(row)}")
    notes.append(f"sources     {', '.join(row.sources)} ({_CONFIDENCE[row.confidence]}), as of {as_of}")
    notes += [f"dissent     {source}: {says}" for source, says in row.dissent]
    return notes
