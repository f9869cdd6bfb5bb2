"""Images that a prompt sends: typical is one of 1024 x 1024 where a vendor publishes how its tokens are counted."""

from __future__ import annotations

import pytest
from estimate_samples import TABLE, config, prompt, request, rule, static

from guard.estimate.cost import estimate
from guard.estimate.image_input import SIZE, typical
from guard.model import LOW_DETAIL, MEDIA, Segment

PICTURE = prompt(static("hello world"), Segment(None, "image", None, None, MEDIA))


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-4o", 765), ("gpt-4o-2024-08-06", 765), ("openai/gpt-4.1", 765), ("gpt-4o-mini", 25_501),
        ("gpt-4.1-mini", 1_659), ("gpt-5", 630), ("o3", 675), ("o4-mini", 1_762), ("claude-sonnet-4-5", 1_399),
        ("anthropic/claude-opus-4-1", 1_399), ("gemini-2.5-flash", 1_032), ("gemini-3-pro-preview", 1_120),
    ],
)  # fmt: skip
def test_an_image_has_the_tokens_of_the_guide(model, tokens):
    found = typical(model)
    assert found is not None and found.tokens == tokens


@pytest.mark.parametrize("model", ["o3-mini", "gpt-5.4", "gemini-embedding-001", "gpt-4o-audio-preview", "gpt-5-pro"])
def test_a_model_without_published_figures_has_none(model):
    assert typical(model) is None


def test_an_image_that_nobody_declared_is_taken_at_the_published_size():
    found = estimate(request(prompt=PICTURE), TABLE, config())
    assert found.input_tokens.typical == 2 + 765
    assert (found.input_tokens.low, found.input_tokens.high) == (2, 10_000)
    assert f"image: 765 tokens ({SIZE})" in found.assumptions


def test_a_declared_image_holds():
    found = estimate(request(prompt=PICTURE), TABLE, config(rule(holes={"image": 85})))
    assert found.input_tokens.typical == 2 + 85


def test_a_text_that_is_called_image_is_a_text():
    named = prompt(static("hello world"), Segment(None, "image", None, None, "a parameter"))
    assert estimate(request(prompt=named), TABLE, config()).input_tokens.typical == 2 + 400


@pytest.mark.parametrize(("model", "tokens"), [("gpt-4o", 85), ("gpt-4o-mini", 2833), ("claude-sonnet-4-5", 1_399)])
def test_low_detail_is_the_part_without_tiles(model, tokens):
    found = typical(model, LOW_DETAIL)
    assert found is not None and found.tokens == tokens
