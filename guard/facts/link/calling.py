"""Calls: entering functions of the repository, making objects, binding arguments to parameters.

In: what is called, the call, the frame it stands in. Out: what it returns. The parameters of a root frame are decided
by the context: by the call that it names, else by the default, and the value stays open with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Const, Expr, Name, Star, last_name
from guard.facts.filefacts import Block, Param, Scope
from guard.facts.link import cli, injected, objects, truth
from guard.facts.link.names import NO_ARM, blocks_at
from guard.facts.link.things import (
    DEPENDENCY,
    Alt,
    Called,
    Cell,
    ClassThing,
    DictOf,
    Entry,
    Ext,
    Frame,
    Func,
    Gap,
    Held,
    Hop,
    Inst,
    ListOf,
    Lit,
    Made,
    Method,
    OnObject,
    Partial,
    Result,
    Root,
    Stop,
    Super,
    Thing,
    Thunk,
    World,
    known,
    moved,
    opened,
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
        found = call_thing(engine, alt.thing, call, frame)
        if isinstance(alt.thing, Method) and alt.trail:  # what a method makes of a text comes from that text
            found = Result(tuple(a._replace(trail=a.trail or alt.trail) for a in found.alts), found.open)
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
        return found if found is not None else known(Ext(thing.chain + "()", (*thing.made, Made(call, frame))))
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


def with_partial(partial: Partial, call: Call, frame: Frame) -> Call:
    """The call with the arguments that `partial` holds already."""
    args = tuple(_held(a, partial.frame) for a in partial.call.args)
    given = {name for name, _ in call.keywords}
    keywords = tuple((k, _held(v, partial.frame)) for k, v in partial.call.keywords if k not in given or k is None)
    return Call(call.pos, call.func, (*args, *call.args), (*keywords, *call.keywords))


def _held(expr: Expr, frame: Frame) -> Expr:
    return Held(expr.pos, Thunk(expr, frame))  # type: ignore[return-value]


def _make(engine: Engine, cls: ClassThing, call: Call, frame: Frame) -> Result:
    """An object of a class; a member where an enumeration is called, a dict where a TypedDict is."""
    _, outside = objects.order(engine, cls)
    kinds = {e.chain.split(".")[-1] for e in outside}
    if kinds & {"Enum", "StrEnum", "IntEnum"} and call.args:
        return engine.eval(call.args[0], frame)
    if "TypedDict" in kinds:
        return known(keywords_dict(engine, call, frame, frozenset()))
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
                found = parameter(engine, scope.params[0], inner)
                owner = found.alts[0].thing if found.alts else Inst(cls)
            return known(Super(cls, owner or Inst(cls)))
        inner = inner.lexical
    return unknown("super() outside of a method")


# --- entering functions -----------------------------------------------------------------------------------------


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


# --- parameters -------------------------------------------------------------------------------------------------


def parameter(engine: Engine, param: Param, frame: Frame) -> Result:
    """What a parameter of a frame is."""
    scope = engine.scope_of(frame)
    if frame.owner is not None and scope.params and scope.params[0].name == param.name:
        return known(frame.owner)
    if frame.call is not None and frame.caller is not None:
        return argument(engine, frame, scope, param, frame.call, frame.caller, frame.owner)
    if scope.kind == "lambda":
        return _default(engine, frame, param, "what the lambda is called with is not known")
    if is_method(engine, frame.path, scope) and scope.params and scope.params[0].name == param.name:
        return _self(engine, frame, scope)
    if scope.name == "__init__" and isinstance(frame.owner, Inst):
        return _default(engine, frame, param, "the object is made where guard cannot see it")
    root = Root("callers", frame.path, frame.scope)
    bind = engine.consult(root, param.name)
    if isinstance(bind, Called):
        return argument(
            engine, frame, scope, param, bind.call, bind.frame, frame.owner or _bound_by(engine, frame, scope, bind)
        )
    why = bind.why if isinstance(bind, Stop) else "it is decided by the callers"
    return _default(engine, frame, param, why)


def is_method(engine: Engine, path: str, scope: Scope) -> bool:
    """Whether a function stands in a class body and gets the object as its first parameter."""
    if scope.kind != "function" or scope.parent < 0 or engine.project.scope(path, scope.parent).kind != "class":
        return False
    return not objects.decorated(scope, frozenset({"staticmethod"}))


def _bound_by(engine: Engine, frame: Frame, scope: Scope, bind: Called) -> Thing | None:
    """Anything that makes argument binding skip a method's first parameter; nothing for `Class.method(obj, ...)`."""
    if not is_method(engine, frame.path, scope):
        return None
    called = [a.thing for a in engine.quietly(bind.call.func, bind.frame).alts]
    plain = [
        f for f in called if isinstance(f, Func) and f.bound is None and (f.path, f.scope) == (frame.path, frame.scope)
    ]
    return None if plain and len(plain) == len(called) else Gap("the object itself")


def _self(engine: Engine, frame: Frame, scope: Scope) -> Result:
    """The object that a root method runs on: from the receiver of the call the context names, else by class."""
    cls = ClassThing(frame.path, scope.parent)
    if objects.decorated(scope, frozenset({"classmethod"})):
        return known(cls)
    bind = engine.consult(Root("callers", frame.path, frame.scope), DEPENDENCY)
    if isinstance(bind, Called):
        receiver = _receiver(engine, bind, cls)
        if receiver is not None:
            return receiver
    decided = engine.consult(Root("self", cls.path, cls.scope), "self")
    return known(decided.thing if isinstance(decided, OnObject) else Inst(cls))


def _receiver(engine: Engine, bind: Called, cls: ClassThing) -> Result | None:
    """The objects that the call of a bind runs on: what stands before the method, or what is called itself."""
    func = bind.call.func
    found = engine.quietly(func.base if isinstance(func, Attr) else func, bind.frame)
    if not isinstance(func, Attr):
        owners = (
            a._replace(thing=a.thing.bound) if isinstance(a.thing, Func) and isinstance(a.thing.bound, Inst) else a
            for a in found.alts
        )
        found = Result(tuple(owners), found.open)
    alts = tuple(
        a
        for a in found.alts
        if isinstance(a.thing, Inst) and any(o.cls == cls for o in objects.order(engine, a.thing.cls)[0])
    )
    if any(isinstance(a.thing, Super) for a in found.alts):
        above = [a.thing.owner for a in found.alts if isinstance(a.thing, Super)]
        alts = tuple(Alt(o) for o in above if isinstance(o, Inst))
    return Result(alts) if alts else None


def argument(
    engine: Engine, frame: Frame, scope: Scope, param: Param, call: Call, caller: Frame, owner: Thing | None
) -> Result:  # fmt: skip
    """What a call passes for a parameter; the default where it passes nothing."""
    positional = [p.name for p in scope.params if p.kind in ("positional_only", "positional")]
    if owner is not None and positional and not objects.decorated(scope, frozenset({"staticmethod"})):
        positional = positional[1:]
    if param.kind == "kwargs":
        named = frozenset(p.name for p in scope.params if p.kind not in ("args", "kwargs"))
        return known(keywords_dict(engine, call, caller, named))
    cells = _spread_out(engine, call, caller)
    if param.kind == "args" and cells is not None:
        return known(ListOf(tuple(cells[len(positional) :]), (), "tuple"))
    if param.kind == "args":
        rest = call.args[len(positional) :]
        spread = any(isinstance(a, Star) for a in call.args)
        why = ("further arguments are spread",) if spread else ()
        return known(ListOf(tuple(Thunk(a, caller) for a in rest if not isinstance(a, Star)), why, "tuple"))
    for keyword, value in call.keywords:
        if keyword == param.name:
            return passed(engine, value, caller, param.name)
    if param.name in positional and cells is not None:
        index = positional.index(param.name)
        if index < len(cells):
            return moved(engine.force(cells[index]), Hop(caller.path, call.pos, "argument", param.name))
    elif param.name in positional:
        found = _positional(engine, call, positional.index(param.name), caller, param.name)
        if found is not None:
            default = (
                _default_of(engine, frame, param)
                if not found.alts and any(isinstance(a, Star) for a in call.args)
                else None
            )
            return found if default is None else union([default, found])
    for keyword, value in call.keywords:
        if keyword is None:
            spread_value = from_spread(engine, engine.eval(value, caller), param.name)
            if spread_value is not None:
                default = _default_of(engine, frame, param)
                sure = not spread_value.open
                return spread_value if sure or default is None else union([spread_value, default])
    return _default(engine, frame, param, None)


def _spread_out(engine: Engine, call: Call, caller: Frame) -> list[Cell] | None:
    """The positional arguments of a call with what `*items` adds; None without such, or where it is not known."""
    from guard.facts.link import comprehensions, sequences

    if not any(isinstance(arg, Star) for arg in call.args):
        return None
    cells: list[Cell] = []
    for arg in call.args:
        if not isinstance(arg, Star):
            cells.append(Thunk(arg, caller))
            continue
        found = sequences.as_list(engine.eval(arg.value, caller))
        items = comprehensions.each_value(engine, found)
        if items is None or comprehensions.is_mixed(found):
            return None
        cells += items
    return cells


def _positional(engine: Engine, call: Call, index: int, caller: Frame, name: str) -> Result | None:
    for number, arg in enumerate(call.args):
        if isinstance(arg, Star):
            spread = engine.eval(arg.value, caller)
            found = []
            for alt in spread.alts:
                thing, at = alt.thing, index - number
                if isinstance(thing, ListOf) and not thing.open and not thing.fewer and at < len(thing.items):
                    found.append(within(engine.force(thing.items[at]), alt.world))
            return opened(union(found), *(spread.open or ("the arguments are spread from a sequence",)))
        if number == index:
            return passed(engine, arg, caller, name)
    return None


def from_spread(engine: Engine, spread: Result, name: str) -> Result | None:
    """The value of a key of `**spread`; None when it surely is not there."""
    from guard.facts.link import containers

    results: list[Result] = []
    reasons: list[str] = list(spread.open)
    for alt in spread.alts:
        if isinstance(alt.thing, DictOf):
            value = containers.get(engine, alt.thing, name)
            if value is not None:
                results.append(within(value, alt.world))
            reasons += alt.thing.open
    if results:
        return opened(union(results), *(() if all(not r.open for r in results) and not spread.open else reasons[:1]))
    return unknown(reasons[0]) if reasons else None


def passed(engine: Engine, expr: Expr, caller: Frame, name: str) -> Result:
    """An argument's value, with the hop noted unless the caller only passes its own parameter on."""
    result = engine.eval(expr, caller)
    if isinstance(expr, (Const, Held)) or passes_on(engine, expr, caller):
        return result
    return moved(result, Hop(caller.path, expr.pos, "argument", name))


def gives(engine: Engine, bind: Called, scope: Scope, name: str) -> bool:
    """Whether a call has an argument of its own for a parameter: not one that it only passes on."""
    call = bind.call
    positional = [p.name for p in scope.params if p.kind in ("positional_only", "positional")]
    if isinstance(call.func, Attr) and positional[:1] in (["self"], ["cls"]):
        positional = positional[1:]
    named = [value for keyword, value in call.keywords if keyword == name]
    index = positional.index(name) if name in positional else len(call.args)
    value = named[0] if named else call.args[index] if index < len(call.args) else None
    return value is not None and not isinstance(value, Const) and not passes_on(engine, value, bind.frame)


def passes_on(engine: Engine, expr: Expr, caller: Frame) -> bool:
    """Whether an argument is a bare parameter of the calling function."""
    if not isinstance(expr, Name):
        return False
    scope = engine.scope_of(caller)
    return any(p.name == expr.id for p in scope.params) and expr.id not in scope.bindings


def keywords_dict(engine: Engine, call: Call, caller: Frame, without: frozenset[str]) -> DictOf:
    """The keyword arguments of a call as a dict, but for some names."""
    found = DictOf(())
    for keyword, value in call.keywords:
        if keyword is not None:
            if keyword not in without:
                found = found._replace(entries=(*found.entries, Entry(keyword, Thunk(value, caller))))
            continue
        spread = engine.eval(value, caller)
        dicts = [a.thing for a in spread.alts if isinstance(a.thing, DictOf)]
        for other in dicts:
            sure = len(dicts) == 1
            entries = tuple(e._replace(sure=e.sure and sure) for e in other.entries if e.key not in without)
            found = DictOf(found.entries + entries, found.open + other.open)
        unknown_keys = any(not isinstance(a.thing, (DictOf, Lit)) for a in spread.alts)
        if spread.open or unknown_keys or not spread.alts:
            found = found._replace(
                open=(*found.open, spread.open[0] if spread.open else "further keywords are spread into it")
            )
    return found


def _default_of(engine: Engine, frame: Frame, param: Param) -> Result | None:
    scope = engine.scope_of(frame)
    if param.default is None:
        return cli.option_default(engine, scope, param, frame)
    outer = _outside(engine, frame, scope)
    declared = cli.declared_default(engine, param.default, outer)
    result = declared if declared is not None else engine.eval(param.default, outer)
    return moved(result, Hop(frame.path, param.default.pos, "default", param.name))


def _outside(engine: Engine, frame: Frame, scope: Scope) -> Frame:
    """The frame in which a function's defaults and annotations are evaluated."""
    if scope.kind == "lambda":
        return frame.lexical or engine.module(frame.path)
    if scope.parent > 0:
        parent = engine.project.scope(frame.path, scope.parent)
        if parent.kind == "class":
            return objects.body_frame(engine, objects.Owned(ClassThing(frame.path, parent.id), parent))
        return frame.lexical or engine.root(frame.path, parent.id)
    return engine.module(frame.path)


def _default(engine: Engine, frame: Frame, param: Param, why: str | None) -> Result:
    """The default; `why` says why another value may arrive. Without one, an object of the annotated class."""
    handed = injected.dependency(engine, param, _outside(engine, frame, engine.scope_of(frame)))
    if handed is not None:
        return handed
    default = _default_of(engine, frame, param)
    results = [] if default is None else [default]
    missing = default is None or all(isinstance(a.thing, Lit) and a.thing.value is None for a in default.alts)
    if missing and why is not None and param.annotation is not None:
        annotated = annotated_object(engine, param.annotation, frame)
        if annotated is not None:
            return annotated
    if why is not None:
        results.append(unknown(f"parameter {param.name}: {why}"))
    elif default is None:
        results.append(unknown(f"parameter {param.name} gets no argument that guard can see"))
    return union(results)


def annotated_object(engine: Engine, annotation: Expr, frame: Frame) -> Result | None:
    """An object of the class that an annotation names (`Config`, `Config | None`, `Optional[Config]`)."""
    scope = engine.scope_of(frame)
    outer = engine.root(frame.path, scope.parent) if scope.parent > 0 else engine.module(frame.path)
    classes: list[Result] = []
    for part in _annotation_parts(annotation):
        for alt in engine.quietly(part, outer).alts:
            if isinstance(alt.thing, ClassThing) and not objects.is_enum(engine, alt.thing):
                classes.append(known(Inst(alt.thing, None, None, True)))
            elif isinstance(alt.thing, Ext) and _is_client(engine, alt.thing.chain):
                classes.append(_made_by_name(alt.thing, part, outer))
    return union(classes) if classes else None


def client_object(engine: Engine, annotation: Expr, frame: Frame) -> Result | None:
    """An object of the SDK's class that an annotation names; None where it names none."""
    found = [
        _made_by_name(alt.thing, part, frame)
        for part in _annotation_parts(annotation)
        for alt in engine.quietly(part, frame).alts
        if isinstance(alt.thing, Ext) and _is_client(engine, alt.thing.chain)
    ]
    return union(found) if found else None


def _made_by_name(thing: Ext, part: Expr, frame: Frame) -> Result:
    return known(Ext(thing.chain + "()", (*thing.made, Made(Call(part.pos, part, (), ()), frame))))


def _is_client(engine: Engine, chain: str) -> bool:
    return chain in engine.project.catalog.clients_by_name


def _annotation_parts(annotation: Expr) -> list[Expr]:
    from guard.facts.expr import Item, Op, Seq

    if isinstance(annotation, Op) and annotation.op == "|":
        return [*_annotation_parts(annotation.left), *_annotation_parts(annotation.right)]
    if isinstance(annotation, Item) and last_name(annotation.base) in ("Optional", "Union", "Annotated"):
        inner = annotation.key.items if isinstance(annotation.key, Seq) else (annotation.key,)
        return [p for part in inner for p in _annotation_parts(part)]
    return [annotation] if isinstance(annotation, (Name, Attr)) else []
