"""Retries below the SDK: adapters of requests, pools of urllib3, transports of httpx.

In: what a call sends to. Out: `LoopLayer`s, none where the library does not try again. Sources: `Retry` of urllib3 2.8
(connections are tried again whatever the method; reads and answers only for `allowed_methods`, to which POST does not
belong by default), `HTTPAdapter` of requests 2.32 (no retries unless told), `HTTPTransport` of httpx 0.28 (`retries`
of connections, none unless told). Nobody pays for a connection that failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from guard.facts.expr import Call, Const, Expr
from guard.facts.link import adding, providers, texts
from guard.facts.link.arguments import is_absent
from guard.facts.link.attempts import LoopLayer
from guard.facts.link.things import Ext, Frame, Inst, ListOf, Lit, Made, Result
from guard.model import Billed

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine
    from guard.facts.link.sends import Target

SESSIONS = ("requests.Session()", "requests.session()", "requests.sessions.Session()", "requests.sessions.session()")
POOLS = ("urllib3.PoolManager()", "urllib3.poolmanager.PoolManager()", "urllib3.ProxyManager()")
CLIENTS = ("httpx.Client()", "httpx.AsyncClient()")
CLIENT_ARGUMENTS = ("http_client", "http_async_client")
"""Arguments by which SDKs are given a client of httpx."""
POOL_RETRIES = 3
"""`Retry.DEFAULT` of urllib3: what a pool does that is told nothing."""
TOTAL = 10
"""`total` of a `Retry` that is told nothing."""


class Again(NamedTuple):
    """Further tries of a transport; None: how many is not known."""

    retries: int | None
    billed: Billed = "no"
    why: str = ""


def layers(engine: Engine, target: Target) -> list[LoopLayer]:
    """The retries of the transport that a request goes through."""
    found: list[LoopLayer] = []
    for alt in engine.quietly(target.call.func, target.frame).alts[:1]:
        if isinstance(alt.thing, Ext):
            found += _of_sender(engine, alt.thing, target)
    for layer in target.clients:
        given = dict(layer.made.call.keywords) if layer.made is not None else {}
        for name in CLIENT_ARGUMENTS:
            value = given.get(name)
            if value is None or layer.made is None:
                continue
            for alt in engine.quietly(value, layer.made.frame).alts[:1]:
                if isinstance(alt.thing, Ext) and alt.thing.chain in CLIENTS and alt.thing.made:
                    found += _named("httpx transport", _transport(engine, alt.thing.made[-1]), layer.made)
    return found


def _of_sender(engine: Engine, thing: Ext, target: Target) -> list[LoopLayer]:
    """By the object whose method sends: a session, a pool, a client of httpx."""
    owner, _, method = thing.chain.rpartition(".")
    here = Made(target.call, target.frame)
    if owner in SESSIONS and thing.made:
        return _named("urllib3 Retry", _mounted(engine, thing.made[0], target), here)
    if owner in POOLS and thing.made and method in ("request", "urlopen", "request_encode_body"):
        return _named("urllib3 Retry", _pool(engine, target, thing.made[0]), here)
    if thing.chain == "urllib3.request":
        return _named("urllib3 Retry", _pool(engine, target, None), here)
    if owner in CLIENTS and thing.made:
        return _named("httpx transport", _transport(engine, thing.made[0]), here)
    return []


def _named(name: str, again: Again | None, place: Made) -> list[LoopLayer]:
    if again is None or again.retries == 0:
        return []
    tries = None if again.retries is None else again.retries + 1
    return [LoopLayer(name, tries, again.billed, place.frame.path, place.call.pos, again.why)]


# httpx


def _transport(engine: Engine, made: Made) -> Again | None:
    value = dict(made.call.keywords).get("transport")
    for alt in engine.quietly(value, made.frame).alts[:1] if value is not None else ():
        thing = alt.thing
        if isinstance(thing, Ext) and thing.made and thing.chain.endswith(("HTTPTransport()",)):
            inner = thing.made[-1]
            number = _argument(inner, "retries", None)
            return Again(0) if number is None else Again(*_number(engine.quietly(number, inner.frame)))
    return None


# requests and urllib3


def _mounted(engine: Engine, session: Made, target: Target) -> Again | None:
    """The adapter that is mounted for the longest beginning of the address."""
    address = _address(engine, target)
    best: tuple[int, Again] | None = None
    for call, frame in adding.later_calls(engine, session, "mount"):
        made = Made(call, frame)
        prefix, adapter = _argument(made, "prefix", 0), _argument(made, "adapter", 1)
        start = _text(engine, prefix, frame)
        if adapter is None or start is None or not _fits(start, address):
            continue
        again = _adapter(engine, adapter, frame)
        if again is not None and (best is None or len(start) >= best[0]):
            best = (len(start), again)
    return best[1] if best is not None else None


def _fits(start: str, address: str | None) -> bool:
    """Whether an adapter is used for an address; of one that is not known only the scheme counts, which is https."""
    return address.lower().startswith(start.lower()) if address is not None else start in ("https://", "http")


def _address(engine: Engine, target: Target) -> str | None:
    made = Made(target.call, target.frame)
    method = getattr(target.call.func, "name", "")
    return _text(engine, _argument(made, "url", 1 if method == "request" else 0), target.frame)


def _text(engine: Engine, expr: Expr | None, frame: Frame) -> str | None:
    if expr is None:
        return None
    for alt in texts.as_text(engine.quietly(expr, frame), Const(expr.pos, None), frame).alts[:1]:
        text = providers.text_of(alt)
        return None if text is None or text.startswith("\0") else text
    return None


def _adapter(engine: Engine, adapter: Expr, frame: Frame) -> Again | None:
    for alt in engine.quietly(adapter, frame).alts[:1]:
        made = _maker(alt.thing)
        if made is None:
            continue
        value = _argument(made, "max_retries", 2 if isinstance(alt.thing, Ext) else None)
        return Again(0) if value is None else _retries(engine, value, made.frame, 0)
    return None


def _pool(engine: Engine, target: Target, pool: Made | None) -> Again:
    """`retries` of the call, else of the pool: a number, a `Retry`, or False."""
    for made in (Made(target.call, target.frame), pool):
        value = _argument(made, "retries", None) if made is not None else None
        if value is not None and made is not None:
            return _retries(engine, value, made.frame, POOL_RETRIES)
    return Again(POOL_RETRIES)


def _retries(engine: Engine, value: Expr, frame: Frame, default: int) -> Again:
    """A number of retries, or a `Retry`. Given as a number or None, posts are not tried again once they were sent."""
    result = engine.quietly(value, frame)
    for alt in result.alts[:1]:
        if is_absent(alt):
            return Again(default)
        made = _maker(alt.thing)
        if made is not None:
            return _of_retry(engine, made)
    return Again(*_number(result))


def _of_retry(engine: Engine, made: Made) -> Again:
    """`Retry(total=..., connect=..., allowed_methods=...)`."""
    posts = _repeats_posts(engine, made)
    total = _argument(made, "total", 0)
    number, _, why = (TOTAL, "", "") if total is None else _number(engine.quietly(total, made.frame))
    connect = _argument(made, "connect", 1)
    if connect is not None and not posts:
        other = _number(engine.quietly(connect, made.frame))[0]
        number = other if number is None else number if other is None else min(number, other)
    return Again(number, "maybe" if posts else "no", why if number is None else "")


def _repeats_posts(engine: Engine, made: Made) -> bool:
    """Whether `allowed_methods` names POST or is None or False: then every method is tried again."""
    value = _argument(made, "allowed_methods", None) or _argument(made, "method_whitelist", None)
    if value is None:
        return False
    for alt in engine.quietly(value, made.frame).alts[:1]:
        if isinstance(alt.thing, Lit):
            return not alt.thing.value
        if isinstance(alt.thing, ListOf):
            cells = [a.thing for cell in alt.thing.items for a in engine.force(cell).alts]
            return bool(alt.thing.open) or any(isinstance(c, Lit) and str(c.value).upper() == "POST" for c in cells)
    return True


def _maker(thing: object) -> Made | None:
    """The call that made an object, of a library or of a subclass in the repository."""
    if isinstance(thing, Ext) and thing.made and thing.chain.endswith("()"):
        return thing.made[-1]
    if isinstance(thing, Inst) and thing.call is not None and thing.frame is not None:
        return Made(thing.call, thing.frame)
    return None


def _argument(made: Made, name: str, pos: int | None) -> Expr | None:
    call: Call = made.call
    given = dict(call.keywords).get(name)
    return given if given is not None else call.args[pos] if pos is not None and pos < len(call.args) else None


def _number(result: Result) -> tuple[int | None, Billed, str]:
    """A number of retries (False: none); None with the reason where it is not known."""
    plain = [a.thing.value for a in result.alts if isinstance(a.thing, Lit)]
    numbers = [int(value) for value in plain if isinstance(value, (int, float))]
    return (max(numbers), "no", "") if numbers else (None, "no", result.open[0] if result.open else "not known")
