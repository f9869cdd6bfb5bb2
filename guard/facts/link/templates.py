"""Templates: `"... %s ..." % x`, `"{name}".format(...)`, `$name` and `{{ name }}` with known fields filled in.

In: a template as a result, and what is put into it. Out: texts; fields that are not known are holes by their name.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr, Op, Pos, Star
from guard.facts.link import containers, enums, plain, pure
from guard.facts.link.template_values import name_of
from guard.facts.link.texts import as_formatted, as_text, combined, hole_name, in_format, origin, pieces, shown
from guard.facts.link.things import (
    Alt,
    DictOf,
    Frame,
    Held,
    ListOf,
    Lit,
    Piece,
    Pieces,
    Result,
    Thing,
    union,
    within,
)  # fmt: skip
from guard.parse.template_nodes import Text
from guard.parse.template_places import parse_dollar

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


_PERCENT = re.compile(r"%(?:\((\w+)\))?([-#0 +]*(?:\d+|\*)?(?:\.(?:\d+|\*)?)?[sdrifgeEGxXaouc%])")
MAX_WAYS = 16
"""Templates and values that are put together."""


def percent(engine: Engine, left: Result, right: Result, expr: Op, frame: Frame) -> Result:
    """`"... %s ... %(name)s" % values`"""
    right = enums.inside_as_text(engine, right)
    exact = plain.applied(engine, pure.percent, [left, right], "a value that is not known")
    if exact.alts and not exact.open:
        return exact
    values_of = [a for a in right.alts if isinstance(a.thing, (ListOf, DictOf))]
    ways: Sequence[Alt | None] = values_of[:MAX_WAYS] or (None,)
    results = []
    for alt in left.alts[:MAX_WAYS]:
        for values in ways:
            filled_in = _percent_filled(engine, alt, values.thing if values else None, right, expr, frame)
            results.append(within(filled_in, values.world) if values else filled_in)
    more = len(left.alts) > MAX_WAYS or len(values_of) > MAX_WAYS or (values_of and len(values_of) < len(right.alts))
    reasons = (*left.open, *(right.open if values_of else ()), *(("another value may be filled in",) if more else ()))
    return union([*results, Result((), tuple(dict.fromkeys(reasons)))])


def _percent_filled(
    engine: Engine, alt: Alt, values: Thing | None, right: Result, expr: Op, frame: Frame
) -> Result:  # fmt: skip
    """One template with one list or dict of values (None: a single value, or something unknown)."""
    texts: list[Result] = []
    count = 0
    for part in pieces(alt.thing, *origin(alt, frame, expr.pos)) or ():
        if part.text is None:
            texts.append(Result((Alt(Pieces((part,))),)))
            continue
        last = 0
        for match in _PERCENT.finditer(part.text):
            texts.append(Result((Alt(Lit(part.text[last : match.start()]), alt.trail),)))
            last = match.end()
            if match.group(2) == "%":
                texts.append(Result((Alt(Lit("%")),)))
                continue
            texts.append(_percent_value(engine, values, match, count, right, expr, frame))
            count += 1 + match.group(2).count("*")
        texts.append(Result((Alt(Lit(part.text[last:]), alt.trail),)))
    return within(combined(texts), alt.world)


def _percent_value(
    engine: Engine, values: Thing | None, match: re.Match[str], index: int, right: Result, expr: Op, frame: Frame
) -> Result:  # fmt: skip
    name, field = match.group(1), "%" + match.group(2)
    value: Result | None = None
    given: Expr | Held = expr.right
    if "*" in field:  # one value says how wide another is
        pass
    elif isinstance(values, ListOf) and index < len(values.items) and not containers.unordered(values):
        cell = values.items[index]
        value, given = engine.force(cell), Held(expr.right.pos, cell)
    elif isinstance(values, DictOf) and name is not None:
        value = containers.get(engine, values, name)
        entry = next((e for e in reversed(values.entries) if e.key == name), None)
        given = expr.right if entry is None else Held(expr.right.pos, entry.value)
    elif values is None and index == 0 and right.alts:
        value = right
    if value is None:
        hole = Piece(None, name or hole_name(expr.right), frame.path, expr.right.pos, None, "not known")
        return Result((Alt(Pieces((hole,))),))
    if field != "%s":
        value = in_format(engine, value, lambda v: pure.percent(field, (v,)), pure.is_wide(field))
    return as_text(shown(engine, value), given, frame, name or "")


def filled(
    engine: Engine, template: Result, fields: DictOf | None, positional: Sequence[Held | Expr], call: Call,
    frame: Frame, style: str = "format",
) -> Result:  # fmt: skip
    """`template.format(...)` (or another style): known fields filled in, others as holes by name.

    `style`: `format`, `dollar` (`string.Template`), or a language of `template_calls.filled`.
    """
    if style not in ("format", "dollar"):
        from guard.facts.link import template_calls

        return template_calls.filled(engine, template, fields, call, frame, style)
    results = []
    for alt in template.alts:
        texts: list[Result] = []
        auto = 0
        for part in pieces(alt.thing, *origin(alt, frame, call.pos)) or ():
            if part.text is None:
                texts.append(Result((Alt(Pieces((part,))),)))
                continue
            parsed = parse_template(part.text, style)
            if parsed is None:
                texts.append(Result((Alt(Lit(part.text), alt.trail),)))
                continue
            for text, name, conversion, spec in parsed:
                if text:
                    texts.append(Result((Alt(Lit(text), alt.trail),)))
                if name is None:
                    continue
                inner = [n for _, n, _, _ in string.Formatter().parse(spec) if n is not None] if "{" in spec else []
                form = (conversion, None if inner else spec)  # a width that is a value is not followed here
                if name == "" or name.isdigit():
                    index = auto if name == "" else int(name)
                    auto += 1 + len(inner)
                    spread = any(isinstance(given, Star) for given in positional[: index + 1])
                    given = positional[index] if index < len(positional) and not spread else None
                    hole = _named_hole(f"argument {index}", frame, call)
                    value = None if given is None else engine.eval(given, frame)
                    texts.append(
                        hole if value is None or given is None else as_formatted(engine, value, *form, given, frame)
                    )
                else:
                    texts.append(_field(engine, fields, name, form, call, frame))
        results.append(within(combined(texts), alt.world))
    return union([*results, Result((), template.open)])


def _named_hole(name: str, frame: Frame, call: Call) -> Result:
    return Result((Alt(Pieces((Piece(None, name, frame.path, call.pos, None, "filled at run time"),))),))


def _field(
    engine: Engine, fields: DictOf | None, name: str, form: tuple[str, str | None], call: Call, frame: Frame
) -> Result:  # fmt: skip
    root = name.split(".")[0].split("[")[0]
    value = containers.get(engine, fields, root) if fields is not None else None
    if fields is None or value is None or root != name:
        return _named_hole(root, frame, call)
    entry = next(e for e in reversed(fields.entries) if e.key == root)
    return as_formatted(engine, value, *form, Held(call.pos, entry.value), frame, root)


def parse_template(text: str, style: str) -> list[tuple[str, str | None, str, str]] | None:
    """(static text, field name or None, conversion, format) in order; None when it is no template of that style."""
    if style == "format":
        try:
            return [(text, name, how or "", spec or "") for text, name, spec, how in string.Formatter().parse(text)]
        except ValueError:
            return None
    return [
        (node.text, None, "", "") if isinstance(node, Text) else ("", name_of(node.value), "", "")
        for node in parse_dollar(text)
    ]


PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_-]*)\}")


def placed(engine: Engine, text: Result, values: Result, frame: Frame, pos: Pos) -> Result:
    """`{name}` in texts of a framework's objects, filled with the values that they are invoked with; what is not known
    or not given is a hole by its name."""
    from guard.facts.link import containers

    dicts = [alt.thing for alt in values.alts if isinstance(alt.thing, DictOf)]
    results = []
    for alt in text.alts:
        parts = pieces(alt.thing, *origin(alt, frame, pos))
        if parts is None or not any(p.text and PLACE.search(p.text) for p in parts):
            results.append(Result((alt,)))
            continue
        found: list[Result] = []
        for part in parts:
            last = 0
            for match in PLACE.finditer(part.text or ""):
                found.append(_static(part, last, match.start()))
                last = match.end()
                name = match.group(1)
                given = [containers.get(engine, d, name) for d in dicts]
                whole = union(g for g in given if g is not None)
                texts = tuple(a for a in whole.alts if isinstance(a.thing, (Lit, Pieces)))
                if not texts or len(texts) < len(whole.alts) or whole.open or None in given or len(dicts) != 1:
                    hole = Piece(None, name, frame.path, pos, None, "filled when it is invoked")
                    found.append(Result((Alt(Pieces((hole,))),)))
                else:
                    found.append(Result(texts))
            found.append(_static(part, last, None) if part.text is not None else Result((Alt(Pieces((part,))),)))
        whole = combined(found)
        results.append(Result(tuple(a._replace(trail=(*alt.trail, *a.trail)) for a in whole.alts), whole.open))
    return union([*results, Result((), text.open)])


def _static(part: Piece, start: int, end: int | None) -> Result:
    """A stretch of a static piece."""
    return Result((Alt(Pieces((part._replace(text=(part.text or "")[start:end]),))),))
