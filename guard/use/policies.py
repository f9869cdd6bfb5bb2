"""`guard policy`: what a condition matches, which policies hold, and a page about them.

In: a `Report` without findings, a `Config`, or the text of a condition. Out: text. Errors of a condition are located
like those of guard.yaml (`ConfigError`). Neighbours: `policy_tests.py` runs the policies' own tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from guard.config.issues import ConfigError, ConfigIssue
from guard.config.types import Budget, Config
from guard.model import Label, Priced, Setting, Span
from guard.policy import conditions, words
from guard.policy.expr.errors import ExpressionError
from guard.policy.load import load
from guard.policy.objects.groups import Groups
from guard.policy.registry import checks
from guard.policy.types import Hit, Policy, Unsure
from guard.report.format import place, plural, safe, wrap

SHOWN = 40
"""Rows of each kind, unless all are asked for."""
EXPRESSION = "condition"
"""What stands before line and column of a mistake in a condition that was typed."""


_DOES = {"off": "is not looked for", "warn": "warns", "block": "fails the build"}
LIMITS = ("per_call", "per_run", "per_month", "per_unit", "per_customer")
"""Keys of a budget that hold its amount."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a condition says of one request, workflow, feature or repository; neither `facts` nor `why`: kept."""

    where: str
    facts: str = ""
    why: str = ""


def compiled(source: str) -> conditions.Asking:
    """A condition that was typed. Raises `ConfigError` with its place."""
    try:
        return conditions.compile(source)
    except ExpressionError as error:
        raise ConfigError([_issue(source, error)]) from None


def attempt(
    asking: conditions.Asking,
    items: Sequence[Priced],
    config: Config,
    *,
    everything: bool,
    width: int,
    settings: Sequence[Setting] = (),
) -> str:
    """What a condition matches, what it cannot decide and why."""
    groups = Groups(items, config, settings)
    answers = list(_answers(asking, [item for item in items if item.request.counted], groups))
    lines: list[str] = []
    for title, kind in (
        ("denied", [(one.where, one.facts) for one in answers if one.facts]),
        ("undecided", [(one.where, one.why) for one in answers if one.why]),
    ):
        lines += _rows(title, kind, len(answers), asking.subject, everything, width)
    kept = sum(not one.facts and not one.why for one in answers)
    lines.append(f"kept: {_many(kept, len(answers), asking.subject)}")
    return "\n".join(lines) + "\n"


def _issue(source: str, error: ExpressionError) -> ConfigIssue:
    lines = source.split("\n")
    before = source[: error.offset].split("\n")
    line = len(before)
    return ConfigIssue(EXPRESSION, line, len(before[-1]) + 1, error.message, error.hint, lines[line - 1])


def _answers(asking: conditions.Asking, items: Sequence[Priced], groups: Groups) -> Iterator[Answer]:
    if asking.subject == "request":
        for item in items:
            found = list(conditions.of_request(asking, item, groups))
            hits = [one for one in found if isinstance(one, Hit)]
            where = place(item.request.sites[0].span, column=False)
            if hits:
                yield Answer(where, facts="; ".join(_facts(hit) for hit in hits))
            else:
                yield Answer(where, why=words.reasons(o.why for o in found if isinstance(o, Unsure)) if found else "")
        return
    nowhere = Label(Span("", 1, 1, 1, 1))
    for group in conditions.subjects(asking, groups):
        answer = conditions.of_group(asking, group, groups, nowhere)
        if isinstance(answer, Hit):
            yield Answer(group.name, facts=_facts(answer))
        else:
            yield Answer(group.name, why=answer.why if answer is not None else "")


def _facts(hit: Hit) -> str:
    return hit.message.partition(": ")[2] or hit.message


def _rows(
    title: str, rows: Sequence[tuple[str, str]], of: int, subject: str, everything: bool, width: int
) -> list[str]:
    if not rows:
        return []
    counted: dict[tuple[str, str], int] = {}
    for row in rows:
        counted[row] = counted.get(row, 0) + 1
    shown = list(counted.items()) if everything else list(counted.items())[:SHOWN]
    lines = [f"{title}: {_many(len(rows), of, subject)}"]
    for (where, text), times in shown:
        many = f" ({times} times)" if times > 1 else ""
        lines += wrap(f"{safe(where)}: {safe(text)}{many}", width, "      ", "  ")
    if len(shown) < len(counted):
        lines.append(f"  and {len(counted) - len(shown):,} more; --all shows them")
    return lines


def _many(number: int, of: int, subject: str) -> str:
    plural_ = {"repo": "repositories"}.get(subject, f"{subject}s")
    one = "repository" if subject == "repo" else subject
    return f"{number:,} of {plural(of, one, plural_)}"


def listed(config: Config) -> str:
    """The policies and budgets that hold, one a line: id, what a violation does, what it is about, where it stands."""
    policies = load(config.policies)
    rows = [
        (policy.spec.id, policy.spec.enforce, policy.severity, _about(policy), _stands(policy)) for policy in policies
    ]
    rows += [
        (f"budget:{one.name}", one.enforce, one.severity, "budget", f"{one.place.path}:{one.place.line}")
        for one in config.budgets
    ]
    if not rows:
        return "no policies and no budgets hold here\n"
    sizes = [max(len(row[index]) for row in rows) for index in range(4)]
    lines = ["  ".join([*(cell.ljust(sizes[i]) for i, cell in enumerate(row[:4])), row[4]]) for row in rows]
    return "\n".join(safe(line.rstrip()) for line in lines) + "\n"


def _about(policy: Policy) -> str:
    if policy.asking is None:
        return f"check {policy.check.id}"
    source = " ".join(policy.asking.condition.source.split())
    return f"deny {source if len(source) <= 60 else source[:57] + '...'}"


def _stands(policy: Policy) -> str:
    return f"{policy.spec.place.path}:{policy.spec.place.line}"


def about(config: Config, name: str) -> str | None:
    """What a policy of the configuration says, for `guard explain`; None: there is none of that id."""
    policy = next((one for one in load(config.policies) if one.spec.id == name), None)
    return None if policy is None else "\n".join([f"# {name}", "", *_described(policy)]) + "\n"


def documentation(config: Config) -> str:
    """A Markdown page about the policies and budgets that hold, for a wiki."""
    parts = ["# Policies", ""]
    for policy in load(config.policies):
        parts += [f"## {policy.spec.id}", "", *_described(policy), ""]
    if config.budgets:
        parts += ["# Budgets", ""]
    parts += [
        f"- **{budget.name}**: {_limit(budget)}; a violation {_DOES[budget.enforce]}" for budget in config.budgets
    ]
    return "\n".join(parts).rstrip() + "\n"


def _limit(budget: Budget) -> str:
    """`$0.50 per run`, `$500 and 20% more than before`."""
    amounts = [(name, amount) for name in LIMITS if (amount := getattr(budget, name)) is not None]
    if amounts:
        return f"{words.exact(amounts[0][1])} {amounts[0][0].replace('_', ' ')}"
    if budget.min_margin is not None:
        return f"a margin of at least {words.percent(budget.min_margin)}"
    if budget.per_prompt is not None:
        return f"{words.plural(budget.per_prompt, 'token')} per prompt"
    more = [words.exact(budget.increase)] if budget.increase is not None else []
    more += [words.percent(budget.increase_percent)] if budget.increase_percent is not None else []
    return f"{' and '.join(more)} more than before"


def _described(policy: Policy) -> Iterator[str]:
    spec = policy.spec
    if policy.asking is None:
        yield f"{checks()[policy.check.id].title} (check `{policy.check.id}`)."
        if spec.params:
            yield ""
            yield from (f"- `{name}`: `{value}`" for name, value in sorted(spec.params.items()))
    else:
        yield "Denied:"
        yield ""
        yield f"    {' '.join(policy.asking.condition.source.split())}"
    yield ""
    facts = [f"a violation {_does(policy)}", f"severity {policy.severity}"]
    facts += [f"owner {spec.owner}"] if spec.owner else []
    facts += [f"paths {', '.join(spec.paths)}"] if spec.paths else []
    facts += [f"not judged: {', '.join(spec.skip_stages)}"] if spec.skip_stages else []
    facts += [f"see {spec.docs}"] if spec.docs else []
    yield f"{'; '.join(facts)} ({_stands(policy)})"
    if spec.message:
        yield ""
        yield f"> {spec.message}"


def _does(policy: Policy) -> str:
    spec = policy.spec
    if spec.block_from is not None and spec.enforce != "off":
        return f"warns, and blocks from {spec.block_from} on"
    return _DOES[spec.enforce]
