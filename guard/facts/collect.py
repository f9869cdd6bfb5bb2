"""One file: syntax in, `FileFacts` out. Looks at no other file and gives no meaning to any name.

Statements are walked here, expressions in `lower`. Neighbours: `parse` before it, `link` behind it.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any, cast

from guard.facts.expr import Compare, Expr, Logic, Opaque, Pos, Seq, dotted, last_name
from guard.facts.filefacts import Binding, Block, BlockKind, Comment, Effect, FileFacts, Scope
from guard.facts.lower import BINARY, Lowering
from guard.parse.python import PythonSyntax

MAX_EARLIER = 200
"""Conditions of earlier arms that an arm of a branch is known not to fulfil; the arms behind share them."""


def collect(path: str, syntax: PythonSyntax) -> FileFacts:
    """The facts of one Python file or of the joined code cells of one notebook."""
    walker = _Statements(syntax)
    module = walker.low.new_scope("module", "", -1, Pos(1, 1, len(syntax.lines) + 1, 1))
    module.qualname = "<module>"
    walker.body(syntax.tree.body, module)
    facts = FileFacts(
        path=path,
        scopes=walker.low.scopes,
        calls=walker.low.calls,
        comments=tuple(Comment(c.line, c.column, c.text) for c in syntax.comments),
        lines=len(syntax.lines),
        cells=tuple((c.first_line, c.cell) for c in syntax.cells),
        exports=walker.exports,
    )
    for ref in facts.calls:
        name = last_name(ref.call.func)
        if name is not None:
            facts.by_name.setdefault(name, []).append(ref)
    for scope in facts.scopes:
        for effect in scope.effects:
            changed = dotted(effect.base)
            if changed is not None:
                facts.changes.setdefault(changed, []).append((scope.id, effect))
                facts.own_changes.setdefault(scope.id, {}).setdefault(changed, []).append(effect)
        if scope.kind in ("function", "class"):
            facts.defs.setdefault(scope.name, []).append(scope.id)
    facts.last_inside = list(range(len(facts.scopes)))
    for scope in reversed(facts.scopes[1:]):
        facts.last_inside[scope.parent] = max(facts.last_inside[scope.parent], facts.last_inside[scope.id])
    return facts


def _exits(body: Sequence[ast.stmt]) -> str:
    """How a list of statements always ends: `return`, `raise`, `break`, `continue`, `mixed`, or "" if it may go on."""
    if not body:
        return ""
    last = body[-1]
    word = {ast.Return: "return", ast.Raise: "raise", ast.Break: "break", ast.Continue: "continue"}.get(type(last))
    if word:
        return word
    if isinstance(last, ast.If) and last.orelse:
        ways = {_exits(last.body), _exits(last.orelse)}
        return "" if "" in ways else ways.pop() if len(ways) == 1 else "mixed"
    if isinstance(last, (ast.With, ast.AsyncWith)):
        return _exits(last.body)
    if isinstance(last, ast.Match) and any(_is_wild(case) for case in last.cases):
        ways = {_exits(case.body) for case in last.cases}
        return "" if "" in ways else ways.pop() if len(ways) == 1 else "mixed"
    if isinstance(last, ast.While) and isinstance(last.test, ast.Constant) and last.test.value:
        stays = not any(isinstance(n, ast.Break) for part in last.body for n in ast.walk(part))
        return "raise" if stays else ""
    if isinstance(last, ast.Try):
        finally_exits = _exits(last.finalbody)  # asked once: each level below asks its own
        if finally_exits:
            return finally_exits
        ways = {_exits(last.orelse or last.body), *(_exits(h.body) for h in last.handlers)}
        return "" if "" in ways else ways.pop() if len(ways) == 1 else "mixed"
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        func = last.value.func
        if (
            isinstance(func, ast.Attribute)
            and func.attr == "exit"
            and isinstance(func.value, ast.Name)
            and func.value.id == "sys"
        ):
            return "raise"
    return ""


class _Statements:
    """Walks statements and fills scopes with bindings, effects, blocks and returns."""

    def __init__(self, syntax: PythonSyntax) -> None:
        self.low = Lowering(syntax, syntax.source.isascii())
        self.exports: tuple[str, ...] | None = None
        self._group = 0

    def body(self, statements: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            handler = getattr(self, "_" + type(statement).__name__.lower(), None)
            if handler is not None:
                handler(statement, scope)

    # --- simple statements --------------------------------------------------------------------------------------

    def _expr(self, node: ast.Expr, scope: Scope) -> None:
        if isinstance(node.value, ast.Constant):  # docstrings and `...` decide nothing
            if isinstance(node.value.value, str) and scope.doc is None and not scope.bindings:
                scope.doc = node.value.value
            return
        self.low.expr(node.value, scope.id)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self.low.expr(node.value, scope.id)
        at = self.low.pos(node).end
        for target in node.targets:
            self.low.bind(target, scope, "assign", value, at, ())
            if (
                isinstance(target, ast.Name)
                and target.id == "__all__"
                and isinstance(node.value, (ast.List, ast.Tuple))
            ):
                names = [e.value for e in node.value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
                self.exports = tuple(names)

    def _annassign(self, node: ast.AnnAssign, scope: Scope) -> None:
        value = self.low.optional(node.value, scope.id)
        annotation = self.low.annotation(node.annotation, scope.id)
        kind = "assign" if value is not None else "declare"
        self.low.bind(node.target, scope, kind, value, self.low.pos(node).end, (), annotation=annotation)

    def _augassign(self, node: ast.AugAssign, scope: Scope) -> None:
        value = self.low.expr(node.value, scope.id)
        self.low.bind(node.target, scope, "aug", value, self.low.pos(node).end, (), op=BINARY[type(node.op)])

    def _return(self, node: ast.Return, scope: Scope) -> None:
        scope.returns.append((self.low.pos(node).start, self.low.optional(node.value, scope.id)))

    def _delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                base, key = self.low.expr(target.value, scope.id), self.low.expr(target.slice, scope.id)
                scope.effects.append(Effect("del_item", base, key, key, self.low.pos(node).end))

    def _raise(self, node: ast.Raise, scope: Scope) -> None:
        self.low.optional(node.exc, scope.id)

    def _assert(self, node: ast.Assert, scope: Scope) -> None:
        self.low.expr(node.test, scope.id)

    def _global(self, node: ast.Global, scope: Scope) -> None:
        scope.outer_names |= frozenset(node.names)

    _nonlocal = _global

    def _import(self, node: ast.Import, scope: Scope) -> None:
        pos = self.low.pos(node)
        for alias in node.names:
            # `import a.b` binds `a`; `import a.b as c` binds the submodule.
            name, module = (
                (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0], alias.name.split(".")[0])
            )
            scope.bindings.setdefault(name, []).append(Binding(name, "import", pos.end, pos, None, module=module))

    def _importfrom(self, node: ast.ImportFrom, scope: Scope) -> None:
        pos = self.low.pos(node)
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            name = alias.asname or alias.name
            binding = Binding(name, "import", pos.end, pos, None, module=module, member=alias.name)
            if alias.name == "*":
                scope.stars.append(binding)
            else:
                scope.bindings.setdefault(name, []).append(binding)

    # --- definitions --------------------------------------------------------------------------------------------

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        pos = self.low.pos(node)
        inner = self.low.new_scope("function", node.name, scope.id, pos)
        inner.is_async = isinstance(node, ast.AsyncFunctionDef)
        inner.decorators = tuple(self.low.expr(d, scope.id) for d in node.decorator_list)
        inner.params = self.low.params(node.args, scope.id)
        inner.annotation = self.low.annotation(node.returns, scope.id)
        self._define(node.name, "def", inner, scope, pos)
        inner.leaves = _exits(node.body)
        self.body(node.body, inner)

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef, scope: Scope) -> None:
        pos = self.low.pos(node)
        inner = self.low.new_scope("class", node.name, scope.id, pos)
        inner.decorators = tuple(self.low.expr(d, scope.id) for d in node.decorator_list)
        inner.bases = tuple(self.low.expr(b, scope.id) for b in node.bases)
        inner.keywords = tuple((k.arg, self.low.expr(k.value, scope.id)) for k in node.keywords)
        self._define(node.name, "class", inner, scope, pos)
        self.body(node.body, inner)

    def _define(self, name: str, kind: Any, inner: Scope, scope: Scope, pos: Pos) -> None:
        scope.bindings.setdefault(name, []).append(Binding(name, kind, pos.end, pos, None, scope=inner.id))

    # --- blocks -------------------------------------------------------------------------------------------------

    def _block(
        self, kind: BlockKind, group: int, arm: int, body: Sequence[ast.stmt], scope: Scope, test: Expr | None = None,
        negated: tuple[Expr, ...] = (), exhaustive: bool = False, pattern: Expr | None = None,
    ) -> None:  # fmt: skip
        start, end = self.low.pos(body[0]).start, self.low.pos(body[-1]).end
        leaves = _exits(body)
        scope.blocks.append(
            Block(kind, group, arm, start, end, test, negated, bool(leaves), exhaustive, pattern, leaves)
        )
        self.body(body, scope)

    def _new_group(self) -> int:
        self._group += 1
        return self._group

    def _if(self, node: ast.If, scope: Scope) -> None:
        """`elif` chains are one group, so that their arms exclude one another."""
        group, arms, tail = self._new_group(), [node], node.orelse
        while len(tail) == 1 and isinstance(tail[0], ast.If):
            arms.append(tail[0])
            tail = tail[0].orelse
        tests: list[Expr] = []
        before: tuple[Expr, ...] = ()
        for index, arm in enumerate(arms):
            test = self.low.expr(arm.test, scope.id)
            self._block("if", group, index, arm.body, scope, test, before, bool(tail))
            if len(tests) < MAX_EARLIER:
                tests.append(test)
                before = tuple(tests)
        if tail:
            self._block("if", group, len(arms), tail, scope, None, before, True)

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        iterable = self.low.expr(node.iter, scope.id)
        group = self._new_group()
        self.low.bind(node.target, scope, "for", iterable, self.low.pos(node.body[0]).start, ())
        self._block("for", group, 0, node.body, scope, iterable)
        if node.orelse:
            self._block("loop_else", group, 1, node.orelse, scope)

    _asyncfor = _for

    def _while(self, node: ast.While, scope: Scope) -> None:
        group = self._new_group()
        self._block("while", group, 0, node.body, scope, self.low.expr(node.test, scope.id))
        if node.orelse:
            self._block("loop_else", group, 1, node.orelse, scope)

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
        for item in node.items:
            context = self.low.expr(item.context_expr, scope.id)
            if item.optional_vars is not None:
                self.low.bind(item.optional_vars, scope, "with", context, self.low.pos(node.body[0]).start, ())
        self._block("with", self._new_group(), 0, node.body, scope)

    _asyncwith = _with

    def _try(self, node: ast.Try, scope: Scope) -> None:
        group = self._new_group()
        self._block("try", group, 0, node.body, scope)
        for index, handler in enumerate(node.handlers):
            types = self.low.optional(handler.type, scope.id)
            self._block("except", group, index + 1, handler.body, scope, types)
        if node.orelse:
            self._block("try_else", group, len(node.handlers) + 1, node.orelse, scope)
        if node.finalbody:
            self._block("finally", group, len(node.handlers) + 2, node.finalbody, scope)

    _trystar = _try

    def _match(self, node: ast.Match, scope: Scope) -> None:
        group, subject = self._new_group(), self.low.expr(node.subject, scope.id)
        wild = any(_is_wild(case) for case in node.cases)
        earlier: list[Expr] = []
        before: tuple[Expr, ...] = ()
        for index, case in enumerate(node.cases):
            pattern = self._pattern(case.pattern, scope)
            start = self.low.pos(case.body[0]).start
            whole = case.pattern.name if isinstance(case.pattern, ast.MatchAs) else None
            for name in _captures(case.pattern):
                pos = self.low.pos(cast(Any, case.pattern))
                value = subject if name == whole else Opaque(pos, "a part of what is matched")
                scope.bindings.setdefault(name, []).append(Binding(name, "capture", start, value.pos, value))
            if case.guard is not None:
                guard = self.low.expr(case.guard, scope.id)
                pattern = Opaque(guard.pos, "a pattern with a condition")
            self._block("case", group, index, case.body, scope, subject, before, wild, pattern)
            if pattern is not None and len(earlier) < MAX_EARLIER:
                choices = pattern.items if isinstance(pattern, Seq) else (pattern,)
                tests = tuple(Compare(pattern.pos, subject, ("==",), (choice,)) for choice in choices)
                earlier.append(tests[0] if len(tests) == 1 else Logic(pattern.pos, "or", tests))
                before = tuple(earlier)

    def _pattern(self, pattern: ast.pattern, scope: Scope) -> Expr | None:
        """The value a case compares with; alternatives as a tuple; None for what is not followed or matches all."""
        if isinstance(pattern, ast.MatchValue):
            return self.low.expr(pattern.value, scope.id)
        if isinstance(pattern, ast.MatchSingleton):
            return self.low.expr(ast.copy_location(ast.Constant(pattern.value), cast(Any, pattern)), scope.id)
        if isinstance(pattern, ast.MatchOr):
            parts = [self._pattern(p, scope) for p in pattern.patterns]
            if all(part is not None for part in parts):
                first, last = cast(Expr, parts[0]), cast(Expr, parts[-1])
                return Seq(Pos(*first.pos.start, *last.pos.end), "tuple", tuple(cast(Expr, p) for p in parts))
        if isinstance(pattern, ast.MatchAs) and pattern.pattern is not None:
            return self._pattern(pattern.pattern, scope)
        if isinstance(pattern, ast.MatchAs):
            return None
        pos = self.low.pos(cast(Any, pattern))
        return Opaque(pos, "a pattern that is not a plain value")


def _is_wild(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def _captures(pattern: ast.pattern) -> list[str]:
    """The names that a pattern binds, those of its parts included."""
    found = []
    for part in ast.walk(pattern):
        name = part.rest if isinstance(part, ast.MatchMapping) else getattr(part, "name", None)
        if isinstance(part, ast.pattern) and isinstance(name, str):
            found.append(name)
    return found
