"""Parameters: what a function gets from a call of it.

In: a parameter and a frame, or the call and the function. Out: the argument, else the default. The parameters of a root
frame are decided by the context: by the call that it names, else by the default, and the value stays open with the
reason. Neighbours: `calling` enters functions, `cli` and `injected` know parameters that a framework fills,
`annotated` what an annotation alone says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.facts.expr import Attr, Call, Const, Expr, Name, Star
from guard.facts.filefacts import Param, Scope
from guard.facts.link import annotated, cli, injected, objects
from guard.facts.link.things import (
    DEPENDENCY,
    Alt,
    Called,
    Cell,
    ClassThing,
    DictOf,
    Entry,
    Frame,
    Func,
    Gap,
    Held,
    Hop,
    Inst,
    ListOf,
    Lit,
    OnObject,
    Result,
    Root,
    Stop,
    Super,
    Thing,
    Thunk,
    known,
    moved,
    opened,
    union,
    unknown,
    within,
)  # fmt: skip

if TYPE_CHECKING:
    from guard.facts.link.engine import Engine


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
    from guard.facts.link import containers, sequences

    if not any(isinstance(arg, Star) for arg in call.args):
        return None
    cells: list[Cell] = []
    for arg in call.args:
        if not isinstance(arg, Star):
            cells.append(Thunk(arg, caller))
            continue
        found = sequences.as_list(engine.eval(arg.value, caller))
        items = containers.each_value(engine, found)
        if items is None or containers.is_mixed(found):
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
    if isinstance(expr, Held) or passes_on(engine, expr, caller):
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
            entries = tuple(e if sure else e.doubtful() for e in other.entries if e.key not in without)
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
        named = annotated.annotated_object(engine, param.annotation, frame)
        if named is not None:  # `client: Client | None = None`: it may be left out, and what then holds is made below
            return union([named, *results])
    if why is not None:
        results.append(unknown(f"parameter {param.name}: {why}"))
    elif default is None:
        results.append(unknown(f"parameter {param.name} gets no argument that guard can see"))
    return union(results)
