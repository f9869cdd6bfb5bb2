"""How figures and foreign text read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.model import Count, Tokens
from guard.report import format as f


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        ("0", "$0"),
        ("0.000000001", "<$0.0001"),
        ("0.00009999", "<$0.0001"),
        ("0.0001", "$0.00010"),
        ("0.0061", "$0.0061"),
        ("0.00614", "$0.0061"),
        ("0.034", "$0.034"),
        ("0.0996", "$0.10"),
        ("0.47", "$0.47"),
        ("0.999", "$1.00"),
        ("4.2", "$4.20"),
        ("99.996", "$100"),
        ("480.4", "$480"),
        ("999.6", "$1,000"),
        ("12234", "$12,200"),
        ("5769000", "$5,770,000"),
        ("-4.2", "-$4.20"),
        (None, "no bound"),
    ],
)
def test_money_for_reading(usd: str | None, shown: str) -> None:
    assert f.money(None if usd is None else Decimal(usd)) == shown


@given(st.decimals(min_value="0.00000001", max_value="1e15", allow_nan=False))
def test_money_is_never_shown_as_zero_and_is_within_one_percent_of_a_cent_or_five_percent(usd: Decimal) -> None:
    shown = f.money(usd)
    assert shown != "$0"
    if usd >= Decimal("0.0001"):
        assert abs(Decimal(shown[1:].replace(",", "")) - usd) <= usd * Decimal("0.05")


@given(st.lists(st.decimals(min_value=0, max_value="1e12", allow_nan=False), min_size=2, max_size=2))
def test_a_dearer_amount_never_reads_cheaper(pair: list[Decimal]) -> None:
    def read(usd: Decimal) -> Decimal:
        text = f.money(usd)
        return Decimal("0.00005") if text.startswith("<") else Decimal(text[1:].replace(",", ""))

    low, high = sorted(pair)
    assert read(low) <= read(high)


@pytest.mark.parametrize(
    ("usd", "shown"),
    [("2.50", "$2.50"), ("0.075", "$0.075"), ("10", "$10.00"), ("1E+1", "$10.00"), ("0.0375", "$0.0375")],
)
def test_rates_are_exact(usd: str, shown: str) -> None:
    assert f.rate(Decimal(usd)) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Tokens(3, 3.0, 3), "3"),
        (Tokens(12, 412, 127_000), "412 (12 to 127,000)"),
        (Tokens(1, 1.5, None), "1.5 (1 to no bound)"),
        (None, "?"),
    ],
)
def test_tokens(amount: Tokens | None, shown: str) -> None:
    assert f.tokens(amount) == shown


@pytest.mark.parametrize(
    ("amount", "shown"), [(Count(3, 3, 3), "3"), (Count(1, 1, 9), "1 to 9"), (Count(0, 1, None), "0 to ?")]
)
def test_counts(amount: Count, shown: str) -> None:
    assert f.count(amount) == shown


@pytest.mark.parametrize(("share", "shown"), [(0, "0%"), (0.004, "<1%"), (0.62, "62%"), (0.996, ">99%"), (1, "100%")])
def test_shares(share: float, shown: str) -> None:
    assert f.percent(share) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("caf\u00e9 \u4e2d\u6587", "caf\u00e9 \u4e2d\u6587"),
        ("red \x1b[31m", r"red \x1b[31m"),
        ("over\rwrite\n", r"over\x0dwrite\x0a"),
        ("rtl \u202e gnp", r"rtl \u202e gnp"),
        ("isolate \u2066", r"isolate \u2066"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("c1 \x9b31m", r"c1 \x9b31m"),
        ("lone \udc80", r"lone \udc80"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("line\u2028sep", r"line\u2028sep"),
    ],
)
def test_text_that_could_steer_a_terminal_is_escaped(text: str, shown: str) -> None:
    assert f.safe(text) == shown


@given(st.text())
def test_safe_text_is_printable_and_can_be_measured_and_cut(text: str) -> None:
    shown = f.safe(text)
    assert all(character.isprintable() for character in shown)
    assert f.safe(shown) == shown
    for width in (3, 8, 20):
        assert f.columns(f.cut(shown, width)) <= width


@given(st.text(alphabet="ab \u4e2d", max_size=60), st.integers(10, 30))
def test_wrapping_keeps_every_word_and_the_width(text: str, width: int) -> None:
    lines = f.wrap(text, width, "  ")
    assert " ".join(lines).split() == text.split()
    assert all(f.columns(line) <= width or len(line.split()) == 1 for line in lines)
