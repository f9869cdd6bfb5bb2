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
from guard.facts.link.origins import SDK

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
    near = _makers(project, telling, may_make)
    known = set(telling)
    found: list[str] = []
    fresh = set(near)
    for _ in range(MAX_STEPS):
        importing = project.importing(fresh)
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


def _makers(project: Project, telling: list[str], may_make: Callable[[str], bool]) -> set[str]:
    """The files that call what makes such objects: something of an SDK, or of a file that makes such objects itself."""
    near: set[str] = set()
    waiting: dict[str, set[str]] = {}
    for path in telling:
        facts = project.facts(path)
        refs = [ref for ref in facts.calls if may_make(last_name(ref.call.func) or "")] if facts is not None else []
        origins = [project.origins.of(facts, ref) for ref in refs] if facts is not None else []
        if any(origin is SDK for origin in origins):
            near.add(path)
        for origin in origins:
            for own in origin or ():
                waiting.setdefault(own, set()).add(path)
    fresh = [*near]
    while fresh:
        for path in waiting.pop(fresh.pop(), ()):
            if path not in near:
                near.add(path)
                fresh.append(path)
    return near


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
