"""Self-hosted models for a terminal. In: `Deployment`s. Out: lines: a table, and below it what is not known of each.

Neighbours: `text` puts them behind the requests; `grid` draws the table.
"""

from __future__ import annotations

from collections.abc import Sequence

from guard.model import Bounds, Deployment
from guard.report.format import UNBOUNDED, money, place, safe, wrap
from guard.report.grid import GridRow, grid
from guard.report.style import paint

SHOWN = 20
"""Deployments in the table; JSON has all."""
_TITLES = ("Where", "Model", "GPUs", "Replicas", "Month", "Idle floor")


def deployment_lines(found: Sequence[Deployment], *, width: int, color: bool) -> list[str]:
    """The deployments below a title; nothing where there are none."""
    if not found:
        return []
    title = "Self-hosted models, US dollars per month of 730 hours, paid whether or not anything is asked"
    lines = ["", *(paint(line, "strong", color) for line in wrap(title, width, "    ", "")), ""]
    lines += grid(_TITLES, [_row(one) for one in found[:SHOWN]], width=width, color=color, spare=(4, 0))
    if len(found) > SHOWN:
        lines.append(paint(f"  and {len(found) - SHOWN} more; `--format json` has all", "faint", color))
    notes = [(one, why) for one in found[:SHOWN] for why in one.unknown]
    if notes:
        lines += ["", paint("Not known of these", "strong", color)]
    by_reason: dict[str, list[str]] = {}
    for one, why in notes:
        by_reason.setdefault(why, []).append(place(one.span, column=False))
    for why, places in by_reason.items():
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        lines += wrap(f"{places[0]}{more}: {safe(why)}", width, "      ", "  ")
    return lines


def _row(one: Deployment) -> GridRow:
    gpu = " or ".join(safe(name) for name in one.gpu) or "any GPU"
    count = "?" if one.gpus is None else f"{one.gpus}"
    cells = (
        safe(one.model) if one.model is not None else "?", f"{count} x {gpu}", _replicas(one),
        _money(one.usd_per_month), _money(one.idle_usd_per_month),
    )  # fmt: skip
    return GridRow(place(one.span, column=False), cells, is_path=True)


def _replicas(one: Deployment) -> str:
    if one.replicas_low is None:
        return "?"
    high = UNBOUNDED if one.replicas_high is None else str(one.replicas_high)
    return str(one.replicas_low) if high == str(one.replicas_low) else f"{one.replicas_low} to {high}"


def _money(one: Bounds | None) -> str:
    if one is None:
        return "?"
    return money(one.low) if one.low == one.high else f"{money(one.low)} to {money(one.high)}"
