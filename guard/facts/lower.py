"""Expressions: `ast` in, `guard.facts.expr` out. Also notes each call, walrus and comprehension in its scope.

`collect` walks the statements and asks here for each expression. Recursion is bounded by `parse`, which refuses files
that nest too deeply.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Protocol

from guard.facts.expr import (
    Attr,
    Call,
    Comp,
    Compare,
    Const,
    Expr,
    Format,
    IfElse,
    Item,
    Lambda,
    Logic,
    Map,
    Name,
    Op,
    Opaque,
    Pos,
    Seq,
    Slice,
    Star,
    Text,
    Unary,
    Walrus,
    dotted,
    last_name,
)  # fmt: skip
from guard.facts.filefacts import Binding, CallRef, Effect, Param, Scope

MUTATORS = frozenset({
    "update", "append", "extend", "setdefault", "pop", "insert", "add", "clear", "remove", "reverse", "sort", "popitem",
    "discard", "appendleft", "extendleft", "popleft", "rotate",
})  # fmt: skip
"""Methods of dicts, lists and sets that change the object."""

HARMLESS = frozenset({
    "print", "len", "str", "int", "float", "bool", "isinstance", "range", "list", "dict", "tuple", "set", "enumerate",
    "zip", "sorted", "getattr", "hasattr", "super", "format", "join", "get", "append", "create", "dumps", "loads",
    "Path", *MUTATORS,
})  # fmt: skip
"""Functions whose arguments stay as they are: not worth asking whether they change them."""

APPLIERS: dict[str, int] = {
    "to_thread": 0, "submit": 0, "run_in_executor": 1, "run_in_threadpool": 0, "run_sync": 0, "sync_to_async": 0,
    "map": 0, "imap": 0, "imap_unordered": 0, "starmap": 0, "Thread": -1, "start_soon": 0, "call_soon": 0,
    "Process": -1, "call_soon_threadsafe": 0, "call_later": 1, "add_task": 0, "enqueue": 0, "enqueue_in": 1,
    "enqueue_at": 1,
}  # fmt: skip
"""Functions that call a function given to them -> position of that function (-1: the keyword `target`)."""

EACH = frozenset({"map", "imap", "imap_unordered", "starmap"})
"""Appliers that call once for each element of the next argument."""

MAX_BITS = 2048
"""Bits of a whole number; Python itself refuses to print one of 4,300 digits."""

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@",
}  # fmt: skip
_UNARY = {ast.Not: "not", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}
_COMPARE = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


_new = tuple.__new__
"""Makes a named tuple in half the time that its own constructor takes: nodes and places are most of a file's facts."""


class Places(Protocol):
    """What lowering needs of the syntax: characters instead of bytes."""

    def column(self, line: int, byte_offset: int) -> int:
        """1-based character column."""


class Lowering:
    """Turns expressions of one file into the small language; keeps the list of scopes and calls."""

    def __init__(self, places: Places, plain: bool) -> None:
        self.places = places
        self.plain = plain
        """The source is ASCII: bytes are characters."""
        self.scopes: list[Scope] = []
        self.calls: list[CallRef] = []

    def pos(self, node: ast.expr | ast.stmt | ast.arg) -> Pos:
        """Place of a node, in characters."""
        end_line = node.end_lineno or node.lineno
        if self.plain:
            return _new(Pos, (node.lineno, node.col_offset + 1, end_line, (node.end_col_offset or 0) + 1))
        column = self.places.column
        return Pos(
            node.lineno, column(node.lineno, node.col_offset), end_line, column(end_line, node.end_col_offset or 0)
        )

    def expr(self, node: ast.expr, scope: int) -> Expr:
        """The expression in the small language; its calls are noted as calls of `scope`."""
        handler = _BY_TYPE.get(type(node))
        return handler(self, node, scope) if handler else Opaque(self.pos(node), type(node).__name__.lower())

    def optional(self, node: ast.expr | None, scope: int) -> Expr | None:
        """`expr`, or None for None."""
        return None if node is None else self.expr(node, scope)

    def new_scope(self, kind: Any, name: str, parent: int, pos: Pos) -> Scope:
        """A fresh scope below `parent`, with its qualified name."""
        above = self.scopes[parent] if parent >= 0 else None
        prefix = "" if above is None or above.kind == "module" else above.qualname + "."
        scope = Scope(
            len(self.scopes), kind, name, prefix + name if name else above.qualname if above else "", parent, pos
        )
        self.scopes.append(scope)
        return scope

    def params(self, args: ast.arguments, outer: int) -> tuple[Param, ...]:
        """The parameters of a function; defaults and annotations belong to the enclosing scope."""
        found: list[Param] = []
        positional = [(a, "positional_only") for a in args.posonlyargs] + [(a, "positional") for a in args.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
        for (arg, kind), default in zip(positional, defaults):
            found.append(self._param(arg, kind, default, outer))
        if args.vararg:
            found.append(self._param(args.vararg, "args", None, outer))
        for arg, default in zip(args.kwonlyargs, args.kw_defaults):
            found.append(self._param(arg, "keyword", default, outer))
        if args.kwarg:
            found.append(self._param(args.kwarg, "kwargs", None, outer))
        return tuple(found)

    def _param(self, arg: ast.arg, kind: str, default: ast.expr | None, outer: int) -> Param:
        annotation = self.annotation(arg.annotation, outer)
        return Param(arg.arg, kind, self.optional(default, outer), annotation, self.pos(arg))

    def annotation(self, node: ast.expr | None, scope: int) -> Expr | None:
        """An annotation; one written as a string is read as code."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
            try:
                inner = ast.parse(node.value.strip(), mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return None
            for child in ast.walk(inner):
                if isinstance(child, ast.expr):
                    ast.copy_location(child, node)
            node = inner
        return self.optional(node, scope)

    # --- one method for each kind of node -----------------------------------------------------------------------

    def _constant(self, node: ast.Constant, scope: int) -> Expr:
        value = node.value
        if isinstance(value, int) and value.bit_length() > MAX_BITS:
            return Opaque(self.pos(node), "a whole number of many digits")
        if value is None or isinstance(value, (str, int, float, bool)):
            return _new(Const, (self.pos(node), value))
        return Opaque(self.pos(node), f"a literal of type {type(value).__name__}")

    def _name(self, node: ast.Name, scope: int) -> Expr:
        return _new(Name, (self.pos(node), node.id))

    def _attribute(self, node: ast.Attribute, scope: int) -> Expr:
        return _new(Attr, (self.pos(node), self.expr(node.value, scope), node.attr))

    def _subscript(self, node: ast.Subscript, scope: int) -> Expr:
        return Item(self.pos(node), self.expr(node.value, scope), self.expr(node.slice, scope))

    def _slice(self, node: ast.Slice, scope: int) -> Expr:
        parts = (self.optional(part, scope) for part in (node.lower, node.upper, node.step))
        return Slice(self.pos(node), *parts)

    def _call(self, node: ast.Call, scope: int) -> Expr:
        func = self.expr(node.func, scope)
        args = tuple(self.expr(arg, scope) for arg in node.args)
        keywords = tuple((k.arg, self.expr(k.value, scope)) for k in node.keywords)
        call = Call(self.pos(node), func, args, keywords)
        self.calls.append(CallRef(call, scope))
        name = last_name(func)
        if name in MUTATORS and isinstance(func, Attr):
            self.scopes[scope].effects.append(Effect("call", func.base, None, call, call.pos.end))
        elif name == "setattr" and len(args) == 3 and isinstance(func, Name):
            self.scopes[scope].effects.append(Effect("setattr", args[0], args[1], args[2], call.pos.end))
        elif name in APPLIERS:
            self._applied(name, call, scope)
        if name not in HARMLESS:
            for given in (*args, *(value for _, value in keywords)):
                if isinstance(given, (Name, Attr)) and dotted(given) is not None:
                    self.scopes[scope].effects.append(Effect("passed", given, None, call, call.pos.end))
        return call

    def _applied(self, name: str, call: Call, scope: int) -> None:
        """`to_thread(f, x)` runs `f(x)`: note that call too, at the place of the whole expression."""
        at = APPLIERS[name]
        keywords = dict(call.keywords)
        if at < 0:
            func, rest, named = keywords.get("target"), keywords.get("args"), keywords.get("kwargs")
            args = rest.items if isinstance(rest, Seq) else ()
            given: tuple[tuple[str | None, Expr], ...] = ((None, named),) if named is not None else ()
        else:
            if len(call.args) <= at:
                return
            func, args, given = call.args[at], call.args[at + 1 :], call.keywords
            if name in EACH:
                each = Opaque(call.pos, "each element")
                args = tuple(Item(arg.pos, arg, each) for arg in args)
        if isinstance(func, (Name, Attr, Call, Lambda)):
            self.calls.append(CallRef(Call(call.pos, func, args, given), scope, name))

    def _joined(self, node: ast.JoinedStr, scope: int) -> Expr:
        return Text(self.pos(node), tuple(self.expr(part, scope) for part in node.values))

    def _formatted(self, node: ast.FormattedValue, scope: int) -> Expr:
        value = self.expr(node.value, scope)
        if node.conversion < 0 and node.format_spec is None:
            return value
        conversion = chr(node.conversion) if node.conversion >= 0 else ""
        return Format(self.pos(node), value, conversion, self.optional(node.format_spec, scope))

    def _binary(self, node: ast.BinOp, scope: int) -> Expr:
        return Op(self.pos(node), BINARY[type(node.op)], self.expr(node.left, scope), self.expr(node.right, scope))

    def _seq(self, node: ast.List | ast.Tuple | ast.Set, scope: int) -> Expr:
        return Seq(self.pos(node), type(node).__name__.lower(), tuple(self.expr(item, scope) for item in node.elts))

    def _dict(self, node: ast.Dict, scope: int) -> Expr:
        items = tuple((self.optional(k, scope), self.expr(v, scope)) for k, v in zip(node.keys, node.values))
        return Map(self.pos(node), items)

    def _if(self, node: ast.IfExp, scope: int) -> Expr:
        test, then, other = (self.expr(part, scope) for part in (node.test, node.body, node.orelse))
        return IfElse(self.pos(node), test, then, other)

    def _logic(self, node: ast.BoolOp, scope: int) -> Expr:
        op = "or" if isinstance(node.op, ast.Or) else "and"
        return Logic(self.pos(node), op, tuple(self.expr(value, scope) for value in node.values))

    def _compare(self, node: ast.Compare, scope: int) -> Expr:
        ops = tuple(_COMPARE[type(op)] for op in node.ops)
        return Compare(
            self.pos(node), self.expr(node.left, scope), ops, tuple(self.expr(c, scope) for c in node.comparators)
        )

    def _unary(self, node: ast.UnaryOp, scope: int) -> Expr:
        return Unary(self.pos(node), _UNARY[type(node.op)], self.expr(node.operand, scope))

    def _lambda(self, node: ast.Lambda, scope: int) -> Expr:
        inner = self.new_scope("lambda", "<lambda>", scope, self.pos(node))
        inner.params = self.params(node.args, scope)
        inner.body = self.expr(node.body, inner.id)
        return Lambda(inner.pos, inner.id)

    def _await(self, node: ast.Await, scope: int) -> Expr:
        return self.expr(node.value, scope)

    def _yield(self, node: ast.Yield | ast.YieldFrom, scope: int) -> Expr:
        value = self.optional(node.value, scope)
        pos = self.pos(node)
        self.scopes[scope].yields.append((pos.start, value))
        return Opaque(pos, "the value sent into a generator")

    def _starred(self, node: ast.Starred, scope: int) -> Expr:
        return Star(self.pos(node), self.expr(node.value, scope))

    def _walrus(self, node: ast.NamedExpr, scope: int) -> Expr:
        value = self.expr(node.value, scope)
        owner = self.scopes[scope]
        while owner.kind == "comp":  # a walrus in a comprehension binds in the function around it
            owner = self.scopes[owner.parent]
        binding = Binding(node.target.id, "walrus", value.pos.end, value.pos, value)
        owner.bindings.setdefault(node.target.id, []).append(binding)
        return Walrus(self.pos(node), node.target.id, value)

    def _comp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: int) -> Expr:
        inner = self.new_scope("comp", "", scope, self.pos(node))
        iters: list[Expr] = []
        tests: list[Expr] = []
        for index, clause in enumerate(node.generators):
            # The first iterable is evaluated outside of the comprehension, the others inside.
            iterable = self.expr(clause.iter, scope if index == 0 else inner.id)
            iters.append(iterable)
            self.bind(clause.target, inner, "for", iterable, inner.pos.start, ())
            tests += [self.expr(test, inner.id) for test in clause.ifs]
        inner.iters, inner.tests = tuple(iters), tuple(tests)
        inner.filtered = any(clause.ifs for clause in node.generators)
        value = self.expr(node.value, inner.id) if isinstance(node, ast.DictComp) else None
        element = self.expr(node.key if isinstance(node, ast.DictComp) else node.elt, inner.id)
        kind = {"ListComp": "list", "SetComp": "set", "GeneratorExp": "generator", "DictComp": "dict"}[
            type(node).__name__
        ]
        return Comp(inner.pos, kind, inner.id, element, value, inner.filtered)

    # --- targets ------------------------------------------------------------------------------------------------

    def bind(
        self, target: ast.expr, scope: Scope, kind: Any, value: Expr | None, at: tuple[int, int],
        path: tuple[int | str, ...], op: str = "", annotation: Expr | None = None,
    ) -> None:  # fmt: skip
        """Note that `target` gets `value` (or the part of it that `path` names) from `at` on."""
        if isinstance(target, (ast.Tuple, ast.List)):
            starred = next((i for i, e in enumerate(target.elts) if isinstance(e, ast.Starred)), None)
            for index, element in enumerate(target.elts):
                part: int | str = index
                if starred is not None and index >= starred:
                    behind = len(target.elts) - index - 1
                    part = f"*{index}:{behind}" if index == starred else -behind - 1
                inner = element.value if isinstance(element, ast.Starred) else element
                self.bind(inner, scope, "unpack" if kind == "assign" else kind, value, at, (*path, part))
            return
        if isinstance(target, ast.Subscript):
            base, key = self.expr(target.value, scope.id), self.expr(target.slice, scope.id)
            if value is not None:
                given = (
                    value
                    if not path and kind != "for"
                    else Opaque(value.pos, "a part of something that is not followed")
                )
                scope.effects.append(Effect("item", base, key, given, at, op))
            return
        name = _target_name(target)
        if name is not None:
            pos = value.pos if value is not None else self.pos(target)
            binding = Binding(name, kind, at, pos, value, path, op=op, annotation=annotation)
            scope.bindings.setdefault(name, []).append(binding)


def _target_name(target: ast.expr) -> str | None:
    names: list[str] = []
    while isinstance(target, ast.Attribute):
        names.append(target.attr)
        target = target.value
    if not isinstance(target, ast.Name):
        return None
    return ".".join([target.id, *reversed(names)])


_BY_TYPE: dict[type[ast.expr], Callable[[Lowering, Any, int], Expr]] = {
    ast.Constant: Lowering._constant, ast.Name: Lowering._name, ast.Attribute: Lowering._attribute,
    ast.Subscript: Lowering._subscript, ast.Call: Lowering._call, ast.JoinedStr: Lowering._joined,
    ast.BinOp: Lowering._binary, ast.List: Lowering._seq, ast.Tuple: Lowering._seq, ast.Set: Lowering._seq,
    ast.Dict: Lowering._dict, ast.IfExp: Lowering._if, ast.BoolOp: Lowering._logic, ast.Compare: Lowering._compare,
    ast.UnaryOp: Lowering._unary, ast.Lambda: Lowering._lambda, ast.Await: Lowering._await,
    ast.Starred: Lowering._starred, ast.NamedExpr: Lowering._walrus, ast.ListComp: Lowering._comp,
    ast.SetComp: Lowering._comp, ast.GeneratorExp: Lowering._comp, ast.DictComp: Lowering._comp,
    ast.Slice: Lowering._slice, ast.FormattedValue: Lowering._formatted, ast.Yield: Lowering._yield,
    ast.YieldFrom: Lowering._yield,
}  # fmt: skip
"""Functions, not bound methods: a table of its own in each instance would keep it, and with it the syntax tree."""
