"""Requests, price rows and tables that the tests of the estimate build on. Prices are round figures of our own."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import PurePosixPath

from guard.config.types import Config, Place, Usage, UsageRule
from guard.estimate.price_rows import Rate, Rates, Row, Tier, UnitRate
from guard.model import ONCE, Choice, Message, Prompt, Reach, Request, Segment, Site, Span, Value, Variant

PLACE = Place("guard.yaml", 1, 1)


def rate(usd: str) -> Rate:
    return Rate(Decimal(usd), "test")


def row(name: str, **changes) -> Row:
    """2 USD in, 10 USD out per million tokens; a window of 10,000 tokens, at most 4,000 written."""
    made = Row(
        provider="openai", id=name, price_id=name, mode="chat", rates=Rates(rate("2"), rate("10")), services={},
        tiers=(), units={}, context_window=10_000, max_input=10_000, max_output=4_000, min_cacheable=None, regional={},
        deprecated=None, status=None, confidence="agree", sources=("test",),
    )  # fmt: skip
    return replace(made, **changes)


def unit(usd: str, per: str) -> UnitRate:
    return UnitRate(Decimal(usd), per, "test")


class Table:
    """A price table with the rows that it is given, found by exact id."""

    def __init__(self, *rows: Row) -> None:
        self.rows = {one.id: one for one in rows}

    def find(self, name, provider, on=None):
        return self.rows.get(PurePosixPath(name).name)

    def why_not(self, name, provider):
        return None if self.find(name, provider) else f"`{name}` is not in the price table"


CHEAP = row("gpt-4o-mini", rates=Rates(rate("1"), rate("4")))
PLAIN = row("gpt-4o")
DEAR = row("gpt-4", rates=Rates(rate("30"), rate("60")))
TIERED = row("gpt-4.1", tiers=(Tier(1_000, Rates(rate("4"), rate("20"))),))
TABLE = Table(CHEAP, PLAIN, DEAR, TIERED)


def span(path: str = "src/app.py", line: int = 1) -> Span:
    return Span(path, line, 1, line, 20)


def static(text: str) -> Segment:
    return Segment(text)


def hole(name: str, max_chars: int | None = None) -> Segment:
    return Segment(None, name, None, max_chars)


def prompt(*segments: Segment, role: str = "text") -> Prompt:
    """One message. The role `text` has no framing, so that the sums of a test can be checked by hand."""
    return Prompt((Message(role, segments),))


def variant(model: str, limit: int | None = 100, **changes) -> Variant:
    return replace(Variant(Choice(model), "openai", Choice(limit), default=True), **changes)


def request(name: str = "gpt-4o", limit: int | None = 100, path: str = "src/app.py", **changes) -> Request:
    """`hello world` (2 tokens in o200k_base) to one model with a limit of 100 tokens, once."""
    made = Request(
        id="r1", api="openai.chat.completions.create", operation="chat", provider="openai",
        sites=(Site(span(path), "send", ONCE, "ask", "client.chat.completions.create"),),
        model=Value((Choice(name),), False), max_output=Value((Choice(limit),), False),
        variants=(variant(name, limit),), attempts=ONCE, turns=ONCE, repeats=ONCE, layers=(),
        prompt=prompt(static("hello world")), reached_from=(),
    )  # fmt: skip
    return replace(made, **changes)


def reach(entry: str, repeats=ONCE, kind: str = "function", aliases: tuple[str, ...] = ()) -> Reach:
    return Reach(entry, kind, repeats, aliases)


def rule(number: int = 0, **says) -> UsageRule:
    return UsageRule(f"usage.rules[{number}]", PLACE, **says)


def config(*rules: UsageRule, **changes) -> Config:
    return Config(usage=Usage(rules=rules), **changes)
