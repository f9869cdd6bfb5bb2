"""The files of a repository as `link` sees them: facts by path, modules by name, calls and definitions by name.

In: a tree and the listing of its files. Out: answers to look-ups, each noted in the recorder of the running question,
so that answers can be kept for as long as those facts stay the same. Files are reached by name: one that holds no name
of a known SDK is parsed only when a question asks for a name that a search of its bytes finds in it. Neighbours:
`searches` looks through the bytes, `module_paths` says which file an import means.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

from guard.facts.collect import collect
from guard.facts.documents.types import Facts
from guard.facts.filefacts import CallRef, FileFacts, Scope
from guard.facts.link.homes import Homes
from guard.facts.link.import_lines import Imported
from guard.facts.link.module_paths import ModulePaths
from guard.facts.link.origins import Origins
from guard.facts.link.reads import Memo, Recorder
from guard.facts.link.searches import Searches
from guard.facts.registry import Catalog
from guard.facts.releases import Pin
from guard.model import Problem
from guard.parse.nodes import DataFile
from guard.parse.notebook import parse_notebook
from guard.parse.python import parse_python
from guard.parse.text import one_line_end
from guard.sources.files import Listing, SourceFile
from guard.sources.tree import Folder, Tree

CODE = (".py", ".ipynb")
_REQUIREMENTS = re.compile(
    r"(?:^|/)(?:requirements[^/]*\.(?:txt|in)|requirements/[^/]*\.(?:txt|in)|constraints[^/]*\.txt)$"
)


class Project:
    """All files of a scan. Parsing happens when facts are asked for; everything else is a look-up."""

    def __init__(self, root: Path | Tree, listing: Listing, catalog: Catalog) -> None:
        """`root`: what the listing was made of; a path is a folder."""
        self.tree: Tree = Folder(root) if isinstance(root, Path) else root
        self.catalog = catalog
        self.problems: list[Problem] = list(listing.problems)
        self.recorder = Recorder()
        """Notes which facts are read."""
        self._listed = frozenset(f.path for f in listing.files)
        self.documents: dict[tuple[str, str, int], DataFile | None] = {}
        """Parsed data files, by path, format and text."""
        self._listing = listing
        self._configured: tuple[Facts, ...] | None = None
        self._env_files = _env_files(self._listed)
        self._requirement_files = sorted(path for path in self._listed if _REQUIREMENTS.search(path))
        self.row_counts: dict[tuple[str, str], int | None] = {}
        """Rows of files that configuration files name, by both; filled by `file_rows`."""
        self.pins: Memo[tuple[str, tuple[str, ...]], tuple[Pin, ...]] = Memo(self.recorder)
        """Releases by folder and names of a package; filled by `versions`."""
        self._files: dict[str, SourceFile] = {f.path: f for f in listing.files if f.path.endswith(CODE)}
        self._bytes: dict[str, bytes] = {}
        self._facts: dict[str, FileFacts | None] = {}
        self._seen: dict[str, FileFacts] = {}
        self.searches = Searches(self._bytes)
        """Look-ups in the bytes; who asks here notes nothing."""
        self._naming_sdk: frozenset[str] | None = None
        self._tops: dict[str, bool] = {}
        self._by_file_name: dict[str, list[str]] | None = None
        """All listed files by the last part of their path; filled by `files_named`."""
        self._imports: Memo[str, frozenset[str]] = Memo(self.recorder)
        self.origins = Origins(self)
        self.homes = Homes(self)
        self._modules = ModulePaths(self._bytes, self._files, self.tree.name, catalog)
        self.own = own_distributions(self.tree)
        self.call_tails = _call_tails(catalog)
        """Last one and last two names of every method path of the catalogue."""
        for file in listing.files:
            if file.path in self._files:
                data = self.tree.read(file)
                if isinstance(data, Problem):
                    self.problems.append(data)
                    del self._files[file.path]
                else:
                    self._bytes[file.path] = data

    def has(self, path: str) -> bool:
        """Whether a code file of that path could be read."""
        self.recorder.note(("has", path))
        return path in self._files

    def lists(self, path: str) -> bool:
        """Whether a file of that path, code or not, is listed."""
        self.recorder.note(("listed", path))
        return path in self._listed

    def files_named(self, name: str) -> list[str]:
        """The listed files of a name, in whatever folder, in the order of their paths."""
        self.recorder.note(("named", name))
        if self._by_file_name is None:
            self._by_file_name = {}
            for path in sorted(self._listed):
                self._by_file_name.setdefault(path.rpartition("/")[2], []).append(path)
        return self._by_file_name.get(name, [])

    def env_files(self, folder: str) -> list[str]:
        """`.env` files and their examples in a folder ("." is the root); a real one before an example."""
        self.recorder.note(("env", folder))
        return self._env_files.get(folder, [])

    def requirement_files(self, folder: str) -> list[str]:
        """Requirements and constraints files in a folder (empty, or with a slash at its end) or below."""
        self.recorder.note(("requirements", folder))
        return [path for path in self._requirement_files if path.startswith(folder)]

    def mentioning(self, needles: Iterable[bytes]) -> list[str]:
        """Code files whose bytes hold one of the needles."""
        wanted = frozenset(needles)
        self.recorder.note(("mentioning", *sorted(needle.decode("latin-1") for needle in wanted)))
        return list(self.searches.mentioning(wanted))

    def names_sdk(self, path: str) -> bool:
        """Whether the bytes of a code file hold the name of an SDK of the catalogue."""
        self.recorder.note(("sdk", path))
        if self._naming_sdk is None:
            self._naming_sdk = frozenset(self.searches.mentioning(self.catalog.needles))
        return path in self._naming_sdk

    def bytes_of(self, path: str) -> bytes:
        """The bytes of a code file, for searches; empty when it could not be read."""
        self.recorder.note(("bytes", path))
        return self._bytes.get(path, b"")

    def configured(self) -> tuple[Facts, ...]:
        """What configuration files of known formats say; what could not be read of them becomes a problem."""
        if self._configured is None:
            from guard.facts.documents.read import read

            self._configured = read(self.tree, self._listing)
            problems = (problem for facts in self._configured for problem in facts.problems)
            self.problems += [problem for problem in dict.fromkeys(problems) if problem not in self.problems]
        return self._configured

    def importing(self, targets: Collection[str]) -> list[str]:
        """Code files that import one of these modules, as far as their bytes show: a few too many at most."""
        stems = sorted({self.stem(target) for target in targets})
        self.recorder.note(("importing", *stems))
        return [path for path in self.searches.importing(stems) if not self.imports(path).isdisjoint(targets)]

    def import_rows(self, path: str) -> tuple[Imported, ...]:
        """The imports of a code file as its bytes show them."""
        self.recorder.note(("bytes", path))
        return self.searches.imports(path)

    def imports_top(self, top: str) -> bool:
        """Whether code imports a module whose first part this is (begins so, where `top` ends in `*`); a distribution
        of the catalogue that is built here counts, too."""
        self.recorder.note(("top", top))
        found = self._tops.get(top)
        if found is None:
            found = self._tops[top] = self.is_own(top) or self.searches.imports_top(top)
        return found

    def imports(self, path: str) -> frozenset[str]:
        """The modules of the repository that a code file imports, as far as its bytes show."""

        def found() -> frozenset[str]:
            self.recorder.note(("bytes", path))
            targets: set[str | None] = set()
            for module, names in self.searches.imports(path):
                base = module if module.endswith(".") else module + "."
                targets.add(self.module(module, path))
                targets.update(self.module(base + name, path) for name in names)
            return frozenset(target for target in targets if target is not None)

        return self._imports.once(path, found)

    def holds(self, path: str, pattern: re.Pattern[bytes]) -> bool:
        """Whether the bytes of a code file hold something of a pattern."""
        self.recorder.note(("bytes", path))
        return pattern.search(self._bytes.get(path, b"")) is not None

    def alone(self, end: str) -> str | None:
        """The one listed file whose path ends in `end`; None where there is none or more than one."""
        found = [path for path in self.files_named(end.rpartition("/")[2]) if f"/{path}".endswith(f"/{end}")]
        return found[0] if len(found) == 1 else None

    def facts(self, path: str) -> FileFacts | None:
        """The facts of a code file; None when it cannot be read (a problem then says so)."""
        self.recorder.note_file(path)
        found = self._facts.get(path)
        if found is None and path not in self._facts:
            found = self._facts[path] = self._collect(path)
        return found

    def sure_facts(self, path: str) -> FileFacts:
        """The facts of a code file that something was found in. Raises `LookupError` for any other."""
        facts = self.facts(path)
        if facts is None:
            raise LookupError(f"{path} has no facts")
        return facts

    def scope(self, path: str, scope: int) -> Scope:
        """A scope of a file whose facts are known to exist."""
        facts = self._facts.get(path) or self.sure_facts(path)
        self.recorder.note_file(path)
        return facts.scopes[scope]

    def _collect(self, path: str) -> FileFacts | None:
        data = self._bytes.get(path)
        if data is None:
            return None
        if path.endswith(".ipynb"):
            syntax, problems = parse_notebook(path, data)
            self.problems.extend(problems)
        else:
            parsed = parse_python(path, data)
            syntax = None if isinstance(parsed, Problem) else parsed
            if isinstance(parsed, Problem):
                self.problems.append(parsed)
        if syntax is None:
            return None
        try:
            return collect(path, syntax)
        except RecursionError:
            message = "nests too deeply to be followed; its calls are not in the report"
            self.problems.append(Problem(path, None, None, "too-deep", message, "split the expression up"))
            return None

    def parsed(self) -> list[FileFacts]:
        """The facts of all files that were looked at so far, by path; of those that an earlier run looked at only what
        reports say of them (see `seen_before`)."""
        found = {**self._seen, **{path: facts for path, facts in self._facts.items() if facts is not None}}
        return [found[path] for path in sorted(found)]

    def seen_before(self, files: Iterable[FileFacts], problems: Iterable[Problem]) -> None:
        """Take what an earlier run saw of files that did not change and are not looked at again."""
        self._seen = {facts.path: facts for facts in files}
        self.problems += [problem for problem in problems if problem not in self.problems]

    def file_problems(self) -> list[Problem]:
        """The problems of files that were read, without those of the listing."""
        return [problem for problem in self.problems if problem not in self._listing.problems]

    def content(self, path: str) -> bytes | None:
        """The bytes of a code file that could be read. Notes nothing."""
        return self._bytes.get(path)

    def code(self) -> list[str]:
        """The code files that could be read, in the order of the listing. Notes nothing."""
        return list(self._bytes)

    def text(self, path: str) -> str | None:
        """A text file inside the root with `\n` for every line ending, or None; never anything outside of it."""
        self.recorder.note(("text", path))
        data = self.tree.read_within(path)
        if data is None or isinstance(data, Problem):
            if isinstance(data, Problem) and data not in self.problems:
                self.problems.append(data)
            return None
        try:
            return one_line_end(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return None

    def naming(self, name: str) -> tuple[str, ...]:
        """Code files in which a name stands."""
        self.recorder.note(("name", name))
        return self.searches.naming(name)

    @staticmethod
    def stem(path: str) -> str:
        """The name by which a module is imported: of a package that of its folder."""
        pure = PurePosixPath(path)
        return pure.parent.name if pure.name == "__init__.py" else pure.stem

    def calls_named(self, name: str, paths: Iterable[str] | None = None) -> list[tuple[FileFacts, CallRef]]:
        """Calls whose callee ends in a name, in the whole repository or in some files of it."""
        found = []
        for path in sorted(paths) if paths is not None else self.naming(name):
            facts = self.facts(path)
            if facts is not None:
                found += [(facts, ref) for ref in facts.by_name.get(name, ())]
        return found

    def defs_named(self, name: str, paths: Iterable[str] | None = None) -> list[tuple[FileFacts, Scope]]:
        """Functions and classes of a name, in the whole repository or in some files of it."""
        found = []
        for path in sorted(paths) if paths is not None else self.naming(name):
            facts = self.facts(path)
            if facts is not None:
                found += [(facts, facts.scopes[scope]) for scope in facts.defs.get(name, ())]
        return found

    def module(self, dotted: str, importer: str) -> str | None:
        """Path of the module or package that an import means, or None when it lies outside the repository.

        Relative imports are resolved from the importer. Of several modules with the same dotted end, the one nearest
        to the importer wins, as a start in that folder would find it.
        """
        self.recorder.note(("module", *self._modules.key(dotted, importer)))
        return self._modules.find(dotted, importer)

    def is_sdk_itself(self, path: str) -> bool:
        """Whether a file belongs to a package of the catalogue that is built here: the SDK, not a use of it."""
        parts = path.split("/")
        return self.is_own(parts[1] if parts[0] in ("src", "lib") and len(parts) > 1 else parts[0])

    def is_own(self, dotted: str) -> bool:
        """Whether a module belongs to a distribution of the catalogue that this repository itself is the source of."""
        top = dotted.split(".")[0]
        names = self.catalog.distributions.get(top, (top,))
        listed = top in self.catalog.import_roots or top in self.catalog.common_roots
        return listed and any(name.replace("_", "-") in self.own for name in names)


def _call_tails(catalog: Catalog) -> frozenset[str]:
    tails: set[str] = set()
    for call in catalog.calls.values():
        for path in call.paths:
            names = path.split(".")
            tails.add(".".join(names[-2:]))
    return frozenset(tails)


def _env_files(listed: Iterable[str]) -> dict[str, list[str]]:
    """`.env` files and their examples by folder; a real one before an example."""
    found: dict[str, list[str]] = {}
    for path in sorted(listed):
        name = PurePosixPath(path).name
        if name == ".env" or name.startswith(".env.") or name.endswith(".env"):
            found.setdefault(str(PurePosixPath(path).parent), []).append(path)
    return found


def own_distributions(tree: Tree) -> frozenset[str]:
    """Normalised names of the distributions that the repository builds (pyproject.toml, setup.cfg, setup.py)."""
    names: set[str] = set()
    for file, pattern in (
        ("pyproject.toml", r"(?m)^\s*name\s*=\s*[\"']([\w.-]+)[\"']"),
        ("setup.cfg", r"(?m)^\s*name\s*=\s*([\w.-]+)"),
        ("setup.py", r"\bname\s*=\s*[\"']([\w.-]+)[\"']"),
    ):
        data = tree.read_within(file)
        if isinstance(data, bytes):
            names.update(
                m.lower().replace("_", "-").replace(".", "-")
                for m in re.findall(pattern, data.decode("utf-8", "replace"))
            )
    return frozenset(names)
