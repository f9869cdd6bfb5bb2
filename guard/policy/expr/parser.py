"""Tokens -> syntax, by precedence climbing. Neighbours: `lexer` (the tokens), `condition` (the reader).

Precedence is that of CEL: `?:` binds least, then `||`, `&&`, comparisons and `in`, `+ -`, `* /`, `! -`, and selection.
Size and depth are bounded here, so that whatever walks the tree later needs no bound of its own.
"""

from __future__ import annotations

from dataclasses import replace

from guard.config.issues import printable, show
from guard.policy.expr.errors import ExpressionError, meant
from guard.policy.expr.lexer import Token, tokens
from guard.policy.expr.syntax import (
    Binary,
    Call,
    Choose,
    Each,
    Listed,
    Literal_,
    Logic,
    Name,
    Node,
    Select,
    Unary,
)

MAX_NODES = 400
"""Names, values and operators of a condition."""
MAX_DEPTH = 32
"""Brackets, functions and operators inside one another."""
RESERVED = frozenset({
    "as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop",
    "namespace", "null", "package", "return", "true", "var", "void", "while",
})  # fmt: skip
MACROS = ("exists", "all")
_ORDER = ("==", "!=", "<", "<=", ">", ">=", "in")
_WORDS = {"and": "&&", "or": "||", "not": "!", "is": "==", "True": "true", "False": "false", "None": "!has(...)"}
_MISSING_MACROS = {"exists_one", "map", "filter"}


def parse(text: str) -> Node:
    """The syntax of a condition. Raises `ExpressionError` with the offset of the first mistake."""
    parser = _Parser(text)
    if len(parser.tokens) == 1:
        raise ExpressionError(0, "the condition is empty", "for example `request.attempts.high > 3`")
    node = parser.expression()
    if parser.now.kind != "end":
        raise parser.unexpected("an operator")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.position = 0
        self.nodes = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.position]

    def next(self) -> Token:
        token = self.now
        self.position += 1
        return token

    def at(self, *marks: str) -> bool:
        token = self.now
        return token.text in marks and (token.kind == "mark" or (token.kind == "name" and token.text == "in"))

    def take(self, mark: str, after: str) -> Token:
        if not self.at(mark):
            if self.now.kind == "end":
                raise ExpressionError(self.now.start, f"the condition ends where '{mark}' is missing {after}")
            raise ExpressionError(self.now.start, f"expected '{mark}' {after}, found {_shown(self.now)}")
        return self.next()

    def made(self, start: int) -> None:
        """Counts a node. Raises `ExpressionError` when there are too many."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ExpressionError(start, f"the condition has more than {MAX_NODES} parts", "split it into policies")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"the condition is nested more than {MAX_DEPTH} levels deep"
            raise ExpressionError(self.now.start, message, "split it into policies")

    def unexpected(self, wanted: str) -> ExpressionError:
        token = self.now
        if token.kind == "end":
            return ExpressionError(token.start, f"the condition ends where {wanted} is missing")
        hint = ""
        if token.kind == "name" and token.text in _WORDS:
            hint = f"write '{_WORDS[token.text]}'"
        elif token.kind in ("name", "text", "number") and wanted == "an operator":
            hint = "text needs quotes; conditions are joined by && or ||"
        return ExpressionError(token.start, f"expected {wanted}, found {_shown(token)}", hint)

    def expression(self) -> Node:
        self.deeper()
        start = self.now.start
        node = self.logic("||")
        if self.at("?"):
            self.next()
            yes = self.logic("||")
            self.take(":", "behind '?'")
            no = self.expression()
            self.made(start)
            node = Choose(start, no.end, node, yes, no)
        self.depth -= 1
        return node

    def logic(self, operator: str) -> Node:
        items = [self.logic("&&") if operator == "||" else self.relation()]
        while self.at(operator):
            self.next()
            items.append(self.logic("&&") if operator == "||" else self.relation())
        if len(items) == 1:
            return items[0]
        self.made(items[0].start)
        return Logic(items[0].start, items[-1].end, operator, tuple(items))

    def relation(self) -> Node:
        left = self.sum()
        if not self.at(*_ORDER):
            return left
        operator = self.next()
        node = self.binary(operator, left, self.sum())
        if self.at(*_ORDER):
            hint = "join two comparisons: `a < b && b < c`"
            raise ExpressionError(self.now.start, "a comparison is compared again", hint)
        return node

    def sum(self) -> Node:
        return self.chain(("+", "-"), lambda: self.chain(("*", "/"), self.unary))

    def chain(self, operators: tuple[str, ...], part: object) -> Node:
        assert callable(part)
        before = self.depth
        node: Node = part()
        while self.at(*operators):
            # A chain of sums is as deep as it is long.
            self.deeper()
            node = self.binary(self.next(), node, part())
        self.depth = before
        return node

    def binary(self, operator: Token, left: Node, right: Node) -> Node:
        self.made(operator.start)
        return Binary(left.start, right.end, operator.text, operator.start, left, right)

    def unary(self) -> Node:
        if not self.at("!", "-"):
            return self.member()
        operator = self.next()
        self.deeper()
        operand = self.unary()
        self.depth -= 1
        self.made(operator.start)
        return Unary(operator.start, operand.end, operator.text, operand)

    def member(self) -> Node:
        node = self.primary()
        before = self.depth
        while self.at(".", "["):
            self.deeper()
            if self.at("["):
                hint = "ask about the elements: `.exists(x, ...)` or `.all(x, ...)`"
                raise ExpressionError(self.now.start, "elements have no number", hint)
            self.next()
            if self.now.kind != "name":
                raise self.unexpected("the name of a field behind '.'")
            field = self.next()
            self.made(field.start)
            if self.at("("):
                node = self.call(field, node)
            else:
                node = Select(node.start, field.end, node, field.text, field.start)
        self.depth = before
        return node

    def call(self, function: Token, receiver: Node) -> Node:
        """`receiver.function(...)`, a macro or a function."""
        if function.text in _MISSING_MACROS:
            raise ExpressionError(function.start, f"there is no macro '{function.text}'", "there are exists and all")
        self.next()
        if function.text in MACROS:
            return self.each(function, receiver)
        arguments, end = self.arguments()
        return Call(receiver.start, end, function.text, function.start, receiver, arguments)

    def each(self, macro: Token, receiver: Node) -> Node:
        name = self.now
        if name.kind != "name" or name.text in RESERVED:
            hint = f"for example `.{macro.text}(x, x.high > 3)`"
            raise ExpressionError(name.start, f"'{macro.text}' needs the name of a variable first", hint)
        self.next()
        self.take(",", f"behind the variable of '{macro.text}'")
        body = self.expression()
        end = self.take(")", f"behind the condition of '{macro.text}'").end
        return Each(receiver.start, end, "exists" if macro.text == "exists" else "all", receiver, name.text, body)

    def arguments(self) -> tuple[tuple[Node, ...], int]:
        """What stands between brackets that are open, and the offset behind the closing one."""
        found: list[Node] = []
        while not self.at(")"):
            found.append(self.expression())
            if self.at(","):
                self.next()
            elif not self.at(")"):
                self.take(")", "behind the arguments")
        return tuple(found), self.next().end

    def primary(self) -> Node:
        token = self.now
        self.made(token.start)
        if token.kind in ("number", "share"):
            self.next()
            return self.amount(token)
        if token.kind == "text":
            self.next()
            return Literal_(token.start, token.end, token.text)
        if token.kind == "name":
            return self.named(token)
        if self.at("("):
            self.next()
            node = self.expression()
            self.take(")", "behind the bracket that was opened")
            return node
        if self.at("["):
            return self.listed()
        raise self.unexpected("a value")

    def amount(self, token: Token) -> Node:
        """A number, a share, or an amount with its currency."""
        if token.kind == "share":
            return Literal_(token.start, token.end, token.number, "share")
        name = self.now
        if name.kind != "name" or name.text in RESERVED or name.text in _WORDS:
            return Literal_(token.start, token.end, token.number)
        if name.text != "USD":
            hint = "write USD" if name.text.upper() == "USD" else "amounts are in USD; counts and tokens have no unit"
            raise ExpressionError(name.start, f"unknown unit {show(name.text)}", hint)
        self.next()
        return Literal_(token.start, name.end, token.number, "usd")

    def named(self, token: Token) -> Node:
        self.next()
        if token.text in ("true", "false"):
            return Literal_(token.start, token.end, token.text == "true")
        if token.text == "null":
            raise ExpressionError(token.start, "there is no null", "whether something is sent: `has(request.tier)`")
        if token.text in RESERVED:
            raise ExpressionError(token.start, f"'{token.text}' is a reserved word", "rename it, or put text in quotes")
        if token.text in _WORDS:
            raise ExpressionError(token.start, f"there is no word '{token.text}'", f"write '{_WORDS[token.text]}'")
        if not self.at("("):
            return Name(token.start, token.end, token.text)
        self.next()
        if token.text == "has":
            return self.has(token)
        arguments, end = self.arguments()
        if token.text == "size" and len(arguments) == 1:
            return Call(token.start, end, "size", token.start, arguments[0], ())
        if token.text == "size":
            raise ExpressionError(token.start, f"'size' takes one argument, not {len(arguments)}")
        hint = meant(token.text, ("has", "size"))
        raise ExpressionError(token.start, f"there is no function {show(token.text)}", hint)

    def has(self, token: Token) -> Node:
        argument = self.expression()
        end = self.take(")", "behind the field of 'has'").end
        if not isinstance(argument, Select) or argument.test:
            raise ExpressionError(argument.start, "'has' asks about a field", "for example `has(request.max_output)`")
        return replace(argument, start=token.start, end=end, test=True)

    def listed(self) -> Node:
        start = self.next().start
        items: list[Node] = []
        while not self.at("]"):
            items.append(self.expression())
            if self.at(","):
                self.next()
            elif not self.at("]"):
                self.take("]", "behind the list")
        return Listed(start, self.next().end, tuple(items))


def _shown(token: Token) -> str:
    if token.kind == "end":
        return "the end"
    return show(token.text) if token.kind == "text" else f"'{printable(token.text[:60])}'"
