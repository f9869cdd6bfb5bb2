"""Asks every policy about every request and turns the answers into findings; merges findings with one cause.

In: `Policy` values from `load.py`, priced requests, a `Context`. Out: `Finding`s, which `forgive.py` then marks and
`judge.py` sorts. `exit_code` says what the command returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from guard.config.types import Config
from guard.model import Finding, Label, Priced, Request, Setting, Severity, Span
from guard.policy import places, words
from guard.policy.load import PLACEHOLDER
from guard.policy.types import Confidence, Context, Hit, Policy, Unsure
from guard.policy.verdict import finding_id, is_near, undecided_enforce

if TYPE_CHECKING:
    from guard.policy.conditions import Asking
    from guard.policy.objects.groups import Groups
    from guard.policy.objects.sums import Group

Judged: TypeAlias = "Priced | Group"
"""What a finding is about: a request, or a workflow, a feature, the repository."""

_RANK: dict[Severity, int] = {"low": 0, "medium": 1, "high": 2}


def decide(
    policies: Sequence[Policy],
    items: Sequence[Priced],
    context: Context,
    prefix: str = "",
    config: Config | None = None,
    settings: Sequence[Setting] = (),
) -> tuple[Finding, ...]:
    """Findings of all policies that are not `off`, over the counted requests within their `paths`, without those of
    their `skip_stages`; not merged yet. `prefix`: that of the configuration, which `paths` are relative to. `config`:
    features and usage, for conditions about more than a request. `settings`: those of configuration files."""
    config = config or Config()
    groups: Groups | None = None
    if any(policy.asking is not None or policy.fields for policy in policies):
        # Only conditions need it, and their language takes time to import.
        from guard.policy.objects.groups import Groups

        groups = Groups(items, config)
    findings: list[Finding] = []
    for policy in policies:
        if policy.spec.enforce == "off":
            continue
        chosen = [item for item in items if _judged(policy, item.request, prefix)]
        if policy.asking is not None and policy.asking.subject != "request":
            within = [one for one in settings if _is_within(policy, one.path, prefix)]
            findings.extend(_judge_groups(policy, policy.asking, Groups(chosen, config, within), context))
            continue
        for item in chosen:
            findings.extend(_judge(policy, item, context, groups))
    return tuple(findings)


def _is_within(policy: Policy, path: str, prefix: str) -> bool:
    return not policy.spec.paths or places.globs(policy.spec.paths).match_file(prefix + path)


def _judge_groups(policy: Policy, asking: Asking, groups: Groups, context: Context) -> Iterator[Finding]:
    """What a policy says of each workflow, each feature or the repository; `groups` has the requests within it."""
    from guard.policy import conditions

    place = policy.spec.place
    label = Label(Span(place.path, place.line, place.column, place.line, place.column), "the policy")
    for group in conditions.subjects(asking, groups):
        answer = conditions.of_group(asking, group, groups, label)
        if isinstance(answer, Hit):
            yield _violated(policy, group, answer, group.name, context, groups)
        elif answer is not None and policy.spec.on_unknown != "pass":
            yield _undecided(policy, group, [answer])


def _judged(policy: Policy, request: Request, prefix: str) -> bool:
    skipped = request.stage in policy.spec.skip_stages
    return request.counted and not skipped and places.within(request, policy.spec.paths, prefix)


def _judge(policy: Policy, item: Priced, context: Context, groups: Groups | None) -> Iterator[Finding]:
    """What one policy says of one request. A sure violation settles it; what is unknown besides is then left out."""
    if policy.asking is not None and groups is not None:
        from guard.policy import conditions

        answers = list(conditions.of_request(policy.asking, item, groups))
    else:
        answers = list(policy.check.run(item, policy.params, context))
    hits = list(dict.fromkeys(answer for answer in answers if isinstance(answer, Hit)))
    if hits:
        seen: dict[str, int] = {}
        for hit in hits:
            value = hit.value or ""
            seen[value] = seen.get(value, 0) + 1
            # Two offences with equal words (two loops in one function) are told apart by their order.
            told = value if seen[value] == 1 else f"{value}#{seen[value]}"
            yield _violated(policy, item, hit, told, context, groups)
        return
    unsure = [answer for answer in answers if isinstance(answer, Unsure)]
    if unsure and policy.spec.on_unknown != "pass":
        yield _undecided(policy, item, unsure)


def _violated(policy: Policy, item: Judged, hit: Hit, value: str, context: Context, groups: Groups | None) -> Finding:
    message = hit.message
    notes = [*hit.notes, *_notes(policy, item)]
    if policy.spec.message is not None:
        message = _own_message(policy.spec.message, policy, item, hit, groups)
        if "{message}" not in policy.spec.message:
            notes.insert(0, hit.message)
    confidence, doubt = _confidence(item, hit)
    if confidence != "certain":
        notes.append(f"confidence: {confidence} ({doubt})")
    enforce = policy.enforce(context.today)
    if policy.spec.block_from is not None and enforce == "warn":
        notes.append(f"blocks from {policy.spec.block_from} on")
    request = item.request.id if isinstance(item, Priced) else None
    return Finding(
        id=finding_id(policy.spec.id, request, value),
        policy=policy.spec.id,
        verdict="violated",
        severity=policy.severity,
        enforce=enforce,
        message=message,
        labels=hit.labels,
        notes=tuple(notes),
        help=hit.help or policy.check.help,
        request=request,
        confidence=confidence,
        fixes=hit.fixes,
    )


def _undecided(policy: Policy, item: Judged, unsure: list[Unsure]) -> Finding:
    request = item.request.id if isinstance(item, Priced) else None
    return Finding(
        id=finding_id(policy.spec.id, request, "" if isinstance(item, Priced) else item.name),
        policy=policy.spec.id,
        verdict="undecided",
        severity=policy.severity,
        enforce=undecided_enforce(policy.spec.on_unknown),
        message=words.listing(list(dict.fromkeys(f"not known: {answer.why}" for answer in unsure))),
        labels=places.join(*(answer.labels for answer in unsure)) or _somewhere(item),
        notes=tuple(_notes(policy, item)),
        help=next((answer.help for answer in unsure if answer.help), policy.check.help),
        request=request,
    )


def _somewhere(item: Judged) -> tuple[Label, ...]:
    return (places.send(item.request),) if isinstance(item, Priced) else ()


def _notes(policy: Policy, item: Judged) -> Iterator[str]:
    cost = words.cost(item.estimate) if isinstance(item, Priced) else None
    if cost is not None:
        yield f"cost: {cost}"
    if policy.spec.owner:
        yield f"policy owner: {policy.spec.owner}"
    if policy.spec.docs:
        yield f"see {policy.spec.docs}"


def _confidence(item: Judged, hit: Hit) -> tuple[Confidence, str]:
    if hit.confidence != "certain":
        return hit.confidence, hit.doubt
    assumed = item.request.assumed if isinstance(item, Priced) else ()
    return ("likely", assumed[0]) if assumed else ("certain", "")


def _own_message(template: str, policy: Policy, item: Judged, hit: Hit, groups: Groups | None) -> str:
    """The policy's own words with the fields that it names in braces filled in."""
    values = {"message": hit.message, "owner": item.owner or "", "policy": policy.spec.id}
    if isinstance(item, Priced):
        values |= _of_request(policy, item, hit)
    if policy.fields and groups is not None:
        from guard.policy import conditions

        values |= conditions.told(policy.fields, conditions.objects_of(item, groups))
    return PLACEHOLDER.sub(lambda match: values[match[1]] or f"(no {match[1]} known)", template)


def _of_request(policy: Policy, item: Priced, hit: Hit) -> dict[str, str]:
    """The fields of `load.MESSAGE_FIELDS` that are about a request."""
    request = item.request
    names = [str(choice.value) for choice in request.model.choices if choice.value is not None]
    span = hit.labels[0].span
    return {
        "model": hit.value if hit.value in names else " or ".join(names),
        "provider": request.provider or "",
        "api": request.api,
        "path": span.path,
        "line": words.place(span).removeprefix(f"{span.path}:"),
        "feature": item.feature or "",
    }


# --- merging ----------------------------------------------------------------------------------------------------


def merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for equal policy, primary place and message, so that one cause in a wrapper is reported once.

    The first one stays, with a note that names the other callers. Forgiven ones are merged among themselves only, so
    that an ignore at one caller hides nothing at another.
    """
    return tuple(_merged(group) for group in grouped(findings))


def grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings that `merge` makes one of each."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        primary = finding.labels[0].span if finding.labels else None
        key = (finding.policy, finding.verdict, finding.enforce, finding.message, primary, finding.forgiven)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def _merged(group: list[Finding]) -> Finding:
    first, *others = group
    if not others:
        return first
    places_shown = [words.place(label.span) for label in map(_caller, others) if label is not None]
    callers = list(dict.fromkeys(places_shown))
    note = f"and {words.plural(len(others), 'more caller')}"
    if callers:
        note += f": {words.listing(callers)}"
    also = tuple(dict.fromkeys(finding.request for finding in others if finding.request not in (None, first.request)))
    return replace(first, notes=(*first.notes, note), also=also)


def _caller(finding: Finding) -> Label | None:
    return next((label for label in finding.labels if label.text == places.CALLED), None)


# --- what the command returns -----------------------------------------------------------------------------------


def exit_code(findings: Iterable[Finding], fail_on: Severity | None = None) -> int:
    """1 if an unforgiven finding blocks, or is a violation of at least the severity `fail_on`; else 0.

    Undecided findings block where `on_unknown: block` made them; `fail_on` is about violations alone, and the
    warning that a budget is nearly used up (`warn_at`) is none.
    """
    for finding in findings:
        if finding.forgiven is not None:
            continue
        if finding.enforce == "block":
            return 1
        if is_near(finding):
            continue
        if fail_on is not None and finding.verdict == "violated" and _RANK[finding.severity] >= _RANK[fail_on]:
            return 1
    return 0
