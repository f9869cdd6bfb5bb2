"""GitHub workflows whose steps ask models: actions that call one, and command-line agents in `run`.

Keys: of an action in `_ACTIONS` the inputs that name model, limit, turns and prompt, arguments inside `claude_args`
(`--model`, `--max-turns`, `--fallback-model`); of a `run` step the same arguments of `claude`, `aider`, `codex`,
`gemini`, `llm`; of any other action an input called `model` with the name of one. Each step is a request of stage
`ci`; what starts it are the workflow's triggers, of which `schedule` alone says how often. `strategy.matrix` repeats
it. Without `--max-turns` the action sets none. Without a model it is what `action.yml` says (`defaults`), else the tool
decides, so it is not known: command-line agents change theirs from version to version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from guard.facts.documents.cron import runs_per_month
from guard.facts.documents.document import At, Document, line_with, span
from guard.facts.documents.found import Found, is_filled_later, limit_of, written
from guard.facts.documents.names import looks_like_model, what_of, words_of
from guard.facts.documents.read import Format
from guard.facts.documents.texts import hole
from guard.facts.documents.types import ONE, Declared, Entry, Written
from guard.model import Count, Message, Segment


class _Action(NamedTuple):
    """What the inputs of an action mean."""

    provider: str | None
    models: tuple[str, ...] = ("model",)
    limits: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ("prompt",)
    arguments: str | None = None
    agent: bool = False
    """It asks as often as it finds needful, up to a limit."""
    defaults: tuple[tuple[str, str | int], ...] = ()
    """What its `action.yml` gives inputs that a step leaves out."""


_CLAUDE = _Action(
    "anthropic", ("model", "fallback_model"), (), ("max_turns",),
    ("prompt", "direct_prompt", "prompt_file", "custom_instructions", "append_system_prompt"), "claude_args", True,
)  # fmt: skip
_ACTIONS = {
    "anthropics/claude-code-action": _CLAUDE,
    "anthropics/claude-code-base-action": _CLAUDE,
    "anthropics/claude-code-security-review": _Action("anthropic", ("claude-model",), (), (), (), None, True),
    "actions/ai-inference": _Action(
        "github", ("model",), ("max-tokens", "max-completion-tokens"), (),
        ("system-prompt", "system-prompt-file", "prompt", "prompt-file"),
        defaults=(("model", "openai/gpt-4o"), ("max-tokens", 200)),  # action.yml of v1 (51ecd8a)
    ),
    "openai/codex-action": _Action("openai", ("model",), (), (), ("prompt", "prompt-file"), "codex-args", True),
    "google-github-actions/run-gemini-cli": _Action("google", ("gemini_model", "model"), agent=True),
    "google-gemini/gemini-cli-action": _Action("google", ("model",), agent=True),
    "coderabbitai/ai-pr-reviewer": _Action(
        "openai", ("openai_light_model", "openai_heavy_model"), (), (), ("system_message",),
        defaults=(("openai_light_model", "gpt-3.5-turbo"), ("openai_heavy_model", "gpt-4")),  # action.yml (003c0e9)
    ),
}  # fmt: skip
_ARGUMENT = re.compile(
    r"(?<![\w-])(?P<name>--model|--max-turns|--fallback-model|--max-tokens|-m)(?:\s{1,40}|=)"
    r"(?P<value>\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|[^\s\"'|;&)]{1,200})"
)
_WHAT = {
    "--model": "model", "-m": "model", "--fallback-model": "fallback", "--max-turns": "repeats",
    "--max-tokens": "max_tokens",
}  # fmt: skip
_COMMAND = re.compile(
    r"(?:^|[;&|(]|\bnpx[ \t](?:-y[ \t])?(?:@[\w.-]{1,60}/)?|\buvx[ \t])[ \t]*"
    r"(?P<tool>claude|aider|codex|gemini|llm)(?:-code|-cli)?[ \t]+(?P<rest>(?:[^\n\\]|\\\n?)*)",
    re.MULTILINE,
)
_TOOLS = {"claude": "anthropic", "codex": "openai", "gemini": "google", "aider": None, "llm": None}
_ADDED = "the tool adds instructions, tools and what it reads of the repository"
_AGENTS = frozenset({"claude", "codex", "gemini", "aider"})


def _takes(document: Document) -> bool:
    root = document.root
    return root.get("jobs") is not None and root.get("on") is not None and next(_steps(document), None) is not None


def _steps(document: Document) -> Iterator[tuple[str, At, At]]:
    """Steps with the job that they belong to."""
    for name, job in jobs.pairs() if (jobs := document.root.get("jobs")) is not None else ():
        for step in steps.items() if (steps := job.get("steps")) is not None else ():
            yield name, job, step


def _collect(document: Document, found: Found) -> None:
    triggers = _triggers(document.root.get("on"))
    for name, job, step in _steps(document):
        uses, given, run = step.get("uses"), step.get("with"), step.get("run")
        action = (uses.text or "").partition("@")[0].strip().lower() if uses is not None else ""
        known = _ACTIONS.get(action) or _ACTIONS.get("/".join(action.split("/")[:2]))
        if uses is not None and known is not None:
            _action(uses, given, known, action, (name, job, step), triggers, found)
        elif given is not None:
            for key, value in given.pairs():
                if what_of(words_of(key)) == "model" and looks_like_model(value.text or ""):
                    found.setting(value, "model", confidence="likely")
        if run is not None and run.text is not None:
            _run(run, (name, job, step), triggers, found)


def _triggers(on: At | None) -> tuple[Entry, ...]:
    if on is None:
        return ()
    names = [on.text] if on.text is not None else [item.text for item in on.items()] or [key for key, _ in on.pairs()]
    schedule = on.get("schedule")
    times = [cron.text for item in schedule.items() if (cron := item.get("cron")) is not None] if schedule else []
    runs = [runs_per_month(text) for text in times if text is not None]
    monthly = sum((run for run in runs if run is not None), Decimal(0)) if runs and None not in runs else None
    return tuple(Entry(f"on: {name}", "ci", (), monthly if name == "schedule" else None) for name in names if name)


def _arguments(at: At, text: str, found: Found) -> dict[str, Written]:
    """The arguments in a text that decide cost, by what they are; each is a setting where it stands."""
    values: dict[str, Written] = {}
    after = 0
    for match in _ARGUMENT.finditer(text):
        what, value = _WHAT[match["name"]], match["value"].strip("\"'")
        if is_filled_later(value) or not value:
            continue
        line, column = line_with(at, match[0].split("\n")[0], after)
        after = line
        shown: str | int = int(value) if value.isdigit() and len(value) < 10 else value
        found.setting(at, what, value=shown, place=(line, column))
        values.setdefault(what, Written(shown, span(at.file, line, column, len(match[0])), at.path))
    return values


def _action(
    uses: At, given: At | None, known: _Action, action: str, where: tuple[str, At, At], triggers: tuple[Entry, ...],
    found: Found,
) -> None:  # fmt: skip
    values: dict[str, Written] = {}
    models: list[Written] = []
    defaults = _defaults(uses, given, known)
    for key in known.models:
        at = given.get(key) if given is not None else None
        what = "fallback" if "fallback" in key else "model"
        found.setting(at, what)
        value = written(at) if at is not None else defaults.get(key)
        if value is not None:
            models.append(value)
            values.setdefault(what, value)
    for key, what in (*((key, "max_tokens") for key in known.limits), *((key, "repeats") for key in known.turns)):
        at = given.get(key) if given is not None else None
        found.setting(at, what, value=at.number if at is not None else None)
        number = limit_of(at) if at is not None else defaults.get(key)
        if number is not None:
            values.setdefault(what, number)
    messages = []
    for key in known.prompts:
        at = given.get(key) if given is not None else None
        found.setting(at, "prompt")
        if at is not None and at.text:
            messages.append(
                Message("user", (Segment(at.text, None, at.span),))
                if "file" not in key and "${{" not in at.text
                else hole(key, "filled in when the workflow runs", span=at.span)
            )
    arguments = given.get(known.arguments) if given is not None and known.arguments is not None else None
    if arguments is not None and arguments.text:
        values = {**values, **_arguments(arguments, arguments.text, found)}
    both = known.provider == "openai" and len(known.models) > 1
    _request(
        action,
        uses,
        known.provider,
        values,
        tuple(models) if both else (),
        tuple(messages),
        known.agent,
        where,
        triggers,
        found,
    )


def _defaults(uses: At, given: At | None, known: _Action) -> dict[str, Written]:
    """What the action takes for inputs that the step leaves out, by input. A file that the step runs says its own."""
    file = given.get("prompt-file") if given is not None else None
    if file is not None and (file.text is None or not file.text.endswith((".md", ".txt"))):
        return {}
    return {key: Written(value, uses.span, key, default=True) for key, value in known.defaults}


def _run(run: At, where: tuple[str, At, At], triggers: tuple[Entry, ...], found: Found) -> None:
    for match in _COMMAND.finditer(run.text or ""):
        values = _arguments(run, match["rest"], found)
        if "model" not in values and "repeats" not in values:
            continue
        tool = match["tool"]
        place = values.get("model") or values["repeats"]
        _request(
            f"command.{tool}",
            run,
            _TOOLS[tool],
            values,
            (),
            (hole("prompt", "given on the command line"),),
            tool in _AGENTS,
            where,
            triggers,
            found,
            place,
        )


def _request(
    action: str, uses: At, provider: str | None, values: dict[str, Written], models: tuple[Written, ...],
    messages: tuple[Message, ...], agent: bool, where: tuple[str, At, At], triggers: tuple[Entry, ...],
    found: Found, place: Written | None = None,
) -> None:  # fmt: skip
    name, job, step = where
    model, most = values.get("model"), values.get("repeats")
    turns = ONE
    if agent:
        limit = most.value if most is not None and isinstance(most.value, int) else None
        turns = Count(1, 1, limit, (f"at most {limit} turns" if limit else "nothing limits the agent's turns",))
    asked = models or ((model,) if model is not None else ())
    own = f"{name}.{step.path.rpartition('.')[2]} {action}"
    at = place.span if place is not None else uses.span
    prompt_file = step.get("with", "prompt-file")
    made = Declared(
        found.format, action, own, at, asked, None if asked else "the step names no model; the tool decides", provider,
        limit=values.get("max_tokens"), limit_why="the tool decides" if "max_tokens" not in values else None,
        messages=messages or (hole("prompt", "the tool's own"),), prompt_why=_ADDED if agent else None,
        repeats=_matrix(job), turns=turns, stage="ci", entries=triggers,
        conditional=job.get("if") is not None or step.get("if") is not None,
        runs_file=prompt_file.text.removeprefix("./") if prompt_file is not None and prompt_file.text else None,
    )  # fmt: skip
    found.calls.append(made)
    other = values.get("fallback")
    if other is not None:
        name = f"{own} fallback"
        found.calls.append(replace(made, name=name, span=other.span, models=(other,), model_why=None, after=own))


def _matrix(job: At) -> Count:
    matrix = job.get("strategy", "matrix")
    if matrix is None:
        return ONE
    many = 1
    for key, at in matrix.pairs():
        if key in ("include", "exclude"):
            continue
        if at.node.kind != "list":
            return Count(1, 1, None, ("a matrix that is made when the workflow runs",))
        many *= max(1, len(at.node.items))
    added = len(extra.node.items) if (extra := matrix.get("include")) is not None and extra.node.kind == "list" else 0
    if matrix.get("exclude") is not None:
        return Count(1, many, many + added, (f"a matrix of at most {many + added} jobs",))
    high = many + added
    low = many if many > 1 or not added else added
    return Count(low, low, high, (f"a matrix of {low} jobs",))


FORMAT = Format(
    name="github-workflow",
    kinds=("yaml",),
    words=(
        (b"jobs:", b'"jobs"'),
        (b"steps",),
        (b"odel", b"claude", b"ai-inference", b"codex", b"gemini", b"aider", b"llm "),
    ),
    takes=_takes,
    collect=_collect,
)
