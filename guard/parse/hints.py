"""Hints for syntax errors. In: Python's message and the line. Out: what the file probably is and what to do, or ""."""

from __future__ import annotations

import re
import sys

_PYTHON_2 = re.compile(
    r"""^\s*print\s+[^\s=(.,\[:]      # print "text"
      | ^\s*exec\s+["'\w]             # exec "code"
      | ^\s*except\s+[\w.]+\s*,\s*\w+\s*:
      | ^\s*raise\s+[\w.]+\s*,
      | <>
      | \b0[0-7]+\b | \b\d+[lL]\b     # 0777, 10L
      | \b[uU][rR]["']
      | `[^`]+`
    """,
    re.VERBOSE,
)
_PYTHON_2_MESSAGES = ("Missing parentheses in call to", "multiple exception types must be parenthesized")
_NEWER = re.compile(
    r"""^\s*type\s+\w+\s*(\[.*\])?\s*=              # 3.12: type X = ...
      | ^\s*(class|def|async\s+def)\s+\w+\s*\[      # 3.12: def f[T]
      | \b[tT][rR]?["'] | \b[rR][tT]["']            # 3.14: t"..."
    """,
    re.VERBOSE,
)


def syntax_hint(message: str, line: str) -> str:
    """A hint for a syntax error with Python's `message` in the text `line`; empty if nothing is known."""
    line = line[:500]
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    if _NEWER.search(line) or message.startswith("f-string:"):
        return f"This may be syntax of a newer Python; guard runs on Python {running}: run it on the project's Python."
    if message.startswith(_PYTHON_2_MESSAGES) or _PYTHON_2.search(line):
        return "This looks like Python 2, which guard does not read; exclude the file in guard.yaml or convert it."
    return ""
