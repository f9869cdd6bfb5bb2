"""Gitignore patterns with many wildcards as regular expressions that cannot run away. In: a pattern. Out: its regex.

A usual translation lets the matcher try every way to share out a path among the wildcards, which for ten of them takes
longer than anyone waits. A piece of fixed length between two `*` may as well stand at the first place that it fits:
whatever follows has the most room then. The same holds for folders between two `**`. An atomic group says so, and no
choice is ever taken back. Neighbour: `ignore`, which takes these for patterns that pathspec would translate badly.
"""

from __future__ import annotations

import re

FOLDER_MARK = "ps_d"
"""Name of the group in which pathspec looks whether a pattern matched a folder above the path."""
_PIECES = re.compile(r"\\(.)|(\*+)|(\?)|\[([!^]?)(\]?[^\]]*)\]|([^\\*?\[])", re.DOTALL)


def is_hard(pattern: str) -> bool:
    """Whether a pattern has so many wildcards that it is better not left to backtracking."""
    return len(re.findall(r"\*+", pattern)) > 2


def regex(pattern: str) -> re.Pattern[str]:
    """The regex of a pattern without its `!`. Raises ValueError where git would pass over it, too."""
    parts = pattern.split("/")
    only_folders = parts[-1] == ""
    if only_folders:
        parts.pop()
    if parts and parts[0] == "":
        parts.pop(0)
    elif len(parts) == 1:
        parts.insert(0, "**")
    below = bool(parts) and parts[-1] == "**"
    blocks = _blocks(parts)
    if not blocks:
        raise ValueError("a pattern of nothing but `**`")
    mark = f"(?P<{FOLDER_MARK}>/)"
    end = mark if only_folders else "/" if below else f"(?:{mark}|$)"
    written = "^"
    for number, (anywhere, block) in enumerate(blocks):
        inside = "/".join(map(_segment, block))
        last = number == len(blocks) - 1
        found = ("(?:[^/]++/)*?" if anywhere else "") + inside
        written += found + end if last else f"(?>{found}/)"
    try:
        return re.compile(written)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _blocks(parts: list[str]) -> list[tuple[bool, list[str]]]:
    """The stretches of segments between `**`, each with whether a `**` stands before it."""
    blocks: list[tuple[bool, list[str]]] = []
    anywhere = begun = False
    for part in parts:
        if part == "**":
            anywhere, begun = True, False
        elif begun:
            blocks[-1][1].append(part)
        else:
            blocks.append((anywhere, [part]))
            begun = True
    return blocks


def _segment(glob: str) -> str:
    """The regex of what stands between two slashes."""
    if set(glob) == {"*"}:
        return "[^/]++"
    first, *others = _between_stars(glob)
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle) + f"[^/]*{last}"


def _between_stars(glob: str) -> list[str]:
    """The regexes of the pieces between `*`; each takes a fixed number of characters and no slash."""
    pieces, at = [""], 0
    while at < len(glob):
        found = _PIECES.match(glob, at)
        if found is None:
            raise ValueError("a bracket or a backslash without its end")
        at = found.end()
        escaped, stars, any_one, negated, choice, plain = found.groups()
        if stars:
            pieces.append("")
        elif any_one:
            pieces[-1] += "[^/]"
        elif choice is not None:
            inside = choice.replace("\\", "\\\\").replace("[", "\\[")
            pieces[-1] += f"(?!/)[{'^' if negated else ''}{inside}]"
        else:
            pieces[-1] += re.escape(escaped or plain)
    return pieces
