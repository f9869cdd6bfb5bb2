"""What stands in a template itself: its text and the places in it, each once, whatever is rendered into them.

In: nodes of a template. Out: `Part`s in their order. Both arms of a branch and the body of a loop count once, other
templates not at all (their names do). Neighbour: `guard.facts.prompt_texts` asks.
"""

from __future__ import annotations

from typing import NamedTuple

from guard.parse.template_nodes import (
    Apply,
    Assign,
    Const,
    Expr,
    Extends,
    For,
    Get,
    Import,
    Include,
    Macro,
    Nodes,
    Section,
    Show,
    Text,
    Unread,
    Var,
    With,
)  # fmt: skip

_LANGUAGES_OWN = frozenset({"super", "caller", "range", "dict", "lipsum", "cycler", "joiner", "namespace"})
"""Functions of Jinja2 itself."""


class Part(NamedTuple):
    """A piece of a template: text, or the name of a place."""

    text: str | None
    name: str = ""


class Parts(NamedTuple):
    """A template taken apart. `others`: the templates that it names."""

    parts: tuple[Part, ...]
    others: tuple[str, ...] = ()


def taken_apart(nodes: Nodes) -> Parts:
    """Text and places of a template."""
    found: list[Part] = []
    others: dict[str, None] = {}
    _walk(nodes, frozenset(), found, others)
    return Parts(tuple(found), tuple(others))


def _walk(nodes: Nodes, own: frozenset[str], found: list[Part], others: dict[str, None]) -> None:
    """`own`: the names that the template itself sets, which are no places to be filled."""
    for node in nodes:
        if isinstance(node, Text):
            found.append(Part(node.text))
        elif isinstance(node, Show):
            _place(node.value, own, found)
        elif isinstance(node, Unread):
            found.append(Part(None, node.name))
        elif isinstance(node, (Extends, Include, Import)):
            if isinstance(node.template, Const) and isinstance(node.template.value, str):
                others[node.template.value] = None
        elif isinstance(node, Assign):
            own |= set(node.names)
        else:
            _inside(node, own, found, others)
            if isinstance(node, Macro):
                own |= {node.name}


def _inside(node: object, own: frozenset[str], found: list[Part], others: dict[str, None]) -> None:
    """The bodies of a node; a loop is a place for what it goes over."""
    if isinstance(node, For):
        _place(node.source, own, found)
        own = own | {*node.names, "loop"}
    elif isinstance(node, Section):
        if not node.inverted:
            _place(node.value, own, found)
    elif isinstance(node, Macro):
        own = own | {*node.params, "caller"}
    elif isinstance(node, With):
        own = own | {name for name, _ in node.values}
    for part in ("body", "then", "other"):
        inner = getattr(node, part, None)
        if inner:
            _walk(inner, own, found, others)


def _place(expr: Expr, own: frozenset[str], found: list[Part]) -> None:
    """A place by the name that its value tells; none for what the template writes or sets itself."""
    root: object = expr
    name = ""
    while not isinstance(root, Var):
        if isinstance(root, Get) and isinstance(root.key, Const) and isinstance(root.key.value, str):
            name = name or root.key.value
        if isinstance(root, Apply) and root.kind == "call":
            if isinstance(root.base, Var) and root.base.name in _LANGUAGES_OWN:
                return
            name = ""
        root = getattr(root, "base", None) or getattr(root, "left", None) or getattr(root, "then", None)
        if root is None:
            return
    if root.name not in own:
        found.append(Part(None, name or root.name))
