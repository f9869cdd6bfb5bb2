"""Puts proposed rules into the configuration, between two comments, and leaves all else as it is.

In: the text of guard.yaml or pyproject.toml and rules. Out: the new text. What stands between the comments is replaced
when measured again; rules that people wrote are not touched. Neighbours: `proposing` makes the rules; the command
checks the new text before it writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from guard.use.firm_text import Entry, toml_entry, yaml_entry

BEGIN = "# measured by guard calibrate"
END = "# end of what guard calibrate measured"


class NotEditable(Exception):
    """The file is written in a way that lines cannot be added to; the message says what to do."""


def new_yaml(text: str | None, rules: Sequence[Entry], said: str) -> str:
    """guard.yaml with the rules; None: there is no file yet. `said`: what they rest on, in words.

    Raises `NotEditable` where `usage` or its rules are written in one line (`{...}`, `[...]`).
    """
    if text is None or not text.strip():
        return _joined(["version: 1", "usage:", "  rules:", *_block(rules, "    ", said)], "\n")
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    there = _between(lines)
    if there is not None:
        first, last = there
        indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        return newline.join([*lines[:first], *_block(rules, indent, said), *lines[last + 1 :]])
    at, head, indent = _place(text)
    added = [*head, *_block(rules, indent, said)]
    while at == len(lines) and lines and not lines[-1].strip():
        lines.pop()
        at -= 1
    return newline.join([*lines[:at], *added, *lines[at:]]) + ("" if lines[at:] else newline)


def new_toml(text: str, rules: Sequence[Entry], said: str) -> str:
    """pyproject.toml with the rules, at its end."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    block = [f"{BEGIN}: {said}", *(line for rule in rules for line in toml_entry(rule, "usage.rules")), END]
    there = _between(lines)
    if there is not None:
        return newline.join([*lines[: there[0]], *block, *lines[there[1] + 1 :]])
    while lines and not lines[-1].strip():
        lines.pop()
    return _joined([*lines, "", *block], newline)


def _block(rules: Sequence[Entry], indent: str, said: str) -> list[str]:
    held = [line for rule in rules for line in yaml_entry(rule, indent)]
    return [f"{indent}{BEGIN}: {said}", *held, f"{indent}{END}"]


def _joined(lines: Sequence[str], newline: str) -> str:
    return "".join(f"{line}{newline}" for line in lines)


def _between(lines: Sequence[str]) -> tuple[int, int] | None:
    """The lines of the two comments, where both are there."""
    first = next((n for n, line in enumerate(lines) if line.strip().startswith(BEGIN)), None)
    last = next((n for n, line in enumerate(lines) if line.strip() == END), None)
    return (first, last) if first is not None and last is not None and first < last else None


def _place(text: str) -> tuple[int, list[str], str]:
    """Before which line the rules go, the lines in front of them, and their indent."""
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    end = len(text.split("\n"))
    if root is None:
        return end, ["version: 1", "usage:", "  rules:"], "    "
    usage = _member(root, "usage")
    if usage is None:
        if getattr(root, "flow_style", None):
            raise NotEditable("it is written in one line; put the lines above into it by hand")
        return end, ["usage:", "  rules:"], "    "
    if not isinstance(usage, yaml.MappingNode) or usage.flow_style or not usage.value:
        raise NotEditable("its `usage` is written in one line; put the lines above into it by hand")
    rules = _member(usage, "rules")
    if rules is None:
        indent = " " * usage.value[0][0].start_mark.column
        return _last_line(usage) + 1, [f"{indent}rules:"], f"{indent}  "
    if not isinstance(rules, yaml.SequenceNode) or rules.flow_style or not rules.value:
        raise NotEditable("its `usage.rules` are written in one line; put the lines above into it by hand")
    return _last_line(rules) + 1, [], " " * rules.start_mark.column


def _member(node: Any, key: str) -> Any:
    return next((value for name, value in node.value if name.value == key), None) if _is_map(node) else None


def _is_map(node: Any) -> bool:
    import yaml

    return isinstance(node, yaml.MappingNode)


def _last_line(node: Any) -> int:
    """The last line (from 0) that a node has something on: its end mark stands behind the comments that follow."""
    last = node
    while not getattr(last, "flow_style", None) and isinstance(last.value, list) and last.value:
        last = last.value[-1][1] if _is_map(last) else last.value[-1]
    mark = last.end_mark
    # A text in a block (`|`) ends at the beginning of a line.
    return int(mark.line if mark.column else max(mark.line - 1, last.start_mark.line))
