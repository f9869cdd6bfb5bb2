"""Templates: `"... %s ..." % x`, `"{name}".format(...)`, `$name` and `{{ name }}` with known fields filled in.

In: a template as a result, and what is put into it. Out: texts; fields that are not known are holes by their name.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr, Op, Pos
from guard.facts.link.texts import as_text, combined, hole_name, origin, pieces
from guard.facts.link.things import (
    Alt,
    DictOf,
    Entry,
    Frame,
    Held,
    ListOf,
    Lit,
    Piece,
    Pieces,
    Result,
    Thing,
    union,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


def percent(engine: Engine, left: Result, right: Result, expr: Op, frame: Frame) -> Result:
    """`"... %s ... %(name)s" % values`"""
    pattern = re.compile(r"%(?:\((\w+)\))?[-#0 +]*[\d*]*(?:\.\d+)?([sdrifgexX%])")
    values = next((a.thing for a in right.alts if isinstance(a.thing, (ListOf, DictOf))), None)
    results = []
    for alt in left.alts:
        texts: list[Result] = []
        count = 0
        for part in pieces(alt.thing, *origin(alt, frame, expr.pos)) or ():
            if part.text is None:
                texts.append(Result((Alt(Pieces((part,))),)))
                continue
            last = 0
            for match in pattern.finditer(part.text):
                texts.append(Result((Alt(Lit(part.text[last : match.start()]), alt.trail),)))
                last = match.end()
                if match.group(2) == "%":
                    texts.append(Result((Alt(Lit("%")),)))
                    continue
                texts.append(_percent_value(engine, values, match.group(1), count, right, expr, frame))
                count += 1
            texts.append(Result((Alt(Lit(part.text[last:]), alt.trail),)))
        results.append(combined(texts))
    return union([*results, Result((), left.open)])


def _percent_value(
    engine: Engine, values: Thing | None, name: str | None, index: int, right: Result, expr: Op, frame: Frame
) -> Result:  # fmt: skip
    if isinstance(values, ListOf) and index < len(values.items):
        cell = values.items[index]
        return as_text(engine.force(cell), Held(expr.right.pos, cell), frame)
    if isinstance(values, DictOf) and name is not None:
        entry = next((e for e in reversed(values.entries) if e.key == name), None)
        if entry is not None:
            return as_text(engine.force(entry.value), Held(expr.right.pos, entry.value), frame, name)
    if values is None and index == 0 and right.alts:
        return as_text(right, expr.right, frame)
    return Result(
        (Alt(Pieces((Piece(None, name or hole_name(expr.right), frame.path, expr.right.pos, None, "not known"),))),)
    )


def filled(
    engine: Engine, template: Result, fields: DictOf | None, positional: Sequence[Held | Expr], call: Call,
    frame: Frame, style: str = "format",
) -> Result:  # fmt: skip
    """`template.format(...)` (or `$name`, `{{ name }}` styles): known fields filled in, others as holes by name."""
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
            for text, name in parsed:
                if text:
                    texts.append(Result((Alt(Lit(text), alt.trail),)))
                if name is None:
                    continue
                if name == "" or name.isdigit():
                    index = auto if name == "" else int(name)
                    auto += 1
                    given = positional[index] if index < len(positional) else None
                    value = None if given is None else as_text(engine.eval(given, frame), given, frame)
                    texts.append(value or _named_hole(f"argument {index}", frame, call))
                else:
                    texts.append(_field(engine, fields, name, call, frame))
        results.append(combined(texts))
    return union([*results, Result((), template.open)])


def _named_hole(name: str, frame: Frame, call: Call) -> Result:
    return Result((Alt(Pieces((Piece(None, name, frame.path, call.pos, None, "filled at run time"),))),))


def _field(engine: Engine, fields: DictOf | None, name: str, call: Call, frame: Frame) -> Result:
    root = name.split(".")[0].split("[")[0]
    entry: Entry | None = None
    if fields is not None:
        entry = next((e for e in reversed(fields.entries) if e.key == root), None)
    if entry is None or root != name:
        return _named_hole(root, frame, call)
    return as_text(engine.force(entry.value), Held(call.pos, entry.value), frame, root)


def parse_template(text: str, style: str) -> list[tuple[str, str | None]] | None:
    """(static text, field name or None) in order; None when the text is no valid template of that style."""
    if style == "format":
        try:
            return [(literal, None if name is None else name) for literal, name, _, _ in string.Formatter().parse(text)]
        except ValueError:
            return None
    pattern = r"\$(?:\{(\w+)\}|(\w+))" if style == "dollar" else r"\{\{-?\s*([\w.]+)[^{}]*?-?\}\}"
    found: list[tuple[str, str | None]] = []
    last = 0
    for match in re.finditer(pattern, text):
        name = next((g for g in match.groups() if g), "value")
        found.append((text[last : match.start()], name))
        last = match.end()
    found.append((text[last:], None))
    return found


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
