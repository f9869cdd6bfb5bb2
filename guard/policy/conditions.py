"""Asks conditions (`deny:`): about each request, or about each workflow, each feature or the repository.

In: a compiled `Condition`, priced requests, `Groups`. Out: `Hit` and `Unsure`, as checks give them; `decide.py` makes
findings of them. The objects that a condition names decide what it is about: `request` before all, then `workflow`,
`feature`, `repo`; `setting` stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from guard.model import Label, Layer, Priced, Severity, Span
from guard.policy import places, words
from guard.policy.expr.condition import Condition, Mention
from guard.policy.expr.condition import compile as compile_condition
from guard.policy.expr.errors import ExpressionError
from guard.policy.expr.evaluate import MAX_STEPS, Scope
from guard.policy.expr.types import ListOf, Number, Object, Type
from guard.policy.expr.values import INFINITE, Absent, Between, Unknown, Value
from guard.policy.objects.groups import Groups
from guard.policy.objects.request import VARYING, Asked, asked
from guard.policy.objects.sums import OBJECTS, Group
from guard.policy.types import Hit, Unsure
from guard.policy.verdict import SHOWN

Subject = Literal["request", "workflow", "feature", "repo", "setting"]
SEVERITY: Severity = "medium"
"""Of a violation, unless the policy says another one."""
HELP = "`guard explain PATH:LINE` shows where each value comes from"
SHOWN_FACTS = 5
"""Fields whose values a message names."""
STEPS_PER_REQUEST = 2_000
"""Work that a condition about many requests may take for each of them."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A condition of a policy with what it is about."""

    condition: Condition
    subject: Subject

    @property
    def varying(self) -> bool:
        """Whether it names a field that differs between the variants of a request."""
        return any(one.path[0] == "request" and one.path[1] in VARYING for one in _fields(self.condition))


def _fields(condition: Condition) -> tuple[Mention, ...]:
    return tuple(one for one in condition.mentions if len(one.path) > 1)


def compile(text: str) -> Asking:
    """A condition over the objects of policies. Raises `ExpressionError`."""
    condition = compile_condition(text, OBJECTS)
    names = {one.path[0]: one.at for one in condition.mentions}
    subject: Subject = "request"
    if names and "request" not in names:
        subject = "workflow" if "workflow" in names else "feature" if "feature" in names else "repo"
    if "setting" in names:
        other = next((name for name in names if name != "setting"), None)
        if other is not None:
            message = "a condition about settings speaks of them alone"
            raise ExpressionError(names[other], message, "write two policies")
        return Asking(condition, "setting")
    if "workflow" in names and names.keys() & {"request", "feature"}:
        other = "request" if "request" in names else "feature"
        message = f"a condition is about each {other} or about each workflow, not about both"
        hint = "ask about the requests of a workflow: `workflow.requests.exists(r, ...)`"
        raise ExpressionError(names["workflow"], message, hint)
    for name, at in condition.walks:
        if name != subject:
            message = f"the requests of `{name}` are not walked through for each {subject}, which may take too long"
            raise ExpressionError(at, message, f"write a condition about `{name}` alone")
    return Asking(condition, subject)


def of_request(asking: Asking, item: Priced, groups: Groups) -> Iterator[Hit | Unsure]:
    """The answers for one request: violated by each variant for which the condition holds."""
    names = asking.condition.names
    seen: set[str | None] = set()
    for one in asked(item, asking.varying):
        objects: dict[str, Value] = {"request": one}
        if "repo" in names:
            objects["repo"] = groups.repo
        if "feature" in names:
            objects["feature"] = groups.feature_of(item)
        answer = asking.condition.ask(objects)
        if answer is True:
            facts = asking.condition.shown(objects)
            value = next((text for name, text in facts if name == "request.model" and isinstance(text, str)), None)
            if value not in seen:
                seen.add(value)
                yield _hit(asking, one, facts, value)
        elif isinstance(answer, Unknown):
            labels = places.join([places.send(item.request)], places.callers(item.request))
            yield Unsure(words.reasons(answer.whys), labels)


def of_group(asking: Asking, group: Group, groups: Groups, label: Label) -> Hit | Unsure | None:
    """The answer for a workflow, a feature or the repository. `label`: where the policy stands; None: it is kept."""
    objects: dict[str, Value] = {"repo": groups.repo, asking.subject: group}
    found: list[Value] = []
    answer = asking.condition.ask(objects, MAX_STEPS + STEPS_PER_REQUEST * len(group.items), found)
    if answer is False:
        return None
    at_fault = [one for one in found if isinstance(one, Asked)] if answer is True else []
    labels = places.join(_of_elements(at_fault) or _places_of(group), [label])
    what = "the repository" if asking.subject == "repo" else f"{asking.subject} `{words.name(group.name)}`"
    if isinstance(answer, Unknown):
        return Unsure(f"{what}: {words.reasons(answer.whys)}", labels)
    facts = asking.condition.shown(objects)
    doubt = _doubt(facts, group.seen.get("assumed"))
    return Hit(
        f"not allowed for {what}: {_facts(asking.condition, facts)}",
        labels,
        group.name,
        "",
        (_source(asking.condition),),
        "assumed" if doubt else "certain",
        doubt,
    )


def told(fields: Mapping[str, Mention], objects: Mapping[str, Value]) -> dict[str, str]:
    """The fields that a message names, with their values in words."""
    scope = Scope(objects, MAX_STEPS)
    return {name: shown(mention.run(scope), mention.type).strip("`") for name, mention in fields.items()}


def objects_of(item: Priced | Group, groups: Groups) -> Mapping[str, Value]:
    """What the fields in a policy's message stand for."""
    if isinstance(item, Group):
        if item.setting is not None:
            return {"setting": item}
        kind = "repo" if item is groups.repo else "feature" if item.workflow is None else "workflow"
        return {"repo": groups.repo, kind: item}
    return {"request": Asked(item), "repo": groups.repo, "feature": groups.feature_of(item)}


def subjects(asking: Asking, groups: Groups) -> Iterator[Group]:
    """All that a condition which is not about requests is asked about."""
    if asking.subject == "workflow":
        yield from groups.workflows()
    elif asking.subject == "feature":
        yield from groups.features.values()
    elif asking.subject == "setting":
        yield from groups.settings()
    elif groups.repo.items:
        yield groups.repo


def _hit(asking: Asking, one: Asked, facts: tuple[tuple[str, Value], ...], value: str | None) -> Hit:
    request = one.item.request
    doubt = _doubt(facts, one.item.estimate.assumed_share)
    return Hit(
        f"not allowed: {_facts(asking.condition, facts)}" if facts else "no request is allowed",
        places.join([places.send(request)], _origins(asking.condition, one), places.callers(request)),
        value,
        f"`guard explain {words.place(request.sites[-1].span)}` shows where each value comes from",
        (_source(asking.condition),),
        "assumed" if doubt else "certain",
        doubt,
    )


def _source(condition: Condition) -> str:
    return f"denied: {' '.join(condition.source.split())}"


def _doubt(facts: tuple[tuple[str, Value], ...], share: object) -> str:
    """Why a violation rests on assumption: most of a typical price that it names does."""
    typical = any(".usd" in name and name.endswith(".typical") for name, _ in facts)
    if not typical or not isinstance(share, float | Decimal) or share <= 0.5:
        return ""
    return f"{words.percent(share)} of the typical price is assumption"


def _origins(condition: Condition, one: Asked) -> tuple[Label, ...]:
    """Where the values that a condition names were written."""
    request = one.item.request
    named = {mention.path[1] for mention in _fields(condition) if mention.path[0] == "request"}
    variants = request.variants if one.variant is None else (one.variant,)
    found: list[tuple[Label, ...]] = []
    for variant in variants:
        if variant.model is not None and named & {"model", "model_written", "models"}:
            found.append(places.origin(variant.model, "model"))
        if variant.max_output is not None and "max_output" in named:
            found.append(places.origin(variant.max_output, "output limit"))
    if named & {"attempts", "layers"}:
        found.append(tuple(_tries(layer) for layer in request.layers if layer.span is not None))
    if named & {"repeats", "usd_per_run"}:
        found.append(tuple(Label(site.span, "in a loop") for site in request.sites if site.own.high != 1))
    return places.join(*found)


def _tries(layer: Layer) -> Label:
    assert layer.span is not None
    many = "no bound" if layer.attempts is None else words.plural(layer.attempts, "try", "tries")
    return Label(layer.span, f"{layer.name}: {many}")


def _places_of(group: Group) -> tuple[Label, ...]:
    """Where a group is to be changed: a setting, the way into a workflow, else the dearest requests."""
    if group.setting is not None:
        one = group.setting
        return (Label(Span(one.path, one.line, one.column, one.line, one.column), one.what),)
    if group.workflow is not None and group.workflow.reach.chain:
        return (Label(group.workflow.reach.chain[0], "reached from here"),)
    priced = [item for item in group.items if item.estimate.usd is not None]
    dearest = sorted(priced, key=lambda item: -item.estimate.usd.typical if item.estimate.usd else Decimal(0))
    return tuple(places.outermost(item.request) for item in (dearest or group.items)[:SHOWN])


def _of_elements(found: list[Asked]) -> tuple[Label, ...]:
    """The requests that settled a condition about many."""
    return places.join(*(places.way(one.item.request) for one in found[:SHOWN]))


def _facts(condition: Condition, facts: tuple[tuple[str, Value], ...]) -> str:
    types = {".".join(mention.path): mention.type for mention in condition.mentions}
    told = [_fact(name, value, types[name]) for name, value in facts if "." in name and not _is_walk(types[name])]
    return words.listing(told, SHOWN_FACTS) or "a request of it is denied"


def _is_walk(kind: Type) -> bool:
    return isinstance(kind, ListOf) and kind.walk and isinstance(kind.item, Object)


def _fact(name: str, value: Value, kind: Type) -> str:
    if isinstance(value, Absent):
        return value.why
    return f"{name.partition('.')[2]} is {shown(value, kind)}"


def shown(value: Value, kind: Type) -> str:
    """A value of a condition for people: `$0.12`, `9`, `no bound`, `at least 9`, `not known (why)`."""
    match value:
        case Unknown(whys):
            return f"not known ({words.reasons(whys)})"
        case Absent(why):
            return f"not there ({why})"
        case Between(low, high, _):
            if high == INFINITE:
                return f"at least {_number(low, kind)}"
            return f"between {_number(low, kind)} and {_number(high, kind)}"
        case bool():
            return "true" if value else "false"
        case str():
            return f"`{words.name(value)}`"
        case Decimal():
            return _number(value, kind)
        case tuple():
            return _listed(value, kind)
    return "given"


def _number(value: Decimal, kind: Type) -> str:
    if value == INFINITE:
        return "without bound"
    unit = kind.unit if isinstance(kind, Number) else "count"
    if unit == "usd":
        return words.money(value)
    return words.percent(value) if unit == "share" else words.count(float(value))


def _listed(items: tuple[Value, ...], kind: Type) -> str:
    if not items:
        return "empty"
    if isinstance(kind, ListOf) and all(isinstance(item, str) for item in items):
        return words.listing([f"`{words.name(item)}`" for item in items])
    return words.plural(len(items), "entry", "entries")
