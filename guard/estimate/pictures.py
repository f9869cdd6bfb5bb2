"""Prices of images that are billed by tokens, where their number follows from size and quality.

In: an image `Request` and a price `Row`. Out: `VariantCost`, or None where nothing is published for the model or the
call also sends images. What the code does not say (`auto`, nothing, an unknown value) may be any of the published sizes
and qualities: low and high are the least and the most of them, typical the dearest, with the reason. Neighbours:
`units` (asks, and has the images with one price each), `inputs` (the size of the prompt).
"""

from __future__ import annotations

from collections.abc import Iterable

from guard.estimate import inputs, tokens
from guard.estimate.money import plus
from guard.estimate.price_rows import Row
from guard.estimate.usage import Declared
from guard.estimate.variant import MILLION, VariantCost, decimal, label, unit_part
from guard.model import Request, Tokens, Value

SIZES = ("1024x1024", "1024x1536", "1536x1024")
PUBLISHED = {
    "gpt-image-1": {"low": (272, 408, 400), "medium": (1056, 1584, 1568), "high": (4160, 6240, 6208)},
}
"""Tokens of one image by model, quality and size (in the order of `SIZES`): OpenAI's guide to image generation. Left
out: gpt-image-1-mini, for which the prices per image that the guide gives do not follow from them, gpt-image-1.5, which
also bills text that it writes, and later models, whose sizes are free."""
PREVIEWS = "partial images, if the call asks for a stream of them, are not counted (100 tokens each)"


def price(request: Request, index: int, row: Row, declared: Declared) -> VariantCost | None:
    """The cost of one attempt: the prompt's tokens and those of the images."""
    by_quality = PUBLISHED.get(row.id)
    read, written = row.rates.input, row.rates.output_image
    if by_quality is None or read is None or written is None:
        return None
    qualities, sizes = _possible(request.quality, by_quality, "quality"), _possible(request.size, SIZES, "size")
    if qualities is None or sizes is None:
        return None
    one = [by_quality[quality][SIZES.index(size)] for quality in qualities[0] for size in sizes[0]]
    number = request.outputs
    images = Tokens(min(one) * (number or 1), max(one) * (number or 1), None if number is None else max(one) * number)
    notes = [reason for _, reason in (qualities, sizes) if reason]
    if min(one) < max(one):
        notes.append(f"an image has {min(one)} to {max(one)} tokens by size and quality: typical is the most")
    why: tuple[str, ...] = ()
    if number is None:
        notes.append("the number of images per request is not known: one is counted as typical")
        why = ("the number of images per request is not known",)
    if number != 1:
        notes.append("the prompt may be billed once for each image: typical and high take it so")
    method = tokens.encoding_for(row.provider, row.id)
    size = inputs.input_size(request, declared, method, row.id, row.max_input or row.context_window)
    prompt = unit_part("input", _for_each(size.total, number), read.usd_per_million / MILLION, index)
    made = unit_part("output", images, written.usd_per_million / MILLION, index)
    doubt = (
        decimal(size.assumed) * read.usd_per_million + decimal(images.typical - images.low) * written.usd_per_million
    )
    return VariantCost(
        index=index,
        row=row,
        usd=plus(prompt.usd, made.usd),
        input=size.total,
        output=images,
        parts=(prompt, made),
        holes=size.holes,
        static_tokens=size.static_tokens,
        segment_tokens=size.segment_tokens,
        assumed_usd=doubt / MILLION,
        notes=(*size.notes, *notes, PREVIEWS),
        why_open=(*size.why_open, *why),
        approximate=None if method.exact or not size.static_tokens else label(request, method),
    )


def _for_each(prompt: Tokens, number: int | None) -> Tokens:
    """The prompt's tokens as they may be billed: low once, else for each of a number of images (None: not known)."""
    high = None if prompt.high is None or number is None else prompt.high * number
    return Tokens(prompt.low, prompt.typical * (number or 1), high)


def _possible(value: Value, published: Iterable[str], what: str) -> tuple[tuple[str, ...], str | None] | None:
    """Which of the published sizes or qualities may be asked for, and why there may be several; None where the call has
    no such argument."""
    if not value.choices and not value.open:
        return None
    every = tuple(published)
    named = [choice.value for choice in value.choices]
    if value.open:
        return every, f"{what}: {value.why or 'not known'}"
    for name in named:
        if name is None or name == "auto":
            return every, f"{what}: {'`auto`' if name else 'nothing is sent'}, the model chooses"
        if name not in every:
            return every, f"{what}: `{name}` is none that OpenAI publishes tokens for"
    return tuple(name for name in every if name in named), None
