"""The cheapest model that could be sent instead, by what is known: prices, windows and policies; never how good it is.

In: requests, the policies of guard.yaml. Out: by request, the name of a model. A model of the request's own provider,
or of any that a list of allowed models (`model-allowed`) names: of the same kind, still served, with a window and an
output limit for what is sent, said to take its tools and images, and against no policy that the request keeps now.
Ranked by the tokens that are counted now, then estimated. Neighbours: `what_if` asks, `guard.policy` judges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase

from guard.estimate.abilities import missing
from guard.estimate.outputs import NO_OUTPUT, limit_of
from guard.estimate.price_names import owner
from guard.estimate.price_rows import Row
from guard.model import Priced, Request
from guard.policy.types import Policy
from guard.use.bill.anew import Change, Known, anew
from guard.use.bill.rules import Rules
from guard.use.bill.sending import Cannot, by_tokens, kind, rows_of, with_model

TRIED = 3
"""Models that are estimated for each request, the cheapest ones by the tokens of now."""
LOOKED_AT = 60
"""Models that are held against the policies for each request."""
BY_MAKER = frozenset({"azure", "vertex", "bedrock"})
"""Providers whose models of different makers take requests of different forms."""
REGIONS = frozenset({"us", "eu", "apac", "jp", "au", "ca", "global"})
"""First parts of the names of inference profiles of Bedrock."""
SPECIAL = ("audio", "realtime", "search", "transcribe", "tts", "image", "ft:", ":free", "-x-", "ocr", "moderation")
"""Parts of names of models that are sold under chat and serve something else, or are not for everybody."""


def cheapest(items: Sequence[Priced], known: Known, rules: Rules) -> dict[str, str]:
    """By the id of a request, the model; none where nothing cheaper is known to fit."""
    by_kind: dict[str, list[Row]] = {}
    today = rules.context.today
    for row in known.prices.rows():
        if _is_for_sale(row, today):
            by_kind.setdefault(kind(row.mode), []).append(row)
    fitting = {item.request.id: _fitting(item, by_kind, known, rules) for item in items if item.estimate.usd}
    best: dict[str, tuple[Decimal, str]] = {}
    for number in range(TRIED):
        requests = {}
        for item in items:
            names = fitting.get(item.request.id, ())
            made = with_model(item, names[number], known) if number < len(names) else None
            if made is not None and not isinstance(made, Cannot):
                requests[item.request.id] = made
        for item, after in zip(items, anew(items, Change(requests), known), strict=True):
            name = item.request.id
            if name not in requests or item.estimate.usd is None or after.estimate.usd is None:
                continue
            usd = after.estimate.usd.typical
            if usd < item.estimate.usd.typical and (name not in best or usd < best[name][0]):
                best[name] = (usd, fitting[name][number])
    return {name: model for name, (_, model) in best.items()}


def _is_for_sale(row: Row, today: date) -> bool:
    """Whether a row prices a model by tokens that its provider serves to everybody."""
    if row.status is not None or (row.deprecated is not None and row.deprecated <= today):
        return False
    if row.units.get("request") is not None or any(part in row.id.lower() for part in SPECIAL):
        return False
    return row.rates.input is not None and row.rates.input.usd_per_million > 0


def _fitting(item: Priced, by_kind: Mapping[str, list[Row]], known: Known, rules: Rules) -> tuple[str, ...]:
    """The cheapest models that fit a request and are cheaper than its own, at most `TRIED`."""
    own = rows_of(item, known)
    providers = {row.provider for row in own}
    if not own or item.estimate.input_tokens is None:
        return ()
    now = max(_price(item, row) for row in own)
    listed = tuple(glob for policy in rules.policies for glob in _allowed(policy))
    rows = [
        row
        for row in by_kind.get(kind(item.request.operation), ())
        if any(_by_name_alone(row, one, item.request) for one in own) or _on(row, listed)
    ]
    priced = [(price, row) for row in rows if (price := _price(item, row)) < now]
    ranked = sorted(priced, key=lambda pair: (pair[0], pair[1].provider not in providers, len(pair[1].id), pair[1].id))
    found: list[str] = []
    for _, row in ranked[:LOOKED_AT]:
        name = row.id if row.provider in providers else f"{row.provider}/{row.id}"
        if name not in found and _holds(item, row) and _takes(item, row) and _keeps(item, name, known, rules):
            found.append(name)
        if len(found) == TRIED:
            break
    return tuple(found)


def _by_name_alone(row: Row, own: Row, request: Request) -> bool:
    """Whether a request can ask for that model instead of its own by changing the name: of the same provider, and
    where a provider sells the models of several makers by an API for each, of the same maker."""
    if row.provider != own.provider or row.provider not in BY_MAKER or "converse" in request.api:
        return row.provider == own.provider
    return _maker(row) is not None and _maker(row) == _maker(own)


def _maker(row: Row) -> str | None:
    """The company whose model it is; None: that is not known."""
    name = row.id.lower()
    if row.provider == "bedrock":
        return next((part for part in name.split(".") if part not in REGIONS), None)
    return owner(name.rpartition("/")[2])


def _price(item: Priced, row: Row) -> Decimal:
    """What a call would cost with the tokens that are counted now; for the order alone."""
    read, written = item.estimate.input_tokens, item.estimate.output_tokens
    usd = Decimal(0)
    for tokens, rate in ((read, row.rates.input), (written, row.rates.output)):
        if tokens is not None and rate is not None:
            usd += Decimal(str(tokens.typical)) * rate.usd_per_million
    return usd


def _holds(item: Priced, row: Row) -> bool:
    """Whether what is sent as a rule, with its answer, has room in the model; an unknown window is none."""
    read, written = item.estimate.input_tokens, item.estimate.output_tokens
    if read is None or ((by_answer := written is not None and written.typical > 0) and row.rates.output is None):
        return False
    limits = [limit for one in item.request.variants if (limit := limit_of(one)[0]) is not None]
    answer = max([*limits, written.typical if written is not None and by_answer else 0])
    window = row.context_window or row.max_input
    if window is None or (by_answer and row.max_output is None):
        return False
    most = row.max_input if row.max_input is not None else window
    fits = read.typical <= most and (row.context_window is None or read.typical + answer <= row.context_window)
    return fits and (not by_answer or answer <= (row.max_output or 0))


def _takes(item: Priced, row: Row) -> bool:
    """Whether a model is said to take all that is sent beside text."""
    return item.request.operation in NO_OUTPUT or not missing(row, item.request.prompt)


def _keeps(item: Priced, name: str, known: Known, rules: Rules) -> bool:
    """Whether the request would break no policy with that model that it keeps now."""
    made = with_model(item, name, known)
    if isinstance(made, Cannot):
        return False
    return not rules.broken([item], [replace(item, request=made)])


def _allowed(policy: Policy) -> Iterator[str]:
    """The models that a list names, where it does not allow all."""
    allow = getattr(policy.params, "allow", ())
    if policy.check.id == "model-allowed" and policy.spec.enforce != "off" and "*" not in allow:
        yield from (glob.lower() for glob in allow)


def _on(row: Row, listed: Sequence[str]) -> bool:
    names = (row.price_id.lower(), f"{row.provider}/{row.id}".lower())
    return any(fnmatchcase(name, glob) for glob in listed for name in names)


def can_be_asked(item: Priced, known: Known) -> bool:
    """Whether a cheaper model can be looked for: what is billed by images or minutes has no window to compare."""
    return item.request.operation in ("embedding", "moderation", "rerank") or by_tokens(item, known)
