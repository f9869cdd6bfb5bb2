"""Notes, in the process of a program, from which of its lines each HTTP request comes. Standard library only.

`install` patches the transports of the known HTTP libraries: every request goes to the local model server, whatever
its host is, with two headers more: the host that was meant, and the stack of the program's own lines. Frames outside
the program's folder are left out, with one exception: the library's frame that the innermost line of the program
called is numbered, since all requests that are sent from within it belong to one call. Waiting takes no time.

Work that a library hands to a thread or a task is sent from a stack in which the program does not stand. Such a stack
is continued with that of the place where the thread or task was started.
"""

from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import contextvars
import dataclasses
import functools
import importlib
import importlib.util
import json
import math
import socket
import sys
import threading
import time
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

STACK = "x-differential-stack"
HOST = "x-differential-host"
FAILURE = "x-differential-failure"
"""Header of an answer that the program must not see: the library raises its own timeout instead."""
LONGEST_WAIT = 0.002
_CALLBACK = asyncio.Handle._run.__code__
"""The frame below which an event loop runs a step of a task."""

Start = tuple[int, list[list[Any]]]
"""The stack from which a thread or task was started, with a number that counts up."""
NOWHERE: Start = (0, [])
_started_from: contextvars.ContextVar[Start] = contextvars.ContextVar("started_from", default=NOWHERE)
_of_thread = threading.local()
"""The same for the job of a thread, which may run in a context that was copied before."""


class Recorder:
    """Knows the program's folder and the server, and numbers the frames that it has seen."""

    def __init__(self, root: str, server: str) -> None:
        self.root = root.rstrip("/") + "/"
        self.server = urlsplit(server)
        self._numbers: dict[int, tuple[FrameType, int]] = {}
        self._starts = 0

    def number(self, frame: FrameType) -> int:
        """The number of a frame. The frame is kept, so that no later one gets its identity."""
        known = self._numbers.get(id(frame))
        if known is None:
            known = self._numbers[id(frame)] = (frame, len(self._numbers) + 1)
        return known[1]

    def stack(self) -> list[list[Any]]:
        """The program's own lines, outermost first: path, line, qualified name, activation, and the library's call."""
        own: list[list[Any]] = []
        library: FrameType | None = None
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(self.root):
                line = [name[len(self.root) :], frame.f_lineno, frame.f_code.co_qualname, self.number(frame)]
                own.append([*line, self.number(library) if library is not None else None])
                library = None
            else:
                library = frame
            if frame.f_code is _CALLBACK:  # above it stands who runs the loop; the task knows who started it
                break
            frame = frame.f_back
        _, started = max(_started_from.get(), getattr(_of_thread, "start", NOWHERE), key=lambda start: start[0])
        return [*started, *reversed(own)]

    def start(self) -> Start:
        """The stack for what is started here."""
        self._starts += 1
        return self._starts, self.stack()

    def headers(self, host: str) -> dict[str, str]:
        """The headers that a request gets more."""
        text = json.dumps(self.stack(), separators=(",", ":")).encode()
        return {STACK: base64.b64encode(text).decode(), HOST: host}


def install(root: str, server: str) -> Recorder:
    """Patches what is importable here. Call it before any SDK is imported."""
    recorder = Recorder(root, server)
    _patch_waiting()
    _patch_sockets()
    _patch_starting(recorder)
    for name in ("httpx", "httpx2"):
        if _installed(name):
            _patch_httpx(recorder, importlib.import_module(name))
    if _installed("urllib3"):
        _patch_urllib3(recorder)
    if _installed("requests"):
        _patch_requests(recorder)
    if _installed("aiohttp"):
        _patch_aiohttp(recorder)
    if _installed("dspy"):
        _patch_dspy(recorder)
    return recorder


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _patch_waiting() -> None:
    sleep, async_sleep = time.sleep, asyncio.sleep

    def short(seconds: float) -> None:
        sleep(min(seconds, LONGEST_WAIT))

    async def async_short(delay: float, result: Any = None) -> Any:
        return await async_sleep(delay if math.isinf(delay) else min(delay, LONGEST_WAIT), result)

    time.sleep = short
    asyncio.sleep = asyncio.tasks.sleep = async_short  # type: ignore[assignment]


def _patch_sockets() -> None:
    """Nothing but this machine can be reached: what is not redirected fails loudly."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"the program tried to reach {address[0]}, which the recorder does not redirect")
        connect(self, address)

    socket.socket.connect = local_only  # type: ignore[method-assign]


def _patch_starting(recorder: Recorder) -> None:
    """Threads and tasks remember the stack that started them."""
    submit = concurrent.futures.ThreadPoolExecutor.submit
    create_task = asyncio.BaseEventLoop.create_task

    def submit_from(self: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        start = recorder.start()

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            before = getattr(_of_thread, "start", NOWHERE)
            _of_thread.start = start
            try:
                return function(*args, **kwargs)
            finally:
                _of_thread.start = before

        return submit(self, run, *args, **kwargs)

    def create_from(self: Any, coroutine: Any, *, name: Any = None, context: Any = None) -> Any:
        context = context if context is not None else contextvars.copy_context()
        context.run(_started_from.set, recorder.start())
        return create_task(self, coroutine, name=name, context=context)

    concurrent.futures.ThreadPoolExecutor.submit = submit_from  # type: ignore[method-assign]
    asyncio.BaseEventLoop.create_task = create_from  # type: ignore[method-assign]


def _patch_httpx(recorder: Recorder, library: Any) -> None:
    def prepare(request: Any) -> None:
        request.headers.update(recorder.headers(request.url.host))
        target = recorder.server
        request.url = request.url.copy_with(scheme="http", host=target.hostname, port=target.port)
        request.headers["host"] = target.netloc

    def check(request: Any, response: Any) -> Any:
        if response.headers.get(FAILURE) == "timeout":
            raise library.ReadTimeout("The read operation timed out", request=request)
        return response

    send, async_send = library.Client._send_single_request, library.AsyncClient._send_single_request

    def sync(self: Any, request: Any) -> Any:
        prepare(request)
        return check(request, send(self, request))

    async def async_(self: Any, request: Any) -> Any:
        prepare(request)
        return check(request, await async_send(self, request))

    library.Client._send_single_request = sync
    library.AsyncClient._send_single_request = async_


def _patch_urllib3(recorder: Recorder) -> None:
    """Each try of a pool goes through `_make_request`; requests and botocore come here, too."""
    import urllib3
    from urllib3.connectionpool import HTTPConnectionPool

    make, urlopen = HTTPConnectionPool._make_request, urllib3.PoolManager.urlopen

    def once(self: Any, connection: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        meant = (kwargs.get("headers") or {}).get(HOST) or self.host
        kwargs["headers"] = {**(kwargs.get("headers") or {}), **recorder.headers(_text(meant))}
        response = make(self, connection, method, url, *args, **kwargs)
        if response.headers.get(FAILURE) == "timeout":
            response.close()
            raise urllib3.exceptions.ReadTimeoutError(self, url, "Read timed out.")
        return response

    def redirected(self: Any, method: str, url: str, redirect: bool = True, **kwargs: Any) -> Any:
        headers = {**(kwargs.pop("headers", None) or self.headers or {}), HOST: urlsplit(url).hostname or ""}
        return urlopen(self, method, _to_server(recorder, url), redirect, headers=headers, **kwargs)

    HTTPConnectionPool._make_request = once
    urllib3.PoolManager.urlopen = redirected


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _to_server(recorder: Recorder, url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(scheme="http", netloc=recorder.server.netloc).geturl()


def _patch_requests(recorder: Recorder) -> None:
    from requests.adapters import HTTPAdapter

    send = HTTPAdapter.send

    def redirected(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.headers[HOST] = urlsplit(request.url).hostname or ""
        request.url = _to_server(recorder, request.url)
        return send(self, request, *args, **kwargs)

    HTTPAdapter.send = redirected


def _patch_aiohttp(recorder: Recorder) -> None:
    import aiohttp

    request = aiohttp.ClientSession._request

    async def redirected(self: Any, method: str, url: Any, **kwargs: Any) -> Any:
        headers = dict(kwargs.pop("headers", None) or {})
        text = str(self._build_url(url))
        if STACK not in headers:
            headers.update(recorder.headers(urlsplit(text).hostname or ""))
        response = await request(self, method, _to_server(recorder, text), headers=headers, **kwargs)
        if response.headers.get(FAILURE) == "timeout":
            response.close()
            raise aiohttp.ServerTimeoutError("Timeout on reading data from socket")
        return response

    aiohttp.ClientSession._request = redirected


def _patch_dspy(recorder: Recorder) -> None:
    """DSPy from 3.4 on brings a transport of its own, over sockets; older releases ask through LiteLLM."""
    try:
        from dspy._vendor.lm15.transports import _exceptions, _sync
    except ImportError:
        return
    stream = _sync.StdlibTransport.stream

    def redirected(self: Any, request: Any) -> Any:
        more = recorder.headers(urlsplit(request.url).hostname or "")
        headers = [pair for pair in request.headers if pair[0].lower() != "host"]
        url = _to_server(recorder, request.url)
        response = stream(self, dataclasses.replace(request, url=url, headers=[*headers, *more.items()]))
        if dict(response.headers).get(FAILURE) == "timeout":
            response.close()
            raise _exceptions.ReadTimeout("read timed out")
        return response

    _sync.StdlibTransport.stream = redirected
