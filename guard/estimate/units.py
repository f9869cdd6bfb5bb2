"""Prices of operations that are not billed by tokens: images, speech, transcription, pages, searches, video.

In: `Request`, price `Row`, what is declared. Out: `VariantCost`, or why there is none. A quantity that neither the code
nor a declaration gives is not made up: the request is then not priced, and the reason says what to declare. Neighbours:
`cost` (asks), `variant` (billing by tokens), `pictures` (images whose tokens follow from size and quality).
"""

from __future__ import annotations

from decimal import Decimal

from guard.estimate import pictures
from guard.estimate.inputs import CHARACTERS_PER_TOKEN
from guard.estimate.price_rows import Row
from guard.estimate.usage import Declared
from guard.estimate.variant import MILLION, NotPriced, VariantCost, decimal, unit_part
from guard.model import Hole, Part, Request, Tokens

OPERATIONS = ("image", "video", "audio_tts", "audio_stt", "ocr", "rerank", "realtime")
"""Operations that this module prices, or declines with a reason. `rerank` by tokens goes to `variant`."""


def _cost(
    index: int, row: Row, part: Part, *, holes: tuple[Hole, ...] = (), assumed: Decimal = Decimal(0),
    notes: tuple[str, ...] = (), why: tuple[str, ...] = (),
) -> VariantCost:  # fmt: skip
    return VariantCost(index, row, part.usd, None, None, (part,), holes, None, (), assumed, notes, why, None)


def _exactly(number: int) -> Tokens:
    return Tokens(number, number, number)


def _declared(declared: Declared, *names: str) -> tuple[str, int] | None:
    for name in names:
        size = declared.hole(name)
        if size is not None:
            return name, size.tokens
    return None


def _image(request: Request, index: int, row: Row, declared: Declared) -> VariantCost | NotPriced:
    number = request.outputs
    per_image = row.units.get("image")
    if per_image is not None:
        count = Tokens(1, 1, None) if number is None else _exactly(number)
        why = ("the number of images per request is not known",) if number is None else ()
        return _cost(index, row, unit_part("images", count, per_image.usd, index), why=why)
    rate = row.rates.output_image or row.rates.output
    found = _declared(declared, "image_tokens")
    if rate is None:
        return NotPriced(f"the price table has no price per image for {row.price_id}")
    by_size = pictures.price(request, index, row, declared) if found is None else None
    if by_size is not None:
        return by_size
    if found is None or number is None:
        return NotPriced(
            f"{row.price_id} is billed by image tokens, whose number depends on size and quality: declare "
            "`# guard: assume image_tokens=...`"
        )
    part = unit_part("image tokens", _exactly(found[1] * number), rate.usd_per_million / MILLION, index)
    return _cost(index, row, part, notes=("the prompt's own tokens are not counted beside the image tokens",))


def _speech(request: Request, index: int, row: Row, declared: Declared) -> VariantCost | NotPriced:
    """Speech is billed by the characters of the text; holes are declared in tokens, four characters each."""
    rate = row.units.get("million_characters")
    if rate is None:
        return NotPriced(f"{row.price_id} is billed by audio tokens, whose number is not known before the call")
    low, typical, assumed = 0, 0.0, 0.0
    high: int | None = 0
    notes: list[str] = []
    holes: list[Hole] = []
    segments = [s for message in request.prompt.messages for s in message.segments]
    unknown = request.prompt.open or not segments
    for segment in segments:
        if segment.text is not None:
            low, typical = low + len(segment.text), typical + len(segment.text)
            high = None if high is None else high + len(segment.text)
            continue
        size = declared.hole(segment.name or "hole")
        taken = size or declared.default_hole
        characters = taken.tokens * CHARACTERS_PER_TOKEN
        bound = segment.max_chars
        if bound is not None:
            characters = min(characters, bound)
        typical += characters
        high = None if high is None or bound is None else high + bound
        tokens = round(characters / CHARACTERS_PER_TOKEN)
        holes.append(Hole(segment.name or "hole", Tokens(0, tokens, None), taken.source))
        if size is None:
            assumed += characters
            notes.append(f"{segment.name or 'hole'}: {characters} characters ({taken.source})")
    if unknown:
        characters = declared.default_hole.tokens * CHARACTERS_PER_TOKEN
        typical, assumed, high = typical + characters, assumed + characters, None
        notes.append(f"text: {characters} characters ({declared.default_hole.source})")
    for messages in request.prompt.others:
        pieces = [s for message in messages for s in message.segments]
        low = min(low, sum(len(s.text or "") for s in pieces))
        bounds = [len(s.text) if s.text is not None else s.max_chars for s in pieces]
        longest = None if None in bounds else sum(one for one in bounds if one is not None)
        high = None if high is None or longest is None else max(high, longest)
    if request.prompt.unsure is not None:
        low, high = 0, None
        notes.append(f"other text may be sent than what is known ({request.prompt.unsure})")
    part = unit_part("characters", Tokens(low, typical, high), rate.usd / MILLION, index)
    return _cost(
        index, row, part, holes=tuple(holes), assumed=rate.usd / MILLION * decimal(assumed), notes=tuple(notes),
        why=("no bound on the length of the text that is spoken",) if high is None else (),
    )  # fmt: skip


def _audio(index: int, row: Row, declared: Declared) -> VariantCost | NotPriced:
    per_hour = row.units.get("audio_hour")
    found = _declared(declared, "seconds", "minutes")
    if per_hour is None:
        return NotPriced(f"{row.price_id} is billed by audio tokens, whose number is not known before the call")
    if found is None:
        return NotPriced("the length of the audio is not known: declare `# guard: assume seconds=...`")
    seconds = found[1] * (60 if found[0] == "minutes" else 1)
    return _cost(index, row, unit_part("seconds of audio", _exactly(seconds), per_hour.usd / 3600, index))


def _counted(
    index: int, row: Row, declared: Declared, unit: str, names: tuple[str, ...], what: str, times: int | None = 1
) -> VariantCost | NotPriced:
    """Operations that are billed by a number that must be declared: pages, seconds of video."""
    rate = row.units.get(unit)
    if rate is None:
        return NotPriced(f"the price table has no price per {what} for {row.price_id}")
    found = _declared(declared, *names)
    if found is None or times is None:
        return NotPriced(f"the number of {what}s is not known: declare `# guard: assume {names[0]}=...`")
    return _cost(index, row, unit_part(f"{what}s", _exactly(found[1] * times), rate.usd, index))


def _rerank(index: int, row: Row, declared: Declared) -> VariantCost | NotPriced:
    """One search per call; more when there are over 100 documents or long ones (docs.cohere.com, "Rerank pricing")."""
    rate = row.units.get("query") or row.units.get("request")
    if rate is None:
        return NotPriced(f"the price table has no price per search for {row.price_id}")
    found = _declared(declared, "searches")
    if found is not None:
        return _cost(index, row, unit_part("searches", _exactly(found[1]), rate.usd, index))
    return _cost(
        index, row, unit_part("searches", Tokens(1, 1, None), rate.usd, index),
        notes=("one search per call is taken; over 100 documents count as more",),
        why=("the number of documents is not known: declare `# guard: assume searches=...`",),
    )  # fmt: skip


def by_units(request: Request, row: Row) -> bool:
    """Whether a request is billed by something else than tokens."""
    if request.operation == "rerank":
        return row.rates.input is None
    return request.operation in OPERATIONS


def price(request: Request, index: int, row: Row, declared: Declared) -> VariantCost | NotPriced:
    """The cost of one attempt of a request that is not billed by tokens."""
    match request.operation:
        case "image":
            return _image(request, index, row, declared)
        case "audio_tts":
            return _speech(request, index, row, declared)
        case "audio_stt":
            return _audio(index, row, declared)
        case "ocr":
            return _counted(index, row, declared, "page", ("pages",), "page")
        case "video":
            return _counted(index, row, declared, "video_second", ("seconds",), "second", request.outputs)
        case "rerank":
            return _rerank(index, row, declared)
        case _:
            return NotPriced(f"a {request.operation} session is billed by the length of its audio, which is not known")
