"""JSON over HTTP to a service that may be busy. In: an address and a token. Out: decoded JSON, or an `ApiError`.

What is worth another try is tried again: limits of rate (the service says how long to wait), trouble on the server's
side and broken connections. What makes something new (POST) is tried again only where the first try surely did nothing;
else the caller looks first whether it is there by now (`integrations.sticky`).
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TRIES = 4
LONGEST_WAIT_SECONDS = 60
"""Longer waits are not worth a runner's time: the report stands in the job's own output anyway."""
TIMEOUT_SECONDS = 30
PAGES = 50
"""Pages of a list that are read at most (of 100 entries each)."""
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')


class ApiError(Exception):
    """The service refused, or could not be reached. The message is fit for a log: no token, no body of ours."""

    def __init__(self, status: int | None, message: str, *, limited: bool = False) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status; None: there was no answer."""
        self.limited = limited
        """Whether we asked too often; nothing was done then."""

    @property
    def passing(self) -> bool:
        """Whether the same may work in a moment."""
        return self.limited or self.status is None or self.status >= 500


class Api:
    """A service at the address `base`. `headers` carry the token, and go nowhere else."""

    def __init__(self, base: str, headers: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> None:
        self.base = base.rstrip("/")
        self._headers = dict(headers)
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_StayHere)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer to one request; None where it has no content. Raises `ApiError`."""
        return self._call(method, self.base + path, body)[0]

    def pages(self, path: str) -> Iterator[Any]:
        """All entries of a list, page after page as its `Link` headers say."""
        url: str | None = self.base + path
        for _ in range(PAGES):
            if url is None:
                return
            entries, url = self._call("GET", url, None)
            yield from entries
        raise ApiError(None, f"a list has more than {PAGES} pages")

    def _call(self, method: str, url: str, body: object) -> tuple[Any, str | None]:
        if not url.startswith(self.base + "/"):
            raise ApiError(None, "the service points to another address, which does not get our token")
        for attempt in range(1, TRIES + 1):
            try:
                return self._once(method, url, body)
            except _Again as again:
                if attempt == TRIES or again.wait_seconds > LONGEST_WAIT_SECONDS:
                    raise again.error from None
                self._sleep(again.wait_seconds or 2.0 ** (attempt - 1))
                if method == "POST" and not again.error.limited:
                    raise again.error from None
        raise AssertionError("unreachable")

    def _once(self, method: str, url: str, body: object) -> tuple[Any, str | None]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        for name, value in self._headers.items():
            request.add_unredirected_header(name, value)
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                text = answer.read()
                following = _NEXT.search(answer.headers.get("Link") or "")
                return (json.loads(text) if text.strip() else None), following[1] if following else None
        except urllib.error.HTTPError as error:
            raise _refused(method, error) from None
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            raise _Again(ApiError(None, f"no answer to {method}: {reason}"), 0) from None
        except ValueError:
            raise ApiError(None, f"the answer to {method} is not JSON") from None


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Redirections are not followed: a moved project has another address, and a token must not travel."""

    def redirect_request(self, *_: Any) -> None:
        return None


class _Again(Exception):
    """A try that failed in a way that may pass; how long the service asks to wait (0: it does not say)."""

    def __init__(self, error: ApiError, wait_seconds: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait_seconds = wait_seconds


def _refused(method: str, error: urllib.error.HTTPError) -> Exception:
    """What a status other than success means."""
    message = f"{method} was answered {error.code}{_reason(error)}"
    asked = error.headers.get("Retry-After") if error.headers else None
    used_up = error.headers.get("X-RateLimit-Remaining") == "0" if error.headers else False
    limited = error.code == 429 or (error.code == 403 and (asked is not None or used_up or "rate limit" in message))
    found = ApiError(error.code, message, limited=limited)
    if not found.passing:
        return found
    if asked is None and used_up:
        return _Again(found, _until(error.headers.get("X-RateLimit-Reset")))
    return _Again(found, float(asked) if asked is not None and asked.strip().isdigit() else 0)


def _until(moment: str | None) -> float:
    """Seconds until a moment in seconds since 1970; too long where none is given."""
    if moment is None or not moment.isdigit():
        return LONGEST_WAIT_SECONDS + 1
    return max(float(moment) - time.time(), 1)


def _reason(error: urllib.error.HTTPError) -> str:
    """The service's own words in an error's body, on one line and short."""
    try:
        found = json.loads(error.read(10_000))
        text = found.get("message") or found.get("error") if isinstance(found, dict) else None
    except (ValueError, OSError, http.client.HTTPException):
        text = None
    words = " ".join("".join(c if c.isprintable() else " " for c in str(text or "")).split())[:200]
    return f" ({words})" if words else ""
