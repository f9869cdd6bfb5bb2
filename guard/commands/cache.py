"""`guard cache`: where the cache lies, what it holds, and how to be rid of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from guard.commands import shared
from guard.commands.errors import Refusal, Stage, debugging, escaped

if TYPE_CHECKING:
    from pathlib import Path

WORDS = {"scan": "whole scans", "status": "which content files have", "tokens": "token counts"}
"""What each kind is, for people."""


@click.group("cache")
def command() -> None:
    """Look at what guard keeps between runs, or delete it.

    GUARD_CACHE_DIR names another folder; GUARD_NO_CACHE=1, or --no-cache, keeps nothing.
    """


@command.command("dir")
@debugging
def dir_(stage: Stage) -> None:
    """Print the folder of the cache."""
    stage.name = "looking for the cache"
    shared.emit(f"{escaped(str(_folder()))}\n")


@command.command("info")
@debugging
def info(stage: Stage) -> None:
    """Say what the cache holds, and how large it is."""
    stage.name = "looking into the cache"
    from guard.cache import place
    from guard.cache.store import LIMIT_BYTES, Store
    from guard.report.format import plural

    folder = _folder()
    store = Store(folder)
    size = store.file.stat().st_size if store.file.is_file() else 0
    held = store.holdings()
    store.close()
    off = "" if place.folder() is not None else " (not in use: GUARD_NO_CACHE is set)"
    lines = [f"{escaped(str(folder))}{off}", f"{_mb(size)} on disk, at most about {_mb(LIMIT_BYTES)}"]
    lines += (f"{escaped(WORDS.get(one.kind, one.kind))}: {plural(one.rows, 'row')}, {_mb(one.bytes)}" for one in held)
    shared.emit("\n".join(lines if held else [*lines, "It is empty."]) + "\n")


@command.command("clean")
@debugging
def clean(stage: Stage) -> None:
    """Delete what is kept; the next run makes it anew."""
    stage.name = "deleting the cache"
    from guard.cache.store import remove

    folder = _folder()
    try:
        remove(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Refusal(f"the cache in {escaped(str(folder))} could not be deleted ({reason}).") from None


def _folder() -> Path:
    from guard.cache import place

    found = place.named(os.environ)
    if found is None:
        raise Refusal("there is no folder for a cache: no home folder is known. Name one with GUARD_CACHE_DIR.")
    return found


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
