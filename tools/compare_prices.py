"""Compares guard's prices with two public sources. In: litellm and genai-prices from PyPI. Out: a Markdown table.

    python tools/compare_prices.py                 # fetches the newest releases into a temporary folder
    python tools/compare_prices.py --write         # puts the table into docs/cost-model.md, between its two marks

What `compile_prices.py` reads by its own rules is asked here another way, so that a mistake of those rules shows:
genai-prices computes the price of a call with its own code, in a process of its own; litellm's list is read by its own
keys. Both are also sources of the table: this finds mistakes of compiling and prices that changed since, not an error
that both share. Prints the versions; exits 1 where a rate differs from a source. Tests never run it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from guard.estimate.prices import load

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "cost-model.md"
BEGIN, END = "<!-- begin: tools/compare_prices.py -->\n", "<!-- end: tools/compare_prices.py -->\n"
MILLION = Decimal(1_000_000)
KINDS = ("input", "output", "cache_read")
Triple = dict[str, Decimal | None]
"""Dollars per million tokens by kind; None: the source has none."""

_NAMES = """
openai/gpt-3.5-turbo openai/gpt-4 openai/gpt-4-turbo openai/gpt-4o openai/gpt-4o-mini openai/gpt-4.1
openai/gpt-4.1-mini openai/gpt-4.1-nano openai/o1 openai/o3 openai/o3-mini openai/o4-mini openai/gpt-5
openai/gpt-5-mini openai/gpt-5-nano openai/gpt-5-pro openai/gpt-5.1 openai/gpt-5.2 openai/gpt-5.4 openai/gpt-5.5
openai/text-embedding-3-small openai/text-embedding-3-large anthropic/claude-sonnet-4-5 anthropic/claude-sonnet-4-6
anthropic/claude-haiku-4-5 anthropic/claude-opus-4-5 anthropic/claude-opus-4-6 anthropic/claude-opus-4-7
google/gemini-2.5-flash-lite google/gemini-2.5-flash google/gemini-2.5-pro google/gemini-3-flash-preview
google/gemini-3.1-pro-preview mistral/mistral-large-latest mistral/mistral-medium-latest
mistral/mistral-small-latest mistral/codestral-latest deepseek/deepseek-chat deepseek/deepseek-reasoner
cohere/command-a-03-2025 cohere/command-r-plus-08-2024 groq/openai/gpt-oss-120b groq/openai/gpt-oss-20b
perplexity/sonar perplexity/sonar-pro azure/gpt-4o azure/gpt-4.1 bedrock/amazon.nova-pro-v1:0
bedrock/amazon.nova-lite-v1:0 bedrock/amazon.nova-micro-v1:0
"""
MODELS = tuple(_NAMES.split())
GENAI = {"xai": "x-ai", "bedrock": "aws"}
"""Names of providers there, where they are others."""
LITELLM = {"google": "gemini", "openai": "", "anthropic": "", "bedrock": "", "cohere": ""}
"""What stands before a model's name in its keys, where that is not the provider."""

ASK = """
import json, sys
from genai_prices import Usage, calc_price
found = {}

def usage(kind, number):
    if kind == "output":
        return Usage(output_tokens=number)
    return Usage(input_tokens=number, cache_read_tokens=number if kind == "cache_read" else 0)

for name in json.load(sys.stdin):
    provider, model = name
    rates = {}
    for kind in ("input", "output", "cache_read"):
        try:
            one, two = (
                calc_price(usage(kind, number), model_ref=model, provider_id=provider).total_price
                for number in (1000, 2000)
            )
            rates[kind] = str((two - one) * 1000)
        except (LookupError, ValueError):
            pass
    found["/".join(name)] = rates
json.dump(found, sys.stdout)
"""
"""Run where genai-prices is installed: what the second thousand tokens of each kind cost, so that neither a fee per
request counts nor a dearer tier is reached."""


@dataclass(frozen=True)
class Compared:
    """One model: what guard and the sources say."""

    model: str
    guard: Triple
    genai: Triple
    litellm: Triple

    def differs(self) -> tuple[str, ...]:
        """Kinds of tokens that a source prices otherwise than guard, with the source; what a source lacks is none."""
        return tuple(
            f"{source}: {kind} {_shown(theirs[kind])}"
            for source, theirs in (("genai-prices", self.genai), ("litellm", self.litellm))
            for kind in KINDS
            if theirs[kind] is not None and theirs[kind] != self.guard[kind] and not _lacks(kind, theirs)
        )


def _lacks(kind: str, theirs: Triple) -> bool:
    """A zero stands for "none" (output of embeddings); genai-prices bills a cache without a rate like other input."""
    return not theirs[kind] or (kind == "cache_read" and theirs[kind] == theirs["input"])


def fetched(folder: Path) -> str:
    """Both packages in a folder; their versions in words. genai-prices with what it needs, litellm's wheel as it is."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "install", "--target", str(folder / "genai"), "genai-prices"], check=True)
    subprocess.run([*pip, "download", "--no-deps", "-d", str(folder), "litellm"], check=True)
    genai = next((folder / "genai").glob("genai_prices-*.dist-info")).name.removesuffix(".dist-info")
    litellm = next(folder.glob("litellm-*.whl")).name
    return f"genai-prices {genai.split('-')[1]}, litellm {litellm.split('-')[1]}"


def of_genai(folder: Path) -> dict[str, Triple]:
    """What genai-prices computes."""
    asked = [(GENAI.get(provider, provider), model) for provider, _, model in (m.partition("/") for m in MODELS)]
    run = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(folder / 'genai')!r})\n{ASK}"],
        input=json.dumps(asked), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(run.stdout)
    every = {name: found["/".join(key)] for name, key in zip(MODELS, asked, strict=True)}
    return {name: {kind: _decimal(rates.get(kind)) for kind in KINDS} for name, rates in every.items()}


def of_litellm(folder: Path) -> dict[str, Triple]:
    """What litellm's list says under the model's key."""
    keys = {"input": "input_cost_per_token", "output": "output_cost_per_token",
            "cache_read": "cache_read_input_token_cost"}  # fmt: skip
    with zipfile.ZipFile(next(folder.glob("litellm-*.whl"))) as wheel:
        name = next(n for n in wheel.namelist() if n.endswith("model_prices_and_context_window_backup.json"))
        data = json.loads(wheel.read(name), parse_float=str)
    found: dict[str, Triple] = {}
    for model in MODELS:
        provider, _, bare = model.partition("/")
        before = LITELLM.get(provider, provider)
        entry = data.get(f"{before}/{bare}" if before else bare, {})
        found[model] = {kind: _million(entry.get(key)) for kind, key in keys.items()}
    return found


def of_guard() -> dict[str, Triple]:
    """What guard's table says."""
    prices = load()
    found: dict[str, Triple] = {}
    for model in MODELS:
        provider, _, bare = model.partition("/")
        row = prices.find(bare, provider)
        if row is None:
            raise SystemExit(f"{model} is not in guard's table")
        rates = dict(row.rates.items())
        found[model] = {kind: rates[kind].usd_per_million if kind in rates else None for kind in KINDS}
    return found


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _million(per_token: object) -> Decimal | None:
    return None if per_token is None else Decimal(str(per_token)) * MILLION


def _shown(usd: Decimal | None) -> str:
    return "-" if not usd else f"{usd.normalize():f}"


def table(every: list[Compared]) -> Iterator[str]:
    """The lines of the table: three rates a cell, and what differs."""
    yield "| model | guard | genai-prices | litellm | differs |\n"
    yield "| --- | --- | --- | --- | --- |\n"
    for one in every:
        cells = (" / ".join(_shown(rates[kind]) for kind in KINDS) for rates in (one.guard, one.genai, one.litellm))
        yield f"| {one.model} | {' | '.join(cells)} | {'; '.join(one.differs())} |\n"


def main() -> int:
    """The command."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.name}")
    write = options.parse_args().write
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        versions = fetched(folder)
        guard, genai, litellm = of_guard(), of_genai(folder), of_litellm(folder)
    every = [Compared(model, guard[model], genai[model], litellm[model]) for model in MODELS]
    differing = [one for one in every if one.differs()]
    both = sum(one.genai["input"] is not None and one.litellm["input"] is not None for one in every)
    head = (
        f"{len(every)} models, guard's table of {load().as_of}, {versions}; {both} are in both sources, "
        f"{len(differing)} differ from one. USD per million tokens: input / output / read from the cache.\n\n"
    )
    text = head + "".join(table(every))
    if write:
        before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        DOCUMENT.write_text(f"{before}{BEGIN}{text}{END}{after}", encoding="utf-8")
    print(text, end="")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
