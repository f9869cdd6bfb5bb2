"""Where what a call calls may come from, as imports, classes and assignments say, before anything is evaluated.

In: a call of a parsed file. Out: `SDK` (it may be something of a library of the catalogue, or derive from it), else the
files of the repository that define it; none for what is of other libraries or of Python. Whatever a glance does not
settle may be of an SDK. Neighbours: `beyond` asks, `modules` evaluates imports.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from guard.facts.expr import Attr, Call, Const, Expr, Item, Map, Name, Seq, Text
from guard.facts.filefacts import Binding, FileFacts, Scope
from guard.facts.link.reads import CUT, Memo

if TYPE_CHECKING:
    from guard.facts.filefacts import CallRef
    from guard.facts.link.project import Project

MAX_STEPS = 8
"""Imports, bases and assignments that are followed from one name."""

Origin = frozenset[str] | None
"""Files of the repository that define something; None: it may be of an SDK."""
SDK: Final = None
NOWHERE: Origin = frozenset()


class Origins:
    """Answers for one project, each found once."""

    def __init__(self, project: Project) -> None:
        catalog = project.catalog
        self._project = project
        self._tops = {root.partition(".")[0] for root in (*catalog.import_roots, *catalog.common_roots)}
        self._words = [text for needle in catalog.needles if (text := needle.decode()).isidentifier()]
        self._kept: Memo[tuple[str, int, str], Origin] = Memo(project.recorder)

    def of(self, facts: FileFacts, ref: CallRef) -> Origin:
        """The origin of what a call calls."""
        return self._of_value(facts, ref.scope, ref.call.func, 0)

    def _of_value(self, facts: FileFacts, scope: int, value: Expr | None, steps: int) -> Origin:
        while isinstance(value, (Attr, Item, Call)):
            value = value.func if isinstance(value, Call) else value.base
        if isinstance(value, (Const, Text, Seq, Map)):
            return NOWHERE
        return self._of_name(facts, scope, value.id, steps) if isinstance(value, Name) else SDK

    def _of_name(self, facts: FileFacts, scope: int, name: str, steps: int) -> Origin:
        key = (facts.path, scope, name)
        if key not in self._kept and steps > MAX_STEPS:
            self._project.recorder.note(CUT)
            return SDK
        # a name that comes back to itself is not settled by a glance
        return self._kept.once(key, lambda: self._found(facts, scope, name, steps), SDK)

    def _found(self, facts: FileFacts, scope: int, name: str, steps: int) -> Origin:
        at: Scope | None = facts.scopes[scope]
        while at is not None:
            if any(param.name == name for param in at.params) or name in at.outer_names:
                return SDK
            if name in at.bindings:
                return _all(self._of_binding(facts, at, binding, steps + 1) for binding in at.bindings[name])
            at = facts.scopes[at.parent] if at.parent >= 0 else None
        declared = any(name in inner.outer_names for inner in facts.scopes)
        return SDK if declared or facts.scopes[0].stars else NOWHERE

    def _of_binding(self, facts: FileFacts, scope: Scope, binding: Binding, steps: int) -> Origin:
        if binding.kind == "import":
            return self._of_import(facts, binding, steps)
        if binding.kind == "class" and binding.scope >= 0:
            cls = facts.scopes[binding.scope]
            parts = (*cls.bases, *cls.decorators, *(value for _, value in cls.keywords))
            above = [self._of_value(facts, scope.id, part, steps) for part in parts]
            return _all([frozenset({facts.path}), *above])
        if binding.kind == "def":
            return frozenset({facts.path})
        return SDK if binding.value is None else self._of_value(facts, scope.id, binding.value, steps)

    def _of_import(self, facts: FileFacts, binding: Binding, steps: int) -> Origin:
        module, member, project = binding.module, binding.member, self._project
        if project.is_own(module):
            return SDK
        target = project.module(module, facts.path)
        if member is not None and (target is None or target.endswith("/")):
            target = project.module(f"{module}{member}" if module.endswith(".") else f"{module}.{member}", facts.path)
            member = None
        if target is None:
            return SDK if module.startswith(".") or self._is_of_sdk(module) else NOWHERE
        if member is None or target.endswith("/"):
            return SDK
        there = project.facts(target)
        if there is None or member not in there.scopes[0].bindings:
            return SDK
        return self._of_name(there, 0, member, steps)

    def _is_of_sdk(self, module: str) -> bool:
        return module.partition(".")[0] in self._tops or any(word in module for word in self._words)


def _all(origins: Iterable[Origin]) -> Origin:
    found: set[str] = set()
    for origin in origins:
        if origin is None:
            return SDK
        found |= origin
    return frozenset(found)
