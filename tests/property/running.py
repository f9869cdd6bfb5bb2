"""What a generated program really sends, and what guard says that it sends.

In: a program as files. Out: `sent`: the arguments of each request when Python runs the program (our own generated text,
with a stand-in for the SDK); `found`: guard's requests, without prices. Both by file and line of the sending call.
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from guard.facts.link.project import Project
from guard.facts.link.requests import Linker
from guard.facts.registry import load as load_catalog
from guard.model import Request
from guard.sources.walk import listing

Place = tuple[str, int]
Files = Mapping[str, str]
"""Text of each file by its path; `app.py` is the one that runs."""


class Sent(NamedTuple):
    """The arguments of one request that Python made."""

    model: object
    max_tokens: object
    text: str | None
    """The content of its only message."""


class _Recorder:
    """Stands in for the SDK: any chain of attributes ends in a call that is written down."""

    def __init__(self) -> None:
        self.sent: dict[Place, list[Sent]] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: object, **keywords: Any) -> Any:
        if "model" in keywords:
            frame = sys._getframe(1)
            messages = keywords.get("messages")
            content = messages[0]["content"] if isinstance(messages, list) else None
            made = Sent(keywords["model"], keywords.get("max_tokens"), content)
            self.sent.setdefault((frame.f_code.co_filename, frame.f_lineno), []).append(made)
        return self


class Program:
    """Files of a program as modules. `run` runs one more statement in one of them, as an import or a shell would."""

    def __init__(self, files: Files, environment: Mapping[str, str] | None = None) -> None:
        self.files = files
        self.recorder = _Recorder()
        self.modules: dict[str, types.ModuleType] = {}
        openai = types.ModuleType("openai")
        openai.OpenAI = self.recorder  # type: ignore[attr-defined]
        system = types.ModuleType("os")
        system.environ = {} if environment is None else environment  # type: ignore[attr-defined]
        self.modules |= {"openai": openai, "os": system}

    def module(self, name: str) -> types.ModuleType:
        """A module by name; it runs when it is asked for first."""
        if name not in self.modules:
            path = f"{name}.py"
            if path not in self.files:
                raise ModuleNotFoundError(name)
            made = self.modules[name] = types.ModuleType(name)
            made.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
            exec(compile(self.files[path], path, "exec"), made.__dict__)
        return self.modules[name]

    def _import(self, name: str, globals_: object, locals_: object, fromlist: object, level: int) -> Any:
        return self.module(name)


def sent(files: Files, environment: Mapping[str, str] | None = None) -> dict[Place, list[Sent]]:
    """What Python sends when it runs `app.py`. Raises whatever the program raises."""
    program = Program(files, environment)
    program.module("app")
    return program.recorder.sent


def write(folder: Path, files: Files) -> None:
    """Makes a folder hold these files and no others."""
    for old in folder.iterdir():
        if old.is_file() and old.name not in files:
            old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def found(folder: Path, files: Files) -> dict[Place, list[Request]]:
    """What guard finds in a program, by the place of the call that sends."""
    write(folder, files)
    requests = linker(folder).requests()
    places: dict[Place, list[Request]] = {}
    for request in requests:
        span = request.sites[-1].span
        places.setdefault((span.path, span.line), []).append(request)
    return places


def linker(folder: Path) -> Linker:
    """A linker of a folder, with nothing learnt yet."""
    return Linker(Project(folder, listing(folder), load_catalog()))


def text_of(request: Request) -> str | None:
    """The content of the only message, when all of it is known."""
    messages = request.prompt.messages
    if len(messages) != 1 or request.prompt.open or any(s.text is None for s in messages[0].segments):
        return None
    return "".join(s.text or "" for s in messages[0].segments)
