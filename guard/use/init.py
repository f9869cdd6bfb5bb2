"""`guard init`: a first guard.yaml from what a scan found.

In: a `Report` made under the default configuration. Out: the text of a guard.yaml in which every part has a remark: the
models in use as the list of allowed ones, budgets at today's figure plus headroom, features guessed from the folders.
Nothing in it blocks, and what it says holds for the code as it is. Names from the scanned code are quoted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Decimal
from pathlib import PurePosixPath

from guard.config.issues import printable
from guard.model import Priced, Report
from guard.policy import words
from guard.policy.workflows import usd_per_run, workflows

HEADROOM = Decimal("1.2")
"""A budget's amount over today's figure."""
MOST_MODELS = 40
MOST_FEATURES = 12
SHOWN_RUNS = 3
"""Entry points that are named as examples for `usage`."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def draft(report: Report) -> str:
    """The text of the file; it ends with a line break."""
    items = [item for item in report.requests if item.in_totals]
    priced = sum(item.estimate.usd is not None for item in items)
    parts = [
        _remark(
            f"Written by `guard init` from what it found: {words.plural(len(items), 'request')} to models, "
            f"{priced:,} with a price. Every line is a proposal; nothing here blocks. `guard check` shows what it "
            "says, and `enforce: block` behind a policy or budget makes it fail the build.",
        ),
        ["version: 1"],
        [
            *_remark(
                "Policies that warn. There are guard:strict, guard:finops and guard:reliability, too; "
                "`guard policy list` shows what holds."
            ),
            "extends: [guard:recommended]",
        ],
        list(_usage(items)),
        list(_features(items)),
        list(_budgets(items)),
        list(_policies(items)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _remark(text: str, indent: str = "") -> list[str]:
    """Lines of a comment, at most 100 columns."""
    lines, line = [], f"{indent}#"
    for word in printable(text).split():
        if len(line) + 1 + len(word) > 100:
            lines.append(line)
            line = f"{indent}#"
        line += f" {word}"
    return [*lines, line]


def _quoted(text: str) -> str:
    """A name as YAML, whatever it holds."""
    return text if _PLAIN.fullmatch(text) and text not in ("true", "false", "null") else json.dumps(text)


def _usage(items: Sequence[Priced]) -> Iterator[str]:
    """Nobody knows how often code runs but its owner, so this stays a remark."""
    flows = [(money.typical, flow) for flow in workflows(items) if (money := usd_per_run(flow)) is not None]
    if not flows:
        return
    yield from _remark("How often code runs cannot be read from it. With these figures a month has a price, too:")
    yield "# usage:"
    yield "#   rules:"
    for amount, flow in sorted(flows, key=lambda pair: (-pair[0], pair[1].name))[:SHOWN_RUNS]:
        name = next((alias for alias in flow.reach.aliases if " " in alias), flow.name)
        cost = words.money(amount)
        yield f"#     - {{entry: {json.dumps(name)}, runs_per_month: 1000}}   # one run costs {cost} typical"


def _features(items: Sequence[Priced]) -> Iterator[str]:
    found = guessed(items)
    if not found:
        return
    yield from _remark("Parts of the product, guessed from the folders: spend is told for each. Give each an owner.")
    yield "features:"
    for name, glob in found.items():
        yield f"  {_quoted(name)}: {{paths: [{json.dumps(glob)}]}}"


def guessed(items: Sequence[Priced]) -> dict[str, str]:
    """Features by name with the glob of their folder: the folders below what all requests have in common.

    Empty when there are not at least two, or too many to be parts of a product.
    """
    folders = [PurePosixPath(item.request.sites[0].span.path).parts[:-1] for item in items]
    if not folders:
        return {}
    shared = 0
    while all(len(parts) > shared and parts[shared] == folders[0][shared] for parts in folders):
        shared += 1
    below = sorted({parts[shared] for parts in folders if len(parts) > shared and parts[shared].isprintable()})
    if not 2 <= len(below) <= MOST_FEATURES:
        return {}
    # A name with a sign of globs in it stands for itself.
    return {name: "/".join((*map(_escaped, folders[0][:shared]), _escaped(name), "**")) for name in below}


def _escaped(text: str) -> str:
    return re.sub(r"([\\*?\[\]!#])", r"\\\1", text)


def _budgets(items: Sequence[Priced]) -> Iterator[str]:
    calls = [(item.estimate.usd.typical, item) for item in items if item.estimate.usd is not None]
    runs = [(money.typical, flow) for flow in workflows(items) if (money := usd_per_run(flow)) is not None]
    rows: list[str] = []
    if calls and (top := max(calls, key=lambda pair: pair[0]))[0]:
        at = words.place(top[1].request.sites[0].span)
        rows += _remark(f"The dearest call costs {words.money(top[0])} typical ({at}).", "  ")
        rows.append(f"  - {{name: one call, per_call: {_with_headroom(top[0])} USD, on_unknown: pass}}")
    if runs and (dear := max(runs, key=lambda pair: pair[0]))[0]:
        rows += _remark(f"The dearest run costs {words.money(dear[0])} typical ({dear[1].name}).", "  ")
        rows.append(f"  - {{name: one run, per_run: {_with_headroom(dear[0])} USD, on_unknown: pass}}")
    if rows:
        yield from _remark("Today's figures with a fifth of headroom: what gets dearer than that is told.")
        yield "budgets:"
        yield from rows


def _with_headroom(amount: Decimal) -> str:
    """An amount with headroom, rounded up to two digits that count (twelve behind the point at most)."""
    raised = amount * HEADROOM
    place = max(Decimal(1).scaleb(raised.adjusted() - 1), Decimal("1e-12"))
    return f"{raised.quantize(place, rounding=ROUND_CEILING):f}"


def _policies(items: Sequence[Priced]) -> Iterator[str]:
    used = Counter(
        str(choice.price_id or choice.value)
        for item in items
        for choice in {choice.value: choice for choice in item.request.model.choices}.values()
        if isinstance(choice.value, str)
    )
    if not used or len(used) > MOST_MODELS:
        return
    yield from _remark("The models in use today. Another one is told until it stands here; globs such as gpt-4o* work.")
    yield "policies:"
    yield "  - id: approved-models"
    yield "    check: model-allowed"
    yield "    on_unknown: pass"
    yield "    params:"
    yield "      allow:"
    for name, times in sorted(used.items()):
        # In a glob a bracket opens a set, so it is written as a set of itself.
        glob = re.sub(r"([*?\[])", r"[\1]", name)
        yield f"        - {json.dumps(glob)}   # {words.plural(times, 'request')}"
