"""Whether a further try is paid for, by the errors after which there is one.

In: the errors that a loop catches or a decorator names. Out: `no` where the provider refused or was not reached, `yes`
where an answer had come and did not fit, `maybe` for everything else and for a mixture.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from guard.facts.expr import Expr, Op, Seq
from guard.facts.link.things import Ext, Frame, ListOf
from guard.model import Billed

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

REFUSED = frozenset({
    "RateLimitError", "TooManyRequests", "TooManyRequestsError", "ResourceExhausted", "ThrottlingException",
    "ServiceUnavailable", "ServiceUnavailableError", "OverloadedError", "AuthenticationError", "PermissionDenied",
    "PermissionDeniedError", "BadRequestError", "UnauthorizedError", "ForbiddenError", "NotFoundError",
    "ConnectError", "ConnectTimeout", "PoolTimeout", "ConnectionRefusedError", "NewConnectionError", "gaierror",
})  # fmt: skip
"""Errors of SDKs and HTTP libraries, by their last name, after which nothing was answered: the request was turned down
(429, 4xx, 503) or never arrived. A connection that broke later is not among them: an answer may have been under way."""
ANSWERED = frozenset({
    "ValidationError", "JSONDecodeError", "OutputParserException", "LengthFinishReasonError",
    "ContentFilterFinishReasonError", "AdapterParseError", "UnexpectedModelBehavior",
})  # fmt: skip
"""Errors about an answer that has come."""
BY_ANSWER = ("retry_if_result", "retry_if_not_result")
"""Conditions of tenacity that look at what came back."""


def of_types(engine: Engine, types: Expr | None, frame: Frame) -> Billed:
    """By the types that an `except` names or that are handed to a decorator; None: all errors."""
    return together(_words(engine, types, frame)) if types is not None else "maybe"


def _words(engine: Engine, types: Expr, frame: Frame) -> list[Billed]:
    if isinstance(types, Seq):
        return [word for item in types.items for word in _words(engine, item, frame)]
    found = engine.quietly(types, frame)
    words: list[Billed] = ["maybe"] if found.open or not found.alts else []
    for alt in found.alts:
        if isinstance(alt.thing, ListOf):
            inner = [a for cell in alt.thing.items for a in engine.force(cell).alts]
            words += [_of_chain(a.thing) for a in inner] or ["maybe"]
        else:
            words.append(_of_chain(alt.thing))
    return words


def _of_chain(thing: object) -> Billed:
    last = thing.chain.rpartition(".")[2] if isinstance(thing, Ext) else ""
    return "no" if last in REFUSED else "yes" if last in ANSWERED else "maybe"


def of_condition(engine: Engine, condition: Expr | None, frame: Frame) -> Billed:
    """By the `retry=` of tenacity: conditions on errors and on answers, joined by `|` or `retry_any`."""
    if condition is None:
        return "maybe"
    if isinstance(condition, Op) and condition.op == "|":
        sides = (condition.left, condition.right)
        return together([of_condition(engine, side, frame) for side in sides])
    words: list[Billed] = []
    for alt in engine.quietly(condition, frame).alts:
        if not isinstance(alt.thing, Ext) or not alt.thing.made or not alt.thing.chain.endswith("()"):
            return "maybe"
        made, name = alt.thing.made[-1], alt.thing.chain.removesuffix("()").rpartition(".")[2]
        if name == "retry_any":
            words += [of_condition(engine, side, made.frame) for side in made.call.args]
        elif name == "retry_if_exception_type":
            types = made.call.args[0] if made.call.args else dict(made.call.keywords).get("exception_types")
            words.append(of_types(engine, types, made.frame))
        else:
            words.append("yes" if name in BY_ANSWER else "maybe")
    return together(words)


def together(words: Iterable[Billed]) -> Billed:
    """One word for several: that which all say."""
    every = set(words)
    return every.pop() if len(every) == 1 else "maybe"
