"""Any program: every construct that guard reads, with names from a small pool, so that everything refers to everything.

In: a way to choose. Out: the text of some files that import one another in circles. They parse; nothing says that they
could run: names may be unbound, functions call themselves, classes derive from themselves.
"""

from __future__ import annotations

from collections.abc import Callable

from expressions import Choose

NAMES = ("a", "b", "c", "model", "params", "messages", "f", "g", "K", "L", "self", "client", "d", "x")
ATTRIBUTES = ("model", "a", "b", "ask", "create", "append", "get", "items", "format", "config", "f", "value")
MODULES = ("app", "m1", "m2", "pkg")
LITERALS = (
    "'gpt-4o'",
    "1",
    "None",
    "True",
    "'{a} {b}'",
    "''",
    "0",
    "-3",
    "1.5",
    "b'x'",
    "...",
    "'a' 'b'",
    "10**9",
    "'%s'",
)
METHODS = ("append", "update", "extend", "pop", "insert", "clear", "sort")
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "|", "&", "^", "<<", ">>", "@")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "is", "is not", "in", "not in")
BUILTINS = ("len", "list", "dict", "str", "int", "sorted", "zip", "enumerate", "range", "map", "min", "max", "sum",
            "getattr", "isinstance", "set", "tuple", "reversed", "next", "iter", "print", "super", "any",
            "round")  # fmt: skip
DECORATORS = ("@property", "@staticmethod", "@classmethod", "@f", "@functools.lru_cache", "@dataclass",
              "@retry(stop=a)", "@app.get('/x')", "@a.b(c)")  # fmt: skip


class Arbitrary:
    """Writes files. `room` bounds the statements of one file."""

    def __init__(self, choose: Choose, room: int = 14) -> None:
        self.choose = choose
        self.room = room
        self.left = room

    def files(self) -> dict[str, str]:
        """Two to four modules."""
        found = {}
        for name in MODULES[: 2 + self.choose(3)]:
            self.left = self.room
            head = "import openai, os, asyncio, functools, json\nfrom openai import OpenAI\n"
            head += "from dataclasses import dataclass\n"
            path = "pkg/__init__.py" if name == "pkg" else f"{name}.py"
            found[path] = head + self.body(0, 4, False)
        return found

    def pick(self, options: tuple[str, ...]) -> str:
        """One of several texts."""
        return options[self.choose(len(options))]

    def name(self) -> str:
        """A name from the pool."""
        return self.pick(NAMES)

    # --- expressions --------------------------------------------------------------------------------------------

    def expr(self, depth: int) -> str:
        """Any expression."""
        if depth <= 0:
            return self.name() if self.choose(3) else self.pick(LITERALS)
        d = depth - 1
        e = self.expr
        ways: list[Callable[[], str]] = [
            self.name, lambda: self.pick(LITERALS), lambda: self.send(d),
            lambda: f"({e(d)} {self.pick(OPERATORS)} {e(d)})",
            lambda: f"({e(d)} {self.pick(COMPARISONS)} {e(d)})",
            lambda: f"({e(d)} < {e(d)} <= {e(d)})",
            lambda: f"({e(d)} {self.pick(('and', 'or'))} {e(d)})",
            lambda: f"({self.pick(('not ', '-', '+', '~'))}{e(d)})",
            lambda: f"({e(d)} if {e(d)} else {e(d)})",
            lambda: f"({e(d) if not self.choose(2) else self.name()}).{self.pick(ATTRIBUTES)}",
            lambda: f"({e(d)})[{self.pick(('0', '-1', e(d), ':2', '1:', '::-1', 'a:b'))}]",
            lambda: self.call(e(d) if not self.choose(4) else self.name(), d),
            lambda: self.call(self.pick(BUILTINS), d),
            lambda: self.call(f"{self.name()}.{self.pick(ATTRIBUTES)}", d),
            lambda: f"[{self.items(d)}]", lambda: f"({self.operand(d)}, {self.items(d)})" if self.choose(2) else "()",
            lambda: f"{{{e(d)}, {e(d)}}}", lambda: f"{{{self.entries(d)}}}",
            lambda: self.comprehension(d), lambda: f"(lambda {self.parameters(d, False)}: {e(d)})",
            lambda: f"({self.name()} := {e(d)})", lambda: self.text(d),
            lambda: f"'x {{}} {{a!r}} {{0:>4}}'.format({self.arguments(d)})",
            lambda: f"('%s %d' % {e(d)})", lambda: f"', '.join({e(d)})",
            lambda: f"os.environ.get('A', {e(d)})", lambda: f"functools.partial({self.name()}, {self.arguments(d)})",
            lambda: f"type({e(d)})({self.arguments(d)})",
        ]  # fmt: skip
        return ways[self.choose(len(ways))]()

    def send(self, depth: int) -> str:
        """A call that sends, or looks like one."""
        client = self.pick(("OpenAI()", "openai.OpenAI()", "client", "self.client", "K().client"))
        given = [f"model={self.expr(depth)}", f"max_tokens={self.expr(depth)}", f"messages={self.expr(depth)}"]
        kept = given[: 1 + self.choose(3)] + ([f"**{self.name()}"] if not self.choose(3) else [])
        return f"{client}.chat.completions.create({', '.join(kept)})"

    def call(self, callee: str, depth: int) -> str:
        """A call with any arguments."""
        return f"{callee}({self.arguments(depth)})"

    def arguments(self, depth: int) -> str:
        """Positional ones, then keywords; perhaps spread."""
        found = [self.expr(depth) for _ in range(self.choose(3))]
        if not self.choose(4):
            found.append(f"*{self.name()}")
        names = dict.fromkeys(self.name() for _ in range(self.choose(3)))
        found += [f"{name}={self.expr(depth)}" for name in names]
        if not self.choose(4):
            found.append(f"**{self.expr(depth)}")
        return ", ".join(found)

    def items(self, depth: int) -> str:
        """Items of a display."""
        return ", ".join(("*" if not self.choose(5) else "") + self.operand(depth) for _ in range(self.choose(4)))

    def operand(self, depth: int) -> str:
        """An expression that may stand behind a star."""
        return f"({self.expr(depth)})"

    def entries(self, depth: int) -> str:
        """Entries of a dict display."""
        keys = ("'model'", "'a'", "1", "None", "True")
        return ", ".join(
            f"**{self.operand(depth)}"
            if not self.choose(5)
            else f"{self.pick(keys) if self.choose(3) else self.operand(depth)}: {self.expr(depth)}"
            for _ in range(self.choose(4))
        )

    def comprehension(self, depth: int) -> str:
        """A comprehension of any kind."""
        clauses = "".join(
            f" for {self.pick(('a', 'b', 'a, b', 'x', '(a, *b)'))} in {self.operand(depth)}"
            + (f" if {self.operand(depth)}" if not self.choose(2) else "")
            for _ in range(1 + self.choose(2))
        )
        element = self.operand(depth)
        kinds = (
            f"[{element}{clauses}]",
            f"{{{element}{clauses}}}",
            f"({element}{clauses})",
            f"{{{element}: {element}{clauses}}}",
        )
        return kinds[self.choose(4)]

    def text(self, depth: int) -> str:
        """An f-string of names."""
        field = "".join(
            f"{{{self.name()}{self.pick(('', '!r', ':>8', '.a', '[0]', ':.2f', '=', ':{a}'))}}} and " for _ in range(2)
        )
        return f'f"{field}{{{{"'

    def parameters(self, depth: int, annotated: bool) -> str:
        """Parameters of every kind, each name once."""
        pool = list(dict.fromkeys(self.name() for _ in range(self.choose(5))))
        found: list[str] = []
        defaults = starred = False
        for number, name in enumerate(pool):
            note = f": {self.pick(('str', 'K', 'int | None', repr('L')))}" if annotated and not self.choose(3) else ""
            if number == 1 and not self.choose(4) and not starred:
                found.append("/")
            if not starred and not self.choose(5):
                found.append("*" if not self.choose(2) else f"*args_{name}")
                starred = True
            defaults = defaults or not self.choose(3)
            found.append(f"{name}{note}" + (f"={self.expr(depth)}" if defaults else ""))
        if not self.choose(4):
            found.append("**rest")
        return ", ".join(found)

    # --- statements ---------------------------------------------------------------------------------------------

    def body(self, level: int, depth: int, loop: bool) -> str:
        """Some statements at a level of indentation, at least one."""
        indent = "    " * level
        found = ""
        for _ in range(1 + self.choose(5 if level else 10)):
            if self.left <= 0:
                break
            self.left -= 1
            found += self.statement(level, depth, loop)
        return found or f"{indent}pass\n"

    def statement(self, level: int, depth: int, loop: bool) -> str:
        """Any statement."""
        indent, inner = "    " * level, level + 1
        e = lambda: self.expr(2)  # noqa: E731 - one letter keeps the table below readable
        simple: list[Callable[[], str]] = [
            lambda: f"{self.target()} = {e()}", lambda: f"{self.target()} = {self.target()} = {e()}",
            lambda: f"{self.name()} {self.pick(OPERATORS)}= {e()}",
            lambda: f"{self.name()}[{e()}] {self.pick(('', '+', '|'))}= {e()}",
            lambda: f"{self.name()}: {self.pick(('str', 'K', repr('a.b')))} = {e()}", lambda: f"{self.name()}: int",
            lambda: f"{self.name()}.{self.pick(METHODS)}({self.arguments(1)})",
            lambda: f"setattr({self.name()}, {e()}, {e()})", e, lambda: self.send(2),
            lambda: f"del {self.pick(('a', 'b[0]', 'c[a]', 'self.a'))}",
            lambda: f"assert {e()}", lambda: f"raise {e()}", lambda: f"import {self.pick(MODULES)}",
            lambda: f"from {self.pick(MODULES)} import {self.name()} as {self.name()}",
            lambda: f"from {self.pick(('.', '..', '.m1', '.pkg'))} import {self.name()}",
            lambda: f"from {self.pick(MODULES)} import *" if level == 0 else "pass",
            lambda: f"return {e()}" if level else "pass", lambda: f"global {self.name()}x" if level else "pass",
            lambda: self.pick(("break", "continue")) if loop else "pass",
            lambda: f"yield {e()}" if level else "pass",
        ]  # fmt: skip
        number = self.choose(len(simple) + 14)
        if number < len(simple) or depth <= 0:
            return indent + simple[number % len(simple)]() + "\n"
        return self.compound(number - len(simple), level, inner, depth - 1, loop)

    def target(self) -> str:
        """What can stand left of `=`."""
        return self.pick(("a", "b", "c", "model", "params", "self.a", "self.model", "K.a", "a, b", "(a, *b)",
                          "[a, (b, c)]", "a[0]", "params['model']", "a.b.c", "a, b[c]", "client", "m1.a"))  # fmt: skip

    def compound(self, way: int, level: int, inner: int, depth: int, loop: bool) -> str:
        """A statement with a body."""
        i = "    " * level
        body = lambda in_loop=loop: self.body(inner, depth, in_loop)  # noqa: E731
        e = lambda: self.expr(1)  # noqa: E731
        if way == 0:
            return (
                f"{i}if {e()}:\n{body()}"
                + "".join(f"{i}elif {e()}:\n{body()}" for _ in range(self.choose(3)))
                + (f"{i}else:\n{body()}" if self.choose(2) else "")
            )
        if way == 1:
            return f"{i}for {self.pick(('a', 'b', 'a, b', 'x', 'self.a', 'a[0]'))} in {e()}:\n{body(True)}" + (
                f"{i}else:\n{body()}" if not self.choose(4) else ""
            )
        if way == 2:
            return f"{i}while {e()}:\n{body(True)}"
        if way == 3:
            handlers = "".join(
                f"{i}except {self.pick(('Exception', '(ValueError, K)', 'Exception as a'))}:\n{body()}"
                for _ in range(1 + self.choose(2))
            )
            return (
                f"{i}try:\n{body()}{handlers}"
                + (f"{i}else:\n{body()}" if not self.choose(3) else "")
                + (f"{i}finally:\n{body()}" if not self.choose(3) else "")
            )
        if way == 4:
            return f"{i}with {e()} as {self.pick(('a', '(a, b)', 'self.a'))}, {e()}:\n{body()}"
        if way == 5:
            patterns = (
                "'a'",
                "1 | None",
                "[a, *b]",
                "{'model': model, **rest}",
                "K(a=b)",
                "str() as c",
                "a.b",
                "x if x",
            )
            cases = "".join(
                f"{i}    case {self.pick(patterns)}:\n{self.body(inner + 1, depth, loop)}"
                for _ in range(1 + self.choose(3))
            )
            return f"{i}match {e()}:\n{cases}" + (
                f"{i}    case _:\n{self.body(inner + 1, depth, loop)}" if self.choose(2) else ""
            )
        if way in (6, 7):
            bases = ", ".join(
                dict.fromkeys(self.pick(("K", "L", "object", "m1.K", "dict", "Enum")) for _ in range(self.choose(3)))
            )
            methods = "".join(self.method(inner, depth) for _ in range(1 + self.choose(3)))
            decorator = f"{i}@dataclass\n" if not self.choose(3) else ""
            return f"{decorator}{i}class {self.pick(('K', 'L'))}({bases}):\n{body(False)}{methods}"
        decorator = f"{i}{self.pick(DECORATORS)}\n" if not self.choose(3) else ""
        word = "async def" if not self.choose(4) else "def"
        head = f"{decorator}{i}{word} {self.pick(('f', 'g', 'a'))}({self.parameters(1, True)}):\n"
        return head + self.body(inner, depth, False)

    def method(self, level: int, depth: int) -> str:
        """A method that assigns and sends."""
        i = "    " * level
        decorator = f"{i}{self.pick(DECORATORS)}\n" if not self.choose(4) else ""
        name = self.pick(("__init__", "ask", "f", "a", "__call__", "__enter__", "__getitem__", "config"))
        given = self.parameters(1, True).removeprefix("self, ").replace("self", "me")
        return (
            f"{decorator}{i}def {name}(self{', ' if given else ''}{given}):\n"
            f"{i}    self.{self.pick(ATTRIBUTES)} = {self.expr(2)}\n"
            f"{self.body(level + 1, depth, False)}"
        )
