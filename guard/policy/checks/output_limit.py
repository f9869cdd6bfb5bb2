"""An output limit is sent.

## What it does

Reports requests for text that send no output limit, so that one answer may be as long as the model allows. Requests to
an API that requires a limit, or that sets a low one itself, are kept. Where the limit cannot be seen (an argument
dictionary filled elsewhere), the verdict is `undecided`. Batches whose limits stand in an uploaded file are not judged.

## Why

Output is the dearest part of a request: often four to eight times the price of input. Without a limit, the worst case
of one answer is the model's maximum (16,384 tokens for gpt-4o, 128,000 for newer models), and a prompt that makes the
model repeat itself costs that much, with every retry.

## Fix

Send a limit a little above the longest answer you use. The finding names the right argument for the API. A limit is no
target: it does not make answers longer. For reasoning models it includes the hidden reasoning tokens: leave room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import NamedTuple

from guard.model import Choice, Priced, Request
from guard.policy import places, words
from guard.policy.examples import NOT_SENT, known, priced, unknown
from guard.policy.types import Context, Example, Hit, Unsure

SEVERITY = "medium"
HELP = "send an output limit"


@dataclass(frozen=True)
class Params:
    """Parameters of `output-limit`."""

    exempt_providers: tuple[str, ...] = field(
        default=("ollama", "vllm", "llamafile", "lm_studio"),
        metadata={"doc": "Providers whose output is not billed by the token (local servers)."},
    )


# Operations whose answer is text that the model ends itself. Embeddings, rerankers and moderation have no output to
# limit; images and speech are priced by other units.
_TEXT = frozenset({"chat", "responses", "text_completion", "agent", "batch"})


class _Argument(NamedTuple):
    """Where an API takes its limit. `always`: it requires one or sets a low one itself, so nothing is reported."""

    api: str
    words: str
    always: bool = False


# First match wins. Names as in the providers' API references; `openai.completions` stops after 16 tokens by default,
# Cohere's generate and Hugging Face's text generation after 20 (TGI: 100), Anthropic requires `max_tokens`, and the
# edits that OpenAI once had took no limit.
_ARGUMENTS = (
    _Argument("anthropic.*", "`max_tokens`", always=True),
    _Argument("openai.responses.*", "`max_output_tokens`"),
    _Argument("openai.completions.*", "`max_tokens`", always=True),
    _Argument("openai.Completion.*", "`max_tokens`", always=True),
    _Argument("openai.Edit.*", "", always=True),
    _Argument("openai.chat.*", "`max_completion_tokens`"),
    _Argument("openai.beta.chat.*", "`max_completion_tokens`"),
    _Argument("openai.*threads*", "`max_completion_tokens`"),
    _Argument("openai.*", "`max_tokens`"),
    _Argument("litellm.*responses*", "`max_output_tokens`"),
    _Argument("groq.*", "`max_completion_tokens`"),
    _Argument("cerebras.*", "`max_completion_tokens`"),
    _Argument("google.genai*", "`max_output_tokens` in `config`"),
    _Argument("google.generativeai*", "`max_output_tokens` in `generation_config`"),
    _Argument("vertexai.*", "`max_output_tokens` in `generation_config`"),
    _Argument("*invoke_model*", "the limit of the model's family in `body` (`max_tokens`, `maxTokenCount`, ...)"),
    _Argument("*converse*", "`maxTokens` in `inferenceConfig`"),
    _Argument("ollama.*", "`num_predict` in `options`"),
    _Argument("huggingface.text_generation", "`max_new_tokens`", always=True),
    _Argument("cohere.Client.generate", "`max_tokens`", always=True),
    _Argument("replicate.*", "the model's own limit in `input` (often `max_tokens`)"),
    _Argument("agents.*", "`model_settings=ModelSettings(max_tokens=...)`"),
    _Argument("*", "`max_tokens`"),
)


def check(item: Priced, params: Params, context: Context) -> Iterator[Hit | Unsure]:
    """Violated by each choice that sends nothing; undecided where no choice is known."""
    request = item.request
    argument = _argument(request)
    if request.operation not in _TEXT or argument.always or request.provider in params.exempt_providers:
        return
    missing = [found for found in request.max_output.choices if found.value is None]
    if missing:
        yield _hit(request, argument, missing[0])
    elif not request.max_output.choices and request.operation != "batch":
        # The limits of a batch mostly stand in an uploaded file, which says nothing about the code.
        why = request.max_output.why or "the arguments of this call are not known"
        labels = places.join([places.send(request)], places.callers(request))
        yield Unsure(f"whether an output limit is sent: {why}", labels)


def _argument(request: Request) -> _Argument:
    found = next(row for row in _ARGUMENTS if fnmatchcase(request.api, row.api))
    if found.words != "`max_completion_tokens`" or not request.api.startswith("openai."):
        return found
    # Other servers that speak OpenAI's protocol mostly know the older name alone.
    if request.provider is None:
        return found._replace(words="`max_completion_tokens` (servers other than OpenAI's: `max_tokens`)")
    return found if request.provider in ("openai", "azure") else found._replace(words="`max_tokens`")


def _hit(request: Request, argument: _Argument, missing: Choice) -> Hit:
    value = request.max_output
    sometimes = value.open or any(found.value is not None for found in value.choices)
    return Hit(
        "no output limit is sent" + (" unless one is given elsewhere" if sometimes else ""),
        places.join([places.send(request)], places.callers(request), places.origin(missing, "output limit")),
        help=f"set {argument.words} a little above the longest answer that you use",
        confidence="likely" if value.open else "certain",
        doubt=words.reasons([value.why or ""]) if value.open else "",
    )


BAD = (
    Example("nothing is sent", priced(max_output=NOT_SENT), Params()),
    Example("one of two branches sends nothing", priced(max_output=known(300, None)), Params()),
    Example("a chat agent", priced(max_output=NOT_SENT, operation="agent", api="agents.Runner.run"), Params()),
)
GOOD = (
    Example("a limit is sent", priced(max_output=known(300)), Params()),
    Example("every branch sends one", priced(max_output=known(300, 500)), Params()),
    Example("embeddings have no output", priced(max_output=NOT_SENT, operation="embedding"), Params()),
    Example("Anthropic requires one", priced(max_output=NOT_SENT, api="anthropic.messages.create"), Params()),
    Example("the SDK sets one", priced(max_output=known(4096, how="catalog_default")), Params()),
    Example(
        "a batch in a file",
        priced(max_output=unknown("the limits stand in the uploaded file"), operation="batch"),
        Params(),
    ),
    Example("a local server", priced(max_output=NOT_SENT, api="ollama.chat", provider="ollama"), Params()),
)
UNSURE = (Example("arguments from elsewhere", priced(max_output=unknown("`params` is built elsewhere")), Params()),)
