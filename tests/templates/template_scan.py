"""Scans a small program that renders a template, and gives back what guard says of the text that it sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from guard.config.types import Config
from guard.model import Message, Request
from guard.run import scan

SEND = """
from openai import OpenAI


def ask({parameters}):
    text = {rendered}
    return OpenAI().chat.completions.create(model="gpt-4o", messages=[{{"role": "user", "content": text}}])
"""


def request(
    folder: Path, rendered: str, files: dict[str, str] | None = None, *, imports: str = "", parameters: str = ""
) -> Request:
    """The one request of a program that sends the text of the expression `rendered`."""
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    code = imports + SEND.format(rendered=rendered, parameters=parameters)
    (folder / "app.py").write_text(code, encoding="utf-8")
    report = scan(folder, Config())
    assert len(report.requests) == 1
    return report.requests[0].request


def readings(found: Request) -> list[tuple[Message, ...]]:
    """All messages that may be sent, the typical ones first."""
    return [found.prompt.messages, *found.prompt.others]


def shown(messages: tuple[Message, ...]) -> str:
    """The text of messages with holes as `<name>`."""
    return "".join(f"<{s.name}>" if s.text is None else s.text for m in messages for s in m.segments)


def text_of(folder: Path, rendered: str, files: dict[str, str] | None = None, **given: str) -> str:
    """The typical text that is sent, with holes as `<name>`."""
    return shown(request(folder, rendered, files, **given).prompt.messages)


def literal(value: Any) -> str:
    """Keyword arguments of a call as code."""
    return ", ".join(f"{key}={item!r}" for key, item in json.loads(json.dumps(value)).items())
