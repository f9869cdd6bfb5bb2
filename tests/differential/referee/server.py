"""A model server on this machine, for one run of a program at a time. In: a `Script`. Out: what it was asked.

It speaks the protocols of `asked` and answers by the script of the run: well, always with calls of tools, with text
where a structure is demanded, or not at all. `recorder` tells it in headers which line of the program each request
comes from.
"""

from __future__ import annotations

import base64
import json
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from referee import answers, asked, sample
from referee.answers import Reply
from referee.asked import Asked
from referee.recorder import FAILURE, HOST, STACK

Chain = tuple[tuple[str, int], ...]
"""Path and line of each of the program's lines on the way to a request, outermost first."""
Way = tuple[Chain, str]
"""The program's lines and the model: a router asks several models from one line."""
MOST_FAILURES = 60
"""After that many a run gets good answers: a program that tries for ever has shown it."""
STATUS = {"429": "rate limit", "500": "internal error", "503": "unavailable", "529": "overloaded"}
COUNTING = ("/input_tokens", "/count_tokens")
"""Ends of paths that count tokens, which costs nothing: answered, not noted."""
PLAIN_TEXT = "This is an answer of a few words."


@dataclass(frozen=True)
class When:
    """An answer for requests that contain a text."""

    contains: str
    text: str | None = None
    tool: str | None = None
    arguments: Any = None


@dataclass
class Script:
    """How a run is answered."""

    pattern: tuple[str, ...] = ("good",)
    """What the requests get in turn, over and over: `good`, `tools` (always a call of a tool), `invalid` (text that is
    not the demanded structure), `empty` (no text at all), `timeout`, or a status."""
    only: Way | None = None
    """The way whose requests the pattern is for. None: all requests."""
    others: tuple[str, ...] = ("good",)
    """What all others get, in turn."""
    text: str = PLAIN_TEXT
    whens: tuple[When, ...] = ()


@dataclass
class Heard:
    """One request as it came."""

    host: str
    path: str
    body: dict[str, Any]
    outcome: str
    """Word of the pattern that it got."""
    status: int
    stack: list[list[Any]]


@dataclass
class Run:
    """The state of a run: its script and what was heard so far."""

    script: Script = field(default_factory=Script)
    heard: list[Heard] = field(default_factory=list)
    met: int = 0
    """Requests that the pattern was for."""
    others: int = 0
    failed: int = 0
    unknown: list[str] = field(default_factory=list)
    """Paths that no protocol knows."""


class _Server(ThreadingHTTPServer):
    """Says nothing about a program that ends in the middle of a connection."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class ModelServer:
    """The server on a free port of this machine."""

    def __init__(self) -> None:
        self.run = Run()
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def do_GET(self) -> None:
                self._send(404, "application/json", b"{}", {})

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers.get("content-length") or 0))
                self._send(*outer.answer(self.path, data, dict(self.headers.items())))

            def _send(self, status: int, kind: str, data: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"content-type": kind, "content-length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

        self._http = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def begin(self, script: Script) -> Run:
        """Forgets the last run and answers by this script from now on."""
        self.run = Run(script)
        return self.run

    def close(self) -> None:
        """Stops listening."""
        self._http.shutdown()
        self._http.server_close()

    def answer(self, path: str, data: bytes, headers: dict[str, str]) -> tuple[int, str, bytes, dict[str, str]]:
        """Status, content type, bytes and further headers for a request, which is noted."""
        sent = {name.lower(): value for name, value in headers.items()}
        body = asked.decode(data, sent.get("content-type", ""))
        found = asked.asked(path, body)
        if path.split("?")[0].endswith(COUNTING):
            return 200, "application/json", b'{"object": "response.input_tokens", "input_tokens": 10}', {}
        with self.lock:
            run = self.run
            if found is None:
                run.unknown.append(path)
                return 404, "application/json", b'{"error": {"message": "unknown path"}}', {}
            stack = json.loads(base64.b64decode(sent.get(STACK, "W10=")))
            outcome = _outcome(run, (chain_of(stack), found.model))
            status = int(outcome) if outcome in STATUS else 200
            run.heard.append(Heard(sent.get(HOST, ""), path.split("?")[0], body, outcome, status, stack))
            number = len(run.heard)
        if outcome == "timeout":
            return 200, "application/json", b"{}", {FAILURE: "timeout"}
        if status != 200:
            error = {"type": "api_error", "message": STATUS[outcome], "code": status}
            return status, "application/json", json.dumps({"type": "error", "error": error}).encode(), {}
        kind, content = answers.write(found, _reply(run.script, found, outcome, number))
        return 200, kind, content, {}


def chain_of(stack: list[list[Any]]) -> Chain:
    """The lines of a stack as a recorder sends it."""
    return tuple((path, line) for path, line, *_ in stack)


def _outcome(run: Run, way: Way) -> str:
    """The word of the pattern for a request, counting it."""
    script = run.script
    if script.only is None or way == script.only:
        word = script.pattern[run.met % len(script.pattern)]
        run.met += 1
    else:
        word = script.others[run.others % len(script.others)]
        run.others += 1
    if word not in ("good", "tools"):
        run.failed += 1
        if run.failed > MOST_FAILURES:
            return "good"
    return word


def _reply(script: Script, found: Asked, outcome: str, number: int) -> Reply:
    """What the model says to a request that it answers."""
    if outcome == "empty":
        return Reply(number=number)
    if outcome == "invalid":
        return Reply("This is not what was asked for.", number=number)
    if outcome == "tools" and found.tools:
        return _call(*found.tools[0], number)
    for when in script.whens:
        if any(when.contains in text for text in asked.texts_of(found.body)):
            if when.tool is not None:
                return Reply(tool=when.tool, arguments=when.arguments or {}, number=number)
            return Reply(when.text or script.text, number=number)
    if found.schema is not None:
        return Reply(json.dumps(sample.sample(found.schema)), number=number)
    if found.tools and (found.forced or not found.resulted):
        return _call(*found.tools[0], number)
    return Reply(script.text, number=number)


def _call(name: str, schema: Any, number: int) -> Reply:
    return Reply(tool=name, arguments=sample.sample(schema), number=number)
