"""Paths and files of the standard library: `Path`, `os.path`, `open`, `importlib.resources`, and what is read there.

In: a call and its frame, or a method of a known path. Out: a result, or None when the function is not known here.
`documents` finds the files.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr, Name, Pos
from guard.facts.link import documents
from guard.facts.link.things import (
    Alt,
    DictOf,
    FileContent,
    FilePath,
    Frame,
    Hop,
    ListOf,
    Lit,
    Result,
    Thing,
    known,
    opened,
    together,
    union,
    unknown,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

Handler = Callable[["Engine", Call, Frame], "Result | None"]
NOT_KNOWN = "a path that is not known"


def _path(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`Path(a, b)` and `os.path.join(a, b)`"""
    if not expr.args:
        return known(FilePath("", False, frame.path))
    return _under(_as_path(engine, expr.args[0], frame), [_as_path(engine, arg, frame) for arg in expr.args[1:]])


def _under(base: Result, parts: list[Result]) -> Result:
    """Paths below paths: each with each, as far as they can hold together."""
    for part in parts:
        alts = []
        for a in base.alts:
            for b in part.alts:
                world = together(a.world, b.world)
                if world is not None and isinstance(a.thing, FilePath) and isinstance(b.thing, FilePath):
                    alts.append(Alt(_below(a.thing, b.thing), a.trail or b.trail, world))
        base = union([Result(tuple(alts), tuple(dict.fromkeys((*base.open, *part.open))))])
    return base


def _below(base: FilePath, part: FilePath) -> FilePath:
    if part.anchored:
        return part
    return base._replace(path=f"{base.path}/{part.path}" if base.path else part.path)


def _as_path(engine: Engine, arg: Expr, frame: Frame) -> Result:
    """What an argument is as a path; open where it may be something that is no known path."""
    return as_paths(engine.eval(arg, frame), frame)


def as_paths(found: Result, frame: Frame) -> Result:
    """Texts and paths as paths; open where there may be something that is neither."""
    alts, reasons = [], list(found.open)
    for alt in found.alts:
        if isinstance(alt.thing, FilePath):
            alts.append(alt)
        elif isinstance(alt.thing, Lit) and isinstance(alt.thing.value, str):
            alts.append(Alt(FilePath(alt.thing.value, False, frame.path), alt.trail, alt.world))
        else:
            reasons.append(NOT_KNOWN)
    return Result(tuple(alts), tuple(dict.fromkeys(reasons or ([] if alts else [NOT_KNOWN]))))


def _changed(found: Result, change: Callable[[FilePath], Thing]) -> Result:
    return Result(
        tuple(Alt(change(a.thing), (), a.world) for a in found.alts if isinstance(a.thing, FilePath)), found.open
    )


def _dirname(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    if not expr.args:
        return None
    return _changed(
        _as_path(engine, expr.args[0], frame),
        lambda p: p._replace(path=p.path.rsplit("/", 1)[0] if "/" in p.path else ""),
    )


def _open(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    return _changed(_as_path(engine, expr.args[0], frame), FileContent) if expr.args else None


def _package(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`importlib.resources.files("pkg")`: the folder of a package of the repository."""
    if not expr.args or (isinstance(expr.args[0], Name) and expr.args[0].id in ("__name__", "__package__")):
        return known(_folder(frame.path, frame))
    found = engine.eval(expr.args[0], frame)
    results = []
    for alt in found.alts:
        named = (
            alt.thing.value
            if isinstance(alt.thing, Lit)
            else getattr(alt.thing, "path", getattr(alt.thing, "folder", None))
        )
        target = (
            engine.project.module(named, frame.path) if isinstance(alt.thing, Lit) and isinstance(named, str) else named
        )
        folder = isinstance(target, str) and known(_folder(target, frame))
        results.append(folder or unknown("a package that is not in the repository"))
    return opened(union(results), *found.open)


def _folder(module: str, frame: Frame) -> FilePath:
    parent = module.removesuffix("/") if module.endswith("/") else str(PurePosixPath(module).parent)
    return FilePath("" if parent == "." else parent, True, frame.path)


def _resource(engine: Engine, expr: Call, frame: Frame) -> Result | None:
    """`importlib.resources.read_text("pkg", "name")` and `pkgutil.get_data("pkg", "name")`"""
    package = _package(engine, expr, frame)
    if package is None or len(expr.args) < 2:
        return None
    return read(engine, _under(package, [_as_path(engine, arg, frame) for arg in expr.args[1:2]]))


def read(engine: Engine, paths: Result) -> Result:
    """The text of the files that a result can be; open where one of them is not in the repository."""
    return opened(union([_read(engine, a.thing) for a in paths.alts if isinstance(a.thing, FilePath)]), *paths.open)


def _read(engine: Engine, file: FilePath) -> Result:
    text, path = documents.content(engine.project, file)
    if text is None:
        return unknown(f"file {file.path} was not found in the repository")
    lines = text.count("\n") + 1
    return known(Lit(text), Hop(path, Pos(1, 1, lines, len(text) - text.rfind("\n")), "config_file"))


def loaded(kind: str) -> Handler:
    """`json.load`, `yaml.safe_load`, `tomllib.load`, ...: the plain values of a file or text."""

    def handler(engine: Engine, expr: Call, frame: Frame) -> Result | None:
        if not expr.args:
            return None
        source = engine.eval(expr.args[0], frame)
        results = []
        for alt in source.alts:
            thing = alt.thing
            if isinstance(thing, FileContent):
                results.append(documents.document(engine.project, thing.file, kind))
            elif isinstance(thing, FilePath):
                results.append(documents.document(engine.project, thing, kind))
            elif isinstance(thing, Lit) and isinstance(thing.value, str):
                hop = alt.trail[0] if alt.trail else Hop(frame.path, expr.pos, "literal")
                results.append(documents.document_text(engine.project, thing.value, hop, kind))
            elif isinstance(thing, (DictOf, ListOf)):
                results.append(Result((alt,)))
            else:
                results.append(unknown("loaded from something unknown"))
        return (
            opened(union(results), *source.open)
            if results
            else unknown(source.open[0] if source.open else "loaded from something unknown")
        )

    return handler


def method(engine: Engine, owner: FilePath, name: str, expr: Call, frame: Frame) -> Result | None:
    """A method of a known path."""
    if name in ("read_text", "read_bytes"):
        return _read(engine, owner)
    if name == "open":
        return known(FileContent(owner))
    if name in ("resolve", "absolute", "expanduser", "as_posix", "__str__"):
        return known(owner)
    if name in ("joinpath", "with_name", "with_suffix") and expr.args:
        parts = [_as_path(engine, arg, frame) for arg in expr.args]
        if name == "joinpath":
            return _under(known(owner), parts)
        return _changed(
            parts[0], lambda p: owner._replace(path=str(getattr(PurePosixPath(owner.path or "x"), name)(p.path)))
        )
    return None


def parents(thing: FilePath) -> ListOf:
    """`path.parents`"""
    above = [str(parent) for parent in PurePosixPath(thing.path).parents]
    return ListOf(tuple(known(thing._replace(path="" if p == "." else p)) for p in above), (), "tuple")


CALLS: dict[str, Handler] = {
    "builtins.open": _open, "io.open": _open, "codecs.open": _open, "pathlib.Path": _path, "pathlib.PurePath": _path,
    "os.path.join": _path, "os.path.dirname": _dirname, "os.path.abspath": _path, "os.path.realpath": _path,
    "os.path.normpath": _path, "os.path.expanduser": _path, "importlib.resources.files": _package,
    "importlib_resources.files": _package, "importlib.resources.read_text": _resource, "pkgutil.get_data": _resource,
    "json.load": loaded("json"), "json.loads": loaded("json"), "orjson.loads": loaded("json"),
    "yaml.safe_load": loaded("yaml"),
    "yaml.load": loaded("yaml"), "yaml.full_load": loaded("yaml"), "tomllib.load": loaded("toml"),
    "tomllib.loads": loaded("toml"), "toml.load": loaded("toml"), "toml.loads": loaded("toml"),
    "tomli.load": loaded("toml"), "tomli.loads": loaded("toml"),
}  # fmt: skip
