"""How many tokens is a text for a model? In: text, provider, model name. Out: `Tokens` and how they were counted.

OpenAI's tokenizers are counted exactly (`encodings`). Other vendors' tokenizers are not published or too large to
ship: their counts are o200k_base times a measured factor that depends on the class of the text (`textclass`), with a
stated error. Factors and errors were measured against the vendors' tokenizers or faithful reconstructions of them;
`docs/tokens.md` has the table and how it was made. Neighbours: `framing` (what a request adds around the text),
`cost` (asks).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from guard.estimate import encodings
from guard.estimate.textclass import CLASSES, TextClass, classify
from guard.model import Tokens

count_exact = encodings.count_exact


@dataclass(frozen=True, slots=True)
class Method:
    """How the text of a model is counted."""

    encoding: str
    """The encoding that is counted exactly: one of `encodings.NAMES`."""
    family: str
    """Whose tokenizer is meant: `openai`, `claude-4.7`, `gemini`, ..."""
    exact: bool
    factors: tuple[float, ...] | None = None
    """Tokens of this tokenizer per token of `encoding`, in the order of `textclass.CLASSES`. None: 1 for all."""
    error: float = 0.0
    """Share by which a count may be off for English and code, 95 %."""
    error_foreign: float = 0.0
    """The same for other languages."""

    def factor(self, kind: TextClass) -> float:
        """The factor for a class of text."""
        return self.factors[CLASSES.index(kind)] if self.factors else 1.0

    def error_of(self, kind: TextClass) -> float:
        """The stated error for a class of text, as a share."""
        return self.error_foreign if kind in ("latin", "cyrillic", "cjk") else self.error

    @property
    def label(self) -> str:
        """For people: `o200k_base` when exact, else `o200k_base x 1.05 +/- 15 %` with the factor for prose."""
        if self.exact:
            return self.encoding
        return f"{self.encoding} x {self.factor('prose'):g} +/- {self.error * 100:g} %"

    def label_for(self, text: str) -> str:
        """The label with the factor and the error that hold for this text."""
        if self.exact:
            return self.encoding
        kind = classify(text)
        return f"{self.encoding} x {self.factor(kind):g} +/- {self.error_of(kind) * 100:g} % ({kind})"


def _near(family: str, factors: tuple[float, ...], error: float, error_foreign: float) -> Method:
    return Method("o200k_base", family, False, factors, error, error_foreign)


# Factors: measured against each tokenizer on English documentation, Python, JSON, prompts, and short German, Russian,
# Chinese and Japanese texts (docs/tokens.md, "Factors"). Columns: prose, markdown, code, JSON, other Latin-script
# languages, Cyrillic, Chinese/Japanese/Korean.
# Claude: medians over 249 prompts of 11 public repositories by ctok 1.3.0; the errors cover 99 % and 98 % of them.
_CLAUDE_OLD = _near("claude-3", (1.10, 1.12, 1.25, 1.30, 1.65, 1.70, 1.37), 0.15, 0.25)
_CLAUDE_NEW = _near("claude-4.7", (1.50, 1.57, 1.60, 1.50, 2.45, 1.70, 1.37), 0.20, 0.25)
# A Claude of unknown generation: between both, with an error that covers both.
_CLAUDE_ANY = _near("claude", (1.30, 1.35, 1.43, 1.40, 2.05, 1.70, 1.37), 0.35, 0.40)
_METHODS: dict[str, Method] = {
    "claude-3": _CLAUDE_OLD,
    "claude-4.7": _CLAUDE_NEW,
    "claude": _CLAUDE_ANY,
    "gemini": _near("gemini", (1.05, 1.10, 1.20, 1.35, 1.07, 0.96, 0.82), 0.10, 0.30),
    "gemini-new": _near("gemini-new", (1.05, 1.10, 1.20, 1.35, 1.07, 0.96, 0.82), 0.15, 0.30),
    "llama": _near("llama", (1.02, 1.00, 1.00, 1.00, 1.31, 1.30, 1.08), 0.10, 0.20),
    "mistral": _near("mistral", (1.03, 1.06, 1.06, 1.14, 1.24, 1.26, 1.30), 0.10, 0.20),
    "deepseek": _near("deepseek", (1.02, 1.03, 1.07, 1.09, 1.28, 1.22, 0.85), 0.10, 0.20),
    "qwen": _near("qwen", (1.02, 1.05, 1.05, 1.14, 1.20, 1.20, 0.80), 0.10, 0.30),
    "glm": _near("glm", (1.02, 1.00, 1.00, 1.01, 1.21, 0.96, 0.88), 0.10, 0.20),
    # Cohere, Amazon Nova, xAI and everything else: no tokenizer to measure; 1.15 is the middle of all the above.
    "other": _near("other", (1.15, 1.15, 1.15, 1.15, 1.30, 1.30, 1.15), 0.25, 0.50),
    # An OpenAI model that tiktoken does not list yet: its newest encoding, with a margin.
    "openai-new": Method("o200k_base", "openai-new", False, None, 0.05, 0.15),
}

# OpenAI models by the start of their name, the first match holds. Same assignments as tiktoken/model.py (MIT),
# which the tests check against. A fine-tuned name (`ft:`) is stripped before.
_OPENAI: tuple[tuple[str, str], ...] = (
    (r"o[134](?:$|-)", "o200k_base"),
    # The name has to end there or go on with a mark: `gpt-4oo` is no gpt-4o, and not counted exactly.
    (r"(?:chatgpt-4o|gpt-4o|gpt-4\.1|gpt-4\.5|gpt-5)(?:$|[-.:@])", "o200k_base"),
    (r"gpt-oss", "o200k_base"),
    (r"(?:gpt-realtime|gpt-audio|codex-mini|computer-use-preview)(?:$|[-.:@])", "o200k_base"),
    (r"(?:gpt-4|gpt-3\.5|gpt-35)(?:$|[-.:@])", "cl100k_base"),
    (r"text-embedding-(?:ada-002|3-)", "cl100k_base"),
    (r"(?:davinci|babbage)-002", "cl100k_base"),
    (r"text-davinci-00[23]|code-(?:davinci|cushman)|(?:davinci|cushman)-codex|text-davinci-edit|code-davinci-edit",
     "p50k_base"),
    (r"text-(?:davinci|curie|babbage|ada)-001|(?:davinci|curie|babbage|ada)$|text-(?:similarity|search)-|code-search-",
     "r50k_base"),
)  # fmt: skip
_OPENAI_COMPILED = tuple((re.compile(pattern), encoding) for pattern, encoding in _OPENAI)
_OPENAI_NEW = re.compile(r"gpt-?\d|o\d+(?:$|-)|chatgpt|gpt-|omni-moderation|text-moderation")

# Other families by a word in the name.
_FAMILIES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"gemini-(?:1|2)[.\d]*|gemini-3-flash|gemma-?3|gemini-embedding|text-(?:multilingual-)?embedding-00"
        ),
        "gemini",
    ),
    (re.compile(r"gemini|gemma"), "gemini-new"),
    (re.compile(r"mi[sx]tral|codestral|ministral|magistral|devstral|pixtral|voxtral|open-mi"), "mistral"),
    # Before DeepSeek, whose distilled models keep the tokenizer of the model that they were trained from.
    (re.compile(r"qwen|qwq|qvq"), "qwen"),
    (re.compile(r"llama"), "llama"),
    (re.compile(r"deepseek"), "deepseek"),
    (re.compile(r"(?:^|[^a-z])glm"), "glm"),
)
_CLAUDE_VERSION = re.compile(
    r"claude-(?:instant-)?(?:v?(?P<old_major>\d)(?:[.-](?P<old_minor>\d{1,2}))?(?!\d)"
    r"|[a-z]+-(?P<major>\d{1,2})(?:[.-](?P<minor>\d{1,2}))?(?!\d))"
)


def bare_name(model: str) -> str:
    """The model's own name in lower case: `us.anthropic.claude-x` and `openrouter/anthropic/claude-x` -> `claude-x`."""
    name = model.strip().lower().rsplit("/", 1)[-1]
    if name.startswith("ft:"):
        name = name.split(":")[1]
    name = re.sub(r"^(?:openai|anthropic|azure|google|vertex_?ai|bedrock|mistral|groq|models):", "", name)
    dotted = re.search(
        r"(?:^|\.)(?:anthropic|meta|mistral|deepseek|qwen|openai|cohere|amazon|google|ai21)\.(.+)$", name
    )
    return dotted.group(1) if dotted else name


def claude_version(model: str) -> tuple[int, int] | None:
    """Generation of a Claude model: `claude-sonnet-4-5-20250929` -> (4, 5), `claude-3-5-haiku` -> (3, 5); None: other
    name, or a name without a generation."""
    found = _CLAUDE_VERSION.search(bare_name(model))
    if not found:
        return None
    major = found["major"] or found["old_major"]
    return int(major), int(found["minor"] or found["old_minor"] or 0)


def _openai_method(name: str) -> Method | None:
    for pattern, encoding in _OPENAI_COMPILED:
        if pattern.match(name):
            return Method(encoding, "openai", True)
    return _METHODS["openai-new"] if _OPENAI_NEW.match(name) else None


@lru_cache(maxsize=4096)
def encoding_for(provider: str | None, model_name: str) -> Method:
    """How to count text for a model. Never fails: what is not recognised gets o200k_base x 1.15 +/- 25 %.

    The model's name decides; the provider only where the name says nothing (`azure` or `openai` with a name of its
    own: OpenAI's newest encoding, marked as not exact; `anthropic`: a Claude of unknown generation).
    """
    name = bare_name(model_name)
    if "claude" in name:
        version = claude_version(name)
        if version is None:
            return _CLAUDE_ANY
        return _CLAUDE_NEW if version >= (4, 7) else _CLAUDE_OLD
    openai = _openai_method(name)
    if openai:
        return openai
    for pattern, family in _FAMILIES:
        if pattern.search(name):
            return _METHODS[family]
    by_provider = {
        "openai": "openai-new", "azure": "openai-new", "anthropic": "claude", "google": "gemini-new",
        "mistral": "mistral", "deepseek": "deepseek",
    }  # fmt: skip
    return _METHODS[by_provider.get(provider or "", "other")]


def bound(text: str) -> int:
    """An upper bound that needs no tokenizer: the UTF-8 bytes. A byte-level tokenizer never makes more tokens."""
    return len(text.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=8192)
def count(text: str, method: Method) -> Tokens:
    """Tokens of `text` as an interval: a point where the encoding is the model's own, else count x factor +/- error.

    The high side is never above the number of UTF-8 bytes, the low side never below 1 for a text that is not empty.
    """
    exact = count_exact(text, method.encoding)
    if method.exact or not exact:
        return Tokens(exact, exact, exact)
    kind = classify(text)
    typical = exact * method.factor(kind)
    error = method.error_of(kind)
    most = max(bound(text), 1)
    high = min(math.ceil(typical * (1 + error)), most)
    typical = max(1, min(typical, most))
    return Tokens(min(max(1, math.floor(typical * (1 - error))), high), typical, high)


def count_text(model: str, text: str, provider: str | None = None) -> tuple[Tokens, str]:
    """What `guard tokens --model MODEL` prints: tokens of `text` alone, without framing, and how they were counted."""
    method = encoding_for(provider, model)
    return count(text, method), method.label_for(text)
