"""Which libraries have a method or function of a name, and whether the repository imports one of them.

In: the last name of a callee (`select`). Out: whether such a call may be one of a library of the catalogue at all. A
chain begins with an import, so that a name which only AutoGen has means no API where no code imports AutoGen. That is
seen in bytes, for the repository as a whole and not for one file, since objects pass from file to file. A module that
code imports by a name which stands in a data file alone is not seen. Neighbours: `candidates` asks, `searches` looks
through the bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.facts.link.project import Project
    from guard.facts.registry import Catalog

BEGINS = "*"
"""At the end of a home: any module whose first part begins so."""


class Homes:
    """Answers for one project."""

    def __init__(self, project: Project) -> None:
        catalog = project.catalog
        self._project = project
        self._homes = homes(catalog)
        self._all = frozenset[str]().union(*self._homes.values())
        free = {*catalog.duck_calls, *catalog.duck_callers}
        free |= {name.rpartition("::")[2] for name in catalog.declared}
        self._free = {name.rpartition(".")[2] for name in free}
        """Names that may be an API wherever they come from."""

    def imported(self, name: str) -> bool:
        """Whether code imports a library that has a method or function of a name. The empty name is that of callees
        without one, which may be anything of any library."""
        wanted = self._homes.get(name) if name else self._all
        if wanted is None or name in self._free:
            return True
        return any(self._project.imports_top(top) for top in sorted(wanted))


def homes(catalog: Catalog) -> dict[str, frozenset[str]]:
    """By last name of what the catalogue calls an API, the first parts of the modules that such chains begin with."""
    clients = catalog.clients.values()
    own = {client.id: {_first(name) for name in (*client.names, *client.modules)} for client in clients}
    for rule in catalog.kin:
        own[rule.client] |= _begins(rule.modules)
    by_kind: dict[str, set[str]] = {}
    grown = True
    while grown:  # a client that is made on another one begins where that does
        for client in clients:
            for kind in client.kinds:
                by_kind.setdefault(kind, set()).update(own[client.id])
        grown = False
        for client in clients:
            above = {top for kind in client.on for top in by_kind.get(kind, ())}
            grown = grown or not above <= own[client.id]
            own[client.id] |= above
    found: dict[str, set[str]] = {}
    for kind, path in catalog.methods():
        found.setdefault(path.rpartition(".")[2], set()).update(by_kind.get(kind, ()))
    for name in catalog.calls_by_name:
        found.setdefault(name.rpartition(".")[2], set()).add(_first(name))
    return {name: frozenset(tops) for name, tops in found.items() if name}


def _first(chain: str) -> str:
    return chain.partition(".")[0]


def _begins(modules: str) -> set[str]:
    """The first parts of the modules that a rule speaks of: what stands in its pattern before the first dot or `.*`."""
    found = set()
    for pattern in modules.split("|"):
        fixed, any_text, _ = pattern.partition(".*")
        text = re.sub(r"\\(.)", r"\1", fixed)
        top, dot, _ = text.partition(".")
        found.add(top if dot or not any_text else top + BEGINS)
    return found
