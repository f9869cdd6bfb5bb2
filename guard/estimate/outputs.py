"""How much does a model write in one turn? In: `Variant`, what is declared, the model's limits. Out: `OutputSize`.

Low is 1 token. Typical is what is declared, else a stated share of the limit that is sent, else a stated length. High
is the limit, or the model's maximum where none is sent; reasoning tokens are output and stay within both. Neighbours:
`inputs`, `cost`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from guard.estimate import scenarios
from guard.estimate.usage import Declared
from guard.model import Request, Scalar, Tokens, Variant

TYPICAL_ANSWER_TOKENS = 500
"""Taken for an answer without a limit. The mean answer in public chat logs is shorter: 441 tokens in WildChat (Zhao et
al. 2024, table 1), 215 in LMSYS-Chat-1M (Zheng et al. 2023, table 1); rounded up, since applications ask for more."""

EFFORT_FACTORS = {"none": 0.0, "off": 0.0, "disabled": 0.0, "minimal": 0.25, "low": 0.5, "medium": 2.0, "high": 5.0,
                  "xhigh": 10.0, "max": 10.0}  # fmt: skip
"""Typical reasoning tokens per token of visible answer by effort. Assumptions, not measured: no vendor publishes them;
always listed among the assumptions of an estimate."""

TYPICAL_BUDGET_SHARE = 0.5
"""Share of a thinking budget that is typically used. An assumption as well."""

NO_OUTPUT = ("embedding", "moderation", "rerank")
"""Operations whose answer is not billed by tokens."""


@dataclass(frozen=True, slots=True)
class OutputSize:
    """Output tokens of one turn, all `n` answers together."""

    total: Tokens
    assumed: bool
    """True when the typical figure is not declared."""
    notes: tuple[str, ...] = ()
    why_open: tuple[str, ...] = ()
    """Why `total.high` is None."""


def limit_of(variant: Variant) -> tuple[int | None, bool]:
    """The limit that is sent in tokens (None: none is sent or it isn't known), and whether that is known.

    Zero and negative limits mean "no limit" to the SDKs that take them (LangChain's -1).
    """
    if variant.max_output is None:
        return None, False
    value = variant.max_output.value
    if value is None:
        return None, True
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None, False
    return (int(value), True) if value >= 1 else (None, True)


def default_effort(model: str) -> str | None:
    """The effort that a model reasons with when none is sent: OpenAI documents `medium` for o1, o3, o4 and gpt-5,
    `none` from gpt-5.1 on (developers.openai.com, "Reasoning models"); None: not known, nothing is added."""
    name = model.rsplit("/", 1)[-1].lower()
    if name.startswith(("o1", "o3", "o4")):
        return "medium"
    if name.startswith("gpt-5") and not name.startswith(("gpt-5.", "gpt-5-chat")):
        return "medium"
    return None


def _reasoning(visible: int, reasoning: Scalar, model: str) -> tuple[int, str | None]:
    """Typical reasoning tokens beside a visible answer, with the remark that states the assumption."""
    if isinstance(reasoning, (int, float)) and not isinstance(reasoning, bool) and reasoning > 0:
        tokens = math.ceil(reasoning * TYPICAL_BUDGET_SHARE)
        return tokens, f"reasoning: {tokens} tokens, half of the budget of {int(reasoning)}"
    sent = isinstance(reasoning, str)
    effort = reasoning.lower() if isinstance(reasoning, str) else default_effort(model)
    factor = EFFORT_FACTORS.get(effort or "", 0.0)
    if not factor:
        return 0, None
    how = f"effort {effort}" if sent else f"effort {effort}, the model's default"
    return math.ceil(visible * factor), f"reasoning: {factor:g} tokens for each of the answer ({how})"


def _high(limit: int | None, model_max: int | None, window: int | None) -> int | None:
    candidates = [one for one in (limit, model_max) if one is not None]
    return min(candidates) if candidates else window


def output_size(
    request: Request,
    variant: Variant,
    declared: Declared,
    model: str,
    model_max: int | None,
    window: int | None,
) -> OutputSize:
    """Output of one turn. `model_max`: the most that the model writes; `window`: the most that it holds; None: unknown.

    A limit above the model's maximum counts as the maximum.
    """
    if request.operation in NO_OUTPUT:
        return OutputSize(Tokens(0, 0, 0), False)
    limit, known = limit_of(variant)
    high = _high(limit, model_max, window)
    notes: list[str] = []
    if limit is None and not known:
        notes.append(f"the output limit is not known ({request.max_output.why or 'not resolved'}): none is counted on")
    stated = declared.output_tokens()
    if stated is not None:
        typical = stated.tokens
    elif limit is not None:
        typical = max(1, math.ceil(float(declared.output_share) * min(limit, high or limit)))
        notes.append(
            f"output: {typical} tokens, {float(declared.output_share) * 100:g} % of the limit "
            f"({declared.output_share_source})"
        )
    else:
        thought, remark = _reasoning(TYPICAL_ANSWER_TOKENS, variant.reasoning, model)
        typical = TYPICAL_ANSWER_TOKENS + thought
        notes.append(f"output: {TYPICAL_ANSWER_TOKENS} tokens for an answer without a limit")
        notes += [remark] if remark else []
    scenario = declared.scenario
    if scenario is not None and scenario.output is not None:
        typical = math.ceil(typical * scenario.output)
        notes.append(f"output {scenarios.said(scenario.output)} by scenario {scenario.name}")
    if scenario is not None and scenario.max_output is not None:
        high = _high(scenario.max_output, model_max, window)
        notes.append(f"output limit {scenario.max_output} by scenario {scenario.name}")
    if high is not None and typical > high:
        typical = high
        if stated is not None:
            notes.append(f"output: the declared {stated.tokens} tokens ({stated.source}) exceed the limit of {high}")
    typical = max(typical, 1)
    why: tuple[str, ...] = ()
    if high is None:
        why = (f"no output limit is sent, and the price table has no maximum for {model}",)
    times = request.outputs
    if times is None:
        notes.append("the number of answers per request is not known: one is counted as typical")
        why = (*why, "no bound on the number of answers per request")
        return OutputSize(Tokens(1, typical, None), stated is None, tuple(notes), why)
    number = max(times, 1)
    total = Tokens(number, typical * number, None if high is None else high * number)
    return OutputSize(total, stated is None, tuple(notes), why)
