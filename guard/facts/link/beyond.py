"""Files that name no SDK and yet may ask a model: they import an object of a framework and invoke it.

In: the project and the files that name an SDK. Out: further files in which calls are worth a look. `main.py` with
`from crew import GameCrew` and `GameCrew().crew().kickoff()` holds no word of the framework; what tells is that it
imports a file which makes objects of one, and calls a method by which such objects are invoked. Neighbour: `requests`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from guard.facts.expr import last_name

if TYPE_CHECKING:
    from guard.facts.filefacts import FileFacts
    from guard.facts.link.project import Project
    from guard.facts.registry import Catalog

MAX_STEPS = 3
"""Packages that may re-export an object between the file that makes it and the file that invokes it."""


def invoking(project: Project, telling: list[str]) -> list[str]:
    """Files without a known name that import from one that makes a framework's object, and call one of its methods.

    Only such files are parsed as import a module of the right name, which a search of their bytes finds; `telling`
    are the files that name an SDK.
    """
    near = {path for path in telling if _makes(project.catalog, project.facts(path))}
    known = set(telling)
    called = _called(project.catalog)
    found: list[str] = []
    fresh = near
    for _ in range(MAX_STEPS):
        importing = project.importing({project.stem(path) for path in fresh}) if fresh else []
        fresh = set()
        for path in importing:
            package = path.endswith("__init__.py")
            if path in near or (path in known and not package) or not (package or project.holds(path, called)):
                continue
            facts = project.facts(path)
            if facts is None or not _imports(project, facts, near):
                continue
            near.add(path)
            if package:
                fresh.add(path)
            if path not in known:
                found.append(path)
    return sorted(found)


def _makes(catalog: Catalog, facts: FileFacts | None) -> bool:
    return facts is not None and any(catalog.may_make(last_name(ref.call.func) or "") for ref in facts.calls)


def _called(catalog: Catalog) -> re.Pattern[bytes]:
    """What a call of an invoking method looks like in bytes."""
    names = {path.rpartition(".")[2] for call in catalog.calls.values() if call.invoke for path in call.paths}
    return re.compile(rb"\.(?:%s)\s*\(" % b"|".join(re.escape(name.encode()) for name in sorted(names) if name))


def _imports(project: Project, facts: FileFacts, near: set[str]) -> bool:
    for scope in facts.scopes:
        bindings = [b for bs in scope.bindings.values() for b in bs if b.kind == "import"]
        for binding in (*bindings, *scope.stars):
            dotted = binding.module
            if project.module(dotted, facts.path) in near:
                return True
            if binding.member is not None:
                inner = f"{dotted}{binding.member}" if dotted.endswith(".") else f"{dotted}.{binding.member}"
                if project.module(inner, facts.path) in near:
                    return True
    return False
