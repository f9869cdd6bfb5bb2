"""Settings that a library reads from files: Dynaconf and OmegaConf.

In: the call that makes the settings, and its frame. Out: a dict whose keys can be asked as attributes, each value with
its place in the file. What the library takes from elsewhere (environment variables, files outside of the repository)
leaves it open. Neighbours: `paths` finds and loads files, `records` reads attributes of dicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr
from guard.facts.link import documents, paths, texts
from guard.facts.link.things import (
    DictOf,
    Entry,
    FileContent,
    FilePath,
    Frame,
    ListOf,
    Lit,
    Result,
    known,
    opened,
    union,
)

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Handler = Callable[["Engine", Call, Frame], "Result | None"]

MAX_KEYS = 2_000
"""Keys of merged settings; beyond, files are data."""
_KINDS = {".toml": "toml", ".tml": "toml", ".yaml": "yaml", ".yml": "yaml", ".json": "json"}
_OUTSIDE = "environment variables and files outside the repository may set it"
_ENVIRONMENTS = ("default", "development", "global")
"""Sections that hold by default, later ones first asked, where `environments=True` makes sections of environments
(`ENV_FOR_DYNACONF` is `development`). Source: dynaconf.com/configuration, "environments" and "env"."""


def _dynaconf(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`Dynaconf(settings_files=[...])`: the files merged, later ones win, keys in any case."""
    given = _keyword(expr, "settings_files", "settings_file", "SETTINGS_FILE_FOR_DYNACONF")
    if given is None:
        return None
    files = list(_files(engine, engine.eval(given, frame), frame))
    merged = DictOf((), (_OUTSIDE,))
    merges = _is_true(engine, _keyword(expr, "merge_enabled"), frame)
    for file in files:
        kind = _KINDS.get(PurePosixPath(file.path).suffix)
        if kind is None or documents.located(engine.project, file) is None:
            continue
        for alt in documents.document(engine.project, file, kind).alts:
            if isinstance(alt.thing, DictOf):
                merged = _deep(engine, merged, alt.thing, surely=merges)
    if _is_true(engine, _keyword(expr, "environments"), frame):
        merged = _of_environments(engine, merged)
    if not merged.entries or len(merged.entries) > MAX_KEYS:
        return None
    return known(_any_case(engine, merged))


def _loaded(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`OmegaConf.load(path)`: a text is a path, not YAML."""
    if not expr.args:
        return None
    source = engine.eval(expr.args[0], frame)
    if any(isinstance(alt.thing, FileContent) for alt in source.alts):
        return paths.loaded("yaml")(engine, expr, frame)
    places = paths.as_paths(source, frame)
    files = [alt.thing for alt in places.alts if isinstance(alt.thing, FilePath)]
    return opened(union([documents.document(engine.project, file, "yaml") for file in files]), *places.open)


def _first(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`OmegaConf.create({...})`, `OmegaConf.to_container(conf)`: the same values. A text is YAML."""
    if not expr.args:
        return None
    source = engine.eval(expr.args[0], frame)
    if any(isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str) for alt in source.alts):
        return paths.loaded("yaml")(engine, expr, frame)
    return source


def _merged(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`OmegaConf.merge(a, b)`: later ones win, section by section. What is not known may set any key."""
    whole = DictOf(())
    for arg in expr.args:
        found = engine.eval(arg, frame)
        things = [alt.thing for alt in found.alts]
        if len(things) == 1 and isinstance(things[0], DictOf) and not found.open:
            whole = _deep(engine, whole, things[0], surely=True)
        else:
            whole = texts.merged(whole, DictOf((), found.open or ("settings that are not known",)))
    return known(whole)


def _keyword(expr: Call, *names: str) -> Expr | None:
    return next((value for keyword, value in expr.keywords if keyword in names), None)


def _is_true(engine: Engine, expr: Expr | None, frame: Frame) -> bool:
    if expr is None:
        return False
    found = engine.eval(expr, frame)
    return bool(found.alts) and all(isinstance(a.thing, Lit) and a.thing.value is True for a in found.alts)


def _files(engine: Engine, given: Result, frame: Frame) -> Iterator[FilePath]:
    """The files that are named, in order: a list, or texts with `;` or `,` between names."""
    for alt in given.alts:
        rows = [engine.force(item) for item in alt.thing.items] if isinstance(alt.thing, ListOf) else [Result((alt,))]
        for row in rows:
            for found in paths.as_paths(row, frame).alts:
                if isinstance(found.thing, FilePath):
                    names = found.thing.path.replace(";", ",").split(",")
                    yield from (found.thing._replace(path=name.strip()) for name in names if name.strip())


def _deep(engine: Engine, left: DictOf, right: DictOf, *, surely: bool) -> DictOf:
    """`right` over `left`, section by section. Not `surely`: `right`'s section may also stand instead of `left`'s."""
    entries = {entry.key: entry for entry in left.entries}
    for entry in right.entries:
        before = entries.get(entry.key)
        old, new = _section(engine, before), _section(engine, entry)
        if old is not None and new is not None:
            kept = old if surely else DictOf(tuple(one.doubtful() for one in old.entries), old.open)
            entry = Entry(entry.key, known(_deep(engine, kept, new, surely=surely)))
        entries[entry.key] = entry
    return DictOf(tuple(entries.values()), tuple(dict.fromkeys((*left.open, *right.open))))


def _section(engine: Engine, entry: Entry | None) -> DictOf | None:
    alts = engine.force(entry.value).alts if entry is not None else ()
    return alts[0].thing if len(alts) == 1 and isinstance(alts[0].thing, DictOf) else None


def _of_environments(engine: Engine, whole: DictOf) -> DictOf:
    by_name = {str(entry.key).lower(): _section(engine, entry) for entry in whole.entries}
    found = DictOf((), whole.open)
    for name in _ENVIRONMENTS:
        section = by_name.get(name)
        if section is not None:
            found = _deep(engine, found, section, surely=True)
    return found


def _any_case(engine: Engine, whole: DictOf) -> DictOf:
    """The same settings under each name that Dynaconf takes: any case, and `section.key` at the top. All is open."""
    entries: dict[object, Entry] = {}
    for entry in whole.entries:
        section = _section(engine, entry)
        inner = None if section is None else DictOf(tuple(_named(engine, section.entries)), (_OUTSIDE,))
        for name in _cases(entry.key):
            value = known(inner) if inner is not None else opened(engine.force(entry.value), _OUTSIDE)
            entries[name] = Entry(name, value, entry.sure)
            for one in inner.entries if inner is not None else ():
                dotted = f"{name}.{one.key}"
                entries[dotted] = Entry(dotted, one.value, one.sure)
    return DictOf(tuple(entries.values()), whole.open)


def _named(engine: Engine, entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        for name in _cases(entry.key):
            yield Entry(name, opened(engine.force(entry.value), _OUTSIDE), entry.sure)


def _cases(key: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys((str(key), str(key).lower(), str(key).upper())))


CALLS: dict[str, Handler] = {
    "dynaconf.Dynaconf": _dynaconf, "dynaconf.LazySettings": _dynaconf, "dynaconf.FlaskDynaconf": _dynaconf,
    "omegaconf.OmegaConf.load": _loaded, "omegaconf.OmegaConf.create": _first,
    "omegaconf.OmegaConf.to_container": _first, "omegaconf.OmegaConf.merge": _merged,
}  # fmt: skip
