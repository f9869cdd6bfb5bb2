"""Where code renders prompt templates: `Environment(...).get_template("x.j2").render(...)`, `chevron.render(...)`.

In: a call of a template library with its frame. Out: the text as a `Result`, or None when the call is none of these.
Templates are looked for where the loader of the environment says, in the repository only; where the loader is not
known, a file of that name is taken if there is just one, and the text stays open. Neighbours: `rendering` renders,
`stdlib` and `templates` ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from guard.facts.expr import Call, Pos
from guard.facts.link import containers, documents, parameters, plain, texts
from guard.facts.link.arguments import CallArguments, is_absent
from guard.facts.link.rendering import Renderer, marked
from guard.facts.link.template_loops import Source
from guard.facts.link.template_values import MISSING, Value
from guard.facts.link.things import (
    Alt,
    DictOf,
    Ext,
    FileContent,
    FilePath,
    Frame,
    Hop,
    Inst,
    ListOf,
    Lit,
    Made,
    Pieces,
    Result,
    known,
    opened,
    union,
    unknown,
    within,
)  # fmt: skip
from guard.parse.template_nodes import Nodes, NotATemplate, Options, TooLarge

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_TEMPLATES = 8
"""Texts that a template can be, each of which is rendered."""
FILLED = "filled at run time"
_ENVIRONMENT = r"(?:jinja2(?:\.\w+)*\.)\w*Environment(?:\(\))?"
_RENDERED = re.compile(
    rf"(?P<environment>{_ENVIRONMENT})(?:\.overlay\(\))?"
    r"\.(?P<method>get_template|select_template|get_or_select_template|from_string)\(\)\.render(?:_async)?$"
)
_JINJA_TEMPLATE = re.compile(r"jinja2(?:\.\w+)*\.(?:Native)?Template\(\)\.render(?:_async)?$")
_HTML = (".html", ".htm", ".xml")
_OPTIONS = {
    "trim_blocks": "trim_blocks", "lstrip_blocks": "lstrip_blocks", "keep_trailing_newline": "keep_trailing_newline",
    "block_start_string": "block_start", "block_end_string": "block_end", "variable_start_string": "variable_start",
    "variable_end_string": "variable_end", "comment_start_string": "comment_start", "comment_end_string": "comment_end",
    "line_statement_prefix": "line_statement", "line_comment_prefix": "line_comment",
}  # fmt: skip
Parser = Callable[[str], Nodes]


def call(engine: Engine, thing: Ext, expr: Call, frame: Frame) -> Result | None:
    """What a call of a template library gives; None when it is no such call."""
    if thing.chain in _MUSTACHE:
        return _mustache(engine, thing, expr, frame)
    if thing.chain.endswith("Compiler().compile()") and thing.chain.startswith("pybars") and thing.made:
        return _handlebars(engine, thing, expr, frame)
    if "jinja2" not in thing.chain:
        return None
    if _JINJA_TEMPLATE.search(thing.chain):
        return _of_text(engine, thing.made[-1], thing.made[-1], "source", expr, frame)
    found = _RENDERED.search(thing.chain)
    if found is None or not thing.made:
        return None
    environment = thing.made[-2] if len(thing.made) > 1 and found["environment"].endswith("()") else None
    if found["method"] == "from_string":
        return _of_text(engine, thing.made[-1], environment, "source", expr, frame)
    return _of_name(engine, thing.made[-1], environment, expr, frame)


def filled(
    engine: Engine, template: Result, fields: DictOf | None, call: Call, frame: Frame, language: str
) -> Result:  # fmt: skip
    """A template with some of its values; those that are not among them are filled in later, which makes holes.

    `language`: `jinja`, `mustache`, `handlebars`."""
    given = _fields(engine, [fields] if fields is not None else [], frame, call, complete=False)
    return _rendered(engine, template, _parser(language), given, lambda name: FILLED, call, frame, language)


def _of_text(
    engine: Engine, made: Made, environment: Made | None, argument: str, expr: Call, frame: Frame
) -> Result:  # fmt: skip
    """`Template(text).render(...)`, `environment.from_string(text).render(...)`"""
    text = CallArguments(engine, made.call, made.frame).get(argument, 0)
    options = _options(engine, environment)
    load = _loader(engine, environment, options, frame)
    given = _given(engine, expr, frame)
    escape = _escapes(engine, environment, None)
    return _rendered(engine, text, _jinja(options), given, load, expr, frame, "jinja", escape)


def _of_name(engine: Engine, made: Made, environment: Made | None, expr: Call, frame: Frame) -> Result:
    """`environment.get_template(name).render(...)`"""
    wanted = plain.whole(CallArguments(engine, made.call, made.frame).get("name", 0))
    load = _loader(engine, environment, _options(engine, environment), made.frame)
    doubt = environment is None or not any(True for _ in _folders(engine, _loaders(engine, environment)))
    results = []
    for alt in wanted.alts[:MAX_TEMPLATES]:
        names = plain.of(engine, alt.thing)
        tried = [n for n in (names if isinstance(names, list) else [names]) if isinstance(n, str)]
        found = [source for name in tried if not isinstance(source := load(name), str)]
        if not found:
            why = load(tried[0]) if tried else "a template whose name is not known"
            results.append(unknown(str(why)))
            continue
        renderer = Renderer(engine, expr, frame, _given(engine, expr, frame), load)
        renderer.inside.append(found[0].path)
        text = within(renderer.whole(found[0]), alt.world)
        hop = Hop(found[0].path, found[0].pos, "config_file")
        alts = tuple(a._replace(trail=(hop, *(h for h in a.trail if h != hop))) for a in text.alts)
        why_open = ("a template that was found by its name alone",) if doubt else ()
        results.append(Result(alts, (*text.open, *why_open)))
    reasons = wanted.open if wanted.alts else (wanted.open or ("a template whose name is not known",))
    return opened(union(results), *reasons)


def _given(engine: Engine, expr: Call, frame: Frame) -> Callable[[str], Value]:
    """The values of `render(context, name=value)`; a name that is not among them is missing."""
    dicts: list[DictOf | Inst] = [parameters.keywords_dict(engine, expr, frame, frozenset())]
    for arg in expr.args:
        found = engine.eval(arg, frame)
        one = found.alts[0].thing if len(found.alts) == 1 and not found.open else None
        dicts.append(one if isinstance(one, (DictOf, Inst)) else DictOf((), (found.open[0] if found.open else FILLED,)))
    return _fields(engine, dicts, frame, expr, complete=True)


def _fields(
    engine: Engine, dicts: Sequence[DictOf | Inst], frame: Frame, call: Call, *, complete: bool
) -> Callable[[str], Value]:  # fmt: skip
    """Finds values by name in dicts (the first that has one) and objects."""
    kept: dict[str, Value] = {}

    def value(name: str) -> Value:
        if name not in kept:
            kept[name] = look(name)
        return kept[name]

    def look(name: str) -> Value:
        rest = () if complete else (FILLED,)
        for one in dicts:
            if isinstance(one, Inst):
                from guard.facts.link import objects

                found: Result | None = objects.attribute(engine, one, name)
            else:
                found = containers.get(engine, one, name)
                rest = (*rest, *one.open)
            if found is not None:
                entries = one.entries if isinstance(one, DictOf) else ()
                cell = next((entry.value for entry in reversed(entries) if entry.key == name), found)
                return Value(found, name, cell)
        return Value(unknown(rest[0]) if rest else known(MISSING), name)

    return value


def _rendered(
    engine: Engine,
    template: Result,
    parser: Parser,
    given: Callable[[str], Value],
    load: Any,
    expr: Call,
    frame: Frame,
    language: str,
    escape: bool = False,
) -> Result:
    """Each text that a template can be, rendered."""
    results = []
    for alt in template.alts[:MAX_TEMPLATES]:
        source = _source(engine, alt, parser, expr.pos, frame, escape)
        if isinstance(source, str):
            results.append(unknown(source))
            continue
        renderer = Renderer(engine, expr, frame, given, load, language != "jinja")
        text = within(renderer.whole(source), alt.world)
        results.append(Result(tuple(a._replace(trail=alt.trail or a.trail) for a in text.alts), text.open))
    more = ("a template that is not known",) if len(template.alts) > MAX_TEMPLATES or not template.alts else ()
    return opened(union(results), *(template.open or more))


def _source(engine: Engine, alt: Alt, parser: Parser, pos: Pos, frame: Frame, escape: bool) -> Source | str:
    """A text of the code as a template, or why it is none."""
    thing = alt.thing
    if isinstance(thing, FileContent):
        text, path = documents.content(engine.project, thing.file)
        return f"file {path} was not found in the repository" if text is None else _parsed(text, path, parser, escape)
    parts = texts.pieces(thing, *texts.origin(alt, frame, pos))
    if parts is None:
        return "a template that is built at run time"
    holes = tuple(part for part in parts if part.text is None)
    numbers = {id(part): number for number, part in enumerate(holes)}
    text = "".join(marked(numbers[id(part)]) if part.text is None else part.text for part in parts)
    first = next((part for part in parts if part.text), None)
    path, at = (first.path, first.pos) if first is not None else texts.origin(alt, frame, pos)
    try:
        return Source(parser(text), path, at, "template", escape, holes)
    except (NotATemplate, TooLarge) as error:
        return str(error)


def _parsed(text: str, path: str, parser: Parser, escape: bool) -> Source | str:
    lines = text.count("\n") + 1
    try:
        return Source(parser(text), path, Pos(1, 1, lines, len(text) - text.rfind("\n")), path, escape)
    except (NotATemplate, TooLarge) as error:
        return f"{path}: {error}"


def _jinja(options: Options) -> Parser:
    def parser(text: str) -> Nodes:
        from guard.parse.template_jinja import parse_jinja

        return parse_jinja(text, options)

    return parser


def _parser(language: str) -> Parser:
    if language == "jinja":
        return _jinja(Options())

    def parser(text: str) -> Nodes:
        from guard.parse.template_mustache import parse_mustache

        return parse_mustache(text, language == "handlebars")

    return parser


def _options(engine: Engine, environment: Made | None) -> Options:
    """How an environment or a `Template(...)` is set up, as far as it is written out."""
    if environment is None:
        return Options()
    arguments = CallArguments(engine, environment.call, environment.frame)
    found: dict[str, Any] = {}
    for name, field in _OPTIONS.items():
        value = plain.of_result(engine, arguments.get(name, None))
        if isinstance(value, type(Options._field_defaults[field])) or (isinstance(value, str) and value):
            found[field] = value
    return Options(**found)


def _escapes(engine: Engine, environment: Made | None, name: str | None) -> bool:
    """Whether values are escaped for HTML. `name`: of the template's file; None for a text of the code."""
    if environment is None:
        return False
    asked = CallArguments(engine, environment.call, environment.frame).get("autoescape", None)
    for alt in asked.alts[:1]:
        if isinstance(alt.thing, Lit):
            return bool(alt.thing.value)
        if isinstance(alt.thing, Ext) and alt.thing.chain.endswith("select_autoescape()"):
            made = alt.thing.made[-1]
            listed = plain.of_result(engine, CallArguments(engine, made.call, made.frame).get("enabled_extensions", 0))
            ends = tuple(f".{e.lstrip('.')}" for e in listed) if isinstance(listed, (list, tuple)) else _HTML
            return name is None or name.lower().endswith(ends)
    return False


def _loaders(engine: Engine, environment: Made | None) -> Iterator[Alt]:
    """The loaders of an environment, those inside of others one by one."""
    if environment is None:
        return
    waiting = list(CallArguments(engine, environment.call, environment.frame).get("loader", None).alts)[:MAX_TEMPLATES]
    count = 0
    while waiting and count < 4 * MAX_TEMPLATES:
        count += 1
        alt = waiting.pop(0)
        if not isinstance(alt.thing, Ext) or not alt.thing.made:
            continue
        if alt.thing.chain.endswith("ChoiceLoader()"):
            made = alt.thing.made[-1]
            for listed in CallArguments(engine, made.call, made.frame).get("loaders", 0).alts[:1]:
                if isinstance(listed.thing, ListOf):
                    waiting = [a for cell in listed.thing.items for a in engine.force(cell).alts] + waiting
            continue
        yield alt


def _folders(engine: Engine, loaders: Iterator[Alt]) -> Iterator[FilePath | DictOf]:
    """Where templates are looked for, in order: folders, and dicts of texts."""
    for alt in loaders:
        thing = alt.thing
        assert isinstance(thing, Ext)
        made = thing.made[-1]
        arguments = CallArguments(engine, made.call, made.frame)
        if thing.chain.endswith("FileSystemLoader()"):
            for found in arguments.get("searchpath", 0).alts[:MAX_TEMPLATES]:
                cells = found.thing.items if isinstance(found.thing, ListOf) else (Result((found,)),)
                for path in (a.thing for cell in cells for a in engine.force(cell).alts):
                    yield from _as_folder(path, made.frame)
        elif thing.chain.endswith("PackageLoader()"):
            yield from _package_folders(engine, arguments, made.frame)
        elif thing.chain.endswith("DictLoader()"):
            yield from (a.thing for a in arguments.get("mapping", 0).alts[:1] if isinstance(a.thing, DictOf))


def _as_folder(thing: object, frame: Frame) -> Iterator[FilePath]:
    if isinstance(thing, FilePath):
        yield thing
    elif isinstance(thing, Lit) and isinstance(thing.value, str):
        yield FilePath(thing.value, False, frame.path)
    elif isinstance(thing, Pieces) and all(part.text is not None for part in thing.parts):
        yield FilePath("".join(part.text or "" for part in thing.parts), False, frame.path)


def _package_folders(engine: Engine, arguments: CallArguments, frame: Frame) -> Iterator[FilePath]:
    """`PackageLoader("package", "templates")`"""
    below = arguments.get("package_path", 1)
    inner = "templates" if all(map(is_absent, below.alts)) else plain.of_result(engine, below)
    for alt in arguments.get("package_name", 0).alts[:MAX_TEMPLATES]:
        name = alt.thing.value if isinstance(alt.thing, Lit) else None
        module = engine.project.module(name, frame.path) if isinstance(name, str) and name else None
        if module is not None and isinstance(inner, str):
            folder = module.removesuffix("/") if module.endswith("/") else module.rpartition("/")[0]
            yield FilePath(f"{folder}/{inner}" if folder else inner, True, frame.path)


def _loader(
    engine: Engine, environment: Made | None, options: Options, frame: Frame
) -> Callable[[str], Source | str]:  # fmt: skip
    """Finds templates by name as the environment's loader would."""
    places = list(_folders(engine, _loaders(engine, environment)))
    kept: dict[str, Source | str] = {}

    def load(name: str) -> Source | str:
        if name not in kept:
            kept[name] = find(name)
        return kept[name]

    def find(name: str) -> Source | str:
        escape = _escapes(engine, environment, name)
        for place in places:
            if isinstance(place, DictOf):
                given = containers.get(engine, place, name)
                for alt in () if given is None else given.alts[:1]:
                    made = _source(engine, alt, _jinja(options), Pos(1, 1, 1, 1), frame, escape)
                    return made._replace(name=name) if isinstance(made, Source) else made
                continue
            file = place._replace(path=f"{place.path}/{name}" if place.path else name)
            text, path = documents.content(engine.project, file)
            if text is not None:
                return _parsed(text, path, _jinja(options), escape)
        if places:
            return f"template {name} was not found in the repository"
        alone = engine.project.alone(name)
        text = None if alone is None else engine.project.text(alone)
        if alone is None or text is None:
            return f"template {name} of a loader that is not known"
        return _parsed(text, alone, _jinja(options), escape)

    return load


_MUSTACHE = {
    "chevron.render": "chevron", "chevron.renderer.render": "chevron", "pystache.render": "pystache",
    "pystache.Renderer().render": "pystache", "pystache.renderer.Renderer().render": "pystache",
}  # fmt: skip


def _mustache(engine: Engine, thing: Ext, expr: Call, frame: Frame) -> Result | None:
    """`chevron.render(template, data, partials_path, ...)`, `pystache.render(template, context, name=value)`"""
    arguments = CallArguments(engine, expr, frame)
    chevron = _MUSTACHE[thing.chain] == "chevron"
    template = arguments.get("template", 0)
    data = arguments.get("data" if chevron else "context", 1)
    dicts: list[Any] = [] if chevron else [parameters.keywords_dict(engine, expr, frame, frozenset({"template"}))]
    one = data.alts[0].thing if len(data.alts) == 1 and not data.open else None
    if isinstance(one, (DictOf, Inst)):
        dicts.append(one)
    elif not (data.alts and all(map(is_absent, data.alts))) or (chevron and not data.alts):
        dicts.append(DictOf((), (data.open[0] if data.open else FILLED,)))
    given = _fields(engine, dicts, frame, expr, complete=True)
    load = _partials(engine, arguments, thing, chevron, frame)
    return _rendered(engine, template, _parser("mustache"), given, load, expr, frame, "mustache")


def _partials(
    engine: Engine, arguments: CallArguments, thing: Ext, chevron: bool, frame: Frame
) -> Callable[[str], Source | str]:  # fmt: skip
    """Finds partials: in a dict, else as files beside the templates."""
    if not chevron and thing.made:
        arguments = CallArguments(engine, thing.made[-1].call, thing.made[-1].frame)
    given = arguments.get("partials_dict" if chevron else "partials", None)
    known_dict = next((a.thing for a in given.alts if isinstance(a.thing, DictOf)), None)
    folder = arguments.get("partials_path" if chevron else "search_dirs", None)
    ending = plain.of_result(engine, arguments.get("partials_ext" if chevron else "file_extension", None))
    paths = [p for alt in folder.alts for p in _as_folder(alt.thing, frame)] or [FilePath("", False, frame.path)]

    def load(name: str) -> Source | str:
        found = containers.get(engine, known_dict, name) if known_dict is not None else None
        for alt in () if found is None else found.alts[:1]:
            return _source(engine, alt, _parser("mustache"), Pos(1, 1, 1, 1), frame, False)
        for place in paths:
            file = f"{name}.{ending if isinstance(ending, str) else 'mustache'}"
            whole = place._replace(path=f"{place.path}/{file}" if place.path else file)
            text, path = documents.content(engine.project, whole)
            if text is not None:
                return _parsed(text, path, _parser("mustache"), False)
        return f"partial {name} was not found in the repository"

    return load


def _handlebars(engine: Engine, thing: Ext, expr: Call, frame: Frame) -> Result | None:
    """`Compiler().compile(text)(values)`"""
    template = CallArguments(engine, thing.made[-1].call, thing.made[-1].frame).get("source", 0)
    data = CallArguments(engine, expr, frame).get("context", 0)
    one = data.alts[0].thing if len(data.alts) == 1 and not data.open else None
    fields = one if isinstance(one, (DictOf, Inst)) else DictOf((), (data.open[0] if data.open else FILLED,))
    given = _fields(engine, [fields], frame, expr, complete=True)
    load = _partials(engine, CallArguments(engine, expr, frame), Ext("", ()), True, frame)
    return _rendered(engine, template, _parser("handlebars"), given, load, expr, frame, "handlebars")
