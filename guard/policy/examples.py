"""Small requests for the examples of checks (`BAD`, `GOOD`, `UNSURE`) and for tests.

In: the few figures that an example is about. Out: a `Priced` with everything else plain: one chat request of
`app/answer.py:12`, three attempts, a bounded prompt, priced. And `CONTEXT`, a `Context` with a few models, so that
examples do not change with the shipped price table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from guard.estimate.coverage import known_only
from guard.model import (
    ONCE,
    Choice,
    Count,
    Estimate,
    How,
    Layer,
    Money,
    Priced,
    Prompt,
    Request,
    Scalar,
    Site,
    Span,
    Step,
    Tokens,
    Value,
    Variant,
)
from guard.policy.types import Context, ModelFacts

_MODELS = {
    "gpt-4o": ModelFacts("gpt-4o", context_window=128_000, max_input=128_000, max_output=16_384),
    "gpt-4o-mini": ModelFacts("gpt-4o-mini", context_window=128_000, max_input=128_000, max_output=16_384),
    "gemini-2.5-flash": ModelFacts("gemini-2.5-flash", max_input=1_048_576, max_output=65_535),
    "gpt-4-vision-preview": ModelFacts("gpt-4-vision-preview", context_window=128_000, retired=date(2024, 12, 6)),
    "claude-3-opus-20240229": ModelFacts("claude-3-opus-20240229", context_window=200_000, removed=True),
}


def _suggest(name: str, provider: str | None) -> Sequence[str]:
    import difflib

    return difflib.get_close_matches(name, _MODELS, n=3)


def _why_not(name: str, provider: str | None) -> str | None:
    return "the ARN does not say which model it is" if name.startswith("arn:") else None


CONTEXT = Context(
    today=date(2026, 11, 23),
    model=lambda name, provider: _MODELS.get(name.rpartition("/")[2]),
    suggest=_suggest,
    why_not=_why_not,
)
"""A few models, on a fixed day."""


def span(line: int = 12, path: str = "app/answer.py", column: int = 12, width: int = 30) -> Span:
    """A stretch of one line."""
    return Span(path, line, column, line, column + width)


def choice(value: Scalar, how: How = "literal", at: Span | None = None) -> Choice:
    """A value that was written at `at` (default: `settings.py:3`)."""
    return Choice(value, (Step(at or span(3, "settings.py", 9, 10), how),))


def known(*values: Scalar, how: How = "literal") -> Value:
    """A closed value with these choices."""
    return Value(tuple(choice(value, how) for value in values), open=False)


def unknown(why: str) -> Value:
    """A value of which nothing is known."""
    return Value((), open=True, why=why)


NOT_SENT = Value((choice(None, "not_sent", span()),), open=False)
"""Nothing is sent for this argument."""


def looped(repeats: Count, line: int = 40) -> tuple[Site, ...]:
    """A call of a wrapper in a loop at `app/jobs.py`, and the send in the wrapper."""
    outer = Site(span(line, "app/jobs.py", 9), "wrapper", repeats, "nightly", "answer")
    return (outer, Site(span(), "send", ONCE, "answer", "client.chat.completions.create"))


def layers(*attempts: int | None, names: Sequence[str] = ("openai SDK", "tenacity", "loop")) -> dict[str, Any]:
    """Fields of a request with these layers of retries, innermost first: `layers` and the product as `attempts`."""
    high: int | None = 1
    for number in attempts:
        high = None if high is None or number is None else high * number
    made = tuple(
        Layer(name, number, "maybe", span(5 + index, "app/retry.py", 1), "" if number else f"{name} has no stop")
        for index, (name, number) in enumerate(zip(names, attempts))
    )
    why = tuple(layer.why for layer in made if layer.why)
    return {"layers": made, "attempts": Count(1, 1, high, why)}


def request(**changes: Any) -> Request:
    """One plain chat request; `changes` are fields of `Request`."""
    plain = Request(
        id="example:1",
        api="openai.chat.completions.create",
        operation="chat",
        provider="openai",
        sites=(Site(span(), "send", ONCE, "answer", "client.chat.completions.create"),),
        model=known("gpt-4o-mini"),
        max_output=known(300),
        variants=(),
        attempts=Count(1, 1, 3),
        turns=ONCE,
        repeats=ONCE,
        layers=(),
        prompt=Prompt(),
        reached_from=(),
    )
    made = replace(plain, **changes)
    return made if made.variants else replace(made, variants=_variants(made))


def _variants(request: Request) -> tuple[Variant, ...]:
    """All combinations of model and output limit, the first one the default."""
    models: Sequence[Choice | None] = request.model.choices or (None,)
    limits: Sequence[Choice | None] = request.max_output.choices or (None,)
    pairs = [(model, limit) for model in models for limit in limits]
    return tuple(Variant(model, request.provider, limit, default=i == 0) for i, (model, limit) in enumerate(pairs))


def estimate(**changes: Any) -> Estimate:
    """A priced estimate of one call: 90 to 900 tokens in, 1 to 300 out; `changes` are fields of `Estimate`."""
    plain = Estimate(
        priced=True,
        why=(),
        input_tokens=Tokens(90, 481, 900),
        output_tokens=Tokens(1, 150, 300),
        usd=Money(Decimal("0.0001"), Decimal("0.002"), Decimal("0.03")),
        usd_per_run=None,
        usd_per_month=None,
        runs_per_month=None,
        runs_source=None,
        static_tokens=81,
        segment_tokens=(),
        holes=(),
        parts=(),
        assumptions=(),
    )
    return replace(plain, **changes)


def priced(estimated: Estimate | None = None, **changes: Any) -> Priced:
    """`request(**changes)` with an estimate, which says what of the request it does not cover."""
    made, found = request(**changes), estimated or estimate()
    return Priced(made, replace(found, known_only=found.known_only or known_only(made)))
