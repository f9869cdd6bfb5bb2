"""How figures, places and foreign text are written for people.

In: values of `guard.model`. Out: short strings for a terminal. Neighbours: `text.py`, `table.py`, `frame.py` in this
room and `guard.use.explain` use it; the JSON report (`json.py`) has its own exact forms.

Everything that comes from a scanned repository passes through `safe` before it is shown: a hostile file name, model
name or source line cannot move the cursor, recolor the terminal or reorder what a reader sees.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from guard.model import Count, Span, Tokens, Totals

UNBOUNDED = "no bound"
"""Written where an upper bound was not found."""
UNKNOWN = "?"
"""Written where a figure is not known. Never `$0`."""
TAB = "    "
"""A tab in a shown source line, so that columns can be counted."""

_COMMAND = re.compile(r"^([^\S\n]*)::(?=[a-z])", re.MULTILINE | re.IGNORECASE)

# Letters, marks, numbers, punctuation, symbols and the plain space may be shown as they are. Everything else (controls,
# bidirectional and other invisible format characters, lone surrogates, private use, unassigned, line separators, exotic
# spaces) is written as an escape.
_VISIBLE = frozenset("LMNPS")


def safe(text: str) -> str:
    """`text` with every character that is invisible or could steer a terminal written as `\\x1b` or `\\u202e`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(safe_character, text))


def without_commands(text: str) -> str:
    """Lines of which none begins as a workflow command, which a CI that reads the output as its log would obey."""
    return _COMMAND.sub(r"\1\\x3a:", text)


def safe_character(character: str) -> str:
    """One character as it may be shown: itself, four spaces for a tab, or its escape."""
    if character == " " or (character.isascii() and character.isprintable()):
        return character
    if character == "\t":
        return TAB
    if unicodedata.category(character)[0] in _VISIBLE:
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def columns(text: str) -> int:
    """Terminal columns that safe `text` takes: wide East Asian characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_character_columns, text))


def _character_columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, width: int) -> str:
    """Safe `text` in at most `width` columns; what is cut off at the end is shown by `...`."""
    if columns(text) <= width:
        return text
    kept: list[str] = []
    left = max(width - 3, 0)
    for character in text:
        left -= _character_columns(character)
        if left < 0:
            break
        kept.append(character)
    return "".join(kept) + "..."[:width]


def cut_path(path: str, width: int) -> str:
    """Safe `path` in at most `width` columns, cut at the front, since its end names the file."""
    if columns(path) <= width:
        return path
    return "..." + cut(path[::-1], max(width, 3)).rstrip(".")[::-1]


def left(text: str, width: int) -> str:
    """`text` padded with spaces behind it to `width` columns."""
    return text + " " * (width - columns(text))


def right(text: str, width: int) -> str:
    """`text` padded with spaces before it to `width` columns."""
    return " " * (width - columns(text)) + text


def wrap(text: str, width: int, indent: str = "", first: str | None = None) -> list[str]:
    """Safe `text` as lines of at most `width` columns, cut at spaces; words that are longer stay whole.

    `first` begins the first line (default: `indent`), `indent` the others.
    """
    lines: list[str] = []
    line = indent if first is None else first
    empty = True
    for word in text.split():
        if not empty and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line, empty = indent, True
        line += word if empty else " " + word
        empty = False
    lines.append(line)
    return lines


# --- figures ----------------------------------------------------------------------------------------------------


def money(usd: Decimal | None) -> str:
    """US dollars for reading: `$0.0061`, `$0.47`, `$4.20`, `$480`, `$12,200`, `<$0.0001`; None is `no bound`.

    Two significant digits below a dollar, cents below a hundred, whole dollars below a thousand, three significant
    digits above. `$0` is written for an amount that is known to be zero only.
    """
    if usd is None:
        return UNBOUNDED
    if usd < 0:
        return "-" + money(-usd)
    if usd == 0:
        return "$0"
    if usd < Decimal("0.0001"):
        return "<$0.0001"
    if usd < 1:
        text = _significant(usd, 2)
        return f"${text}" if text[0] == "0" else "$1.00"
    if usd < Decimal("99.995"):
        return f"${usd:.2f}"
    if usd < 1000:
        return f"${usd:,.0f}"
    return f"${Decimal(f'{usd:.2e}'):,.0f}"


def money_exact(usd: Decimal | None) -> str:
    """US dollars where a reader adds up lines: four significant digits, at least cents; None is `no bound`."""
    if usd is None:
        return UNBOUNDED
    if usd == 0:
        return "$0"
    return _dollars(Decimal(_significant(usd, 4)) if abs(usd) < 100 else Decimal(f"{usd:.2f}"))


def rate(usd_per_million: Decimal) -> str:
    """A price per million tokens, exact: `$2.50`, `$0.075`."""
    return _dollars(usd_per_million)


def _dollars(usd: Decimal) -> str:
    text = f"{abs(usd):,f}"
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(2, "0")
    return f"{'-' if usd < 0 else ''}${whole}.{fraction}"


def _significant(value: Decimal, digits: int) -> str:
    """`value` rounded to `digits` significant digits, written out without an exponent."""
    rounded = Decimal(f"{value:.{digits - 1}e}")
    return f"{rounded:.{max(digits - 1 - rounded.adjusted(), 0)}f}"


def number(value: float) -> str:
    """A count for reading: `1,200`, `2.5`, `0.04`; whole from 10 up."""
    if value == int(value) or value >= 10:
        return f"{round(value):,}"
    return f"{value:.2g}"


def tokens(amount: Tokens | None) -> str:
    """`481 (90 to 900)`, or one figure where all three are equal; `?` for None."""
    if amount is None:
        return UNKNOWN
    if amount.low == amount.high:
        return number(amount.low)
    high = UNBOUNDED if amount.high is None else number(amount.high)
    return f"{number(amount.typical)} ({number(amount.low)} to {high})"


def count(amount: Count) -> str:
    """`3`, `1 to 9`, `1 to ?` where the upper bound is unknown."""
    if amount.low == amount.high:
        return number(amount.low)
    return f"{number(amount.low)} to {UNKNOWN if amount.high is None else number(amount.high)}"


def percent(share: float) -> str:
    """A share of one: `62%`, `<1%`, `>99%`."""
    if 0 < share < 0.01:
        return "<1%"
    if 0.99 < share < 1:
        return ">99%"
    return f"{share * 100:.0f}%"


def plural(amount: int, one: str, many: str | None = None) -> str:
    """`1 file`, `3 files`."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


# --- places -----------------------------------------------------------------------------------------------------


def months_known(totals: Totals) -> str:
    """`usage is declared for 4 of 4`, or how many counted requests have a monthly figure and what the others lack."""
    lacking = [
        (totals.counted - totals.priced, "no price"),
        (totals.priced - totals.monthly_requests, "no declared runs"),
    ]
    said = [f"{amount:,} {'has' if amount == 1 else 'have'} {what}" for amount, what in lacking if amount > 0]
    if totals.assumed_runs:
        said.append(f"of {totals.assumed_runs:,} a profile assumes the runs")
    if not said:
        return f"usage is declared for {totals.monthly_requests:,} of {totals.counted:,}"
    return f"a month is known for {totals.monthly_requests:,} of {totals.counted:,}; {', '.join(said)}"


def place(span: Span, *, column: bool = True) -> str:
    """`src/rank.py:41:12`, in a notebook `eda.ipynb:cell3:5:12`; `guard explain` takes it as it stands."""
    at = f"cell{span.cell}:{span.cell_line}" if span.cell is not None else str(span.line)
    return f"{safe(span.path)}:{at}:{span.column}" if column else f"{safe(span.path)}:{at}"
