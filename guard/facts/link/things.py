"""What an expression can turn out to be, and where it is evaluated.

In: nothing. Out: the types that the evaluator passes around. A `Result` holds alternatives; each has the way it came
(`trail`, origin first) and the `world` it belongs to: the decisions (which arm, which constructor, which element) under
which it holds. Two values of one request go together when their worlds do not contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Union, cast

from guard.facts.expr import Call, Expr, Pos
from guard.facts.filefacts import Binding
from guard.model import How, Scalar

World = frozenset[tuple[object, object]]
"""Pairs of decision and arm."""

NOWHERE: World = frozenset()
NO_NAMES: frozenset[str] = frozenset()


class Hop(NamedTuple):
    """A step of a trail before it becomes a `guard.model.Step`."""

    path: str
    pos: Pos
    how: How
    note: str = ""


class Frame:
    """An activation of a scope: which call entered it, from which frame, on which object.

    A *root* frame has no call: its parameters are decided by the context of the question (`Engine.context`).
    """

    __slots__ = (
        "before", "call", "caller", "depth", "key", "lexical", "moving", "owner", "path", "pin", "pins", "scope",
        "targets",
    )  # fmt: skip

    def __init__(
        self, path: str, scope: int, call: Call | None, caller: Frame | None, owner: Thing | None,
        lexical: Frame | None, key: int, pin: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        self.path = path
        self.scope = scope
        self.call = call
        self.caller = caller
        self.owner = owner
        """The object (or class) that the first parameter is bound to, for methods."""
        self.lexical = lexical
        """Frame of the function around this one, for closures, lambdas and comprehensions."""
        self.key = key
        self.depth: int = 0 if caller is None else caller.depth + 1
        self.pin = pin
        """Of a comprehension: the number of the element that each of its clauses is at."""
        self.pins: Mapping[str, Binding] = {}
        """Names whose value is fixed to that at a place in one turn of a loop."""
        self.targets: Mapping[str, Binding] = {}
        """Targets of a loop whose value is fixed to that at the beginning of one turn."""
        self.before: Frame | None = None
        """Of a turn: the frame without it, for what says the same in every turn."""
        self.moving: frozenset[str] = NO_NAMES
        """With `before`: names that say something else from turn to turn (see `still`)."""


class Member(NamedTuple):
    """A member of an enumeration of the repository."""

    cls: ClassThing
    name: str


class Lit(NamedTuple):
    """A known scalar."""

    value: Scalar
    member: Member | None = None
    """Where it is a member of an enumeration, which one; `value` is then the member's value."""


class Piece(NamedTuple):
    """Part of a text: static (`text` set) or a hole."""

    text: str | None
    name: str
    path: str
    pos: Pos
    max_chars: int | None = None
    why: str = ""
    items: int | None = None
    """Of a slice of something unknown, which may be a list as well: how many elements it has at most."""


class Pieces(NamedTuple):
    """A text of which parts are known."""

    parts: tuple[Piece, ...]


class Thunk(NamedTuple):
    """An expression to be evaluated when somebody asks."""

    expr: Expr
    frame: Frame


PERHAPS = "perhaps added"
"""A reason of a list: an item may be missing that is listed."""


class ListOf(NamedTuple):
    """A list, tuple, set or generator. `open` has reasons why further items may be there."""

    items: tuple[Cell, ...]
    open: tuple[str, ...] = ()
    kind: str = "list"
    gaps: tuple[tuple[int, str], ...] = ()
    """Where unknown items stand: number of items before them, and the name of what they come from."""
    each: bool = False
    """The items stand for any number of their like: a comprehension over a sequence that is not known."""
    fewer: bool = False
    """Some of the items may be missing, so that no number of an item is sure."""
    most: int | None = None
    """With `each`: how many there are at most, where that is known."""


class Arms(NamedTuple):
    """The arms of branches that a change stands in."""

    world: World = NOWHERE
    ways: tuple[int, ...] = ()
    """Where it is one arm: all arms of that branch from which the code goes on, with the way past them."""


NO_ARMS = Arms()
"""No branch is known that decides it."""


class Entry(NamedTuple):
    """A key of a dict with its value; `sure` is false where it is set under a condition, `arms` says under which."""

    key: Scalar
    value: Cell
    sure: bool = True
    arms: Arms = NO_ARMS

    def doubtful(self) -> Entry:
        """The entry where it may be gone again."""
        return self._replace(sure=False, arms=Arms(self.arms.world))


class DictOf(NamedTuple):
    """A dict; later entries win. `open` has reasons why other keys may be there."""

    entries: tuple[Entry, ...]
    open: tuple[str, ...] = ()


class ClassThing(NamedTuple):
    """A class of the repository."""

    path: str
    scope: int


class Func(NamedTuple):
    """A function of the repository, perhaps bound to an object, perhaps a closure."""

    path: str
    scope: int
    bound: Thing | None = None
    lexical: Frame | None = None


class Inst(NamedTuple):
    """An object of a class of the repository, made by `call` in `frame`; without them it is made somewhere unknown."""

    cls: ClassThing
    call: Call | None = None
    frame: Frame | None = None
    annotated: bool = False
    """Known from an annotation alone: the context decides among objects of just this class, not of its subclasses."""


class ModuleThing(NamedTuple):
    """A module of the repository."""

    path: str


class PackageThing(NamedTuple):
    """A folder of modules without `__init__.py`, by its folder path."""

    folder: str


class Made(NamedTuple):
    """One call of a chain, with the frame it is evaluated in."""

    call: Call
    frame: Frame


class Ext(NamedTuple):
    """Something outside the repository: `openai.OpenAI().chat`, with the calls behind each `()`."""

    chain: str
    made: tuple[Made, ...] = ()


class Partial(NamedTuple):
    """`partial(func, ...)`"""

    func: Thing
    call: Call
    frame: Frame


class Super(NamedTuple):
    """`super()` in a method of the class at `cls`, on the object `owner`."""

    cls: ClassThing
    owner: Thing


class Method(NamedTuple):
    """A method of a text, list or dict that is known: `"...".format`, `params.get`."""

    owner: Thing
    name: str


class FilePath(NamedTuple):
    """A path. `anchored`: relative to the root of the repository (it was built from `__file__`)."""

    path: str
    anchored: bool
    source: str
    """The code file in which it was built."""


class FileContent(NamedTuple):
    """An opened or read file whose content is asked for."""

    file: FilePath


class Gap(NamedTuple):
    """Unknown, with the reason in words."""

    why: str
    name: str = ""


Thing = Union[  # noqa: UP007 - forward references
    Lit, Pieces, ListOf, DictOf, ClassThing, Func, Inst, ModuleThing, PackageThing, Ext, Partial, Super,
    Method, FilePath, FileContent, Gap
]  # fmt: skip


class Alt(NamedTuple):
    """One thing an expression can be."""

    thing: Thing
    trail: tuple[Hop, ...] = ()
    world: World = NOWHERE


class Result(NamedTuple):
    """What an expression can be. `open`: reasons why it may be something else, too (empty: it is one of `alts`)."""

    alts: tuple[Alt, ...]
    open: tuple[str, ...] = ()


Cell = Union[Thunk, Result]  # noqa: UP007


class Held(NamedTuple):
    """An argument whose value is known already; stands among the expressions of a call that guard puts together."""

    pos: Pos
    cell: Cell


def standing_in(pos: Pos, cell: Cell) -> Expr:
    """A known value as an expression: for calls and bindings that guard puts together (`Engine.eval` knows `Held`)."""
    return cast(Expr, Held(pos, cell))


class Root(NamedTuple):
    """Something that the context of a question decides: who calls a function, or which object a method runs on."""

    kind: str
    """`callers`; `self` for the object of a method; `object` for one that only an annotation names"""
    path: str
    scope: int


DEPENDENCY = "<dependency>"
"""Noted as what was asked of a root on which an answer depends without demanding that the context decides it."""


class Called(NamedTuple):
    """The root function is entered by this call."""

    call: Call
    frame: Frame
    via: str = ""


class OnObject(NamedTuple):
    """The root method runs on this object."""

    thing: Inst


class Stop(NamedTuple):
    """Nothing in the repository decides it, for a reason."""

    why: str
    outside: bool = False
    """Code outside of the repository calls it or makes the object, beside what the repository does."""


Bind = Union[Called, OnObject, Stop]  # noqa: UP007

Consulted = dict[tuple[Root, str], "Bind | None"]
"""What was asked of roots and what the context decided; None: nothing yet, which is a demand."""


def without_demands(consulted: Consulted) -> Consulted:
    """What was asked of the context, where what it did not decide is only noted as a dependency."""
    if None not in consulted.values():
        return consulted
    return {key if bind is not None else (key[0], DEPENDENCY): bind for key, bind in consulted.items()}


MAX_ALTS = 24
"""Alternatives kept for one expression; beyond it the value is open."""


def known(thing: Thing, *trail: Hop) -> Result:
    """A result of one thing."""
    return Result((Alt(thing, trail),))


def unknown(why: str) -> Result:
    """Nothing is known, for a reason."""
    return Result((), (why,))


def together(first: World, second: World) -> World | None:
    """Both worlds at once, or None when they contradict each other."""
    if not first:
        return second
    if not second:
        return first
    both = first | second
    if len(both) < len(first) + len(second) or len(both) > 1:
        decisions = {decision for decision, _ in both}
        if len(decisions) < len(both):
            return None
    return both


def union(results: Iterable[Result]) -> Result:
    """All alternatives of several results, equal ones once."""
    results = list(results)
    if len(results) == 1 and len(results[0].alts) <= 1:
        return results[0]
    alts: list[Alt] = []
    seen: set[object] = set()
    reasons: dict[str, None] = {}
    for result in results:
        reasons.update(dict.fromkeys(result.open))
        if len(alts) > MAX_ALTS:
            continue
        for alt in result.alts:
            mark = (_mark(alt.thing), alt.world)
            if mark not in seen:
                seen.add(mark)
                alts.append(alt)
    if len(alts) > MAX_ALTS:
        reasons[f"more than {MAX_ALTS} values can arrive"] = None
        del alts[MAX_ALTS:]
    return Result(tuple(alts), tuple(reasons))


def _mark(thing: Thing) -> object:
    """What tells two things apart cheaply; containers are told apart by identity."""
    if isinstance(thing, Lit):
        return ("lit", type(thing.value), thing.value, thing.member)
    if isinstance(thing, (ClassThing, ModuleThing, PackageThing, Gap)):
        return thing
    if isinstance(thing, Inst):
        return (thing.cls, thing.call.pos if thing.call else None, thing.frame.key if thing.frame else None)
    if isinstance(thing, Func):
        return (thing.path, thing.scope, thing.lexical.key if thing.lexical else None, id(thing.bound))
    return id(thing)


def moved(result: Result, *hops: Hop) -> Result:
    """The same alternatives with hops added to the end of their trails."""
    return Result(tuple(Alt(a.thing, a.trail + hops, a.world) for a in result.alts), result.open)


def within(result: Result, world: World) -> Result:
    """The alternatives that can hold in a world, each narrowed to it."""
    if not world:
        return result
    alts = []
    for alt in result.alts:
        both = together(alt.world, world)
        if both is not None:
            alts.append(Alt(alt.thing, alt.trail, both))
    return Result(tuple(alts), result.open)


def opened(result: Result, *reasons: str) -> Result:
    """The same alternatives, open for further reasons."""
    return Result(result.alts, tuple(dict.fromkeys((*result.open, *reasons))))
