"""`prompt | model | parser`: runnables that are put one behind the other, and the prompt that stands before a model.

In: the two sides of `|`, or a sequence's call. Out: the sequence as an object that holds its parts, and its templates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr, Name, Op
from guard.facts.link.things import Alt, Ext, Frame, Inst, Made, Result, Thing, known

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

PIPE = "langchain_core.runnables.RunnableSequence"
"""What `a | b` makes of runnables."""
JOINED = {"autogen_agentchat": "autogen_agentchat.base.OrTerminationCondition"}
"""What `a | b` makes of other packages' objects."""
PIPED = ("langchain", "langgraph", "databricks_langchain")
TEMPLATES = ("PromptTemplate", "Prompt", "hub.pull", ".pull_prompt", ".load_prompt", ".create_chat_prompt")
"""Ends of the names of classes and functions that make a prompt."""


def piped(engine: Engine, left: Result, right: Result, expr: Op, frame: Frame) -> Result | None:
    """`prompt | model | parser`: an object that holds both sides; None when a package of neither makes one."""
    things = [alt.thing for side in (left, right) for alt in side.alts]
    packages = [thing.chain.split(".")[0] for thing in things if isinstance(thing, Ext)]
    whole = next((JOINED[package] for package in packages if package in JOINED), None)
    if whole is None and any(_is_runnable(engine, thing) for thing in things):
        whole = PIPE
    if whole is None:
        return None
    made = Call(expr.pos, Name(expr.pos, whole), tuple(_parts(expr)), ())
    return known(Ext(whole + "()", (Made(made, frame),)))


def _is_runnable(engine: Engine, thing: Thing) -> bool:
    if isinstance(thing, Inst):
        from guard.facts.link import objects

        return any(e.chain.startswith(PIPED) for e in objects.order(engine, thing.cls)[1])
    return isinstance(thing, Ext) and thing.chain.startswith(PIPED)


def _parts(expr: Expr) -> list[Expr]:
    """The operands of a chain of pipes, from left to right."""
    if isinstance(expr, Op) and expr.op == "|":
        return [*_parts(expr.left), *_parts(expr.right)]
    return [expr]


def is_template(thing: Thing) -> bool:
    """Whether a thing is a prompt template."""
    if not isinstance(thing, Ext):
        return False
    names = thing.chain.split("()")[0].split(".")
    return any(name.endswith(TEMPLATES[:2]) for name in names) or thing.chain.split("()")[0].endswith(TEMPLATES[2:])


def templates_before(engine: Engine, made: Made, number: int) -> tuple[Alt, ...]:
    """The nearest prompt template before part `number` of a sequence: its alternatives; empty when there is none."""
    for part in reversed(made.call.args[:number]):
        result = engine.eval(part, made.frame)
        found = tuple(alt for alt in result.alts if is_template(alt.thing))
        if found:
            return found
        for alt in result.alts:  # a sequence of its own that ends in a template
            if isinstance(alt.thing, Ext) and alt.thing.chain == PIPE + "()":
                inner = alt.thing.made[0]
                return templates_before(engine, inner, len(inner.call.args))
    return ()
