"""Files that name no SDK and yet may ask a model: they import an object of a framework or a client, and call it.

In: the project and the files that name an SDK. Out: further files in which calls are worth a look. `main.py` with
`from crew import GameCrew` and `GameCrew().crew().kickoff()` holds no word of the framework, `from .gateway import
router` and `router.completion()` none of LiteLLM; what tells is that the file imports one which makes such objects, and
calls a method that they have. Neighbour: `requests`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from guard.facts.expr import last_name

if TYPE_CHECKING:
    from guard.facts.filefacts import FileFacts
    from guard.facts.link.project import Project

MAX_STEPS = 3
"""Packages that may re-export an object between the file that makes it and the file that invokes it."""


def invoking(project: Project, telling: list[str]) -> list[str]:
    """Files without a known name that import from one that makes a framework's object, and invoke it.

    Only such files are parsed as import a module of the right name, which a search of their bytes finds; `telling`
    are the files that name an SDK.
    """
    catalog = project.catalog
    names = {path.rpartition(".")[2] for call in catalog.calls.values() if call.invoke for path in call.paths}
    return _importers(project, telling, catalog.may_make, _called(names))


def sending(project: Project, telling: list[str]) -> list[str]:
    """Files without a known name that import from one that makes a client, and call one of its methods.

    Methods by whose path alone the catalogue knows an API (`chat.completions.create`) are names of SDKs already.
    """
    makers, methods = project.catalog.client_words
    return _importers(project, telling, makers.__contains__, _called(methods))


def _importers(
    project: Project, telling: list[str], may_make: Callable[[str], bool], called: re.Pattern[bytes]
) -> list[str]:
    near = {path for path in telling if _makes(project.facts(path), may_make)}
    known = set(telling)
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


def _makes(facts: FileFacts | None, may_make: Callable[[str], bool]) -> bool:
    return facts is not None and any(may_make(last_name(ref.call.func) or "") for ref in facts.calls)


def _called(names: Iterable[str]) -> re.Pattern[bytes]:
    """What a call of one of these methods looks like in bytes."""
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
