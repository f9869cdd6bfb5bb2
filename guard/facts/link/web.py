"""Requests over plain HTTP: which calls post to the address of a known API, and in which files to look for them.

In: a call of a function that sends HTTP requests. Out: `Target`s; the keys of the JSON body, and what the address
itself names, stand in for the arguments of an SDK. Neighbour: `sends`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.catalog_types import HttpCaller
from guard.facts.expr import Call, Const
from guard.facts.filefacts import CallRef
from guard.facts.link import providers, texts
from guard.facts.link.arguments import BodyArguments, CallArguments, sent
from guard.facts.link.carriers import users
from guard.facts.link.things import (
    Alt,
    Ext,
    Frame,
    Hop,
    Lit,
    Made,
    Result,
    World,
    together,
    union,
    unknown,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.catalog_types import EndpointMatch
    from guard.facts.link.engine import Engine
    from guard.facts.link.project import Project
    from guard.facts.link.sends import Target

IN_ADDRESS = "it stands in the address, which is put together at run time"


def targets(
    engine: Engine, caller: HttpCaller, thing: Ext | None, call: Call, frame: Frame, world: World
) -> list[Target]:  # fmt: skip
    """Raw requests to known APIs, one for each provider that the address can mean. `thing`: who sends, if known."""
    from guard.facts.link.sends import Target

    arguments = CallArguments(engine, call, frame)
    url = sent(arguments, caller.url)
    if url is None or not _posts(caller, arguments):
        return []
    base = _base(engine, caller, thing)
    matches: list[tuple[EndpointMatch, Alt]] = []
    for alt in texts.as_text(url.result, Const(call.pos, None), frame).alts:
        match = engine.project.catalog.endpoint(_whole(base, providers.text_of(alt) or ""))
        if match is not None and (thing is not None or not match.endpoint.any_host):
            matches.append((match, alt))
    body = sent(arguments, caller.body)
    held = BodyArguments(engine, body.result if body is not None else unknown("no body is given"))
    found: dict[tuple[str, str | None], Target] = {}
    for match, alt in matches:
        both = together(world, alt.world)
        if both is None or _is_another(match, held):
            continue
        spec = match.endpoint.call
        key = (spec.api, match.provider)
        if key in found:
            found[key] = found[key]._replace(world=found[key].world & both)
            continue
        same = [(m, a) for m, a in matches if m.endpoint.call.api == spec.api]
        captures = _captures(same, Hop(frame.path, call.pos, "literal"))
        found[key] = Target(spec, call, frame, held, (), match.provider, captures, both, True)
    return list(found.values())


def _is_another(match: EndpointMatch, body: BodyArguments) -> bool:
    """Whether an address only ends like that of a known API: at a host that is not listed, with a body that surely
    names no model."""
    model = match.endpoint.call.roles.get("model")
    if not match.endpoint.any_host or match.provider is not None or model is None or "deployment" in match.captures:
        return False
    return "model" not in match.captures and sent(body, model) is None


def _posts(caller: HttpCaller, arguments: CallArguments) -> bool:
    method = sent(arguments, caller.method) if caller.method is not None else None
    words = [a.thing.value for a in method.result.alts if isinstance(a.thing, Lit)] if method is not None else []
    return all(str(word).upper() == "POST" for word in words)


def _base(engine: Engine, caller: HttpCaller, thing: Ext | None) -> str:
    """The first part of the address, which the client was made with."""
    if caller.base is None or thing is None or not thing.made:
        return ""
    made: Made = thing.made[0]
    given = sent(CallArguments(engine, made.call, made.frame), caller.base)
    base = next((t for a in given.result.alts if (t := providers.text_of(a))), "") if given is not None else ""
    return base if "//" in base or base.startswith("\0") or not base else "https://" + base


def _whole(base: str, text: str) -> str:
    if not base or text.startswith(("http:", "https:", "\0")):
        return text
    return base.rstrip("/") + "/" + text.lstrip("/")


def _captures(matches: list[tuple[EndpointMatch, Alt]], place: Hop) -> dict[str, Result]:
    """What the address names itself (`model`, `deployment`), with the way that the address came."""
    found: dict[str, Result] = {}
    for name in {name for match, _ in matches for name in match.captures}:
        values = []
        for match, alt in matches:
            value = match.captures.get(name)
            if not isinstance(value, str) or "\0" in value:
                values.append(unknown(IN_ADDRESS))
            else:
                values.append(Result((Alt(Lit(value), alt.trail or (place,), alt.world),)))
        found[name] = union(values)
    return found


def asks_callers(engine: Engine, path: str, ref: CallRef) -> bool:
    """Whether a call is a function that sends HTTP requests, so that its callers may say to which address."""
    frame = engine.root(path, ref.scope)
    known = engine.project.catalog.callers_by_name
    return any(isinstance(a.thing, Ext) and a.thing.chain in known for a in engine.quietly(ref.call.func, frame).alts)


# files


def helper_files(project: Project) -> list[str]:
    """Files that send HTTP requests, and may get the address of a known API from a file that holds one, or there.

    Found in bytes, so that work grows with the size of the repository.
    """
    catalog = project.catalog
    holding = project.mentioning(catalog.url_needles)
    packages = [root.rpartition(".")[2].encode() for root in catalog.http_roots]
    sending = set(project.mentioning(packages))
    return sorted({other for path in holding for other in users(project, path, catalog.url_needles)} & sending)
