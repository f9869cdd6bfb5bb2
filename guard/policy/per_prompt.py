"""Holds each prompt template of a budget against the tokens that one may have.

In: a `Budget` with `per_prompt` and the templates of the tree. Out: `Verdict`s for `budgets.py`, one for each template
that is too long. What is counted is the text that stands in the file (`guard.estimate.prompt_sizes`), in its first
encoding. `paths` of such a budget are those of templates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from guard.config.types import Budget
from guard.estimate.prompt_sizes import ENCODINGS, PromptSize
from guard.model import Extent, Label, Span
from guard.policy import words
from guard.policy.places import globs
from guard.policy.verdict import NEAR, SHOWN, Verdict, budget_label, undecided_enforce


def per_prompt(budget: Budget, limit: int, prompts: Sequence[PromptSize] | None, prefix: str) -> Iterator[Verdict]:
    """Verdicts of a budget for prompt templates; `limit` in tokens. `prompts` None: they were not looked for."""
    if prompts is None:
        yield from _unsure(budget, "the prompt templates of this tree were not looked for: its own configuration asks "
                           "for no `per_prompt`", "not looked for")  # fmt: skip
        return
    chosen = [one for one in prompts if not budget.paths or globs(budget.paths).match_file(prefix + one.path)]
    if budget.paths and not chosen:
        named = ", ".join(f"`{path}`" for path in budget.paths)
        yield from _unsure(budget, f"the budget selects no prompt template: paths {named}", "selects nothing")
    near: list[PromptSize] = []
    for one in chosen:
        tokens = one.tokens[ENCODINGS[0]]
        if tokens > limit:
            yield _too_long(budget, one, limit, tokens)
        elif budget.warn_at is not None and tokens >= budget.warn_at * limit:
            near.append(one)
    if near:
        yield _near(budget, near, limit)


def _too_long(budget: Budget, one: PromptSize, limit: int, tokens: int) -> Verdict:
    return Verdict(
        f"{_named(one)} has {words.plural(tokens, 'token')} of text, more than {limit:,}",
        (_label(one), budget_label(budget)),
        _notes(one),
        "shorten it, or raise the number; `guard prompts` lists all templates",
        value=f"{one.path} {one.key or ''}",
        extent=Extent(Decimal(tokens), "tokens"),
    )


def _near(budget: Budget, near: Sequence[PromptSize], limit: int) -> Verdict:
    """One warning for all templates that are nearly too long: the longest, and how many more there are."""
    longest = max(near, key=lambda one: one.tokens[ENCODINGS[0]])
    tokens = longest.tokens[ENCODINGS[0]]
    more = f"; {words.plural(len(near) - 1, 'further prompt')} nearly so" if len(near) > 1 else ""
    share = words.percent(Decimal(tokens) / limit)
    return Verdict(
        f"{_named(longest)} has {words.plural(tokens, 'token')} of text, {share} of {limit:,}{more}",
        (*map(_label, near[:SHOWN]), budget_label(budget)),
        _notes(longest),
        enforce="warn",
        severity="low",
        value=NEAR,
        extent=Extent(Decimal(tokens), "tokens"),
    )


def _named(one: PromptSize) -> str:
    at = f"`{words.name(one.path)}`"
    return f"prompt {at}" if one.key is None else f"prompt `{words.name(one.key)}` in {at}"


def _label(one: PromptSize) -> Label:
    return Label(Span(one.path, one.line, 1, one.line, 1), "the prompt")


def _notes(one: PromptSize) -> tuple[str, ...]:
    counted = ", ".join(f"{count:,} in {name}" for name, count in one.tokens.items())
    why = () if one.problem is None else (f"counted as it stands, for it could not be read: {words.name(one.problem)}",)
    return (f"tokens of its text, each branch and loop once: {counted}", *why)


def _unsure(budget: Budget, message: str, value: str) -> Iterator[Verdict]:
    if budget.on_unknown != "pass":
        help_text = "correct the selection, or delete the budget"
        enforce = undecided_enforce(budget.on_unknown)
        yield Verdict(message, (budget_label(budget),), (), help_text, "undecided", enforce, value=value)
