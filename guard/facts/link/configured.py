"""Requests that configuration files declare. In: the facts of those files (`facts.documents`). Out: `Request`s.

A declared request has a site of role `config`, where its model stands. Where code calls it by name (a BAML function) or
names its file in a call (`prompty.execute("chat.prompty")`), those calls are sites before it and their entry points
reach it; a file that only code can run, and that no code names, makes requests that do not count. Files that a file
names (test rows, prompts) are read here, since facts of a file depend on that file alone. Nothing is evaluated.
Neighbours: `requests` asks; `gateways` resolves aliases afterwards; `file_rows` reads what a file names,
`clients` says what a client's name asks.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from guard.facts.documents.types import Declared, Facts, Written
from guard.facts.expr import Attr, Call, Const, Expr, Map, names_from_end
from guard.facts.filefacts import CallRef, FileFacts
from guard.facts.link import clients, control, file_rows, loops
from guard.facts.link.above import node_of
from guard.facts.link.gateways import shared_folders
from guard.facts.link.ids import KEY_VERSION, request_id
from guard.facts.link.stages import is_test, stage_of
from guard.model import Choice, Count, Prompt, Reach, Request, Site, Step, Unknown, Value, Variant

if TYPE_CHECKING:
    from guard.facts.link.project import Project
    from guard.facts.link.requests import Linker

MAX_DECLARED = 400
"""Requests of one file; beyond, it is data."""
MAX_CALLS = 64
"""Calls in code that are looked at for one declared request."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PASSIVE = frozenset({"request", "stream_request", "parse", "parse_stream"})
"""Parts of a BAML client whose functions build a request or read an answer, and send nothing."""
_CLIENTS = frozenset({"client", "client_registry"})
ANOTHER_CLIENT = "a call says which client is asked"
NOT_RUN = "nothing that guard can see runs this file"


def requests(linker: Linker, sent: tuple[Request, ...] = ()) -> tuple[Request, ...]:
    """The requests of all configuration files, in their order.

    `sent`: the requests of code. A file that only code can run, and of which one of these sends the model or text, is
    requested there and not once more."""
    found: list[Request] = []
    taken = _taken_from(sent)
    counters: dict[str, int] = {}
    for facts in linker.project.configured():
        for name in dict.fromkeys(call.called_as for call in facts.calls if call.called_as is not None):
            linker.declared_in.setdefault(name, []).append(facts.path)
    known = clients.by_folder(linker.project)
    for facts in linker.project.configured():
        names: dict[str, str] = {}
        waiting: list[tuple[Declared, Request]] = []
        calls = [_filled(linker, call) for call in facts.calls[:MAX_DECLARED]]
        calls = [call for call in calls if not (call.used_by and facts.path in taken)]
        calls = [one for call in calls for one in clients.asked(known, facts.path, call)]
        for declared in calls:
            request = _request(linker, facts, declared)
            digest = "|".join((KEY_VERSION, declared.api, *(f"{s.qualname}>{s.callee}" for s in request.sites)))
            number = counters[digest] = counters.get(digest, -1) + 1
            made = request_id(f"{digest}|config {number}")
            names.setdefault(declared.name, made)
            waiting.append((declared, replace(request, id=made)))
        found += [_after(declared, request, names) for declared, request in waiting]
    return tuple(found)


def _taken_from(sent: tuple[Request, ...]) -> frozenset[str]:
    """The files that a model, a limit or text of a request comes from."""
    found: set[str] = set()
    for request in sent:
        for choice in (*request.model.choices, *request.max_output.choices):
            found.update(step.span.path for step in choice.trail if step.how == "config_file")
        for message in request.prompt.messages:
            found.update(segment.span.path for segment in message.segments if segment.span is not None)
    return frozenset(found)


def _filled(linker: Linker, declared: Declared) -> Declared:
    """A request that runs another file's: with what that file says of model, limit and prompt."""
    if declared.runs_file is None:
        return declared
    run = next((f.calls[0] for f in linker.project.configured() if f.path == declared.runs_file and f.calls), None)
    if run is None:
        return declared
    return replace(
        declared, models=declared.models or run.models, model_why=None if declared.models else run.model_why,
        limit=declared.limit or run.limit, limit_why=None if declared.limit or run.limit else declared.limit_why,
        messages=run.messages, prompt_why=run.prompt_why,
    )  # fmt: skip


def _after(declared: Declared, request: Request, names: dict[str, str]) -> Request:
    """A request that runs after the failure of another one of its file: none of its tries are typical."""
    if declared.after is None:
        return request
    attempts = request.attempts
    runs = Count(0, 0, attempts.high, (*attempts.why, "runs only after a failure"))
    return replace(request, after=names.get(declared.after), attempts=runs)


def _request(linker: Linker, facts: Facts, declared: Declared) -> Request:
    variants = _variants(linker, declared)
    own = file_rows.multiplied(linker.project, facts.path, declared)
    messages, prompt_why = file_rows.messages(linker.project, facts.path, declared)
    site = Site(declared.span, "config", own, declared.name, declared.api)
    used = _used(linker, facts.path, declared)
    if declared.called_as is not None and any(_picks_client(ref.call) for _, ref in used):
        declared = replace(declared, model_why=ANOTHER_CLIENT, limit_why=ANOTHER_CLIENT)
    before, reached = _callers(linker, used, own)
    why_not = declared.why_not or (NOT_RUN if (declared.used_by or declared.called_as) and not used else None)
    repeats = control.product([*(s.repeats for s in before[:1]), own])
    choices = tuple(dict.fromkeys(v.model for v in variants if v.model is not None))
    models = Value(choices, not choices or declared.model_why is not None, declared.model_why)
    limit = variants[0].max_output
    limits = Value((limit,) if limit is not None else (), declared.limit_why is not None, declared.limit_why)
    span = declared.span
    unknown = [Unknown(what, why, span) for what, why in (
        ("model", models.why if models.open else None), ("max_output", declared.limit_why), ("prompt", prompt_why),
    ) if why is not None]  # fmt: skip
    high: int | None = 1
    for layer in declared.layers:
        high = None if high is None or layer.attempts is None else high * layer.attempts
    why = tuple(f"{layer.name} {layer.attempts}" for layer in declared.layers if layer.attempts != 1)
    stage = "test" if is_test(facts.path) else declared.stage or stage_of(facts.path)
    return Request(
        id="", api=declared.api, operation=declared.operation, provider=variants[0].provider, sites=(*before, site),
        model=models, max_output=limits, variants=variants, attempts=Count(1, 1, high, why), turns=declared.turns,
        repeats=repeats, layers=declared.layers,
        prompt=Prompt(messages, prompt_why is not None, prompt_why),
        reached_from=reached or _entries(facts.path, declared, own), callers=max(1, len(used)),
        counted=why_not is None, why_not=why_not,
        exclusive=f"{facts.path}::{declared.exclusive}" if declared.exclusive else None,
        exclusive_default=declared.default and declared.exclusive is not None, stage=stage,
        conditional=declared.conditional, outputs=declared.outputs, unknown=tuple(unknown), assumed=declared.assumed,
    )  # fmt: skip


def step(written: Written) -> Step:
    """Where a value of a file stands, as a step of a trail."""
    return Step(written.span, "catalog_default" if written.default else "config_file", written.key_path)


def _variants(linker: Linker, declared: Declared) -> tuple[Variant, ...]:
    catalog = linker.project.catalog
    owner = declared.provider
    if owner is not None:
        owner = catalog.provider_prefixes.get(owner.lower(), owner)
    limit: Choice | None = Choice(None, (Step(declared.span, "not_sent"),)) if declared.limit_why is None else None
    if declared.limit is not None:
        limit = Choice(declared.limit.value, (step(declared.limit),))
    found: list[Variant] = []
    for model in declared.models:
        name = str(model.value)
        provider = owner if owner is not None else catalog.split_model(name)[0]
        found.append(
            Variant(Choice(name, (step(model),)), provider, limit, declared.reasoning, declared.tier, default=not found)
        )
    return tuple(found) or (Variant(None, owner, limit, declared.reasoning, declared.tier, default=True),)


def _entries(path: str, declared: Declared, own: Count) -> tuple[Reach, ...]:
    """What starts a request that no code calls: what the file says, else the file as a whole."""
    if not declared.entries:
        return (Reach(f"{path}::{declared.name}", "config", own),)
    return tuple(
        Reach(f"{path}::{entry.name}", entry.kind, own, entry.aliases, (), entry.runs_per_month)
        for entry in declared.entries
    )


# code that runs a file


def _used(linker: Linker, path: str, declared: Declared) -> list[tuple[FileFacts, CallRef]]:
    """Calls in code that run a declared request: by its function's name, or by a text that names its file. Where
    several files declare that name, a call means the nearest."""
    project = linker.project
    found: list[tuple[FileFacts, CallRef]] = []
    if declared.called_as is not None:
        calls = project.calls_named(declared.called_as, project.naming("baml_client"))
        found = [
            (facts, ref)
            for facts, ref in calls
            if "baml_client" not in facts.path.split("/")
            and not _PASSIVE.intersection(names_from_end(ref.call.func)[1:])
        ]
        return [one for one in found if _is_nearest(linker, path, declared.called_as, one[0].path)][:MAX_CALLS]
    for name in declared.used_by:
        for code in _holding(project, name):
            facts = project.facts(code)
            if facts is not None:
                found += [(facts, ref) for ref in facts.calls if _names(ref.call, path, name)]
    return found[:MAX_CALLS]


def _picks_client(call: Call) -> bool:
    """Whether a call of a BAML function says itself which client is asked, so that it may be another than the file's:
    `b.F(x, baml_options={"client_registry": r})`, `b.with_options(client="other").F(x)`."""
    options = [value for name, value in call.keywords if name == "baml_options"]
    for value in options:
        if not isinstance(value, Map) or any(_is_client(key) for key, _ in value.items):
            return True
    before: Expr | None = call.func
    while isinstance(before, Attr):
        before = before.base
    made = isinstance(before, Call) and names_from_end(before.func)[:1] == ["with_options"]
    return made and isinstance(before, Call) and any(name is None or name in _CLIENTS for name, _ in before.keywords)


def _is_client(key: Expr | None) -> bool:
    return key is None or not isinstance(key, Const) or key.value in _CLIENTS


def _holding(project: Project, name: str) -> list[str]:
    """Code files in which a name stands, found by its longest word."""
    word = max(_WORD.findall(name), key=len, default="")
    paths = project.naming(word) if word else project.mentioning([name.encode()])
    return [path for path in paths if name.encode() in project.bytes_of(path)]


def _is_nearest(linker: Linker, path: str, name: str, caller: str) -> bool:
    """Whether no file that declares a function of that name shares more folders with the caller than this one."""
    others = linker.declared_in.get(name, ())
    return shared_folders(path, caller) == max((shared_folders(other, caller) for other in others), default=0)


def _names(call: Call, path: str, name: str) -> bool:
    """Whether an argument of a call is a text that names a file, or its folder."""
    values = (*call.args, *(value for _, value in call.keywords))
    return any(isinstance(v, Const) and isinstance(v.value, str) and _is_path_to(v.value, path, name) for v in values)


def _is_path_to(text: str, path: str, name: str) -> bool:
    """Whether a text ends with a name, and what stands before it is the way to the file as far as it is known."""
    parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    if not parts or parts[-1] != name:
        return False
    folders = path.split("/")
    at = len(folders) - 1 - folders[::-1].index(name) if name in folders else None
    return at is None or folders[max(0, at + 1 - len(parts)) : at + 1] == parts[-min(len(parts), at + 1) :]


def _callers(
    linker: Linker, used: list[tuple[FileFacts, CallRef]], own: Count
) -> tuple[tuple[Site, ...], tuple[Reach, ...]]:  # fmt: skip
    """The site of a call that runs it (of several only their entry points tell), and the entry points of all."""
    sites: list[Site] = []
    reached: dict[str, Reach] = {}
    linker.engine.ask({})
    linker.sites.closures.under({}, {})
    for facts, ref in used:
        around = control.around(linker.engine, facts, ref, linker.engine.root(facts.path, ref.scope))
        sites.append(linker.sites.site(facts, ref, "wrapper", around.repeats))
        inner = control.product([around.repeats, own])
        for reach in linker.entries.reach(node_of(facts, ref.scope), inner):
            old = reached.get(reach.entry)
            reached[reach.entry] = (
                reach if old is None else replace(old, repeats=loops.added(old.repeats, reach.repeats))
            )
    return tuple(sites[:1]) if len(sites) == 1 else (), tuple(reached.values())
