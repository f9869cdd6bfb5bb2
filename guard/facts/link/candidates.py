"""Which calls of a file are worth a look: by their names alone, before anything is evaluated.

In: the facts of a file, or one call of it. Out: the calls that may be a request to a model. Neighbours: `sends` says
what such a call sends to, `contexts` asks whether its callers are worth looking at, `requests` begins here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Expr, Name, last_name, names_from_end
from guard.facts.filefacts import Binding, CallRef, FileFacts
from guard.facts.link import running, served, web
from guard.facts.link.things import (
    ClassThing,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

COMMON_NAMES = frozenset({
    "run", "create", "get", "send", "call", "stream", "parse", "complete", "query", "search", "generate", "chat",
    "embed", "predict", "execute", "edit", "process", "iter", "train", "test", "rerank", "classify", "add", "insert",
    "__call__", "",
})  # fmt: skip
"""Method names of APIs that many other things have, too."""
TELLING = frozenset({"model", "modelId", "model_id", "messages", "max_tokens"})
"""Arguments that hardly anything but a request to a model has."""


def may_send(engine: Engine, facts: FileFacts, ref: CallRef) -> bool:
    """Whether a call looks so much like an API that its callers are worth asking for its receiver or its address."""
    if _in_module(engine, facts, ref):
        return True
    names = names_from_end(ref.call.func)
    tails = engine.project.call_tails
    if ".".join(reversed(names[:2])) in tails or (len(names) > 1 and names[0] in engine.declared.by_last):
        return True
    if names and names[0] in _http_names(engine) and web.asks_callers(engine, facts.path, ref):
        return True
    if len(names) < 2 or names[0] not in tails:
        return False
    keywords = {k for k, _ in ref.call.keywords}
    # what is spread may hold the model: `self.client.create(**params)`
    return names[0] not in COMMON_NAMES or not keywords.isdisjoint(TELLING) or (None in keywords and not ref.call.args)


def _in_module(engine: Engine, facts: FileFacts, ref: CallRef) -> bool:
    """Whether a method of a framework's subclass calls what the object holds: `self.predictor(question=...)`."""
    func, at = ref.call.func, ref.scope
    if not isinstance(func, Attr) or not isinstance(func.base, Name) or func.base.id != "self":
        return False
    while at > 0 and facts.scopes[at].kind != "class":
        at = facts.scopes[at].parent
    return at > 0 and bool(running.bases(engine, ClassThing(facts.path, at)))


def candidates(engine: Engine, facts: FileFacts) -> list[CallRef]:
    """Calls of a file whose last name is that of a known API or of a function that sends HTTP requests."""
    catalog = engine.project.catalog
    found = []
    imported = engine.project.homes.imported
    for name in facts.by_name:
        http = name in catalog.duck_callers or name in _http_names(engine)
        if http or (name in catalog.last_names and imported(name)):
            found += facts.by_name[name]
    aliases = _aliases(engine, facts)
    for alias in aliases:
        found += facts.by_name.get(alias, ())
    holders: dict[int, frozenset[str]] = {}
    attributes = _held_attributes(engine, facts)
    for ref in facts.calls:  # partial(...)(...) and calls of variables that hold an API's method
        nameless = last_name(ref.call.func) is None and imported("")
        if nameless or (isinstance(ref.call.func, Attr) and ref.call.func.name in attributes):
            found.append(ref)
        elif isinstance(ref.call.func, Name):
            if ref.scope not in holders:
                holders[ref.scope] = _holders(engine, facts, ref.scope)
            if ref.call.func.id in holders[ref.scope]:
                found.append(ref)
    found += served.refs(engine, facts)
    unique = {id(ref): ref for ref in found}
    return sorted(unique.values(), key=lambda r: (r.call.pos, r.scope))


def _http_names(engine: Engine) -> frozenset[str]:
    return frozenset(name.rsplit(".", 1)[-1] for name in engine.project.catalog.callers_by_name)


def _aliases(engine: Engine, facts: FileFacts) -> list[str]:
    """Local names of imported APIs: `from litellm import completion as ask`."""
    names = engine.project.catalog.last_names
    return [
        b.name for scope in facts.scopes for bindings in scope.bindings.values() for b in bindings
        if b.kind == "import" and b.member in names and b.name != b.member
    ]  # fmt: skip


def _may_send(engine: Engine, value: Expr | None, names: frozenset[str]) -> bool:
    """Whether a value ends in an API's name, is a `partial` of one, or is a call that may make an object that sends."""
    if isinstance(value, (Attr, Name)):
        return last_name(value) in names
    if not isinstance(value, Call):
        return False
    made = last_name(value.func)
    if engine.project.catalog.may_make(made or ""):
        return True
    return made == "partial" and bool(value.args) and last_name(value.args[0]) in names


def _holders(engine: Engine, facts: FileFacts, scope: int) -> frozenset[str]:
    """Variables of a scope that are bound to something ending in an API's name: `ask = client.messages.create`; here,
    or in a file that names an SDK and from which they are imported."""
    names = engine.project.catalog.last_names
    held = set()
    at = scope
    while at >= 0:
        for name, bindings in facts.scopes[at].bindings.items():
            for binding in bindings:
                if binding.kind == "import":
                    if _imports_holder(engine, facts, binding, names):
                        held.add(name)
                elif binding.kind == "assign" and _may_send(engine, binding.value, names):
                    held.add(name)
        at = facts.scopes[at].parent
    return frozenset(held)


def _imports_holder(engine: Engine, facts: FileFacts, binding: Binding, names: frozenset[str]) -> bool:
    """Whether an import brings such a variable of another file of the repository."""
    path = engine.project.module(binding.module, facts.path) if binding.member is not None else None
    if path is None or not engine.project.names_sdk(path):
        return False
    there = engine.project.facts(path)
    bound = there.scopes[0].bindings.get(binding.member or "", ()) if there is not None else ()
    return any(b.kind == "assign" and _may_send(engine, b.value, names) for b in bound)


def _held_attributes(engine: Engine, facts: FileFacts) -> frozenset[str]:
    """Attributes that are, or may be, bound to an object of a framework: `self.predict = dspy.Predict(...)`."""
    found = set()
    for scope in facts.scopes:
        for name, bindings in scope.bindings.items():
            params = {param.name for param in scope.params}
            if "." in name and any(
                (isinstance(b.value, Call) and engine.project.catalog.may_make(last_name(b.value.func) or ""))
                or (isinstance(b.value, Name) and b.value.id in params)
                for b in bindings
            ):
                found.add(name.rsplit(".", 1)[-1])
    return frozenset(found)
