"""Whole programs whose every value is decided: what Python sends is the one thing that guard may say.

In: a way to choose. Out: the files of a program that runs without an error. It is written statement by statement, and
each is run at once; what fails is left out, so nearly all choices end in a program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from expressions import TYPES, Choose, Expressions, Function, Scope
from running import Files, Program

LENGTH = 9
"""Statements of `app.py` at most."""
ATTEMPTS = 6
"""Expressions that are tried for an argument of the request."""


class Everywhere(dict[str, str]):
    """An environment in which every variable is set to nothing."""

    def __missing__(self, key: str) -> str:
        return ""

    def get(self, key: str, default: object = None) -> Any:
        """Nothing for any variable."""
        return ""


class Programs:
    """Writes one program. `loops`: also loops that accumulate over literal lists."""

    def __init__(self, choose: Choose, loops: bool = False) -> None:
        self.write = Expressions(choose)
        self.choose = choose
        self.loops = loops

    def files(self) -> Files:
        """A library and a program that uses it, with one request at its end."""
        library, scope = self.module(4, "", Scope(), {})
        how = self.choose(3)
        header, visible = self.importing(scope, how)
        files = {"lib.py": library}
        lines = ["from openai import OpenAI", *header]
        body, scope = self.module(2 + self.choose(LENGTH), "\n".join(lines) + "\n", visible, files)
        return {**files, "app.py": body + self.request(body, scope, files)}

    def request(self, body: str, scope: Scope, files: Files) -> str:
        """A call that sends a name, a limit above 0 and a text; each may be any expression that gives such a value."""
        given = {}
        for role, kind in (("model", "str"), ("max_tokens", "int"), ("text", "str")):
            for _ in range(ATTEMPTS):
                given[role] = self.write.of(kind, scope, 3)
                program = Program({**files, "grown.py": f"{body}\nvalue = {given[role]}\n"}, Everywhere())
                try:
                    value = program.module("grown").value
                except Exception:
                    continue
                if role == "text" or (0 < len(value) < 300 if kind == "str" else value > 0):
                    break
            else:
                given[role] = repr("gpt-4o") if kind == "str" else "1"
        message = f'[{{"role": "user", "content": {given["text"]}}}]'
        arguments = f"model={given['model']}, max_tokens={given['max_tokens']}, messages={message}"
        return f"OpenAI().chat.completions.create({arguments})\n"

    def importing(self, scope: Scope, how: int) -> tuple[list[str], Scope]:
        """Import lines, and the scope of the importing module."""
        public = [n for names in scope.names.values() for n in names] + [f.name for f in scope.functions]
        if how == 1 and public:
            return [f"from lib import {', '.join(public)}"], scope.copy()
        prefix = "lib." if how == 0 else "tools."
        visible = Scope(
            {kind: [prefix + n for n in names] for kind, names in scope.names.items()},
            [Function(prefix + f.name, f.params, f.returns) for f in scope.functions],
        )
        return ["import lib" if how == 0 else "import lib as tools"], visible

    def module(self, length: int, text: str, scope: Scope, files: Files) -> tuple[str, Scope]:
        """The text of a module that begins with `text`, and what it defines."""
        program = Program({**files, "grown.py": text}, Everywhere())
        try:
            space = program.module("grown").__dict__
        except Exception:  # what was imported no longer runs: a name of it was changed
            return text, scope
        for _ in range(length):
            statement, after = self.statement(scope, "")
            try:
                exec(compile(statement, "grown.py", "exec"), space)
            except Exception:
                continue
            text += statement
            scope = after
        return text, scope

    # One way to write a statement for each kind. Each takes a scope and gives text with the scope behind it.

    def statement(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A statement at an indentation, and the scope behind it."""
        ways: list[Callable[[Scope, str], tuple[str, Scope]]] = [
            self.assigned, self.assigned, self.function, self.changed, self.augmented, self.unpacked, self.branch,
            self.klass, self.alias, self.tried, self.function, self.walrus, self.deleted,
        ]  # fmt: skip
        if self.loops:
            ways += [self.loop, self.loop]
        return self.write.pick(ways)(scope.copy(), indent)

    def target(self, scope: Scope, kind: str) -> str:
        """A new name, or an old one that gets another value; never one of another module."""
        old = [n for n in scope.names[kind] if "." not in n]
        return self.write.pick(old) if old and self.write.chance(4) else self.write.name(kind[0])

    def assigned(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        kind = self.write.pick(TYPES)
        name, value = self.target(scope, kind), self.write.of(kind, scope, 3)
        scope.add(name, kind)
        noted = ": " + {"str": "str", "int": "int"}.get(kind, "object") if self.write.chance(6) else ""
        return f"{indent}{name}{noted} = {value}\n", scope

    def alias(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A second name for a list or dict, and a change through it."""
        kinds = [k for k in ("strs", "ints", "dstr", "dint") if scope.names[k]]
        if not kinds:
            return self.assigned(scope, indent)
        kind = self.write.pick(kinds)
        name, old = self.write.name("same"), self.write.pick(scope.names[kind])
        scope.add(name, kind)
        return f"{indent}{name} = {old}\n" + self.change(kind, name, scope, indent), scope

    def unpacked(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        e, kind = self.write, self.write.pick(("str", "int"))
        one, two, rest = e.name("u"), e.name("u"), e.name("r")
        if e.chance(2):
            text = f"{indent}{one}, *{rest} = {e.of(kind + 's', scope, 2)}\n"
            scope.add(rest, kind + "s")
        elif e.chance(3):
            text = f"{indent}*{rest}, {one} = {e.of(kind + 's', scope, 2)}\n"
            scope.add(rest, kind + "s")
        else:
            text = f"{indent}{one}, ({two}, _) = {e.of(kind, scope, 2)}, [{e.of('int', scope, 2)}, 0]\n"
            scope.add(two, "int")
        scope.add(one, kind)
        return text, scope

    def augmented(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        own = {k: [n for n in names if "." not in n] for k, names in scope.names.items() if k != "bool"}
        kinds = [k for k, names in own.items() if names]
        if not kinds:
            return self.assigned(scope, indent)
        kind = self.write.pick(kinds)
        op = {"int": self.write.pick(("+=", "-=", "*=", "//=", "%="))}.get(kind, "|=" if kind[0] == "d" else "+=")
        value = self.write.of(kind, scope, 2)
        if op in ("//=", "%="):
            value = "3"
        return f"{indent}{self.write.pick(own[kind])} {op} {value}\n", scope

    def changed(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        kinds = [k for k in ("strs", "ints", "dstr", "dint") if scope.names[k]]
        if not kinds:
            return self.assigned(scope, indent)
        kind = self.write.pick(kinds)
        return self.change(kind, self.write.pick(scope.names[kind]), scope, indent), scope

    def change(self, kind: str, name: str, scope: Scope, indent: str) -> str:
        """A change in place of a list or dict."""
        e = self.write
        inner = {"strs": "str", "ints": "int", "dstr": "str", "dint": "int"}[kind]
        value = e.of(inner, scope, 2)
        if kind[0] == "d":
            return indent + e.pick((
                f"{name}[{e.key(scope)}] = {value}", f"{name}.update({e.of(kind, scope, 2)})",
                f"{name}.update(a={value})", f"{name}.setdefault({e.key(scope)}, {value})",
                f"{name}.pop({e.key(scope)}, None)", f"del {name}[{e.key(scope)}]",
                f"{name}[{e.key(scope)}] += {value}",
                f"{name}.pop({e.key(scope)})", f"{name}.clear()",
            )) + "\n"  # fmt: skip
        return indent + e.pick((
            f"{name}.append({value})", f"{name}.extend({e.of(kind, scope, 2)})",
            f"{name}.insert({e.choose(3)}, {value})",
            f"{name}[{e.choose(3)}] = {value}", f"{name}.pop()", f"{name}.pop(0)", f"{name}.remove({value})",
            f"{name}.reverse()", f"{name}.sort()", f"del {name}[0]", f"{name}[0] += {value}", f"{name}.clear()",
            f"{name}.sort(reverse=True)",
        )) + "\n"  # fmt: skip

    def deleted(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A name is deleted and bound anew."""
        name = self.write.name("gone")
        text = f"{indent}{name} = {self.write.of('str', scope, 1)}\n{indent}del {name}\n"
        text += f"{indent}{name} = {self.write.of('str', scope, 2)}\n"
        scope.add(name, "str")
        return text, scope

    def walrus(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        kind, name, other = self.write.pick(("str", "int")), self.write.name("w"), self.write.name("v")
        value = self.write.of(kind, scope, 2)
        scope.add(name, kind)
        text = f"{indent}{other} = [({name} := {value}), {name}]\n"
        scope.add(other, kind + "s")
        return text, scope

    def branch(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """An `if` whose test is known, with the same name bound in each arm."""
        e, kind = self.write, self.write.pick(("str", "int", "strs", "dint"))
        name = self.target(scope, kind)
        arms = []
        for number in range(1 + e.choose(3)):
            word = "if" if number == 0 else "elif"
            arms.append(f"{indent}{word} {e.of('bool', scope, 2)}:\n{indent}    {name} = {e.of(kind, scope, 2)}\n")
        arms.append(f"{indent}else:\n{indent}    {name} = {e.of(kind, scope, 2)}\n")
        if e.chance(4):
            subject = e.of("str", scope, 2)
            arms = [
                f"{indent}match {subject}:\n{indent}    case {e.of('str', Scope(), 0)}:\n"
                f"{indent}        {name} = {e.of(kind, scope, 2)}\n"
                f"{indent}    case _:\n{indent}        {name} = {e.of(kind, scope, 2)}\n"
            ]
        scope.add(name, kind)
        return "".join(arms), scope

    def tried(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A `try` or a `with` around an assignment that goes well."""
        kind = self.write.pick(("str", "int"))
        name, value = self.write.name("t"), self.write.of(kind, scope, 2)
        scope.add(name, kind)
        if self.write.chance(2):
            return f"{indent}try:\n{indent}    {name} = {value}\n{indent}finally:\n{indent}    pass\n", scope
        return f"{indent}assert True\n{indent}{name} = {value}\n", scope

    def loop(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A loop over a literal list that adds something in each turn."""
        e, kind = self.write, self.write.pick(("str", "int", "strs", "dint"))
        name, item = e.name("sum"), e.name("item")
        start = {"str": "''", "int": "0", "strs": "[]", "dint": "{}"}[kind]
        source = ", ".join(e.of("str", scope, 1) for _ in range(e.choose(4)))
        inner = scope.copy()
        inner.add(item, "str")
        inner.add(name, kind)
        value = e.of({"strs": "str", "dint": "int"}.get(kind, kind), inner, 2)
        step = {
            "str": f"{name} += {value}", "int": f"{name} += {value}", "strs": f"{name}.append({value})",
            "dint": f"{name}[{item}] = {value}",
        }[kind]  # fmt: skip
        scope.add(name, kind)
        return (
            f"{indent}{name} = {start}\n{indent}for {item} in [{source}]:\n{indent}    {step}\n",
            scope,
        )

    def function(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A function with some parameters, some statements and a return."""
        e = self.write
        made = Function(e.name("f"), [], e.pick(("str", "int", "strs", "dint", "dstr")))
        inner, written = scope.copy(), []
        kinds = (
            ["positional"] * e.choose(3) + ["args"] * e.choose(2) + ["keyword"] * e.choose(2) + ["kwargs"] * e.choose(2)
        )
        optional = False
        for how in kinds:
            name, kind = e.name("p"), e.pick(("str", "int"))
            optional = (optional or e.chance(3)) if how == "positional" else e.chance(2) if how == "keyword" else False
            made.params.append((name, kind, how, optional))
            if how == "keyword" and not any(w.startswith("*") for w in written):
                written.append("*")
            mark = {"args": "*", "kwargs": "**"}.get(how, "")
            written.append(mark + name + (f"={e.of(kind, scope, 1)}" if optional else ""))
            inner.add(name, {"args": f"{kind}s", "kwargs": f"d{kind}"}.get(how, kind))
        text = f"{indent}def {made.name}({', '.join(written)}):\n"
        body = indent + "    "
        own = Scope({k: list(inner.names[k]) for k in TYPES}, list(inner.functions))
        for _ in range(e.choose(3)):
            line, own = self.local(own, body)
            text += line
        if e.chance(3):
            text += f"{body}if {e.of('bool', own, 2)}:\n{body}    return {e.of(made.returns, own, 2)}\n"
        text += f"{body}return {e.of(made.returns, own, 2)}\n"
        scope.functions.append(made)
        return text, scope

    def local(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A statement in a function: it binds only new names, so that none is read before it is bound."""
        kind = self.write.pick(("str", "int", "strs", "dint"))
        way = self.write.choose(4)
        if way == 1:
            return self.branch_local(scope, indent)
        if way == 2:
            return self.unpacked(scope, indent)
        name, value = self.write.name("l"), self.write.of(kind, scope, 2)
        text = f"{indent}{name} = {value}\n"
        scope = scope.copy()
        scope.add(name, kind)
        if way == 3 and kind in ("strs", "dint"):
            text += self.change(kind, name, scope, indent)
        return text, scope

    def branch_local(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        e, kind, name = self.write, self.write.pick(("str", "int")), self.write.name("l")
        scope = scope.copy()
        text = f"{indent}{name} = {e.of(kind, scope, 2)}\n"
        text += f"{indent}if {e.of('bool', scope, 2)}:\n{indent}    {name} = {e.of(kind, scope, 2)}\n"
        scope.add(name, kind)
        return text, scope

    def klass(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A class with an attribute, a constructor argument and a method; an object of it and what it says."""
        e, kind = self.write, self.write.pick(("str", "int"))
        cls, thing, name = e.name("K"), e.name("o"), e.name("m")
        inner = scope.copy()
        inner.add("self.given", kind)
        inner.add("self.fixed", kind)
        text = (
            f"{indent}class {cls}:\n{indent}    fixed = {e.of(kind, scope, 1)}\n"
            f"{indent}    def __init__(self, given={e.of(kind, scope, 1)}):\n{indent}        self.given = given\n"
            f"{indent}    def says(self):\n{indent}        return {e.of(kind, inner, 2)}\n"
        )
        made = cls
        if e.chance(3):
            made = e.name("K")
            text += f"{indent}class {made}({cls}):\n{indent}    fixed = {e.of(kind, scope, 1)}\n"
        text += f"{indent}{thing} = {made}({e.of(kind, scope, 2) if e.chance(2) else ''})\n"
        text += f"{indent}{name} = {thing}.{e.pick(('says()', 'given', 'fixed'))}\n"
        scope.add(name, kind)
        return text, scope
