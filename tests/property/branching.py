"""Programs with branches that the environment decides, in which each variable of the environment is asked once.

In: a way to choose. Out: the files, and the variables. `outcomes` runs the program under every combination of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from expressions import Choose, Scope
from programs import Programs
from running import Files, Sent, sent

MAX_FLAGS = 4
ON = "yes"


class Branching(Programs):
    """Writes one program; what it asks of the environment is in `flags`."""

    def __init__(self, choose: Choose, loops: bool = False) -> None:
        super().__init__(choose, loops)
        self.flags: list[str] = []

    def module(self, length: int, text: str, scope: Scope, files: Files) -> tuple[str, Scope]:
        """A module that can ask the environment."""
        return super().module(length, "import os\n" + text, scope, files)

    def flag(self) -> str:
        """A test that the environment decides; a known one when enough are asked."""
        if len(self.flags) >= MAX_FLAGS:
            return "1 == 1"
        name = f"FLAG{len(self.flags)}"
        self.flags.append(name)
        return self.write.pick((
            f"os.environ[{name!r}] == {ON!r}", f"os.environ.get({name!r}) == {ON!r}",
            f"not os.environ.get({name!r}) == {ON!r}", f"os.environ.get({name!r}, '') in ({ON!r}, 'on')",
        ))  # fmt: skip

    def statement(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """One of the statements of any program, or one that branches on the environment."""
        if self.write.chance(3):
            return super().statement(scope, indent)
        ways: list[Callable[[Scope, str], tuple[str, Scope]]] = [
            self.perhaps, self.either, self.chosen, self.returns, self.perhaps_changed, self.by_name,
        ]  # fmt: skip
        if self.loops:
            ways.append(self.skipped)
        return self.write.pick(ways)(scope.copy(), indent)

    def perhaps(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A name that gets another value under a condition."""
        e, kind = self.write, self.write.pick(("str", "int"))
        name = self.target(scope, kind)
        first = f"{indent}{name} = {e.of(kind, scope, 2)}\n"
        scope.add(name, kind)
        op = e.pick(("=", "+="))
        return first + f"{indent}if {self.flag()}:\n{indent}    {name} {op} {e.of(kind, scope, 2)}\n", scope

    def either(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A name that is bound in each arm, perhaps with a second one."""
        e, kind = self.write, self.write.pick(("str", "int"))
        name, other = e.name("e"), e.name("n")
        arms = []
        for number in range(1 + e.choose(2)):
            head = f"{'elif' if number else 'if'} {self.flag()}"
            arms.append((head, e.of(kind, scope, 2), e.of("int", scope, 1)))
        arms.append(("else", e.of(kind, scope, 2), e.of("int", scope, 1)))
        text = "".join(
            f"{indent}{head}:\n{indent}    {name} = {value}\n{indent}    {other} = {number}\n"
            for head, value, number in arms
        )
        scope.add(name, kind)
        scope.add(other, "int")
        return text, scope

    def chosen(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A conditional expression, or one operand or another."""
        e, kind, name = self.write, self.write.pick(("str", "int")), self.write.name("c")
        one, two = e.of(kind, scope, 2), e.of(kind, scope, 2)
        value = f"({one} if {self.flag()} else {two})"
        if kind == "str" and e.chance(3):
            value = f"({self.flag()} and {one} or {two})"
        scope.add(name, kind)
        return f"{indent}{name} = {value}\n", scope

    def returns(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A function that returns early under a condition."""
        e, kind = self.write, self.write.pick(("str", "int"))
        name, made = e.name("g"), e.name("r")
        text = (
            f"{indent}def {name}(p):\n{indent}    if {self.flag()}:\n{indent}        return {e.of(kind, scope, 2)}\n"
            f"{indent}    return {e.pick(('p', e.of(kind, scope, 1)))}\n"
            f"{indent}{made} = {name}({e.of(kind, scope, 1)})\n"
        )
        scope.add(made, kind)
        return text, scope

    def perhaps_changed(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A list or dict that is changed under a condition."""
        kind = self.write.pick(("dstr", "dint", "strs", "ints"))
        name = self.write.name("h")
        first = f"{indent}{name} = {self.write.literal(kind, scope, 2)}\n"
        scope.add(name, kind)
        return first + f"{indent}if {self.flag()}:\n" + self.change(kind, name, scope, indent + "    "), scope

    def by_name(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A value that is looked up by what the environment says."""
        e, name, kind = self.write, self.write.name("b"), self.write.pick(("str", "int"))
        if len(self.flags) >= MAX_FLAGS:
            return self.chosen(scope, indent)
        flag = f"FLAG{len(self.flags)}"
        self.flags.append(flag)
        one, two = e.of(kind, scope, 2), e.of(kind, scope, 2)
        scope.add(name, kind)
        if e.chance(2):
            return f"{indent}{name} = {{{ON!r}: {one}, '': {two}}}[os.environ[{flag!r}]]\n", scope
        return (
            f"{indent}match os.environ[{flag!r}]:\n{indent}    case {ON!r}:\n{indent}        {name} = {one}\n"
            f"{indent}    case _:\n{indent}        {name} = {two}\n",
            scope,
        )

    def skipped(self, scope: Scope, indent: str) -> tuple[str, Scope]:
        """A loop in which a turn may be skipped."""
        e, name = self.write, self.write.name("k")
        items = ", ".join(e.of("str", scope, 1) for _ in range(1 + e.choose(3)))
        scope.add(name, "str")
        return (
            f"{indent}{name} = {e.of('str', scope, 1)}\n{indent}for item in [{items}]:\n"
            f"{indent}    if {self.flag()}:\n{indent}        {e.pick(('continue', 'break', f'{name} = item'))}\n"
            f"{indent}    {name} = item + '!'\n",
            scope,
        )


def outcomes(files: Files, flags: list[str]) -> tuple[list[Sent], bool]:
    """What Python sends under each combination of the environment; and whether the program goes well under all."""
    found, well = [], True
    for values in itertools.product((ON, ""), repeat=len(flags)):
        try:
            ((_, rows),) = sent(files, dict(zip(flags, values))).items()
        except Exception:
            well = False
            continue
        found += rows
    return found, well
