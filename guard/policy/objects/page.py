"""Writes docs/conditions.md: the language and every field that a condition can name, from the table that checks them.

In: `sums.OBJECTS` and `expr.functions`. Out: Markdown; `python -m guard.policy.objects.page > docs/conditions.md`, held
fresh by a test.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from guard.policy.expr.functions import FUNCTIONS
from guard.policy.expr.lexer import MAX_LENGTH
from guard.policy.expr.types import Object, said, walk
from guard.policy.objects.sums import OBJECTS

INTRO = """# Conditions

<!-- Written by `python -m guard.policy.objects.page > docs/conditions.md` from guard/policy/objects/. -->

A policy says in `deny` what must not be. guard asks it about every request that it finds:

```yaml
policies:
  - id: no-retry-storms
    deny: request.attempts.high > 3 && request.usd.high > 0.50 USD
  - id: no-endless-agents
    deny: "!request.turns.bounded"                    # text that begins with ! needs quotes in YAML
  - id: dear-routes
    deny: workflow.kind == "route" && workflow.usd_per_run.typical > 0.10 USD
  - id: approved-providers
    deny: repo.requests.exists(r, !(r.provider in ["openai", "azure"]))
```

What a condition names decides what it is about: `request` (each request), else `workflow` (each entry point with all
that it reaches), `feature` (each declared feature) or `repo` (once). A condition about requests may name the request's
`feature` and the `repo`, too. One about a `setting` (each key of a configuration file that decides what requests cost)
names nothing else:

```yaml
policies:
  - id: small-answers-in-files
    deny: setting.what == "max_tokens" && setting.number > 4_000
```
 `guard policy try 'CONDITION'` lists what a condition matches in a repository, and why.

## The language

Conditions are a subset of [CEL](https://github.com/google/cel-spec): `&& || !`, `== != < <= > >=`, `in`, `+ - * /`,
`a ? b : c`, brackets, lists `["a", "b"]`, text in single or double quotes (`r'...'`: without escapes), `true`, `false`,
and comments from `//` to the end of the line.

- **Amounts and shares**: `0.05 USD`, `1_000 USD`, `20%`. A plain number takes the unit of what it is compared with. A
  count against an amount, or `20` against a share, is refused when the policy is loaded. Numbers are exact.
- **Figures** have `low`, `typical` and `high`: `request.usd.high`. What has no bound is greater than every number;
  `request.attempts.bounded` asks for it.
- **`has(request.max_output)`** is false where nothing is sent (or there is no feature, no owner, no declared runs).
- **Lists**: `request.sites.exists(s, s.path.startsWith("src/"))`, `.all(s, ...)`, `"model" in request.unknown`,
  `size(request.layers)`.
- **Text**: `request.model.glob("gpt-4o*")`; the functions are below. Patterns are those of RE2 without names and flags
  but `(?i)` at the beginning; they run in time linear in the text, so that no pattern can hang guard.

{functions}

guard leaves out what policies have not needed: maps, null, bytes, conversions, indexes, `map`, `filter`, `%` as a
remainder. [cel-conformance.md](cel-conformance.md) has the specification's own cases.

## What is not known

A value that guard could not find is unknown, with its reason. A condition that could come out either way is
**undecided**: `on_unknown` says what happens then (`pass`, `warn`, `block`). What does not depend on it is decided:
`request.usd.high > 1 USD || request.stage == "test"` holds for a test whatever it costs. A price that covers only the
known models (the environment may name another) is a lower bound of the worst case: more than that is undecided, less is
violated.

Where a request may use one of several models or limits, it is asked under each of them, and one that matches is enough.
What is fixed together stays together. The price of such a request is that of all its choices: the worst case belongs to
the dearest, the typical one to the default; for the others it lies somewhere between.

## What a mistake looks like

```text
guard.yaml:5:19: a request has no field 'atempts'; did you mean 'attempts'?
  5 |     deny: request.atempts.high > 3
    |                   ^
```

Every mistake is found before the scan: misspelt fields and words, a number against text, a wrong unit. Nothing can go
wrong later. A condition may have {length} characters; what it may do for each request is bounded.

## Messages

`message` of a policy may name fields in braces, `"{{request.attempts.high}} tries of {{model}}"`, next to the short
names `message`, `model`, `provider`, `api`, `path`, `line`, `owner`, `feature` and `policy`.

## Fields

Optional ones may be absent, which `has` tells.
"""


def page() -> str:
    """The text of docs/conditions.md."""
    rows = [f"| `text.{name}(other)` | {function.doc} |" for name, function in FUNCTIONS.items()]
    functions = "\n".join(["| Function | Tells |", "|---|---|", *rows])
    intro = INTRO.format(functions=functions, length=f"{MAX_LENGTH:,}")
    return intro + "\n" + "\n".join(_section(kind) for kind in walk(OBJECTS)).rstrip() + "\n"


def _section(kind: Object) -> str:
    return "\n".join(_lines(kind))


def _lines(kind: Object) -> Iterator[str]:
    yield f"### {kind.name}"
    yield ""
    yield kind.doc
    yield ""
    yield "| Field | Kind | Meaning |"
    yield "|---|---|---|"
    for field in kind.fields.values():
        optional = ", optional" if field.optional else ""
        yield f"| `{field.name}` | {said(field.type)}{optional} | {field.doc} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
