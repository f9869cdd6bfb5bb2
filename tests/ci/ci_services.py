"""GitHub and GitLab as far as guard speaks to them: a server on this machine that keeps comments and can fail.

A `Service` records every request, and answers as the real one does: pages with `Link` headers, refusals with a
`message`. `failures` are answers given instead, each once, to the first request whose `METHOD path` they match.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 3
"""Entries of a page at most, so that few comments make several pages."""


@dataclass
class Failure:
    """An answer instead of the right one."""

    matches: str
    """Regular expression for `METHOD path`."""
    status: int
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    """Whether the request is carried out all the same, as when only its answer is lost."""
    gone: bool = False
    """Whether somebody deletes all comments just before."""
    times: int = 1


@dataclass
class Service:
    """The comments at one change, and who asks. `kind` decides about paths and names of fields."""

    kind: str
    me: str = "github-actions[bot]"
    token: str = "secret-token"
    may_write: bool = True
    comments: list[dict[str, Any]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    base: str = ""
    _next: int = 100

    def add(self, text: str, author: str | None = None) -> int:
        """A comment that is there; by us unless an author is named."""
        self._next += 1
        name = author or self.me
        who = {"user": {"login": name}} if self.kind == "github" else {"author": {"id": hash_of(name)}, "system": False}
        self.comments.append({"id": self._next, "body": text, **who})
        return self._next

    @property
    def texts(self) -> list[str]:
        return [comment["body"] for comment in self.comments]

    def answer(self, method: str, url: str, headers: Any, body: Any) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers of the answer to a request."""
        split = urlsplit(url)
        self.asked.append(f"{method} {split.path}")
        for failure in self.failures:
            if failure.times and re.search(failure.matches, f"{method} {split.path}"):
                failure.times -= 1
                if failure.gone:
                    self.comments.clear()
                if failure.done:
                    self._carry_out(method, split.path, body)
                return failure.status, {"message": failure.message}, failure.headers
        given = headers.get("Authorization", "").removeprefix("Bearer ") or headers.get("PRIVATE-TOKEN", "")
        if given != self.token:
            return 401, {"message": "Bad credentials"}, {}
        if split.path == "/graphql":
            return 200, {"data": {"viewer": {"login": self.me}}}, {}
        if split.path == "/api/v4/user":
            return 200, {"id": hash_of(self.me), "username": self.me}, {}
        if method == "GET":
            return self._page(split.path, parse_qs(split.query))
        if not self.may_write:
            return 403, {"message": "Resource not accessible by integration"}, {}
        return self._carry_out(method, split.path, body)

    def _page(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any, dict[str, str]]:
        if not re.fullmatch(self._list, path):
            return 404, {"message": "Not Found"}, {}
        size = min(int(query.get("per_page", ["30"])[0]), PAGE)
        page = int(query.get("page", ["1"])[0])
        found = self.comments[(page - 1) * size : page * size]
        links = []
        if page > 1:
            links.append(f'<{self.base}{path}?per_page={size}&page={page - 1}>; rel="prev"')
        if page * size < len(self.comments):
            links.append(f'<{self.base}{path}?per_page={size}&page={page + 1}>; rel="next"')
        return 200, found, {"Link": ", ".join(links)} if links else {}

    def _carry_out(self, method: str, path: str, body: Any) -> tuple[int, Any, dict[str, str]]:
        if method == "POST" and re.fullmatch(self._list, path):
            if len(body["body"]) > 65_536:
                return 422, {"message": "Validation Failed: body is too long"}, {}
            return 201, {"id": self.add(body["body"])}, {}
        number = re.fullmatch(self._one, path)
        index = next((i for i, c in enumerate(self.comments) if number and c["id"] == int(number[1])), None)
        if index is None:
            return 404, {"message": "Not Found"}, {}
        if method == "DELETE":
            del self.comments[index]
            return 204, None, {}
        if method == ("PATCH" if self.kind == "github" else "PUT"):
            self.comments[index]["body"] = body["body"]
            return 200, self.comments[index], {}
        return 405, {"message": "Method Not Allowed"}, {}

    @property
    def _list(self) -> str:
        return (
            r"/repos/acme/shop/issues/7/comments"
            if self.kind == "github"
            else r"/api/v4/projects/31/merge_requests/7/notes"
        )

    @property
    def _one(self) -> str:
        return r"/repos/acme/shop/issues/comments/(\d+)" if self.kind == "github" else rf"{self._list}/(\d+)"


def hash_of(name: str) -> int:
    """A number for a user's name."""
    return sum(name.encode())


@contextmanager
def served(service: Service) -> Iterator[Service]:
    """The service on a free port of this machine, while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            status, answer, headers = service.answer(self.command, self.path, self.headers, body)
            data = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(data)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _do

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
