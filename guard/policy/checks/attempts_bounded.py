"""Retries are bounded.

## What it does

Reports requests whose retries have no bound, and requests whose layers of retries together send more than
`max_attempts` HTTP tries at worst. It names each layer and the product. All tries count, also those that a provider
does not bill (a refused connection, a 429): they still cost time and rate limit, and nobody knows beforehand which
they will be.

## Why

Retry layers multiply: an SDK that tries 3 times, inside a decorator that tries 10 times, inside a loop that tries 5
times sends 150 requests for one question. It does so exactly when the provider is struggling, and every answer that
came back but was thrown away (a timeout, a failed parse) is billed.

## Fix

Keep one layer: set the SDK's `max_retries=0` where a decorator retries, or drop the decorator. Give every retry loop a
stop (`stop=stop_after_attempt(3)`, `max_tries=3`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from guard.model import Count, Label, Layer, Priced, Request, Unknown
from guard.policy import places, words
from guard.policy.examples import layers, priced
from guard.policy.types import Context, Example, Hit, Unsure

SEVERITY = "high"
HELP = (
    "keep one layer of retries and give it a stop; set `max_retries=0` on the SDK's client where another layer retries"
)


@dataclass(frozen=True)
class Params:
    """Parameters of `attempts-bounded`."""

    max_attempts: int = field(
        default=10,
        metadata={"doc": "HTTP tries of one request at worst, the first included, that are still kept.", "min": 1},
    )


def check(item: Priced, params: Params, context: Context) -> Iterator[Hit | Unsure]:
    """Violated when there is no bound or a too high one; undecided when the number of retries is not known."""
    request = item.request
    attempts = request.attempts
    unknown = [found for found in request.unknown if found.what == "attempts"]
    labels = places.join([places.send(request)], _layer_labels(request.layers), places.callers(request))
    if attempts.high is None and unknown:
        why = words.reasons(found.why for found in unknown)
        yield Unsure(f"how often this request is retried: {why}", labels)
    elif attempts.high is None:
        endless = [layer for layer in request.layers if layer.attempts is None]
        names = words.listing([layer.name for layer in endless])
        why = words.reasons([*(layer.why for layer in endless), *attempts.why])
        yield Hit(
            f"retries have no bound{f' in {names}' if names else ''}: {why}",
            labels,
            value="unbounded",
            notes=_product(request),
            help=_stop_help(endless),
        )
    elif attempts.high > params.max_attempts:
        yield Hit(
            f"one call can send {attempts.high:,} requests (the policy allows {params.max_attempts:,}): "
            f"{_layers_in_words(request.layers, attempts)}",
            labels,
            value="too many",
        )


def _layer_labels(layers: tuple[Layer, ...]) -> Iterator[Label]:
    for layer in layers:
        if layer.span is not None:
            tries = "no bound" if layer.attempts is None else words.plural(layer.attempts, "try", "tries")
            yield Label(layer.span, f"{layer.name}: {tries}")


def _layers_in_words(layers: tuple[Layer, ...], attempts: Count) -> str:
    """`tenacity 10 x openai SDK 3`, outermost first; the recorded reason where layers are not known."""
    retrying = [layer for layer in reversed(layers) if layer.attempts != 1]
    if not retrying:
        return words.reasons(attempts.why)
    return " x ".join(
        f"{layer.name} {'(no bound)' if layer.attempts is None else layer.attempts}" for layer in retrying
    )


def _product(request: Request) -> tuple[str, ...]:
    if sum(layer.attempts != 1 for layer in request.layers) < 2:
        return ()
    return (f"retry layers multiply: {_layers_in_words(request.layers, request.attempts)}",)


def _stop_help(endless: list[Layer]) -> str:
    names = " ".join(layer.name for layer in endless).lower()
    if "tenacity" in names:
        return "give tenacity a stop: `stop=stop_after_attempt(3)`"
    if "backoff" in names:
        return "give backoff a stop: `max_tries=3`"
    return "give the retries a bound, e.g. 3 tries, and stop on errors that a retry cannot mend"


BAD = (
    Example("tenacity without a stop", priced(**layers(3, None)), Params()),
    Example("stacked layers", priced(**layers(3, 5)), Params()),
    Example("a stricter bound", priced(**layers(3)), Params(max_attempts=2)),
)
GOOD = (
    Example("the SDK's own retries", priced(**layers(3)), Params()),
    Example("exactly the bound", priced(**layers(3, 3)), Params(max_attempts=9)),
)
UNSURE = (
    Example(
        "a number of retries from the database",
        priced(
            **layers(None, names=["openai SDK"]), unknown=(Unknown("attempts", "`max_retries` comes from a table"),)
        ),
        Params(),
    ),
)
