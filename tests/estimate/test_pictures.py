"""Images that are billed by tokens: gpt-image-1 costs 5 USD in and 40 USD out per million tokens."""

from __future__ import annotations

from decimal import Decimal

import pytest
from estimate_samples import Table, prompt, rate, request, row, static, variant

from guard.config.types import Config
from guard.estimate.cost import estimate
from guard.estimate.price_rows import Rates
from guard.model import Choice, Estimate, Value

RATES = Rates(input=rate("5"), output_image=rate("40"))
ABSENT = Value((), False)
UNSENT = Value((Choice(None),), False)
MILLION = Decimal(1_000_000)


def sent(*names: str) -> Value:
    return Value(tuple(Choice(name) for name in names), False)


def of(size: Value, quality: Value, model: str = "gpt-image-1", **changes: object) -> Estimate:
    text = prompt(static("hello world"))
    made = request(
        model, operation="image", variants=(variant(model),), size=size, quality=quality, prompt=text, **changes
    )
    return estimate(made, Table(row(model, rates=RATES)), Config())


def image_tokens(found: Estimate) -> tuple[int, float, int | None]:
    assert found.output_tokens is not None
    return found.output_tokens.low, found.output_tokens.typical, found.output_tokens.high


@pytest.mark.parametrize(
    ("quality", "size", "tokens"),
    [
        ("low", "1024x1024", 272), ("low", "1024x1536", 408), ("low", "1536x1024", 400),
        ("medium", "1024x1024", 1056), ("medium", "1024x1536", 1584), ("medium", "1536x1024", 1568),
        ("high", "1024x1024", 4160), ("high", "1024x1536", 6240), ("high", "1536x1024", 6208),
    ],
)  # fmt: skip
def test_an_image_has_the_tokens_that_are_published_for_its_size_and_quality(quality, size, tokens):
    assert image_tokens(of(sent(size), sent(quality))) == (tokens, tokens, tokens)


def test_the_prompt_is_paid_beside_the_image():
    found = of(sent("1024x1024"), sent("low"))

    assert found.input_tokens is not None and found.input_tokens.typical > 0
    typical = Decimal(str(found.input_tokens.typical))
    assert found.usd is not None and found.usd.typical == (typical * 5 + 272 * 40) / MILLION


def test_several_images_are_each_paid_and_the_prompt_perhaps_for_each():
    one, two = of(sent("1024x1024"), sent("low")), of(sent("1024x1024"), sent("low"), outputs=2)

    assert image_tokens(two) == (544, 544, 544)
    assert one.usd is not None and two.usd is not None and one.usd.high is not None
    assert two.usd.high == one.usd.high * 2
    assert two.usd.low == one.usd.low + 272 * 40 / MILLION


def test_without_a_number_of_images_there_is_no_highest_price():
    found = of(sent("1024x1024"), sent("low"), outputs=None)

    assert image_tokens(found) == (272, 272, None) and found.usd is not None and found.usd.high is None
    assert "the number of images per request is not known" in found.why


@pytest.mark.parametrize(
    ("size", "quality", "tokens", "reason"),
    [
        (sent("1024x1024"), UNSENT, (272, 4160, 4160), "quality: nothing is sent, the model chooses"),
        (sent("auto"), sent("low"), (272, 408, 408), "size: `auto`, the model chooses"),
        (UNSENT, sent("auto"), (272, 6240, 6240), "size: nothing is sent, the model chooses"),
        (sent("512x512"), sent("high"), (4160, 6240, 6240), "size: `512x512` is none that OpenAI publishes tokens for"),
        (sent("1024x1024"), Value((), True, "read from a form"), (272, 4160, 4160), "quality: read from a form"),
        (sent("1024x1024"), sent("low", "medium"), (272, 1056, 1056), "typical is the most"),
    ],
)
def test_what_is_not_known_may_be_any_published_size_or_quality(size, quality, tokens, reason):
    found = of(size, quality)

    assert image_tokens(found) == tokens
    assert any(reason in said for said in found.assumptions)
    assert found.assumed_share is not None and found.assumed_share > 0


def test_declared_image_tokens_go_first():
    found = of(sent("1024x1024"), sent("low"), inline={"image_tokens": "500"})

    assert found.usd is not None and found.usd.typical == 500 * 40 / MILLION


@pytest.mark.parametrize(
    ("model", "size"), [("gpt-image-1-mini", sent("1024x1024")), ("gpt-image-2", UNSENT), ("gpt-image-1", ABSENT)]
)
def test_other_models_and_calls_that_also_read_images_have_no_price_of_our_making(model, size):
    found = of(size, sent("low"), model)

    assert not found.priced and "declare `# guard: assume image_tokens=...`" in found.why[0]
