"""Expressions of a known type over names of known types, for generated programs.

In: a way to choose, the names in scope. Out: text. Types: `str`, `int`, `bool`, lists of texts and of numbers (`strs`,
`ints`), dicts from texts to texts and to numbers (`dstr`, `dint`). An expression may still fail when it runs (an index
out of range): whoever generates a program runs it and drops what fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
Choose = Callable[[int], int]
"""A whole number from 0 to below the given one; smaller ones are simpler."""

TYPES = ("str", "int", "bool", "strs", "ints", "dstr", "dint")
WORDS = ("gpt-4o", "mini", "a b", "", " x ", "Ab-Cd", "{}", "%s", "ü-1", "{name}", "a\nb", "100%", "it's", "12")
SIMPLE = ("strip", "upper", "lower", "title", "lstrip", "rstrip", "capitalize")
KEYS = ("a", "b", "model", "x-y")
FIELDS = {
    "str": ("", ":>8", ":<6", "!r", "!s", ":^7", ":.2"),
    "int": ("", ":03d", ":>4", ":,", ":x", "!r", ":.1f", ":+d"),
}
PERCENT = {"str": ("%s", "%r", "%5s", "%-6s", "%.2s"), "int": ("%d", "%s", "%03d", "%5d", "%x", "%+d", "%.1f")}


@dataclass
class Function:
    """A function of the program: its parameters by name, type and kind, and what it returns."""

    name: str
    params: list[tuple[str, str, str, bool]]
    """Name, type, kind (`positional`, `keyword`, `args`, `kwargs`), whether it has a default."""
    returns: str


@dataclass
class Scope:
    """The names that expressions may use."""

    names: dict[str, list[str]] = field(default_factory=lambda: {t: [] for t in TYPES})
    functions: list[Function] = field(default_factory=list)

    def copy(self) -> Scope:
        """A scope that can grow on its own."""
        return Scope({t: list(n) for t, n in self.names.items()}, list(self.functions))

    def add(self, name: str, kind: str) -> None:
        """A name gets a value of a type; it loses the type it had."""
        for known in self.names.values():
            if name in known:
                known.remove(name)
        self.names[kind].append(name)


class Expressions:
    """Makes expressions by choosing."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.fresh = 0

    def pick(self, options: Sequence[T]) -> T:
        """One of several; the first is the simplest."""
        return options[self.choose(len(options))]

    def chance(self, one_in: int) -> bool:
        """True once in so many times."""
        return self.choose(one_in) == one_in - 1

    def name(self, prefix: str) -> str:
        """A name that is not taken yet."""
        self.fresh += 1
        return f"{prefix}{self.fresh}"

    def of(self, kind: str, scope: Scope, depth: int) -> str:
        """An expression of a type."""
        if depth <= 0 or self.chance(4):
            names = scope.names[kind]
            if names and not self.chance(3):
                return self.pick(names)
            return self.literal(kind, scope, depth)
        calls = [f for f in scope.functions if f.returns == kind]
        if calls and self.chance(3):
            return self.call(self.pick(calls), scope, depth - 1)
        if self.chance(6):
            then, test, other = (self.of(k, scope, depth - 1) for k in (kind, "bool", kind))
            return f"({then} if {test} else {other})"
        if self.chance(8):
            return f"({self.of(kind, scope, depth - 1)} {self.pick(('or', 'and'))} {self.of(kind, scope, depth - 1)})"
        if self.chance(12) and kind in ("str", "int"):
            names = scope.names["str" if kind == "str" else "int"]
            if names:
                return f"[{self.of(kind, scope, depth - 1)}, {self.pick(names)}][{self.pick((0, 1, -1))}]"
        rules = getattr(self, f"_{kind}")(scope, depth - 1)
        return str(self.pick(rules)())

    def literal(self, kind: str, scope: Scope, depth: int) -> str:
        """A display or a constant of a type."""
        d = depth - 1
        if kind == "str":
            return repr(self.pick(WORDS))
        if kind == "int":
            return str(self.pick((1, 2, 0, 3, 7, 100, 512)))
        if kind == "bool":
            return self.pick(("True", "False"))
        if kind in ("strs", "ints"):
            inner = "str" if kind == "strs" else "int"
            items = [self.of(inner, scope, d) for _ in range(self.choose(4))]
            if scope.names[kind] and self.chance(5):
                items.insert(self.choose(len(items) + 1), f"*{self.pick(scope.names[kind])}")
            return f"[{', '.join(items)}]"
        inner = "str" if kind == "dstr" else "int"
        items = [f"{self.key(scope)}: {self.of(inner, scope, d)}" for _ in range(self.choose(4))]
        if scope.names[kind] and self.chance(4):
            items.insert(self.choose(len(items) + 1), f"**{self.pick(scope.names[kind])}")
        return f"{{{', '.join(items)}}}"

    def key(self, scope: Scope) -> str:
        """A key of a dict."""
        if scope.names["str"] and self.chance(6):
            return self.pick(scope.names["str"])
        return repr(self.pick(KEYS))

    def call(self, function: Function, scope: Scope, depth: int) -> str:
        """A call of a function of the program, its arguments passed in one of the possible ways."""
        given: list[str] = []
        named: list[str] = []
        for name, kind, how, default in function.params:
            if how == "args":
                if not named:
                    given += [self.of(kind, scope, depth) for _ in range(self.choose(3))]
                    if self.chance(4) and scope.names[f"{kind}s"]:
                        given.append(f"*{self.pick(scope.names[f'{kind}s'])}")
            elif how == "kwargs":
                named += [f"{k}={self.of(kind, scope, depth)}" for k in ("k1", "k2")[: self.choose(3)]]
                if self.chance(4):
                    named.append(f"**{{'k3': {self.of(kind, scope, depth)}}}")
            elif default and self.chance(3):
                named = named or [""]
            elif how == "keyword" or named or self.chance(3):
                value = self.of(kind, scope, depth)
                named.append(f"**{{{name!r}: {value}}}" if self.chance(5) else f"{name}={value}")
            else:
                given.append(self.of(kind, scope, depth))
        arguments = [*given, *(n for n in named if n)]
        return f"{function.name}({', '.join(arguments)})"

    # One list of ways for each type. Each way is a function, so that only the chosen one draws.

    def _str(self, s: Scope, d: int) -> list[Callable[[], str]]:
        e = self.of
        return [
            lambda: f"({e('str', s, d)} + {e('str', s, d)})",
            lambda: self.joined(s, d),
            lambda: self.format_call(s, d),
            lambda: self.percent(s, d),
            lambda: f"{e('str', s, d)}.join({e('strs', s, d)})",
            lambda: f"', '.join(str(x) for x in {e('ints', s, d)})",
            lambda: f"({e('str', s, d)}).replace({e('str', s, d)}, {e('str', s, d)})",
            lambda: f"({e('str', s, d)}).{self.pick(SIMPLE)}()",
            lambda: f"({e('str', s, d)}).strip({e('str', s, d)})",
            lambda: f"({e('str', s, d)})[{self.slice(s, d)}]",
            lambda: f"({e('str', s, d)})[{self.pick((0, -1, 1))}]",
            lambda: f"({e('strs', s, d)})[{self.pick((0, -1, 1))}]",
            lambda: f"({e('dstr', s, d)})[{self.key(s)}]",
            lambda: f"({e('dstr', s, d)}).get({self.key(s)}, {e('str', s, d)})",
            lambda: f"str({e('int', s, d)})",
            lambda: f"({e('str', s, d)} * {self.pick((2, 1, 0))})",
            lambda: f"({e('str', s, d)}).split('-')[0]",
            lambda: f"({e('str', s, d)}).{self.pick(('removeprefix', 'removesuffix'))}({e('str', s, d)})",
            lambda: f"({e('str', s, d)}).{self.pick(('zfill', 'ljust', 'rjust', 'center'))}({self.pick((6, 9, 2))})",
            lambda: f"(lambda v: v + {e('str', s, d)})({e('str', s, d)})",
            lambda: f"{self.pick(('min', 'max'))}({e('str', s, d)}, {e('str', s, d)})",
        ]  # fmt: skip

    def _int(self, s: Scope, d: int) -> list[Callable[[], str]]:
        e = self.of
        return [
            lambda: f"({e('int', s, d)} {self.pick(('+', '-', '*'))} {e('int', s, d)})",
            lambda: f"({e('int', s, d)} {self.pick(('//', '%'))} {self.pick((2, 3, 7))})",
            lambda: f"(-{e('int', s, d)})",
            lambda: f"len({e(self.pick(('str', 'strs', 'ints', 'dstr', 'dint')), s, d)})",
            lambda: f"int({self.pick(('12', '7', ' 3 '))!r})",
            lambda: f"{self.pick(('min', 'max'))}({e('int', s, d)}, {e('int', s, d)})",
            lambda: f"{self.pick(('min', 'max', 'sum'))}({e('ints', s, d)})",
            lambda: f"abs({e('int', s, d)})",
            lambda: f"({e('ints', s, d)})[{self.pick((0, -1, 1))}]",
            lambda: f"({e('dint', s, d)})[{self.key(s)}]",
            lambda: f"({e('dint', s, d)}).get({self.key(s)}, {e('int', s, d)})",
            lambda: f"int({e('int', s, d)} / 2)",
            lambda: f"round({e('int', s, d)} * 1.5)",
            lambda: f"({e('int', s, d)} ** 2)",
            lambda: f"int({e('bool', s, d)})",
            lambda: f"({e('str', s, d)}).{self.pick(('count', 'find'))}({e('str', s, d)})",
            lambda: f"({e('ints', s, d)}).{self.pick(('count', 'index'))}({e('int', s, d)})",
        ]  # fmt: skip

    def _bool(self, s: Scope, d: int) -> list[Callable[[], str]]:
        e = self.of
        compare = ("==", "!=", "<", ">=", "<=", ">")
        return [
            lambda: f"({e('int', s, d)} {self.pick(compare)} {e('int', s, d)})",
            lambda: f"({e('str', s, d)} {self.pick(compare)} {e('str', s, d)})",
            lambda: f"({e('str', s, d)} {self.pick(('in', 'not in'))} {e(self.pick(('str', 'strs', 'dstr')), s, d)})",
            lambda: f"({e('int', s, d)} in {e('ints', s, d)})",
            lambda: f"(not {e(self.pick(('bool', 'str', 'ints', 'dstr')), s, d)})",
            lambda: f"({e('int', s, d)} < {e('int', s, d)} < {e('int', s, d)})",
            lambda: f"({e('str', s, d)}).{self.pick(('startswith', 'endswith'))}({e('str', s, d)})",
            lambda: f"isinstance({e(self.pick(TYPES), s, d)}, {self.pick(('str', 'int', 'list', '(str, int)'))})",
            lambda: f"bool({e(self.pick(('str', 'int', 'strs')), s, d)})",
            lambda: f"({e('strs', s, d)} == {e('strs', s, d)})",
            lambda: f"{self.pick(('any', 'all'))}({e('ints', s, d)})",
        ]  # fmt: skip

    def _list(self, kind: str, s: Scope, d: int) -> list[Callable[[], str]]:
        e = self.of
        inner = kind[:-1]
        mapping = "dstr" if inner == "str" else "dint"
        return [
            lambda: self.literal(kind, s, d),
            lambda: f"({e(kind, s, d)} + {e(kind, s, d)})",
            lambda: f"({e(kind, s, d)})[{self.slice(s, d)}]",
            lambda: self.comprehension(kind, s, d),
            lambda: f"sorted({e(kind, s, d)})",
            lambda: f"list(reversed({e(kind, s, d)}))",
            lambda: f"list({e(mapping, s, d)}.values())",
            lambda: f"({e(kind, s, d)} * {self.pick((2, 1, 0))})",
            lambda: f"list({e(kind, s, d)})",
            lambda: f"sorted({e(kind, s, d)}, reverse=True)",
        ]  # fmt: skip

    def _strs(self, s: Scope, d: int) -> list[Callable[[], str]]:
        e = self.of
        return [
            *self._list("strs", s, d),
            lambda: f"({e('str', s, d)}).split({self.pick(('-', ' ', 'a'))!r})",
            lambda: f"({e('str', s, d)}).split()",
            lambda: f"list({e(self.pick(('dstr', 'dint')), s, d)})",
            lambda: f"list({e(self.pick(('dstr', 'dint')), s, d)}.keys())",
            lambda: f"[k + str(v) for k, v in {e('dint', s, d)}.items()]",
            lambda: f"[str(i) + v for i, v in enumerate({e('strs', s, d)}{self.pick(('', ', start=1', ', 2'))})]",
            lambda: f"[v + w for v, w in zip({e('strs', s, d)}, {e('strs', s, d)})]",
            lambda: f"list(map(str, {e('ints', s, d)}))",
        ]  # fmt: skip

    def _ints(self, s: Scope, d: int) -> list[Callable[[], str]]:
        return [
            *self._list("ints", s, d),
            lambda: f"list(range({self.pick((3, 1, 0, 5))}))",
            lambda: f"list(range(1, {self.pick((6, 3))}, {self.pick((2, 1))}))",
            lambda: f"[len(v) for v in {self.of('strs', s, d)}]",
            lambda: f"[v * w for v in {self.of('ints', s, d)} for w in {self.of('ints', s, d)}]",
        ]  # fmt: skip

    def _dict(self, kind: str, s: Scope, d: int) -> list[Callable[[], str]]:
        e = self.of
        inner = "str" if kind == "dstr" else "int"
        return [
            lambda: self.literal(kind, s, d),
            lambda: f"{{**{e(kind, s, d)}, {self.key(s)}: {e(inner, s, d)}}}",
            lambda: f"({e(kind, s, d)} | {e(kind, s, d)})",
            lambda: f"dict({e(kind, s, d)}, a={e(inner, s, d)})",
            lambda: f"dict(model={e(inner, s, d)}, **{{'x-y': {e(inner, s, d)}}})",
            lambda: f"{e(kind, s, d)}.copy()",
            lambda: f"{{k: v for k, v in {e(kind, s, d)}.items() if {self.pick(('k', 'v', 'True'))}}}",
            lambda: f"dict(zip({e('strs', s, d)}, {e(inner + 's', s, d)}))",
            lambda: f"dict([({self.key(s)}, {e(inner, s, d)})])",
        ]  # fmt: skip

    def _dstr(self, s: Scope, d: int) -> list[Callable[[], str]]:
        return [*self._dict("dstr", s, d), lambda: f"{{v: v + 'z' for v in {self.of('strs', s, d)}}}"]

    def _dint(self, s: Scope, d: int) -> list[Callable[[], str]]:
        return [*self._dict("dint", s, d), lambda: f"{{v: len(v) for v in {self.of('strs', s, d)}}}"]

    def slice(self, s: Scope, d: int) -> str:
        """What stands between the brackets of a slice."""
        low, high = self.pick(("", "1", "-2", "2")), self.pick(("", "3", "-1", "9"))
        return f"{low}:{high}{self.pick(('', '', ':2', ':-1'))}"

    def comprehension(self, kind: str, s: Scope, d: int) -> str:
        """A list comprehension with or without a condition."""
        inner = "str" if kind == "strs" else "int"
        name = self.name("c")
        source = self.of(kind, s, d)
        within = s.copy()
        within.add(name, inner)
        condition = f" if {self.of('bool', within, d)}" if self.chance(2) else ""
        return f"[{self.of(inner, within, d)} for {name} in {source}{condition}]"

    def joined(self, s: Scope, d: int) -> str:
        """An f-string."""
        parts = []
        for _ in range(1 + self.choose(3)):
            kind = self.pick(("str", "int"))
            inner = self.of(kind, s, d)
            parts.append(self.pick(("", "v: ", "{{", "-")) + "{(" + inner + ")" + self.pick(FIELDS[kind]) + "}")
        text = "".join(parts)
        if any(c in text for c in "\\\n'\""):  # older Pythons allow no quotes of the same kind inside
            names = [n for kind in ("str", "int") for n in s.names[kind]]
            text = "-".join("{" + self.pick(names) + "}" for _ in range(2)) if names else "{1:03d}"
        return f'f"{text}"'

    def format_call(self, s: Scope, d: int) -> str:
        """`"...".format(...)`"""
        kinds = [self.pick(("str", "int")) for _ in range(2)]
        specs = [self.pick(FIELDS[kind]) for kind in kinds]
        values = [self.of(kind, s, d) for kind in kinds]
        if self.chance(2):
            return f"'{{{specs[0]}}} and {{{specs[1]}}}'.format({values[0]}, {values[1]})"
        if self.chance(2):
            return f"'{{a{specs[0]}}}{{b{specs[1]}}}{{{{'.format(a={values[0]}, b={values[1]})"
        if self.chance(2):
            return f"'{{1{specs[1]}}}-{{0{specs[0]}}}'.format({values[0]}, {values[1]})"
        return f"'{{d[a]}}'.format(d={self.of('dint', s, d)})"

    def percent(self, s: Scope, d: int) -> str:
        """`"..." % values`"""
        kinds = [self.pick(("str", "int")) for _ in range(2)]
        fields = [self.pick(PERCENT[kind]) for kind in kinds]
        values = [self.of(kind, s, d) for kind in kinds]
        if self.chance(3):
            return f"({fields[0]!r} % {values[0]})" if self.chance(2) else f"({fields[0]!r} % ({values[0]},))"
        if self.chance(3):
            return f"('%(a)s=%(b)s' % {{'a': {values[0]}, 'b': {values[1]}}})"
        return f"('{fields[0]} 100%% {fields[1]}' % ({values[0]}, {values[1]}))"
