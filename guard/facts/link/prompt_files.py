"""Prompt files that code loads by their path and sends: Prompty. In: a call, and its argument that holds the path.

Out: the call with a further argument `file`, a dict of what the file says: `model`, `max_tokens`, `provider` and
`messages`, each with its place in the file. The catalogue (`file` of a client or a call) says which calls these are,
and which of their own arguments go before what the file says. Neighbours: `facts.formats.prompty` reads the file,
`calling` and `sends` ask; `configured` leaves out what is requested here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from guard.facts.catalog_types import Arg
from guard.facts.expr import Call, Pos
from guard.facts.link import documents, paths
from guard.facts.link.arguments import CallArguments, is_absent, sent
from guard.facts.link.things import (
    Alt,
    DictOf,
    Entry,
    Ext,
    FilePath,
    Frame,
    Held,
    Hop,
    ListOf,
    Lit,
    Result,
    known,
    standing_in,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.model import Span

if TYPE_CHECKING:
    from guard.facts.documents.document import Document
    from guard.facts.documents.types import Declared, Written
    from guard.facts.link.engine import Engine

FILE = "file"
SUFFIX = ".prompty"
_STYLES = {"mustache": "mustache", "handlebars": "handlebars"}
"""Languages of the templates besides Jinja2."""
_VARIABLE = re.compile(r"^\$\{(?:env:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}$")


def opened(engine: Engine, call: Call, frame: Frame, arg: Arg) -> Call | None:
    """The call with what its file says; None where it names none, or no prompt file."""
    key = ("prompt file", id(call), frame.key)
    return cast("Call | None", engine.once(key, call, lambda: _opened(engine, call, frame, arg)))


def is_opened(call: Call) -> bool:
    """Whether a call has what a file says among its arguments."""
    return any(name == FILE and isinstance(value, Held) for name, value in call.keywords)


def _opened(engine: Engine, call: Call, frame: Frame, arg: Arg) -> Call | None:
    given = sent(CallArguments(engine, call, frame), Arg(arg.names, arg.pos))
    found = [within(_said(engine, alt, call, frame), alt.world) for alt in (given.result.alts if given else ())]
    reasons = given.result.open if given else ()
    result = union([*found, Result((), reasons)])
    if not result.alts and arg.how != "unknown":
        return None
    if not result.alts and not result.open:
        result = unknown(arg.why or "which file is loaded is not known")
    return Call(call.pos, call.func, call.args, (*call.keywords, (FILE, standing_in(call.pos, result))))


def _said(engine: Engine, alt: Alt, call: Call, frame: Frame) -> Result:
    """What one value of the argument says: a path, or an object that was made of a file."""
    thing = alt.thing
    if is_absent(alt):
        return Result(())
    if isinstance(thing, Ext):
        held = [value for made in thing.made for name, value in made.call.keywords if name == FILE]
        if held and isinstance(held[-1], Held):
            return engine.force(held[-1].cell)
        return unknown("which file is loaded is not known")
    results = [
        within(_document(engine, path.thing, call, frame), path.world)
        for path in paths.as_paths(Result((alt,)), frame).alts
        if isinstance(path.thing, FilePath) and path.thing.path.endswith(SUFFIX)
    ]
    return union(results) if results else unknown("which file is loaded is not known")


def _document(engine: Engine, file: FilePath, call: Call, frame: Frame) -> Result:
    """What a file says, as a dict."""
    from guard.facts.documents.document import documents as split
    from guard.facts.documents.read import collect

    text, path = documents.content(engine.project, file)
    if text is None:
        return unknown(f"file {path} was not found in the repository")
    data = text.encode("utf-8", "surrogatepass")
    facts = collect(path, data)
    read = split(path, data, "front")
    if facts is None or not facts.calls or not isinstance(read, tuple) or not read:
        return unknown(f"{path} could not be read as a prompt file")
    declared, document = facts.calls[0], read[0]
    entries = [_model(engine, declared, document), _written("max_tokens", declared.limit)]
    if declared.provider is not None:
        entries.append(Entry("provider", known(Lit(declared.provider))))
    if document.body is not None:
        kind = document.root.get("template", "format", "kind") or document.root.get("template", "format")
        kind = kind or document.root.get("template", "type") or document.root.get("template")
        style = _STYLES.get((kind.text or "") if kind is not None else "", "jinja")
        messages = _messages(engine, path, document.lines, document.body, style, call, frame)
        entries.append(Entry("messages", known(messages)))
    return known(DictOf(tuple(entry for entry in entries if entry is not None)))


def _model(engine: Engine, declared: Declared, document: Document) -> Entry | None:
    """The model; of `${env:NAME}` what environment files say."""
    from guard.facts.formats.prompty import model_of

    if declared.models:
        return _written("model", declared.models[0])
    named = model_of(document.root.get("model"))
    if named is None:
        return None
    variable = _VARIABLE.match(named.text or "")
    if variable is None:
        return Entry("model", unknown(declared.model_why or "the model is filled in when it runs"))
    name, place = variable["name"], Hop(document.path, _pos(named.span), "config_file", named.path)
    alts = [
        Alt(Lit(value), (Hop(path, Pos(line, 1, line, 1), "env_default", name), place))
        for path, value, line in documents.env(engine.project, name, document.path)
    ]
    return Entry("model", Result(tuple(alts), (f"environment variable {name} may decide it",)))


def _written(name: str, value: Written | None) -> Entry | None:
    if value is None:
        return None
    return Entry(name, known(Lit(value.value), Hop(value.span.path, _pos(value.span), "config_file", value.key_path)))


def _pos(span: Span) -> Pos:
    return Pos(span.line, span.column, span.end_line, span.end_column)


def _messages(
    engine: Engine, path: str, lines: tuple[str, ...], body: int, style: str, call: Call, frame: Frame
) -> ListOf:  # fmt: skip
    """The messages of the text below the front matter, with what is filled in as holes."""
    from guard.facts.documents.texts import parts_by_role
    from guard.facts.link import templates

    found: list[Result] = []
    for role, text, before in parts_by_role("\n".join(lines[body - 1 :])):
        line = body + before
        width = len(text.split("\n", 1)[0])
        hop = Hop(path, Pos(line, 1, line, 1 + width), "config_file")
        content = templates.filled(engine, known(Lit(text), hop), None, (), call, frame, style)
        found.append(known(DictOf((Entry("role", known(Lit(role))), Entry("content", content)))))
    return ListOf(tuple(found))
