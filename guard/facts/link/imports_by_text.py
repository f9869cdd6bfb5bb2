"""Imports whose module is a text: `importlib.import_module("openai")`, `__import__("openai")`.

In: a call and its frame. Out: the module, of the repository or outside of it, or None where the text is not followed.
Nothing is imported. Neighbours: `stdlib` asks, `modules` says which module a name means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr, Name
from guard.facts.link.things import Alt, Frame, Lit, Result, unknown

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


def _import_module(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`importlib.import_module("package.module")`: the module that the text names.

    Of a registry's texts only the default is followed, if there is one: what else it may be stays open. Following each
    class of a registry would ask for all that they have in common again and again.
    """
    from guard.facts.link.modules import named_module
    from guard.facts.link.stdlib import argument

    source, package = argument(expr, 0, "name"), argument(expr, 1, "package")
    if source is None or (package is not None and not _own_package(package, frame.path)):
        return None
    names = engine.eval(source, frame)
    if not names.alts or (len(names.alts) > 1 and not names.open):
        return None
    first = names.alts[0]
    if not isinstance(first.thing, Lit) or not isinstance(first.thing.value, str) or not first.thing.value:
        return None
    if first.thing.value.startswith(".") and package is None:
        return None
    module = named_module(engine, first.thing.value, frame.path)
    return Result((Alt(module, first.trail, first.world),), names.open)


def _import_by_name(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`__import__("openai")`: of a dotted name it would be the first package, which is left out."""
    from guard.facts.link.stdlib import argument

    source = argument(expr, 0, "name")
    name = engine.eval(source, frame) if source is not None and len(expr.args) == 1 else unknown("")
    dotted = any(isinstance(a.thing, Lit) and "." in str(a.thing.value) for a in name.alts)
    return None if dotted else _import_module(engine, expr, frame)


def _own_package(package: Expr, path: str) -> bool:
    """Whether an expression is the package of the file that it stands in, so that relative names begin there."""
    if not isinstance(package, Name):
        return False
    return package.id == "__package__" or (package.id == "__name__" and path.endswith("__init__.py"))


CALLS: dict[str, Callable[[Engine, Call, Frame], Result | None]] = {
    "importlib.import_module": _import_module,
    "builtins.__import__": _import_by_name,
}
