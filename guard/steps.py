"""How far a long piece of work is, told to whoever listens. In: words and numbers. Out: calls of the listener.

Nothing is printed here, and without a listener nothing happens. Any room may tell; `guard.commands.progress` listens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Listener = Callable[[str, int, int], None]
"""What is done, how many of it are done, and how many there are (0: not known)."""

T = TypeVar("T")
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def heard(listener: Listener) -> Iterator[None]:
    """Whatever is told inside goes to `listener`."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def doing(what: str) -> None:
    """A new piece of work begins."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(what, 0, 0)


def through(what: str, things: Iterable[T], total: int) -> Iterator[T]:
    """The things themselves, with word of each that is begun."""
    listener = _LISTENER.get()
    for number, thing in enumerate(things, 1):
        if listener is not None:
            listener(what, number, total)
        yield thing
