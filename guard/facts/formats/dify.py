"""Dify's DSL (`kind: app`): workflows whose nodes ask models, and the older apps with one model.

Keys: `workflow.graph.nodes[].data` of types `llm`, `parameter-extractor`, `question-classifier` with
`model.{provider, name, completion_params.*}`, `prompt_template`, `instruction`, `memory.window`, `retry_config`; of
type `agent` `agent_parameters.model.value.{provider, model}`, `agent_parameters.maximum_iterations`;
`model_config.model` of the older apps. A node inside an iteration or loop runs once for each element, of which
nothing says how many. Without `retry_config.retry_enabled` a node is tried once.
"""

from __future__ import annotations

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found, limit_of, written
from guard.facts.documents.read import Format
from guard.facts.documents.texts import hole, is_open, message
from guard.facts.documents.types import ONE, Declared, Entry
from guard.model import Count, Layer, Message

_ASKING = ("llm", "parameter-extractor", "question-classifier", "agent", "knowledge-retrieval")
_PARAMS = {
    "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens", "temperature": "temperature",
    "reasoning_effort": "reasoning", "num_ctx": "context_limit",
}  # fmt: skip


def _takes(document: Document) -> bool:
    root = document.root
    kind = root.get("kind")
    return kind is not None and kind.value == "app" and (
        root.get("workflow", "graph", "nodes") is not None or root.get("model_config", "model") is not None
    )  # fmt: skip


def _collect(document: Document, found: Found) -> None:
    root = document.root
    nodes = root.get("workflow", "graph", "nodes")
    for node in nodes.items() if nodes is not None else ():
        data = node.get("data")
        kind = data.get("type") if data is not None else None
        if data is not None and kind is not None and kind.value in _ASKING:
            _node(node, data, str(kind.value), found)
    config = root.get("model_config")
    model = config.get("model") if config is not None else None
    if config is not None and model is not None:
        _settings(model, found)
        prompt = config.get("pre_prompt")
        found.setting(prompt, "prompt")
        static = (message("system", prompt.text, prompt.span),) if prompt is not None and prompt.text else ()
        turns = _iterations(config.get("agent_mode", "max_iteration"))
        enabled = config.get("agent_mode", "enabled")
        agent = enabled is not None and enabled.truth is True
        _request(model, "app", found, (*static, hole("query", "what the user asks")), turns=turns if agent else ONE)


def _settings(model: At, found: Found) -> None:
    found.setting(model.get("name") or model.get("model"), "model")
    found.setting(model.get("provider"), "provider")
    found.keys(model.get("completion_params"), _PARAMS)


def _node(node: At, data: At, kind: str, found: Found) -> None:
    model = data.get("agent_parameters", "model", "value") if kind == "agent" else data.get("model")
    if kind == "knowledge-retrieval":
        model = data.get("single_retrieval_config", "model")
        found.setting(data.get("multiple_retrieval_config", "top_k"), "top_k")
        found.setting(data.get("multiple_retrieval_config", "reranking_model", "model"), "model")
    if model is None or model.node.kind != "map":
        return
    _settings(model, found)
    messages, is_whole = _messages(data, kind, found)
    memory = data.get("memory", "window", "size")
    window = data.get("memory", "window", "enabled")
    remembers = data.get("memory") is not None
    if window is not None and window.truth:
        found.setting(memory, "context_limit")
    turns = ONE
    if kind == "agent":
        limit = data.get("agent_parameters", "maximum_iterations", "value") or data.get(
            "agent_parameters", "max_iterations", "value"
        )
        found.setting(limit, "repeats")
        turns = _iterations(limit)
    title = data.get("title")
    name = node.get("id")
    inside = data.get("isInIteration"), data.get("isInLoop")
    repeats = ONE
    if any(flag is not None and flag.truth for flag in inside):
        repeats = Count(
            0,
            1,
            None,
            (f"once for each element of the iteration around node {_shown(title)}",),
            (),
            (f"iteration around node {_shown(title)}",),
        )
    why = (
        None
        if is_whole and not remembers
        else "the memory of the conversation is sent, too"
        if remembers
        else "parts of the template may repeat"
    )
    _request(
        model,
        str(name.value) if name is not None else node.path,
        found,
        messages,
        kind,
        turns,
        repeats,
        why,
        _retries(data, found),
    )


def _shown(at: At | None) -> str:
    return repr(at.text[:40]) if at is not None and at.text else "of a graph"


def _iterations(at: At | None) -> Count:
    most = at.number if at is not None else None
    if at is None or most is None or most < 1:
        return Count(1, 1, None, ("the agent's own loop",))
    return Count(1, 1, most, (f"at most {most} iterations",))


def _messages(data: At, kind: str, found: Found) -> tuple[tuple[Message, ...], bool]:
    made: list[Message] = []
    is_whole = True
    listed = data.get("prompt_template")
    for item in (*listed.items(), *((listed,) if listed.get("text") is not None else ())) if listed is not None else ():
        text, role = item.get("jinja2_text") or item.get("text"), item.get("role")
        found.setting(text, "prompt")
        if text is not None and text.text:
            made.append(message(role.text or "user" if role is not None else "user", text.text, text.span))
            is_whole = is_whole and not is_open(text.text)
    for key in ("instruction", "instructions"):
        for text in (data.get(key), data.get("agent_parameters", key, "value")):
            if text is not None and text.text:
                found.setting(text, "prompt")
                made.append(message("system", text.text, text.span))
    if kind != "llm":
        made.append(hole("query", "what the nodes before it give"))
    return tuple(made), is_whole


def _retries(data: At, found: Found) -> tuple[Layer, ...]:
    config = data.get("retry_config")
    enabled = config.get("retry_enabled") or config.get("enabled") if config is not None else None
    most = config.get("max_retries") if config is not None else None
    if most is None or most.number is None or enabled is None or enabled.truth is not True:
        return ()
    found.setting(most, "retries")
    return (Layer("Dify's retry_config", most.number + 1, "maybe", most.span, "a node is tried again after any error"),)


def _request(
    model: At, name: str, found: Found, messages: tuple[Message, ...], kind: str = "llm", turns: Count = ONE,
    repeats: Count = ONE, prompt_why: str | None = None, layers: tuple[Layer, ...] = (),
) -> None:  # fmt: skip
    named, provider = model.get("name") or model.get("model"), model.get("provider")
    value = written(named)
    owner = provider.text.rstrip("/").rpartition("/")[2] if provider is not None and provider.text else None
    found.calls.append(
        Declared(
            found.format, f"dify.{kind}", name, (named or model).span, (value,) if value else (),
            None if value else "the node names no model", owner,
            limit=limit_of(model.get("completion_params", "max_tokens")),
            messages=messages or (hole("prompt", "the node has no text"),), prompt_why=prompt_why, turns=turns,
            repeats=repeats, layers=layers, entries=(Entry("run of the app", "app"),),
            conditional=kind != "llm" or repeats.low == 0,
        )
    )  # fmt: skip


FORMAT = Format(
    name="dify-dsl",
    kinds=("yaml",),
    words=((b"kind: app",), (b"model",)),
    takes=_takes,
    collect=_collect,
)
