"""What moves a bill, and a bill that is otherwise, as words. In: `Sensitivity`, `WhatIf`. Out: titles, cells, remarks.

Neighbours: `bill_text.py` and `bill_markdown.py` lay them out; `guard.use.bill` makes what is shown here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from guard.bill import FeatureShift, Margin, Move, Refused, Sensitivity, Shift, Tried, WhatIf
from guard.model import Money
from guard.report.format import UNBOUNDED, UNKNOWN, money, percent, place, plural, safe
from guard.report.units_rows import share

SHOWN = 12
"""Rows of requests that are shown unless all are asked for."""
TYPICAL_SHOWN, WORST_SHOWN = 9, 4
"""Moves of the typical figure that are shown, and moves that only the worst case feels."""
OF_FEATURE = 5
"""Moves that are shown of each feature."""
MOVE_TITLES = ("requests", "typical", "share", "worst")
FEATURE_TITLES = ("a month", "worst", "a unit", "margin")
TRIED_TITLES = ("a call", "then", "a month", "then", "change")
PER = {"month": "a month", "run": "a run", "call": "one call of each request"}


def signed(usd: Decimal) -> str:
    """A difference in dollars with its sign; nothing where there is none."""
    if not usd:
        return "0"
    return ("+" if usd > 0 else "-") + money(abs(usd))


def shown_moves(found: Sensitivity, everything: bool) -> list[Move]:
    """The moves to show: the biggest, and the biggest of those that only the worst case feels."""
    typical = [move for move in found.moves if move.shift.typical]
    worst_only = [move for move in found.moves if not move.shift.typical]
    return list(found.moves) if everything else [*typical[:TYPICAL_SHOWN], *worst_only[:WORST_SHOWN]]


def move_name(move: Move) -> str:
    """The move in words, with from where to where."""
    return safe(move.what) + (f" ({safe(move.detail)})" if move.detail else "") + ("*" if move.assumed else "")


def move_cells(move: Move, found: Sensitivity) -> tuple[str, ...]:
    """The figures of a move, parallel to `MOVE_TITLES`."""
    whole = found.whole.typical if found.whole is not None else Decimal(0)
    typical = move.shift.typical
    ratio = "" if not whole or not typical else ("+" if typical > 0 else "-") + percent(float(abs(typical) / whole))
    return f"{move.requests:,}", signed(typical), ratio, worst(move.shift)


def worst(moved: Shift) -> str:
    """What happens to the worst case; `+`: that of some requests has no bound and is not in it."""
    if moved.worst is None:
        return f"bounds {moved.bounded:,}" if moved.bounded > 0 else UNBOUNDED
    return signed(moved.worst) + ("+" if moved.unbounded else "")


def of_features(found: Sensitivity) -> Iterator[tuple[str, list[tuple[Move, FeatureShift]]]]:
    """By feature with economics, the moves that matter most for it."""
    names = dict.fromkeys(one.feature for move in found.moves for one in move.features)
    for name in names:
        pairs = [(move, one) for move in found.moves for one in move.features if one.feature == name]
        pairs.sort(key=lambda pair: -abs(pair[1].per_month.typical))
        yield name, pairs


def feature_cells(found: FeatureShift) -> tuple[str, ...]:
    """What a move does to a feature, parallel to `FEATURE_TITLES`."""
    unit = "" if found.per_unit is None else signed(found.per_unit)
    margin = "" if found.margin is None or found.margin_before is None else _margins(found.margin_before, found.margin)
    return signed(found.per_month.typical), worst(found.per_month), unit, margin


def _margins(was: Margin, now: Margin) -> str:
    """Before and after; with a decimal where whole percents are the same."""
    before, after = share(was.typical), share(now.typical)
    if before == after and was.typical != now.typical:
        before, after = f"{was.typical * 100:.2f}%", f"{now.typical * 100:.2f}%"
    return before if before == after else f"{before} to {after}"


def ways(lines: Sequence[Tried]) -> list[list[Tried]]:
    """Requests at one place with the same models together, in the order of the first."""
    alike: dict[tuple[object, ...], list[Tried]] = {}
    for line in lines:
        alike.setdefault((line.name, line.at, line.model, line.new_model), []).append(line)
    return list(alike.values())


def tried_name(line: Tried, alike: int = 1) -> str:
    """File, models and function of a request, which stands for `alike` of its like; the last may be cut."""
    at = "" if line.at is None else place(line.at, column=False).rpartition("/")[2] + " "
    models = line.model if line.model == line.new_model else f"{line.model} -> {line.new_model}"
    several = f" (largest of {alike})" if alike > 1 else ""
    return f"{at}{models}{several} in {safe(line.name)}"


def tried_cells(line: Tried) -> tuple[str, ...]:
    """The figures of a request before and after, parallel to `TRIED_TITLES`."""
    months = line.month_before is not None or line.month_after is not None
    was, now = (line.month_before, line.month_after) if months else (line.before, line.after)
    return (
        _typical(line.before),
        _typical(line.after),
        _typical(line.month_before) if months else "",
        _typical(line.month_after) if months else "",
        UNKNOWN if was is None or now is None else signed(now.typical - was.typical),
    )


def _typical(usd: Money | None) -> str:
    return UNKNOWN if usd is None else money(usd.typical)


def sum_lines(found: WhatIf) -> list[str]:
    """The sums before and after, in sentences."""
    said = []
    for what, pair in (("One call of each request", found.calls), ("A month", found.months)):
        if pair is not None:
            was, now = pair
            said.append(f"{what}: {_both(was)}; then {_both(now)} ({_change(was, now)}).")
    if found.left_out:
        said.append(f"{plural(found.left_out, 'request')} with a price on one side only: in neither sum.")
    return said


def _both(usd: Money) -> str:
    return (
        f"{money(usd.typical)} typical, {money(usd.high)}{' worst' if usd.high is not None else ' on the worst case'}"
    )


def _change(was: Money, now: Money) -> str:
    moved = now.typical - was.typical
    ratio = f", {'+' if moved > 0 else '-'}{percent(float(abs(moved) / was.typical))}" if was.typical and moved else ""
    return f"{signed(moved)}{ratio} typical"


def refusal(one: Refused) -> str:
    """Who cannot take what was asked, and why."""
    return f"{plural(len(one.ids), 'request')}: {safe(one.why)}"


def budget_lines(found: WhatIf) -> Iterator[tuple[str, str]]:
    """(budget, its verdict before and after in words)."""
    for one in found.budgets:
        was, now = (_verdict(texts) for texts in (one.before, one.after))
        detail = f": {safe(one.after[0].partition(': ')[2])}" if one.after else ""
        yield safe(one.name), f"{now}{detail}" if was == now else f"{was} now, then {now}{detail}"


def _verdict(texts: tuple[str, ...]) -> str:
    words = {text.partition(":")[0] for text in texts}
    for word, said in (("violated", "violated"), ("undecided", "undecided"), ("near", "kept, nearly used up")):
        if word in words:
            return said
    return "kept"


def unit_lines(found: WhatIf) -> Iterator[tuple[str, str]]:
    """(feature, what a unit costs and what margin is left, before and after)."""
    for was, now in found.units:
        said = []
        if was.usd_per_unit is not None and now.usd_per_unit is not None:
            said.append(f"a {was.unit} {money(was.usd_per_unit.typical)}, then {money(now.usd_per_unit.typical)}")
        if was.usd_per_customer is not None and now.usd_per_customer is not None:
            before, after = money(was.usd_per_customer.typical), money(now.usd_per_customer.typical)
            said.append(f"a customer {before}, then {after}")
        if was.margin is not None and now.margin is not None:
            said.append(f"margin {share(was.margin.typical)}, then {share(now.margin.typical)}")
        if said:
            yield safe(was.feature), safe("; ".join(said))
