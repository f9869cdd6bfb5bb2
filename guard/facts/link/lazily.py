"""Attributes that are made when somebody asks for them: `__getattr__` of a class, and of a module (PEP 562).

In: an object or a module of the repository that has no attribute of a name. Out: what its `__getattr__` returns for
just that name, or None where it has none. So libraries are found that are imported late (`litellm = LazyLiteLLM()`),
objects that stand before another one, and packages that look their names up in a table. Neighbours: `objects` and
`modules` ask, after everything that is written down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.filefacts import Binding, Scope
from guard.facts.link import calling, objects
from guard.facts.link.things import Frame, Inst, Lit, Result, known, standing_in

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

HOOKS = ("__getattr__", "__getattribute__")
"""Functions that Python asks for an attribute, the one that is asked last first."""


def of_object(engine: Engine, inst: Inst, owned: list[objects.Owned], name: str) -> Result | None:
    """`inst.name` by the `__getattr__` of its class; None where it has none, and for special methods, for which Python
    does not ask it."""
    if name.startswith("__"):
        return None
    for hook in HOOKS:
        found = objects.method(engine, owned, hook)
        if found is not None:
            cls, scope = found
            return _asked(engine, scope, engine.frame(cls.path, scope.id, None, None, inst, None), name)
    return None


def of_module(engine: Engine, path: str, name: str) -> Result | None:
    """`module.name`, or `from module import name`, by the module's own `__getattr__`."""
    facts = engine.project.facts(path)
    bindings = facts.scopes[0].bindings.get("__getattr__", ()) if facts is not None else ()
    if facts is None or name.startswith("__") or not bindings or bindings[-1].kind != "def":
        return None
    scope = facts.scopes[bindings[-1].scope]
    return _asked(engine, scope, engine.frame(path, scope.id, None, None, None, None), name)


def _asked(engine: Engine, scope: Scope, frame: Frame, name: str) -> Result | None:
    """What the function returns when its last parameter is the name."""
    params = [param for param in scope.params if param.kind.startswith("positional")]
    if not params:
        return None
    held = standing_in(scope.pos, known(Lit(name)))
    pins = {params[-1].name: Binding(params[-1].name, "assign", scope.pos.start, scope.pos, held)}
    return calling.returned(engine, scope, engine.pinned(frame, "__getattr__", name, pins))
