"""promptfoo's evaluations: `promptfooconfig.yaml`, or any YAML or JSON of that form.

Requests of a run = providers x prompts x tests x `evaluateOptions.repeat`, and one more for each assertion that a
model grades. Keys: `providers[]` (or `targets[]`): text, `{id, config}` or `{id: {config}}`; `config.{max_tokens,
temperature, ...}`; `prompts[]`; `tests` (inline, or a file whose rows count); `scenarios[]`;
`defaultTest.options.provider`, `assert[].provider` (the graders' models). Missing keys (promptfoo.dev, "reference"):
repeat 1, maxConcurrency 4, a cache on disk that is on, without tests one round. Which model grades where none is
named depends on the keys that are set when it runs. A variable whose value is a list of texts makes a test of each of
them; a provider's `prompts` picks from the prompts by label. Counts and default limits are those that promptfoo
0.121 sent to a local server (docs/formats.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found, defaulted, has_default, is_filled_later, limit_of
from guard.facts.documents.read import Format
from guard.facts.documents.texts import by_role, hole, is_open
from guard.facts.documents.types import Declared, Entry, Rows, Written
from guard.model import Count, Message, Operation

_CONFIG = {
    "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens",
    "maxOutputTokens": "max_tokens", "maxTokens": "max_tokens", "temperature": "temperature", "tools": "tools",
    "reasoning_effort": "reasoning", "n": "repeats",
}  # fmt: skip
_LIMITS = tuple(key for key, what in _CONFIG.items() if what == "max_tokens")
_OTHERS = ("echo", "file", "python", "javascript", "golang", "ruby", "exec", "http", "https", "ws", "wss", "package",
           "browser", "webhook", "manual", "sequence", "mcp", "promptfoo", "simulated-user", "slack")  # fmt: skip
"""Providers that are no model that is paid by tokens, or programs of the user's own."""
_KNOWN = frozenset({
    "openai", "anthropic", "azure", "azureopenai", "google", "vertex", "bedrock", "mistral", "cohere", "groq",
    "openrouter", "togetherai", "together", "deepseek", "xai", "perplexity", "ollama", "huggingface", "replicate",
    "fireworks", "cerebras",
    "databricks", "github", "litellm", "localai", "llama", "vllm", "voyage", "ai21", "aimlapi", "alibaba", "palm", "f5",
    "sagemaker", "watsonx", "hyperbolic", "nscale", "cloudera", "cloudflare-ai", "adaline", "portkey", "lambdalabs",
})  # fmt: skip
_KINDS = frozenset({
    "chat", "completion", "responses", "messages", "embedding", "embeddings", "image", "realtime", "transcription",
    "speech", "moderation", "assistant", "text-generation", "agents", "video",
})  # fmt: skip
_GRADED = re.compile(
    r"^(?:not-)?(?:llm-rubric|factuality|model-graded-\w+|answer-relevance|context-\w+|g-eval|select-best|similar|conversation-relevance|pi|search-rubric|trajectory:goal-success)"
)
_PROVIDERS = {"azureopenai": "azure", "togetherai": "together", "palm": "google"}
_LIMIT = 1_024
"""Output limit of `_LIMITED` where the file gives none; reasoning models of OpenAI get none, thinking Claude twice it.
Environment variables (`OPENAI_MAX_TOKENS`, ...) may set another. Source: promptfoo 0.121, what it sends."""
_LIMITED = frozenset({"openai", "anthropic", "mistral", "cohere"})
_REASONING = re.compile(r"^(?:openai/)?(?:gpt-5|o1|o3|o4)")
MAX_ROUNDS = 1_000_000
"""Combinations of a test's variables that are counted."""
MAX_PAIRS = 64
"""Requests (provider x prompt) that a file is shown as; beyond, one for each provider."""
_IN_FILE = re.compile(r"^(?:file://)|\.(?:txt|md|json|jsonl|ya?ml|py|js|ts|mjs|cjs|csv|j2)(?::\w+)?$")


class _Provider(NamedTuple):
    """A provider of the list."""

    at: At
    """Its id."""
    name: str
    config: At | None
    prompts: tuple[str, ...] = ()
    """Labels of the prompts that it is asked, `*` for any ending; empty: all."""


class _Prompt(NamedTuple):
    """A prompt of the list."""

    at: At
    names: frozenset[str]
    """What providers may call it: label, id, text."""


def _providers(root: At) -> Iterator[_Provider]:
    listed = root.get("providers") or root.get("targets")
    for item in (*(listed.items()), *((listed,) if listed.node.kind == "scalar" else ())) if listed is not None else ():
        if item.text is not None:
            yield _Provider(item, item.text, None)
        elif (name := item.get("id")) is not None and name.text is not None:
            yield _Provider(name, name.text, item.get("config"), _listed(item.get("prompts")))
        else:
            for key, options in item.pairs():
                if ":" in key:
                    yield _Provider(options, key, options.get("config"), _listed(options.get("prompts")))


def _listed(at: At | None) -> tuple[str, ...]:
    return tuple(item.text for item in at.items() if item.text is not None) if at is not None else ()


def _asked(one: _Provider, prompts: list[_Prompt]) -> list[_Prompt]:
    """The prompts that a provider is asked. Labels that fit none pick nothing: then all may be meant."""
    if not one.prompts:
        return prompts
    chosen = [p for p in prompts if any(_fits(name, wanted) for name in p.names for wanted in one.prompts)]
    return chosen or prompts


def _fits(name: str, wanted: str) -> bool:
    start = wanted.removesuffix("*")
    return name == wanted or name.startswith(f"{wanted}:") or (start != wanted and name.startswith(start))


def _takes(document: Document) -> bool:
    root = document.root
    if root.node.kind != "map" or not any(
        root.get(key) is not None for key in ("prompts", "tests", "scenarios", "redteam")
    ):
        return False
    named = "promptfoo" in document.path.rpartition("/")[2].lower()
    return any(
        (":" in one.name and _prefix(one.name) in _KNOWN) or (named and _prefix(one.name) in _OTHERS)
        for one in _providers(root)
    )


def _prefix(name: str) -> str:
    return re.split(r"[:/]", name, maxsplit=1)[0]


def _collect(document: Document, found: Found) -> None:
    root = document.root
    providers = list(_providers(root))
    for one in providers:
        if one.at.node.kind == "scalar":
            found.setting(one.at, "model", value=defaulted(one.name))
        else:
            found.setting(one.at, "model", value=one.name)
        found.keys(one.config, _CONFIG)
        found.setting(one.config.get("thinking", "budget_tokens") if one.config is not None else None, "reasoning")
    prompts = list(_prompts(root, found))
    tests = _tests(root, found)
    _requests(document, found, providers, prompts, tests)
    _graders(root, found, sum(max(1, len(_asked(one, prompts))) for one in providers), tests)


def _prompts(root: At, found: Found) -> Iterator[_Prompt]:
    listed = root.get("prompts")
    for item in (*(listed.items()), *((listed,) if listed.node.kind == "scalar" else ())) if listed is not None else ():
        at = item if item.text is not None else item.get("raw") or item.get("id")
        if at is not None:
            found.setting(at, "prompt")
            names = (item.text, *(part.text for key in ("label", "id", "raw") if (part := item.get(key)) is not None))
            yield _Prompt(at, frozenset(name for name in names if name is not None))


class _Tests(NamedTuple):
    """How often each pair of provider and prompt is asked."""

    times: Count
    rows: tuple[Rows, ...]
    """Files whose rows are tests."""
    repeat: int = 1


class _Runs(NamedTuple):
    """How many rounds tests make; `open`: or more, since files that a pattern finds are a round each."""

    many: int = 0
    open: bool = False

    def plus(self, other: _Runs) -> _Runs:
        return _Runs(self.many + other.many, self.open or other.open)


def _runs(root: At, test: At, scenario: At | None = None) -> _Runs:
    """The rounds of one test: one for each combination of texts in its variables, which go before those of its scenario
    and of `defaultTest`."""
    default = root.get("defaultTest")
    off = [at.get("options", "disableVarExpansion") for at in (default, test) if at is not None]
    if any(at is not None and at.value is True for at in off):
        return _Runs(1)
    values: dict[str, At] = {}
    for level in (default, scenario, test):
        named = level.get("vars") if level is not None else None
        values |= dict(named.pairs()) if named is not None else {}
    many, is_open = 1, False
    for at in values.values():
        texts = list(at.items())
        many *= len(texts) if texts and texts[0].text is not None else 1
        is_open = is_open or ((at.text or "").startswith("file://") and "*" in (at.text or ""))
    return _Runs(min(many, MAX_ROUNDS), is_open)


def _tests(root: At, found: Found) -> _Tests:
    inline, files, unknown = _Runs(), [], False
    waiting = [at for key in ("tests",) if (at := root.get(key)) is not None]
    for at in waiting:
        for item in at.items() if at.node.kind == "list" else (at,):
            name = item.text if item.text is not None else path.text if (path := item.get("path")) is not None else None
            if name is not None and item.node.kind == "scalar":
                files.append(Rows(name.removeprefix("file://"), item.span))
            elif name is not None:
                unknown = True
            else:
                inline = inline.plus(_runs(root, item))
    for scenario in scenarios.items() if (scenarios := root.get("scenarios")) is not None else ():
        configs, tests = scenario.get("config"), scenario.get("tests")
        for config in (list(configs.items()) if configs is not None else []) or [scenario]:
            for test in (list(tests.items()) if tests is not None else []) or [config]:
                inline = inline.plus(_runs(root, test, config))
    options = root.get("evaluateOptions")
    found.keys(options, {"repeat": "repeats", "maxConcurrency": "limit", "cache": "cache"})
    repeat = options.get("repeat") if options is not None else None
    times = (repeat.number if repeat is not None else None) or 1
    rounds = inline.many
    many = rounds * times if files else max(1, rounds) * times
    told = f"{rounds} tests" if rounds != 1 else "1 test"
    why: tuple[str, ...] = (told,) if rounds else () if files else ("no tests: one round",)
    why += (f"repeat {times}",) if times > 1 else ()
    redteam = root.get("redteam") is not None
    if unknown or redteam:
        why = (*why, "the red team's own tests are made when it runs" if redteam else "a generator makes tests")
        return _Tests(Count(many, many, None, why), tuple(files), times)
    if inline.open:
        why = (*why, "a round for each file that a variable's pattern finds")
        return _Tests(Count(0, many, None, why), tuple(r._replace(times=times) for r in files), times)
    return _Tests(Count(many, many, many, why), tuple(r._replace(times=times) for r in files), times)


def _model(name: str, at: At) -> tuple[tuple[Written, ...], str | None, Operation, str | None]:
    """Model, provider, operation of a provider's id, and why the model is not known."""
    if at.node.kind == "scalar" and has_default(at.value):
        name = str(defaulted(at.value))
    parts = name.split(":")
    kind = parts[1] if len(parts) > 1 else ""
    model = ":".join(parts[2:] if kind in _KINDS else parts[1:])
    operations: dict[str, Operation] = {
        "embedding": "embedding", "embeddings": "embedding", "image": "image", "responses": "responses",
        "completion": "text_completion", "transcription": "audio_stt", "speech": "audio_tts",
        "moderation": "moderation", "realtime": "realtime", "video": "video",
    }  # fmt: skip
    operation: Operation = operations.get(kind, "chat")
    prefix = _prefix(name)
    if prefix in _OTHERS or not model or "{{" in model or "${" in model:
        return (), None, operation, f"provider {name[:60]} is a program or names no model"
    if is_filled_later(model):
        return (), _PROVIDERS.get(prefix, prefix), operation, f"{model[:60]} is a placeholder, not a model's name"
    return (Written(model, at.span, at.path),), _PROVIDERS.get(prefix, prefix), operation, None


def _limit(name: str, provider: str | None, operation: Operation, config: At | None, at: At) -> Written | str | None:
    """The output limit that is sent; None: none is; a text: why it is not known."""
    for key in _LIMITS:
        given = limit_of(config.get(key)) if config is not None else None
        if given is not None:
            return given
    if operation not in ("chat", "responses", "text_completion"):
        return None
    omits = config.get("omitDefaults") if config is not None else None
    if provider not in _LIMITED or omits is not None:
        return "what promptfoo sends where the file gives no limit is not known"
    if provider == "openai" and _REASONING.match(name):
        return None
    thinks = config.get("thinking") if config is not None and provider == "anthropic" else None
    return Written(_LIMIT if thinks is None else 2 * _LIMIT, at.span, at.path, default=True)


def _requests(
    document: Document, found: Found, providers: list[_Provider], prompts: list[_Prompt], tests: _Tests
) -> None:
    apart = len(providers) * max(1, len(prompts)) <= MAX_PAIRS
    for number, one in enumerate(providers):
        if _prefix(one.name) in _OTHERS:
            continue  # what a program of the repository asks is found where it asks
        models, provider, operation, why = _model(one.name, one.at)
        limit = _limit(str(models[0].value) if models else "", provider, operation, one.config, one.at)
        asked = _asked(one, prompts)
        for prompt in asked if apart and asked else [None]:
            at = prompt.at if prompt is not None else None
            index = prompts.index(prompt) if prompt is not None else 0
            text = at.text if at is not None else None
            messages, is_whole = _messages(text, at)
            many = 1 if apart else max(1, len(asked))
            found.calls.append(
                Declared(
                    found.format, "promptfoo.provider", f"provider {number} prompt {index}", one.at.span, models, why,
                    provider, operation, limit if isinstance(limit, Written) else None,
                    limit if isinstance(limit, str) else None, messages=messages,
                    prompt_why=None if is_whole else "the prompt is made by a function, or is one of several",
                    repeats=_times(tests.times, many), rows=tuple(r._replace(times=r.times * many) for r in tests.rows),
                    prompt_file=text.removeprefix("file://") if text is not None and _IN_FILE.search(text) else None,
                    stage="evaluation", entries=(Entry("promptfoo eval", "cli"),),
                )
            )  # fmt: skip


def _messages(text: str | None, prompt: At | None) -> tuple[tuple[Message, ...], bool]:
    if text is None or prompt is None:
        return (hole("prompt", "one of the prompts of the file"),), False
    if _IN_FILE.search(text) and "\n" not in text:
        return (hole("prompt", "stands in another file"),), False
    return by_role(text, prompt.span), not is_open(text)


def _times(count: Count, by: int, what: str = "prompts") -> Count:
    if by == 1:
        return count
    high = None if count.high is None else count.high * by
    return Count(count.low * by, count.typical * by, high, (*count.why, f"{by} {what}"))


def _graders(root: At, found: Found, pairs: int, tests: _Tests) -> None:
    """One request for each assertion that a model grades, of each answer."""
    default = root.get("defaultTest")
    for_all = default.get("options", "provider") if default is not None else None
    every = list(_graded(default))
    _grader_setting(for_all, found)
    for number, at in enumerate(every):
        _grader(at, for_all, found, f"defaultTest assert {number}", _times(tests.times, pairs), tests, pairs)
    listed = root.get("tests")
    grouped: dict[tuple[str, str], tuple[At, int]] = {}
    for item in listed.items() if listed is not None else ():
        own = item.get("options", "provider") or for_all
        for at in _graded(item):
            named = at.get("provider") or own
            key = (named.text or "" if named is not None else "", str(kind.value) if (kind := at.get("type")) else "")
            before, many = grouped.get(key, (at, 0))
            grouped[key] = (before, many + _runs(root, item).many * tests.repeat)
    for (name, kind_name), (at, many) in grouped.items():
        count = Count(many * pairs, many * pairs, many * pairs, (f"{many} assertions, {pairs} answers each",))
        _grader(
            at, for_all, found, f"{kind_name} by {name or 'default'}", count, _Tests(count, (), tests.repeat), pairs
        )


def _graded(test: At | None) -> Iterator[At]:
    listed = test.get("assert") if test is not None else None
    for at in listed.items() if listed is not None else ():
        inner = at.get("assert")
        for one in (at, *(inner.items() if inner is not None else ())):
            kind = one.get("type")
            if kind is not None and _GRADED.match(str(kind.value)):
                yield one


def _grader_setting(at: At | None, found: Found) -> At | None:
    """The node that names a grader's model, which becomes a setting."""
    if at is None:
        return None
    if at.node.kind == "map":
        inner = at.get("id") or at.get("text") or at.get("text", "id")
        found.keys(at.get("config"), _CONFIG)
        at = inner if inner is not None and inner.text is not None else None
    if at is not None:
        found.setting(at, "model")
    return at


def _grader(at: At, for_all: At | None, found: Found, name: str, count: Count, tests: _Tests, pairs: int) -> None:
    own = at.get("provider")
    named = _grader_setting(own if own is not None else for_all, found)
    kind = str(kind_at.value) if (kind_at := at.get("type")) is not None else ""
    models: tuple[Written, ...] = ()
    provider: str | None = None
    why: str | None = "promptfoo picks the grader by the keys that are set when it runs"
    if named is not None and named.text is not None:
        models, provider, _, told = _model(named.text, named)
        why = told
    rubric = at.get("value")
    is_embedding = kind.endswith("similar")
    operation: Operation = "embedding" if is_embedding else "chat"
    if is_embedding:  # the answer and the text that it is held against, in a request each
        count = _times(count, 2, "texts to compare")
        tests = tests._replace(rows=tuple(row._replace(times=row.times * 2) for row in tests.rows))
    config = own.get("config") if own is not None else None
    name_of = str(models[0].value) if models else ""
    limit = None if is_embedding else _limit(name_of, provider, operation, config, named or at)
    messages: tuple[Message, ...] = (
        hole("rubric and answer", "promptfoo's own wording, the rubric and the answer", "user", at.span),
    )
    if rubric is not None and rubric.text:
        messages = (*by_role(rubric.text, rubric.span), *messages)
    found.calls.append(
        Declared(
            found.format, "promptfoo.grader", name, (named or at).span, models, why, provider, operation,
            limit if isinstance(limit, Written) else None, limit if isinstance(limit, str) else None,
            messages=messages, repeats=count,
            rows=tuple(r._replace(times=r.times * pairs) for r in tests.rows), stage="evaluation",
            entries=(Entry("promptfoo eval", "cli"),),
        )
    )  # fmt: skip


FORMAT = Format(
    name="promptfoo",
    kinds=("yaml", "json"),
    words=((b"providers", b"targets"), (b"prompts", b"tests", b"scenarios", b"redteam")),
    takes=_takes,
    collect=_collect,
)
