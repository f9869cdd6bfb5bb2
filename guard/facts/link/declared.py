"""Functions of the repository that guard.yaml declares to ask a model (`calls`).

In: functions that a callee evaluates to. Out: the entry of the catalogue that speaks of them; `arguments.OwnArguments`
reads what they are given. Declared functions from outside of the repository are found by their chain, as all SDKs are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.catalog_types import Call as Spec
from guard.facts.catalog_user import last_part
from guard.facts.filefacts import FileFacts
from guard.facts.link import modules, objects
from guard.facts.link.reads import Memo
from guard.facts.link.things import ClassThing, Func, Inst, ModuleThing, Thing

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Place = tuple[str, int]
"""Path and scope of a function."""


class Declared:
    """The functions of one repository that are declared."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.by_last: dict[str, list[tuple[str, Spec]]] = {}
        for name, spec in engine.project.catalog.declared.items():
            self.by_last.setdefault(last_part(name), []).append((name, spec))
        self._found: Memo[Place, Spec | None] = Memo(engine.recorder)
        self._exported: Memo[None, dict[Place, Spec]] = Memo(engine.recorder)

    def of(self, thing: Thing) -> tuple[Spec, Func] | None:
        """The entry that speaks of a function, or of the method that runs when an object is called."""
        if not self.by_last:
            return None
        if isinstance(thing, Inst):
            owned, _ = objects.order(self.engine, thing.cls)
            method = objects.method(self.engine, owned, "__call__")
            if method is None:
                return None
            thing = Func(method[0].path, method[1].id, thing)
        spec = self.at(thing.path, thing.scope) if isinstance(thing, Func) else None
        return (spec, thing) if spec is not None and isinstance(thing, Func) else None

    def at(self, path: str, scope: int) -> Spec | None:
        """The entry that speaks of a function by its place, its own name or that of the method it overrides."""
        if not self.by_last:
            return None
        return self._found.once((path, scope), lambda: self._named(path, scope))

    def around(self, facts: FileFacts, scope: int) -> Spec | None:
        """The entry that speaks of the function in which a scope stands."""
        while scope > 0 and self.by_last:
            spec = self.at(facts.path, scope) if facts.scopes[scope].kind == "function" else None
            if spec is not None:
                return spec
            scope = facts.scopes[scope].parent
        return None

    def _named(self, path: str, scope: int) -> Spec | None:
        engine = self.engine
        function = engine.project.scope(path, scope)
        if function.name not in self.by_last:
            return None
        places = [(path, scope)]
        if function.parent >= 0 and engine.project.scope(path, function.parent).kind == "class":
            owned, _ = objects.order(engine, ClassThing(path, function.parent))
            methods = (objects.method(engine, [owner], function.name) for owner in owned)
            places += [(found[0].path, found[1].id) for found in methods if found is not None]
        exported = self._exported.once(None, self._exports)
        for place in places:
            spec = exported.get(place) or self._by_place(*place)
            if spec is not None:
                return spec
        return None

    def _by_place(self, path: str, scope: int) -> Spec | None:
        """By file and qualified name: the module's dotted name may begin in any folder that is no package."""
        function = self.engine.project.scope(path, scope)
        module = path.removesuffix(".py").removesuffix("/__init__")
        dotted = f"{module}/{function.qualname.replace('.', '/')}"
        for name, spec in self.by_last[function.name]:
            if "::" in name:
                if name == f"{path}::{function.qualname}":
                    return spec
                continue
            wanted = name.replace("()", "").replace(".", "/")
            folder = dotted[: -len(wanted)].rstrip("/") if f"/{dotted}".endswith(f"/{wanted}") else None
            if folder is not None and not (folder and self.engine.project.has(f"{folder}/__init__.py")):
                return spec
        return None

    def _exports(self) -> dict[Place, Spec]:
        """Functions that a declared name reaches over imports: `acme.llm.ask`, defined in `acme/llm/core.py`."""
        found: dict[Place, Spec] = {}
        for names in self.by_last.values():
            for name, spec in names:
                if "::" in name:
                    continue
                parts = name.replace("()", "").split(".")
                for end in range(len(parts) - 1, 0, -1):
                    target = self.engine.project.module(".".join(parts[:end]), "")
                    if target is not None:
                        found.update(dict.fromkeys(self._reached(ModuleThing(target), parts[end:]), spec))
                        break
        return found

    def _reached(self, module: ModuleThing, names: list[str]) -> list[Place]:
        engine = self.engine
        first = modules.member_of(engine, module.path, names[0], "")
        if len(names) == 1:
            return [(a.thing.path, a.thing.scope) for a in first.alts if isinstance(a.thing, Func)]
        found = []
        for alt in first.alts if len(names) == 2 else ():
            if isinstance(alt.thing, ClassThing):
                owned, _ = objects.order(engine, alt.thing)
                method = objects.method(engine, owned, names[1])
                found += [(method[0].path, method[1].id)] if method is not None else []
        return found
