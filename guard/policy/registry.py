"""Finds the checks by listing `checks/`, and writes their documentation.

In: the modules of `guard.policy.checks`. Out: `Check`s by id, used by `load.py` and by `guard explain CHECK`;
`python -m guard.policy.registry > docs/checks.md` writes the page of all checks.

A check module has: a docstring (title, `## What it does`, `## Why`, `## Fix`), `SEVERITY`, `HELP`, a frozen dataclass
`Params`, a function `check(item, params, context)`, and the examples `BAD`, `GOOD` and `UNSURE`.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache
from types import MappingProxyType
from typing import Any

from guard.policy import baseline, budgets, forgive, stale, stale_usage
from guard.policy import checks as folder
from guard.policy.types import Check

DOCS = {"budget": budgets.DOC, **forgive.DOCS, **baseline.DOCS, **stale.DOCS, **stale_usage.DOCS}
"""Findings that no check makes: title, `## What it does`, `## Why`, `## Fix`."""


@cache
def checks() -> Mapping[str, Check]:
    """All checks by id, sorted. Importing them costs a few milliseconds, so it is done on first use."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    found = (_check(name) for name in names)
    return MappingProxyType({check.id: check for check in found})


def _check(name: str) -> Check:
    module = importlib.import_module(f"{folder.__name__}.{name}")
    title, _, doc = (module.__doc__ or "").strip().partition("\n")
    return Check(
        id=name.replace("_", "-"),
        title=title.rstrip("."),
        doc=doc.strip(),
        severity=module.SEVERITY,
        help=module.HELP,
        params=module.Params,
        run=module.check,
        bad=module.BAD,
        good=module.GOOD,
        unsure=module.UNSURE,
    )


def documentation(check_id: str) -> str | None:
    """What `guard explain CHECK` shows (Markdown): a check, `budget`, or a finding about ignores. None: no such id."""
    check = checks().get(check_id)
    if check is not None:
        return _document(check)
    other = DOCS.get(check_id)
    return None if other is None else f"# {check_id}\n\n{other.strip()}\n"


def ids() -> tuple[str, ...]:
    """All ids that `documentation` knows."""
    return (*checks(), *DOCS)


def _document(check: Check) -> str:
    lines = [f"# {check.id}", "", f"{check.title}.", "", f"Severity: {check.severity}", "", check.doc, ""]
    parameters = list(_parameters(check.params))
    if parameters:
        lines += ["## Parameters", "", "| Name | Type | Default | Meaning |", "|---|---|---|---|"]
        lines += [f"| `{name}` | {kind} | {default} | {doc} |" for name, kind, default, doc in parameters]
        lines.append("")
    for heading, examples in (("Violated by", check.bad), ("Kept by", check.good), ("Undecided for", check.unsure)):
        if examples:
            lines.append(f"{heading}: {'; '.join(example.title for example in examples)}.")
            lines.append("")
    return "\n".join(lines)


def _parameters(params: type[Any]) -> Iterator[tuple[str, str, str, str]]:
    for one in fields(params):
        kind = {"tuple[str, ...]": "list of text", "int": "whole number", "bool": "true or false"}[str(one.type)]
        yield one.name, kind, f"`{_yaml(one.default)}`", one.metadata["doc"]


def _yaml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def page() -> str:
    """The text of docs/checks.md."""
    intro = (
        "# Checks\n\n"
        "<!-- Written by `python -m guard.policy.registry > docs/checks.md` from the docstrings in "
        "guard/policy/checks/. -->\n\n"
        "What guard can check, with the parameters that a policy may set (see [policies.md](policies.md)). "
        "`guard explain CHECK` shows the same text.\n"
    )
    listed = "\n".join(f"- [`{check.id}`](#{check.id}): {check.title.lower()}" for check in checks().values())
    bodies = [_document(check) for check in checks().values()]
    others = [f"# {name}\n\n{text.strip()}\n" for name, text in DOCS.items()]
    sections = "\n".join(_deeper(body) for body in bodies + others)
    return f"{intro}\n{listed}\n\n{sections.rstrip()}\n"


def _deeper(markdown: str) -> str:
    """Headings one level down, so that the page has one title."""
    return "\n".join(f"#{line}" if line.startswith("#") else line for line in markdown.split("\n"))


if __name__ == "__main__":
    sys.stdout.write(page())
