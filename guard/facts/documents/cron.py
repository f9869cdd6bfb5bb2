"""How often a schedule runs. In: a cron text of five fields, as GitHub reads them. Out: runs a month, or None."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

_DAYS = {name: number for number, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}  # fmt: skip
_BOUNDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 7, _DAYS),
)
_FIRST = date(2027, 1, 1)
"""Of the year whose days are counted: one without a 29th of February."""


def runs_per_month(text: str) -> Decimal | None:
    """The mean number of runs a month over a year; None where the text is no schedule."""
    fields = text.lower().split()
    if len(fields) != 5:
        return None
    sets = [_values(field, *bounds) for field, bounds in zip(fields, _BOUNDS)]
    minutes, hours, days, months, weekdays = sets
    if minutes is None or hours is None or days is None or months is None or weekdays is None:
        return None
    weekdays = {day % 7 for day in weekdays}
    any_day, any_weekday = fields[2].startswith("*"), fields[4].startswith("*")
    count = 0
    for number in range(365):
        day = _FIRST + timedelta(number)
        in_month, in_week = day.day in days, (day.weekday() + 1) % 7 in weekdays
        # Where both are restricted, either is enough.
        fits = (in_month and in_week) if any_day or any_weekday else (in_month or in_week)
        count += fits and day.month in months
    return (Decimal(count * len(minutes) * len(hours)) / 12).quantize(Decimal("0.01"))


def _values(field: str, low: int, high: int, names: dict[str, int]) -> set[int] | None:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step_text = part.partition("/")
        step = _number(step_text, {}) if step_text else 1
        first, _, last = span.partition("-")
        start = low if span == "*" else _number(first, names)
        end = high if span == "*" or (step_text and not last) else _number(last, names) if last else start
        if start is None or end is None or not step or not low <= start <= end <= high:
            return None
        found.update(range(start, end + 1, step))
    return found


def _number(text: str, names: dict[str, int]) -> int | None:
    if text.isascii() and text.isdigit() and len(text) < 4:
        return int(text)
    return names.get(text)
