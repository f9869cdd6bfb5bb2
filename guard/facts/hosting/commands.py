"""What a model server is started with. In: a container, or a shell text. Out: runtime, model and context limit.

Servers are known by their image or the words of their command. Arguments stand as a list or in one shell text;
`$NAME` and `$(NAME)` are looked up among the variables that the manifest itself sets.

Options: vLLM `--model`, `vllm serve MODEL`, `--max-model-len`; TGI `--model-id`, `--max-total-tokens` (variables
MODEL_ID, MAX_TOTAL_TOKENS); SGLang `--model-path`, `--context-length`; llama.cpp `--model`, `--hf-repo`, `--ctx-size`;
Ollama `ollama run MODEL`, OLLAMA_CONTEXT_LENGTH. Triton names a folder of models, so its model is not known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from guard.facts.documents.document import At, line_with, span
from guard.facts.documents.found import Found, is_filled_later
from guard.facts.documents.types import Written

_RUNTIMES = (
    ("tgi", ("text-generation-inference", "text-generation-launcher")),
    ("triton", ("tritonserver",)),
    ("sglang", ("sglang",)),
    ("ollama", ("ollama",)),
    ("llama.cpp", ("llama.cpp", "llama-server", "llama-cpp")),
    ("vllm", ("vllm", "llm-d")),
)
_MODEL_OPTIONS = {
    "vllm": ("--model", "--model-tag"), "tgi": ("--model-id",), "sglang": ("--model-path", "--model"), "triton": (),
    "llama.cpp": ("-hf", "--hf-repo", "-hfr", "-m", "--model"), "ollama": (),
}  # fmt: skip
_CONTEXT_OPTIONS = {
    "vllm": ("--max-model-len", "--max_model_len"), "tgi": ("--max-total-tokens",), "sglang": ("--context-length",),
    "triton": (), "llama.cpp": ("-c", "--ctx-size"), "ollama": (),
}  # fmt: skip
_VERBS = {"vllm": (("serve",),), "ollama": (("ollama", "run"), ("ollama", "pull"))}
"""Words after which the model stands by itself."""
_MODEL_VARIABLES = {"tgi": ("MODEL_ID",), "vllm": (), "ollama": ("OLLAMA_MODEL",)}
_CONTEXT_VARIABLES = {"tgi": ("MAX_TOTAL_TOKENS",), "ollama": ("OLLAMA_CONTEXT_LENGTH",)}
_VARIABLE = re.compile(r"^\$(?:\{(?P<a>\w+)\}|\((?P<b>\w+)\)|(?P<c>\w+))$")
_WORD = re.compile(r"[^\s;&|]+")
_COUNT = re.compile(r"^(?P<n>\d{1,9})(?P<unit>[kK]?)$")


class Word(NamedTuple):
    """A word of a command, with the text that it stands in."""

    text: str
    at: At


class Started(NamedTuple):
    """What a server is started with."""

    runtime: str | None
    model: Written | None
    context: Written | None


def runtime_of(texts: Sequence[str]) -> str | None:
    """The server that an image or the words of a command name; None: none that guard knows."""
    joined = " ".join(texts).lower()
    return next((name for name, marks in _RUNTIMES if any(mark in joined for mark in marks)), None)


def words(items: Sequence[At]) -> list[Word]:
    """The words of commands: an item is one word, or a shell text of several."""
    found: list[Word] = []
    for item in items:
        text = item.text if item.text is not None else str(item.value)
        parts = _WORD.findall(text.replace("\\\n", " ")) if re.search(r"\s", text) else [text]
        found += [Word(part.strip("'\""), item) for part in parts]
    return found


def started(image: str | None, items: Sequence[At], variables: Mapping[str, At], found: Found) -> Started:
    """What a container or a shell text starts; settings go into `found`."""
    listed = words(items)
    runtime = runtime_of((image or "",)) or runtime_of([word.text for word in listed])
    if runtime is None:
        return Started(None, None, None)
    model = _option(listed, _MODEL_OPTIONS[runtime], variables) or _behind(listed, _VERBS.get(runtime, ()), variables)
    context = _option(listed, _CONTEXT_OPTIONS[runtime], variables)
    model = model or _variable(_MODEL_VARIABLES.get(runtime, ()), variables)
    context = context or _variable(_CONTEXT_VARIABLES.get(runtime, ()), variables)
    return Started(runtime, _kept(model, "model", found), _number(context, found))


def _option(listed: Sequence[Word], names: Sequence[str], variables: Mapping[str, At]) -> Word | None:
    for index, word in enumerate(listed):
        name, equals, value = word.text.partition("=")
        if name in names:
            if equals:
                return _resolved(Word(value.strip("'\""), word.at), variables)
            if index + 1 < len(listed):
                return _resolved(listed[index + 1], variables)
    return None


def _behind(listed: Sequence[Word], verbs: Sequence[tuple[str, ...]], variables: Mapping[str, At]) -> Word | None:
    texts = [word.text for word in listed]
    for verb in verbs:
        for index in range(len(texts) - len(verb)):
            ends = tuple(text.rpartition("/")[2] for text in texts[index : index + len(verb)])
            following = listed[index + len(verb)]
            if ends == verb and not following.text.startswith("-"):
                return _resolved(following, variables)
    return None


def _variable(names: Sequence[str], variables: Mapping[str, At]) -> Word | None:
    return next((Word(str(variables[name].value), variables[name]) for name in names if name in variables), None)


def _resolved(word: Word, variables: Mapping[str, At]) -> Word | None:
    found = _VARIABLE.match(word.text)
    if found is None:
        return word
    at = variables.get(found["a"] or found["b"] or found["c"])
    return None if at is None or at.node.kind != "scalar" else Word(str(at.value), at)


def _kept(word: Word | None, what: str, found: Found) -> Written | None:
    if word is None or not word.text or is_filled_later(word.text):
        return None
    line, column = line_with(word.at, word.text)
    if not found.setting(word.at, what, value=word.text, place=(line, column)) and what == "model":
        return None
    return Written(word.text, span(word.at.file, line, column, len(word.text)), word.at.path)


def _number(word: Word | None, found: Found) -> Written | None:
    count = _COUNT.match(word.text) if word is not None else None
    if word is None or count is None or int(count["n"]) == 0:
        return None
    size = int(count["n"]) * {"": 1, "k": 1000, "K": 1024}[count["unit"]]
    line, column = line_with(word.at, word.text)
    found.setting(word.at, "context_limit", value=size, place=(line, column))
    return Written(size, span(word.at.file, line, column, len(word.text)), word.at.path)
