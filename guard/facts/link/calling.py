"""Calls: entering functions of the repository, making objects of its classes.

In: what is called, the call, the frame it stands in. Out: what it returns. Neighbours: `parameters` binds arguments,
`objects` finds methods, `methods` and `stdlib` know calls of what is not the repository's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Call, Expr, last_name
from guard.facts.filefacts import Block, Scope
from guard.facts.link import arguments, enums, objects, parameters, truth
from guard.facts.link.names import NO_ARM, blocks_at
from guard.facts.link.things import (
    Cell,
    ClassThing,
    Ext,
    Frame,
    Func,
    Gap,
    Hop,
    Inst,
    ListOf,
    Lit,
    Made,
    Method,
    Partial,
    Result,
    Super,
    Thing,
    Thunk,
    World,
    known,
    moved,
    opened,
    standing_in,
    union,
    unknown,
    within,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine

MAX_NESTED = 12
"""Functions entered from one another."""


def called(engine: Engine, callee: Result, call: Call, frame: Frame) -> Result:
    """What a call gives, for each thing that the callee can be."""
    results = []
    for alt in callee.alts:
        if isinstance(alt.thing, Lit) and alt.thing.value is None:
            continue
        if isinstance(alt.thing, Method):
            from guard.facts.link import methods

            found = methods.call_method(engine, alt.thing, call, frame, alt.trail)
            if alt.trail:  # what a method makes of a text comes from that text
                found = Result(tuple(a._replace(trail=a.trail or alt.trail) for a in found.alts), found.open)
        else:
            found = call_thing(engine, alt.thing, call, frame)
        results.append(within(found, alt.world))
    if not results:
        return unknown(callee.open[0] if callee.open else "what is called is not known")
    return opened(union(results), *callee.open)


def call_thing(engine: Engine, thing: Thing, call: Call, frame: Frame) -> Result:
    """What calling one thing gives."""
    from guard.facts.link import methods, stdlib

    if isinstance(thing, Func):
        return enter(engine, thing, call, frame)
    if isinstance(thing, ClassThing):
        return _make(engine, thing, call, frame)
    if isinstance(thing, Ext):
        if thing.chain == "builtins.super":
            return _super(engine, call, frame)
        found = stdlib.call(engine, thing, call, frame)
        found = found if found is not None else _given_back(engine, thing, call, frame)
        if found is not None:
            return found
        call = with_file(engine, thing, call, frame)
        return known(Ext(thing.chain + "()", (*thing.made, Made(call, frame))))
    if isinstance(thing, Partial):
        return call_thing(engine, thing.func, with_partial(thing, call, frame), frame)
    if isinstance(thing, Method):
        return methods.call_method(engine, thing, call, frame)
    if isinstance(thing, Inst):
        owned, _ = objects.order(engine, thing.cls)
        method = objects.method(engine, owned, "__call__") or objects.method(engine, owned, "forward")
        if method is not None:
            return enter(engine, Func(method[0].path, method[1].id, thing), call, frame)
        return unknown("an object is called that has no __call__ in the repository")
    return unknown(thing.why if isinstance(thing, Gap) else "what is called is not a function")


def _given_back(engine: Engine, thing: Ext, call: Call, frame: Frame) -> Result | None:
    """The argument that a call of a library gives back (`optimizer.compile(program)`); None where it gives none."""
    catalog = engine.project.catalog
    if thing.chain.rpartition(".")[2] not in catalog.giving_names:
        return None
    sent = arguments.CallArguments(engine, call, frame)
    for resolved in catalog.resolve(thing.chain):
        value = arguments.sent(sent, resolved.call.gives) if resolved.call.gives else None
        if value is not None:
            return moved(value.result, Hop(frame.path, call.pos, "return", last_name(call.func) or ""))
    return None


def with_file(engine: Engine, thing: Ext, call: Call, frame: Frame) -> Call:
    """The call with what a prompt file says that it loads (`prompty.load("x.prompty")`); itself where it loads none."""
    for client in engine.project.catalog.clients_by_name.get(thing.chain, ()):
        if client.file is not None:
            from guard.facts.link import prompt_files

            return prompt_files.opened(engine, call, frame, client.file) or call
    return call


def with_partial(partial: Partial, call: Call, frame: Frame) -> Call:
    """The call with the arguments that `partial` holds already."""
    args = tuple(_held(a, partial.frame) for a in partial.call.args)
    given = {name for name, _ in call.keywords}
    keywords = tuple((k, _held(v, partial.frame)) for k, v in partial.call.keywords if k not in given or k is None)
    return Call(call.pos, call.func, (*args, *call.args), (*keywords, *call.keywords))


def _held(expr: Expr, frame: Frame) -> Expr:
    return standing_in(expr.pos, Thunk(expr, frame))


def _make(engine: Engine, cls: ClassThing, call: Call, frame: Frame) -> Result:
    """An object of a class; a member where an enumeration is called, a dict where a TypedDict is."""
    _, outside = objects.order(engine, cls)
    kinds = {e.chain.split(".")[-1] for e in outside}
    if kinds & {"Enum", "StrEnum", "IntEnum"} and call.args:
        return enums.by_value(engine, cls, engine.eval(call.args[0], frame))
    if "TypedDict" in kinds:
        return known(parameters.keywords_dict(engine, call, frame, frozenset()))
    return known(Inst(cls, call, frame))


def _super(engine: Engine, call: Call, frame: Frame) -> Result:
    """`super()` or `super(Class, self)` in a method."""
    inner: Frame | None = frame
    while inner is not None:
        scope = engine.scope_of(inner)
        above = engine.project.scope(inner.path, scope.parent) if scope.parent >= 0 else None
        if above is not None and above.kind == "class":
            cls = ClassThing(inner.path, above.id)
            owner = inner.owner
            if owner is None and scope.params:
                found = parameters.parameter(engine, scope.params[0], inner)
                owner = found.alts[0].thing if found.alts else Inst(cls)
            return known(Super(cls, owner or Inst(cls)))
        inner = inner.lexical
    return unknown("super() outside of a method")


def enter(engine: Engine, func: Func, call: Call, frame: Frame) -> Result:
    """What a function of the repository returns for a call."""
    nested, outer = 0, frame
    while outer.caller is not None:
        if outer.path == func.path and outer.scope == func.scope:
            return unknown("the function calls itself")
        nested, outer = nested + 1, outer.caller
    if nested >= MAX_NESTED:
        return unknown(f"more than {MAX_NESTED} calls inside one another")
    scope = engine.project.scope(func.path, func.scope)
    inner = engine.frame(func.path, func.scope, call, frame, func.bound, func.lexical)
    return moved(returned(engine, scope, inner), Hop(frame.path, call.pos, "return", last_name(call.func) or ""))


def returned(engine: Engine, scope: Scope, frame: Frame) -> Result:
    """What a function returns in a frame: each `return` that can be reached, in the world of its branch."""
    if scope.kind == "lambda":
        return engine.eval(scope.body, frame) if scope.body is not None else unknown("an empty lambda")
    if scope.yields:
        items: tuple[Cell, ...] = tuple(Thunk(value, frame) for _, value in scope.yields if value is not None)
        if objects.decorated(scope, frozenset({"contextmanager", "asynccontextmanager", "fixture"})):
            return union(engine.force(item) for item in items)
        return known(ListOf(items, ("a generator may yield more",), "generator"))
    return _by_returns(engine, scope, frame)


def _by_returns(engine: Engine, scope: Scope, frame: Frame) -> Result:
    results: list[Result] = []
    left: set[int] = set()
    perhaps = sure = False
    for place, value in scope.returns:
        around = blocks_at(scope, place)
        arms, sure = _arms_at(engine, scope, around, frame)
        if arms is None:
            continue
        world: World = frozenset((("arm", frame.key, arm.group), arm.arm) for arm in arms)
        world |= {(("arm", frame.key, group), NO_ARM) for group in left - {b.group for b in around}}
        if arms and around[0] is arms[0] and _all_leave(scope, arms[0]):
            left.add(arms[0].group)
        perhaps = not around or around[0].kind in ("if", "case")
        results.append(within(engine.eval(value, frame) if value is not None else known(Lit(None)), world))
        if sure:
            break
    if not results:
        return known(Lit(None)) if not _abstract(scope) else unknown(f"{scope.name} is implemented elsewhere")
    if perhaps and not sure and not scope.leaves:  # it may come past all branches that return something
        rest = frozenset((("arm", frame.key, group), NO_ARM) for group in left)
        results.append(within(known(Lit(None)), rest))
    return union(results)


def _arms_at(
    engine: Engine, scope: Scope, around: list[Block], frame: Frame
) -> tuple[list[Block] | None, bool]:  # fmt: skip
    """The undecided arms around a `return` (None: it is not reached), and whether it is surely reached.

    A branch in a loop is decided anew in each turn: values of other turns may stand beside what is returned.
    """
    arms: list[Block] = []
    sure, looping = True, False
    for block in around:
        if block.kind not in ("if", "case"):
            looping = looping or block.kind in ("for", "while")
            sure = sure and (
                block.kind in ("with", "finally") or (block.kind == "try" and not _handled(scope, block.group))
            )
            continue
        verdict = truth.feasible(engine, block, frame)
        if verdict is False:
            return None, False
        if verdict is None:
            sure = False
            arms += [] if looping else [block]
    return arms, sure


def _all_leave(scope: Scope, block: Block) -> bool:
    """Whether who comes past a branch has taken none of its arms."""
    return all(b.leaves in ("return", "raise") for b in scope.blocks if b.group == block.group)


def _handled(scope: Scope, group: int) -> bool:
    """Whether a failure in a `try` is answered by something else than another exception."""
    return any(b.group == group and b.kind == "except" and b.leaves != "raise" for b in scope.blocks)


def _abstract(scope: Scope) -> bool:
    return objects.decorated(scope, frozenset({"abstractmethod", "overload", "abstractproperty"}))


def entered_with(engine: Engine, result: Result) -> Result:
    """What `with ... as x` binds: `__enter__` of the repository's objects, else the thing itself."""
    results = []
    for alt in result.alts:
        if isinstance(alt.thing, Inst):
            owned, _ = objects.order(engine, alt.thing.cls)
            method = objects.method(engine, owned, "__enter__") or objects.method(engine, owned, "__aenter__")
            if method is not None:
                frame = engine.frame(method[0].path, method[1].id, None, None, alt.thing, None)
                results.append(within(returned(engine, method[1], frame), alt.world))
                continue
        results.append(Result((alt,)))
    return opened(union(results), *result.open)


def method_call(engine: Engine, inst: Inst, name: str, key: Expr, pos: object, frame: Frame) -> Result:
    """`inst[key]` and the like: the special method called with one argument."""
    owned, _ = objects.order(engine, inst.cls)
    method = objects.method(engine, owned, name)
    if method is None:
        return unknown(f"the class has no {name} in the repository")
    return enter(engine, Func(method[0].path, method[1].id, inst), Call(key.pos, key, (key,), ()), frame)
