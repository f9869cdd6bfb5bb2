"""Compares the requests of a report with the assertions of a case. In: a `Case` and a `Report`. Out: sentences on what
differs, none when all is as written. README.md lists the words.
"""

from __future__ import annotations

from collections.abc import Callable

from spec_cases import Case, Expected

from guard.model import Count, Report, Request, Scalar, Value

Says = Callable[[Request], str]


def differences(case: Case, report: Report) -> list[str]:
    """What is not as the case says, in sentences that show expected and found."""
    found: list[str] = [f"{p.path}:{p.line}: problem {p.kind}: {p.message}" for p in report.problems]
    at: dict[tuple[str, int], list[Request]] = {}
    for priced in report.requests:
        span = priced.request.sites[-1].span
        at.setdefault((span.path, span.line), []).append(priced.request)
    wanted: dict[tuple[str, int], list[Expected]] = {}
    for expected in case.expected:
        wanted.setdefault((expected.path, expected.line), []).append(expected)
    pairs: list[tuple[Expected, Request]] = []
    for place in sorted(at.keys() | wanted.keys()):
        requests, expectations = at.get(place, []), wanted.get(place, [])
        if len(requests) != len(expectations):
            shown = "".join(f"\n    found: {show(r)}" for r in requests)
            found.append(f"{place[0]}:{place[1]}: expected {len(expectations)} requests, found {len(requests)}{shown}")
            continue
        paired = _paired(expectations, requests)
        pairs += paired
        for expected, request in paired:
            wrong = mismatches(expected, request)
            if wrong:
                lines = "".join(f"\n    {line}" for line in wrong)
                found.append(f"{place[0]}:{place[1]}: {expected.text}{lines}\n    found: {show(request)}")
    return found + _relations(pairs)


def broken_rules(report: Report) -> list[str]:
    """What holds for the requests of any report, and does not here."""
    wrong: list[str] = []
    requests = [priced.request for priced in report.requests]
    if len({r.id for r in requests}) != len(requests):
        wrong.append("two requests have one id")
    known = {r.id for r in requests}
    for request in requests:
        span = request.sites[-1].span
        where = f"{span.path}:{span.line}"
        if request.sites[-1].role == "wrapper":
            wrong.append(f"{where}: the last site of a request sends")
        if request.model.open and not request.model.why:
            wrong.append(f"{where}: the model is open without a reason")
        if request.variants and sum(v.default for v in request.variants) != 1:
            wrong.append(f"{where}: not exactly one variant is the default")
        if len(request.variants) > 16:
            wrong.append(f"{where}: more than 16 variants")
        if request.after is not None and request.after not in known:
            wrong.append(f"{where}: it comes after a request that is not in the report")
        places = [segment.span for message in request.prompt.messages for segment in message.segments]
        places += [step.span for choice in request.model.choices for step in choice.trail]
        if any(place is not None and not place.path for place in places):
            wrong.append(f"{where}: a place without a file")
        counts = (request.attempts, request.turns, request.repeats, *(r.repeats for r in request.reached_from))
        wrong += [f"{where}: {_count(c)} is no interval" for c in counts if not _is_interval(c)]
    return wrong


def _is_interval(count: Count) -> bool:
    return count.low <= count.typical and (count.high is None or count.typical <= count.high)


def _paired(expectations: list[Expected], requests: list[Request]) -> list[tuple[Expected, Request]]:
    """Each expectation with a request of its own: as many as can be met are, the rest with what is nearest."""
    wrong = [[len(mismatches(e, r)) for r in requests] for e in expectations]
    taken: dict[int, int] = {}
    """Number of a request -> number of its expectation."""

    def place(number: int, tried: set[int]) -> bool:
        """Give an expectation a request that meets it, moving others where that helps."""
        for index, count in enumerate(wrong[number]):
            if count == 0 and index not in tried:
                tried.add(index)
                if index not in taken or place(taken[index], tried):
                    taken[index] = number
                    return True
        return False

    left = [number for number in range(len(expectations)) if not place(number, set())]
    for number in left:
        free = [index for index in range(len(requests)) if index not in taken]
        taken[min(free, key=lambda index: wrong[number][index])] = number
    return [(expectations[number], requests[index]) for index, number in sorted(taken.items())]


def mismatches(expected: Expected, request: Request) -> list[str]:
    """Words of an assertion that a request does not meet."""
    wrong: list[str] = []
    named = expected.words.get("model")
    if named is not None and "open" not in expected.words and request.model.open and "?" not in named.split(","):
        wrong.append(f"model: expected no others than {named}, found open: {request.model.why}")
    for word, text in expected.words.items():
        if word in LABELS:
            continue
        if word == "open":
            if not request.model.open or (text or "") not in (request.model.why or ""):
                wanted = text or "other models may arrive"
                wrong.append(f"open: expected {wanted}, found {request.model.why or 'closed'}")
        elif word in CONTAINS:
            actual = CONTAINS[word](request)
            if (text or "") not in actual:
                wrong.append(f"{word}: expected to contain {text!r}, found {actual!r}")
        elif word in COUNTS:
            count: Count = getattr(request, word)
            if not _count_is(count, text or ""):
                wrong.append(f"{word}: expected {text}, found {_count(count)} ({'; '.join(count.why)})")
        elif word in SETS:
            names = SETS[word](request) or ["none"]
            if sorted(names) != sorted(_split(text)):
                wrong.append(f"{word}: expected {text}, found {','.join(names)}")
        elif word in EQUALS:
            actual = EQUALS[word](request)
            if actual != text:
                wrong.append(f"{word}: expected {text!r}, found {actual!r}")
        else:
            raise AssertionError(f"no word of assertions: {word} (README.md lists them)")
    return wrong


def _split(text: str | None) -> list[str]:
    """The elements of a set; blanks after commas are for the eye."""
    return [part.strip() for part in (text or "none").split(",")]


def _relations(pairs: list[tuple[Expected, Request]]) -> list[str]:
    """`exclusive=LABEL` (same label, same group) and `after=LABEL` (the request called `name=LABEL`)."""
    wrong: list[str] = []
    groups: dict[str, str] = {}
    named = {e.words["name"]: r for e, r in pairs if e.words.get("name")}
    for expected, request in pairs:
        where = f"{expected.path}:{expected.line}"
        label = expected.words.get("exclusive")
        group = request.exclusive
        if label == "none" and group is not None:
            wrong.append(f"{where}: exclusive: expected none, found {group}")
        elif label and label != "none" and (group is None or groups.setdefault(label, group) != group):
            wrong.append(f"{where}: exclusive: expected the group {label} ({groups.get(label)}), found {group}")
        after = expected.words.get("after")
        if after is not None:
            wanted = None if after == "none" else named[after].id
            if request.after != wanted:
                wrong.append(f"{where}: after: expected {after} ({wanted}), found {request.after}")
    if len(set(groups.values())) != len(groups):
        wrong.append(f"exclusive: groups with different labels are one: {groups}")
    return wrong


# --- how a request is written -------------------------------------------------------------------------------------


def show(request: Request) -> str:
    """A request in the words of assertions."""
    words = [f"model={','.join(_choices(request.model))}", f"max_output={','.join(_choices(request.max_output))}"]
    words += [f"{name}={_count(getattr(request, name))}" for name in COUNTS]
    words += [f"{name}={EQUALS[name](request)}" for name in SHOWN]
    words += [f"text={_text(request)!r}", f"holes={_holes(request)}", f"variants={','.join(_variants(request))}"]
    words += [f"layers={_layers(request)!r}", f"entries={','.join(_entries(request))}"]
    words += [f"{name}={','.join(SETS[name](request))}" for name in ("kinds", "aliases", "providers")]
    words += [f"via={_trails(request.model)!r}"]
    words += [f"open={request.model.why!r}"] if request.model.open else []
    words += [f"unknown={'; '.join(f'{u.what}: {u.why}' for u in request.unknown)!r}"] if request.unknown else []
    words += [f"assumed={'; '.join(request.assumed)!r}"] if request.assumed else []
    return " ".join(words)


def _scalar(value: Scalar) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _choices(value: Value) -> list[str]:
    return [*(_scalar(c.value) for c in value.choices), *(["?"] if value.open else [])]


def _models(request: Request) -> list[str]:
    """The known models; openness is asserted by `open`."""
    return [_scalar(c.value) for c in request.model.choices] or ["?"]


def _variants(request: Request) -> list[str]:
    return [
        f"{_scalar(v.model.value) if v.model else '?'}@{_scalar(v.max_output.value) if v.max_output else '?'}"
        for v in request.variants
    ]


def _providers(request: Request) -> list[str]:
    return [f"{_scalar(v.model.value) if v.model else '?'}@{v.provider or 'none'}" for v in request.variants]


def _default(request: Request) -> str:
    found = [v for v in request.variants if v.default]
    return ",".join(_scalar(v.model.value) if v.model else "?" for v in found) or "none"


def _text(request: Request) -> str:
    """The prompt: messages on lines of their own, holes as `{name}`."""
    return "\n".join(
        "".join(s.text if s.text is not None else f"{{{s.name}}}" for s in m.segments) for m in request.prompt.messages
    )


def _holes(request: Request) -> str:
    names = [s.name or "?" for m in request.prompt.messages for s in m.segments if s.text is None]
    return ",".join(dict.fromkeys(names)) or "none"


def _bounds(request: Request) -> list[str]:
    holes = [s for m in request.prompt.messages for s in m.segments if s.text is None]
    characters = [f"{s.name}:{s.max_chars}" for s in holes if s.max_chars is not None]
    return characters + [f"{s.name}:{s.max_tokens}t" for s in holes if s.max_tokens is not None]


def _inputs(request: Request) -> str:
    return ",".join(_count(m.inputs) if m.inputs is not None else "1" for m in request.prompt.messages) or "none"


def _layers(request: Request) -> str:
    shown = (f"{x.name} {x.attempts if x.attempts is not None else 'unbounded'}" for x in request.layers)
    return ", ".join(shown) or "none"


def _entries(request: Request) -> list[str]:
    return [r.entry for r in request.reached_from]


def _per_run(request: Request) -> str:
    return " ".join(_count(r.repeats) for r in request.reached_from)


def _trails(value: Value) -> str:
    """The way of each choice, origin first: `settings.py:3 literal > app.py:8 argument; ...`."""
    return "; ".join(" > ".join(f"{s.span.path}:{s.span.line} {s.how}" for s in c.trail) for c in value.choices)


def _count(count: Count) -> str:
    return f"{count.low}..{count.typical:g}..{'unbounded' if count.high is None else count.high}"


def _count_is(count: Count, text: str) -> bool:
    """`3`: at most 3; `0..3`: at least and at most; `0..1..3`: with the typical one between."""
    parts = text.split("..")
    high = "unbounded" if count.high is None else str(count.high)
    if parts[-1] != high:
        return False
    if len(parts) == 1:
        return True
    return parts[0] == str(count.low) and (len(parts) < 3 or parts[1] == f"{count.typical:g}")


LABELS = frozenset({"name", "exclusive", "after"})
SHOWN = ("api", "provider", "callers", "sites", "counted", "stage", "conditional")
COUNTS = ("attempts", "turns", "repeats")
CONTAINS: dict[str, Says] = {
    "prompt": lambda r: "\n".join("".join(s.text or "" for s in m.segments) for m in r.prompt.messages),
    "via": lambda r: _trails(r.model),
    "limit_via": lambda r: _trails(r.max_output),
    "why": lambda r: "; ".join(u.why for u in r.unknown),
    "why_not": lambda r: r.why_not or "",
    "assumed": lambda r: "; ".join(r.assumed),
    "tool_text": lambda r: (r.prompt.tools_json or "").replace('"', ""),
}
SETS: dict[str, Callable[[Request], list[str]]] = {
    "model": _models,
    "max_output": lambda r: _choices(r.max_output),
    "variants": _variants,
    "bounds": _bounds,
    "entries": _entries,
    "aliases": lambda r: [alias for reach in r.reached_from for alias in reach.aliases],
    "kinds": lambda r: [reach.kind for reach in r.reached_from],
    "providers": _providers,
    "unknown": lambda r: list(dict.fromkeys(u.what for u in r.unknown)),
}
EQUALS: dict[str, Says] = {
    "api": lambda r: r.api,
    "operation": lambda r: r.operation,
    "provider": lambda r: str(r.provider).lower(),
    "region": lambda r: ",".join(str(c.value) for c in r.region.choices) or "none",
    "callers": lambda r: str(r.callers),
    "sites": lambda r: str(len(r.sites)),
    "counted": lambda r: str(r.counted).lower(),
    "stage": lambda r: r.stage,
    "conditional": lambda r: str(r.conditional).lower(),
    "outputs": lambda r: _scalar(r.outputs),
    "text": _text,
    "holes": _holes,
    "inputs": _inputs,
    "roles": lambda r: ",".join(m.role for m in r.prompt.messages) or "none",
    "tools_open": lambda r: str(r.prompt.tools_open).lower(),
    "prompt_open": lambda r: str(r.prompt.open).lower(),
    "tools": lambda r: str(r.prompt.tools),
    "layers": _layers,
    "billed": lambda r: ", ".join(f"{x.name} {x.billed}" for x in r.layers if x.attempts != 1),
    "per_run": _per_run,
    "sites_run": lambda r: " ".join(_count(site.repeats) for site in r.sites),
    "default": _default,
    "reasoning": lambda r: ",".join(dict.fromkeys(_scalar(v.reasoning) for v in r.variants)),
    "tier": lambda r: ",".join(dict.fromkeys(_scalar(v.tier) for v in r.variants)),
    "group_default": lambda r: str(r.exclusive_default).lower(),
}
