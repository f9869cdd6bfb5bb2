"""How large is the input of a request for embeddings, of which each message is an input by itself?

In: `Request` whose prompt has a `Batch`, what is declared, the model's window. Out: low, typical and high, with the
holes and what explains them. Each input has the window to itself; a request has the provider's limits on the number of
inputs and their sum. A list of unknown length is typically one text, or a full slice where the code cuts one. What is
declared for a hole is the size of all of its texts together. Neighbour: `inputs` (asks, and has one prompt's size).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guard.model import ONCE, Batch, Count, Hole, Message, Tokens


@dataclass(frozen=True, slots=True)
class Draft:
    """A hole before the rest of its input's window is known. `high` None: nothing bounds it."""

    name: str
    low: int
    typical: float
    high: int | None
    source: str
    assumed: bool
    """Nobody declared it: `typical` is of one text then, else of all."""


@dataclass(frozen=True, slots=True)
class BatchSize:
    """Input tokens of a request for embeddings."""

    total: Tokens
    holes: tuple[Hole, ...]
    assumed: float
    notes: tuple[str, ...]
    why_open: tuple[str, ...]


def most(batch: Batch, window: int | None) -> int | None:
    """Tokens that a request carries at most by its limits alone; None: no limit."""
    by_number = None if batch.inputs is None or window is None else batch.inputs * window
    return min((limit for limit in (by_number, batch.tokens) if limit is not None), default=None)


def size(
    messages: tuple[Message, ...],
    batch: Batch,
    static: Callable[[Message], Tokens],
    drafts: Callable[[Message], list[Draft]],
    window: int | None,
) -> BatchSize:
    """The size of all inputs. `static` counts the text of one message, `drafts` has its holes."""
    parts = [_of_message(message, static(message), drafts(message), window) for message in messages]
    low = sum(part.total.low for part in parts)
    highs = [part.total.high for part in parts]
    high = None if any(one is None for one in highs) else sum(one for one in highs if one is not None)
    notes = [note for part in parts for note in part.notes]
    why = [reason for part in parts for reason in part.why_open]
    limit = most(batch, window)
    if limit is not None and low > limit:
        notes.append(f"the inputs have at least {low} tokens, a request takes {limit}: requests will fail")
        limit = None
    if limit is not None and (high is None or high > limit):
        high, why = limit, []
        notes.append(f"a request takes at most {_shown(batch, window)}: no more than {limit:,} tokens")
    if batch.inputs is not None and sum(_counts(message).low for message in messages) > batch.inputs:
        notes.append(f"a request takes {batch.inputs:,} inputs, fewer than are sent: requests will fail")
    typical = sum(part.total.typical for part in parts)
    typical = typical if high is None else min(typical, high)
    holes = tuple(hole for part in parts for hole in part.holes)
    if high is not None:
        holes = tuple(_within(hole, high) for hole in holes)
    return BatchSize(
        Tokens(low, typical, high), holes, min(sum(part.assumed for part in parts), typical), tuple(notes), tuple(why)
    )


def _shown(batch: Batch, window: int | None) -> str:
    inputs = "" if batch.inputs is None else f"{batch.inputs:,} inputs"
    if batch.inputs is not None and window is not None:
        inputs += f" of {window:,} tokens"
    return " and ".join(part for part in (inputs, f"{batch.tokens:,} tokens" if batch.tokens else "") if part)


def _within(hole: Hole, high: int) -> Hole:
    most_tokens = high if hole.tokens.high is None else min(hole.tokens.high, high)
    return Hole(hole.name, Tokens(hole.tokens.low, min(hole.tokens.typical, most_tokens), most_tokens), hole.source)


def _counts(message: Message) -> Count:
    return message.inputs if message.inputs is not None else ONCE


def _of_message(message: Message, static: Tokens, drafts: list[Draft], window: int | None) -> BatchSize:
    """The size of all inputs that a message stands for."""
    number = _counts(message)
    bounded = (static.high or 0) + sum(draft.high or 0 for draft in drafts)
    rest = None if window is None else max(0, window - bounded)
    holes: list[Hole] = []
    notes: list[str] = []
    one_high: int | None = static.high
    assumed = typical = 0.0
    for draft in drafts:
        each = draft.high if draft.high is not None else rest
        one_high = None if one_high is None or each is None else one_high + each
        high = None if each is None or number.high is None else each * number.high
        taken = draft.typical if each is None else min(draft.typical, each)
        taken = taken * number.typical if draft.assumed else draft.typical
        taken = taken if high is None else min(taken, high)
        holes.append(Hole(draft.name, Tokens(draft.low * number.low, taken, high), draft.source))
        typical += taken
        if draft.assumed:
            assumed += taken
            notes += [_assumption(draft, number)] if draft.typical else []
    one_high = one_high if window is None or one_high is None else max(min(one_high, window), static.low)
    if window is not None and static.low > window:
        notes.append(f"an input has at least {static.low} tokens, the model takes {window}: requests will fail")
    elif number.high is not None and drafts and any(draft.high is None for draft in drafts) and window is not None:
        names = ", ".join(dict.fromkeys(draft.name for draft in drafts if draft.high is None))
        notes.append(f"no bound on {names}: at most the rest of the model's window, {rest} tokens in each input")
    why: tuple[str, ...] = ()
    if number.high is None:
        why = (f"the number of texts is not known ({', '.join(number.why)}), and no limit of a request is",)
    elif one_high is None:
        names = ", ".join(dict.fromkeys(draft.name for draft in drafts if draft.high is None))
        why = (f"no bound on {names}, and the price table has no window for the model",)
    high_total = None if one_high is None or number.high is None else one_high * number.high
    low = static.low * number.low + sum(hole.tokens.low for hole in holes)
    total = static.typical * number.typical + typical
    return BatchSize(Tokens(low, total, high_total), tuple(holes), assumed, tuple(notes), why)


def _assumption(draft: Draft, number: Count) -> str:
    if number == ONCE:
        return f"{draft.name}: {draft.typical:g} tokens ({draft.source})"
    if number.high is None:
        return f"{draft.name}: one text of {draft.typical:g} tokens ({draft.source}), their number is not known"
    return f"{draft.name}: {number.typical:g} texts of {draft.typical:g} tokens ({draft.source})"
