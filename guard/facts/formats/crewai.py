"""CrewAI's `config/agents.yaml` and `tasks.yaml`: agents by name with role, goal and backstory, tasks with
description.

Keys of an agent: `llm`, `function_calling_llm`, `max_iter`, `max_rpm`, `max_retry_limit`, `max_tokens`, `cache`,
`tools`, and the three texts; of a task: `description`, `expected_output`, `agent`, `guardrail_max_retries`, `tools`.
Missing keys, from crewai's `constants.py`, `base_agent.py`, `agent/core.py`: model `gpt-4.1-mini` or what the
environment says, max_iter 25, no max_rpm, max_retry_limit 2. The requests are those of the code that reads these
files with `@agent` and `@task` methods: the file itself declares none.
"""

from __future__ import annotations

from guard.facts.documents.document import At, Document
from guard.facts.documents.found import Found
from guard.facts.documents.read import Format

_AGENT = {
    "llm": "model", "function_calling_llm": "model", "max_iter": "repeats", "max_rpm": "limit",
    "max_execution_time": "limit", "max_retry_limit": "retries", "max_tokens": "max_tokens", "cache": "cache",
    "tools": "tools", "role": "prompt", "goal": "prompt", "backstory": "prompt", "reasoning": "reasoning",
    "max_reasoning_attempts": "reasoning",
}  # fmt: skip
_TASK = {
    "description": "prompt", "expected_output": "prompt", "tools": "tools", "guardrail_max_retries": "retries",
    "max_retries": "retries",
}  # fmt: skip


def _is_agent(at: At) -> bool:
    return at.get("role") is not None and (at.get("goal") is not None or at.get("backstory") is not None)


def _is_task(at: At) -> bool:
    return at.get("description") is not None and at.get("expected_output") is not None


def _takes(document: Document) -> bool:
    return any(_is_agent(at) or _is_task(at) for _, at in document.root.pairs())


def _collect(document: Document, found: Found) -> None:
    for _, at in document.root.pairs():
        if _is_agent(at):
            found.keys(at, _AGENT)
            llm = at.get("llm")
            if llm is not None and llm.node.kind == "map":
                found.keys(llm, {"model": "model", "max_tokens": "max_tokens", "temperature": "temperature"})
        elif _is_task(at):
            found.keys(at, _TASK)


FORMAT = Format(
    name="crewai-agents",
    kinds=("yaml",),
    words=((b"backstory", b"expected_output", b"goal:"),),
    takes=_takes,
    collect=_collect,
)
