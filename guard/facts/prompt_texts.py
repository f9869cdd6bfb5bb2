"""Prompt templates that stand in files: which they are, their text and the places in it.

In: the files of a tree. Out: `PromptText`s, read and taken apart, never rendered. A file is a template by its ending
(`.j2`, `.prompty`, ...) where its path speaks of prompts or the ending says so, or by a front matter or keys that only
prompts have; texts in YAML and JSON count one by one. Neighbours: `guard.estimate.prompt_sizes` counts their tokens,
`guard.use.prompts` joins them with the requests that send them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.model import Problem
from guard.parse import data as formats
from guard.parse.nodes import DataFile, Node
from guard.parse.template_nodes import Nodes, NotATemplate, TooLarge
from guard.parse.template_parts import Parts, taken_apart

if TYPE_CHECKING:
    from guard.sources.files import Listing, SourceFile
    from guard.sources.tree import Tree

MAX_BYTES = 1_000_000
"""Of a file that is read as a template."""
MAX_KEYS = 500
"""Prompts that are taken from one YAML or JSON file."""
SHORTEST = 20
"""Characters of a value in YAML or JSON that is taken for a prompt."""
_PROMPTLY = re.compile(r"(?:^|[/_.-])(?:system[_-]?|user[_-]?)?(?:prompts?|promptlets?)(?:[/_.-]|$)", re.IGNORECASE)
_KEYS = re.compile(
    r"(?:^|_)(?:prompt|prompts|template|instruction|instructions|system|content|prefix|suffix|persona|goal|"
    r"backstory|description|expected_output)(?:$|_)",
    re.IGNORECASE,
)
_JINJA, _BARS = (".j2", ".jinja", ".jinja2"), (".hbs", ".handlebars", ".mustache")
_PLAIN = (".md", ".txt", ".text", ".tmpl", ".tpl", ".mdx")
_OF_CODE = re.compile(
    r"\.(?:py|pyi|js|jsx|ts|tsx|html?|xml|ya?ml|json|toml|cfg|conf|ini|sh|bash|sql|css|scss|tf|service|sd|java|go|rs|c|h|"
    r"cpp|hpp|rb|php|dockerfile|rst|tex|env|properties|bat|ps1|lock|svg|csv)$",
    re.IGNORECASE,
)
"""What stands before `.j2` where the template makes code or configuration."""
_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_NOT_PROMPTS = re.compile(
    r"(?:^|/)(?:readme|changelog|contributing|license|code_of_conduct|requirements)[^/]*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PromptText:
    """A template as it stands in a file."""

    path: str
    line: int
    """On which its text begins."""
    language: str
    """`jinja`, `mustache`, `handlebars`, `format`, `dollar`, `text`."""
    parts: Parts
    key: str | None = None
    """Of a text in YAML or JSON: where in it."""
    problem: str | None = None
    """Why it could not be taken apart; `parts` then hold the whole file as text."""
    end_line: int = 0
    """On which its text ends."""


def found(tree: Tree, listing: Listing, sent: frozenset[str] = frozenset()) -> tuple[PromptText, ...]:
    """The templates of a tree by path and place. `sent`: files whose text requests send, templates whatever they are
    called."""
    texts: list[PromptText] = []
    for file in listing.files:
        kind = _kind(file.path, file.path in sent)
        if kind is not None and file.size <= MAX_BYTES:
            texts += _read(tree, file, kind, file.path in sent)
    return tuple(texts)


def _kind(path: str, sent: bool) -> str | None:
    """How a file is to be read, by its name; None for what is no template."""
    name = path.rpartition("/")[2].lower()
    promptly = _PROMPTLY.search(path) is not None
    if name.endswith((".py", ".ipynb")):
        return None
    if name.endswith((".prompty", ".prompt")):
        return "front"
    if name.endswith(_JINJA):
        inner = name.removesuffix(next(end for end in _JINJA if name.endswith(end)))
        return "jinja" if sent or (promptly and not _OF_CODE.search(inner)) or _is_plain(inner) else None
    if name.endswith(_BARS):
        inner = name.rpartition(".")[0]
        return "handlebars" if sent or promptly or _is_plain(inner) else None
    if name.endswith((".yaml", ".yml", ".json")):
        return "data" if sent or promptly else None
    if name.endswith(_PLAIN) or "." not in name:
        return "front" if sent or (promptly and not _NOT_PROMPTS.search(path)) else None
    return "text" if sent else None


def _is_plain(inner: str) -> bool:
    return inner.endswith((".md", ".txt", ".prompt"))


def _read(tree: Tree, file: SourceFile, kind: str, sent: bool) -> Iterator[PromptText]:
    data = tree.read_within(file.path)
    if data is None or isinstance(data, Problem):
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    if "\0" in text:
        return
    if kind == "data":
        yield from _of_data(file.path, data, sent)
        return
    front = _FRONT.match(text) if kind == "front" or file.path.endswith(".md") else None
    body, line = (text, 1) if front is None else (text[front.end() :], 1 + text.count("\n", 0, front.end()))
    language = _language(file.path, body, kind, front.group(1) if front is not None else "")
    if body.strip():
        yield _made(file.path, body, line, language)


def _language(path: str, body: str, kind: str, front: str) -> str:
    """The language of a text: what its ending or front matter says, else what its places look like."""
    if kind in ("jinja", "handlebars"):
        return "mustache" if path.endswith(".mustache") else kind
    if path.endswith(".prompty"):
        return "mustache" if re.search(r"(?m)^\s*(?:format|template|type):\s*mustache\b", front) else "jinja"
    if path.endswith(".prompt") and front:
        return "handlebars"
    return guessed(body)


def guessed(text: str) -> str:
    """The language that the places of a text look like."""
    if "{%" in text and "%}" in text:
        return "jinja"
    if re.search(r"\{\{[#^/>]", text):
        return "handlebars"
    if re.search(r"\{\{-?\s*[A-Za-z_][\w.]*[^{}]*\}\}", text):
        return "jinja"
    if re.search(r"\{[A-Za-z_]\w*\}", text):
        return "format"
    return "dollar" if re.search(r"\$\{?[A-Za-z_]\w*", text) else "text"


def _made(path: str, text: str, line: int, language: str, key: str | None = None) -> PromptText:
    end = line + text.count("\n") - text.endswith("\n")
    try:
        return PromptText(path, line, language, taken_apart(_PARSERS[language](text)), key, None, end)
    except (NotATemplate, TooLarge) as error:
        whole = taken_apart(_as_text(text))
        # Braces of a text that is no template are usual where nothing but the look of them spoke for one.
        sure = language not in ("format", "dollar") and path.endswith((*_JINJA, *_BARS, ".prompty", ".prompt"))
        return PromptText(path, line, language if sure else "text", whole, key, str(error) if sure else None, end)


def _as_text(text: str) -> Nodes:
    from guard.parse.template_nodes import Text

    return (Text(text, 1),)


def _jinja(text: str) -> Nodes:
    from guard.parse.template_jinja import parse_jinja

    return parse_jinja(text)


def _mustache(text: str) -> Nodes:
    from guard.parse.template_mustache import parse_mustache

    return parse_mustache(text)


def _handlebars(text: str) -> Nodes:
    from guard.parse.template_mustache import parse_mustache

    return parse_mustache(text, True)


def _format(text: str) -> Nodes:
    from guard.parse.template_places import parse_format

    return parse_format(text)


def _dollar(text: str) -> Nodes:
    from guard.parse.template_places import parse_dollar

    return parse_dollar(text)


_PARSERS: dict[str, Callable[[str], Nodes]] = {
    "jinja": _jinja, "mustache": _mustache, "handlebars": _handlebars, "format": _format, "dollar": _dollar,
    "text": _as_text,
}  # fmt: skip


def _of_data(path: str, data: bytes, sent: bool) -> Iterator[PromptText]:
    """The prompts of a YAML or JSON file: texts under keys that prompts stand under."""
    parsed = formats.parse_json(path, data) if path.endswith(".json") else formats.parse_yaml(path, data)
    if not isinstance(parsed, DataFile):
        return
    count = 0
    for number, root in enumerate(parsed.documents):
        declared = root.get("template_format")
        language = {"jinja2": "jinja", "mustache": "mustache", "f-string": "format"}.get(
            str(declared.value) if declared is not None else "", ""
        )
        start = f"{number}#" if len(parsed.documents) > 1 else ""
        for key, node in _texts(root, start, sent):
            count += 1
            if count > MAX_KEYS:
                return
            text = str(node.value)
            yield _made(path, text, node.line, language or guessed(text), key)


def _texts(root: Node, start: str, sent: bool) -> Iterator[tuple[str, Node]]:
    """Values that are prompts, with their paths; without recursion."""
    waiting: list[tuple[str, Node, bool]] = [(start, root, sent)]
    while waiting:
        path, node, named = waiting.pop()
        if node.kind == "scalar":
            if named and isinstance(node.value, str) and len(node.value) >= SHORTEST and " " in node.value.strip():
                yield path, node
            continue
        rows: list[tuple[str, Node, bool]] = []
        for entry in node.entries:
            key = str(entry.key.value)
            inside = f"{path}.{key}" if path and not path.endswith("#") else f"{path}{key}"
            rows.append((inside, entry.value, named or _KEYS.search(key) is not None))
        rows += [(f"{path}[{index}]", item, named) for index, item in enumerate(node.items)]
        waiting += reversed(rows)
