"""`guard: ignore[...]` comments in files that are no Python: YAML, TOML, INI, Jinja, Markdown, HTML.

In: the text of a file. Out: its `Directive`s, as `forgive.directive` makes them of Python's comments. `files` says
which are worth reading: those to which values of requests were traced, since a finding can have a place only there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from guard.model import Choice, Request, Value
from guard.policy.forgive import Directive, directive

_HASH = re.compile(r"(?:^|(?<=\s))#(?P<text>\s*guard:.*)$")
_JINJA = re.compile(r"\{#-?(?P<text>\s*guard:.*?)-?#\}")
_HTML = re.compile(r"<!--(?P<text>\s*guard:.*?)-->")
_KINDS: tuple[tuple[tuple[str, ...], tuple[re.Pattern[str], ...]], ...] = (
    ((".yaml", ".yml", ".toml", ".ini", ".cfg", ".env", ".properties", ".conf"), (_HASH,)),
    ((".j2", ".jinja", ".jinja2", ".tmpl", ".prompt", ".prompty", ".txt"), (_JINJA,)),
    ((".md", ".markdown", ".html", ".htm", ".xml", ".mdx"), (_HTML, _JINJA)),
)
"""Endings of names and how comments are written there."""
CODE = (".py", ".pyi", ".ipynb")


def files(requests: Iterable[Request]) -> frozenset[str]:
    """Files that are no code and hold comments of which a finding about these requests may have a place."""
    found: set[str] = set()
    for request in requests:
        for value in (request.model, request.max_output, request.size, request.quality):
            found.update(_of_value(value))
        for variant in request.variants:
            for choice in (variant.model, variant.max_output):
                found.update(_of_choice(choice))
        found.update(site.span.path for site in request.sites)
        segments = (segment for message in request.prompt.messages for segment in message.segments)
        found.update(segment.span.path for segment in segments if segment.span is not None)
        found.update(layer.span.path for layer in request.layers if layer.span is not None)
    return frozenset(path for path in found if not path.endswith(CODE) and _patterns(path))


def _of_value(value: Value) -> Iterator[str]:
    for choice in value.choices:
        yield from _of_choice(choice)


def _of_choice(choice: Choice | None) -> Iterator[str]:
    if choice is not None:
        yield from (step.span.path for step in choice.trail)


def directives(path: str, text: str) -> Iterator[Directive]:
    """The comments of a file that are for guard. A comment stands on one line."""
    patterns = _patterns(path)
    if not patterns or "guard:" not in text:
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if "guard:" not in line:
            continue
        for pattern in patterns:
            for match in pattern.finditer(line):
                made = directive(path, number, match.start() + 1, f"#{match['text'].rstrip()}")
                if made is not None and made.kind == "ignore":
                    yield made


def _patterns(path: str) -> tuple[re.Pattern[str], ...]:
    name = path.lower()
    return next((patterns for endings, patterns in _KINDS if name.endswith(endings)), ())
