"""Ids of requests, made in one way wherever requests come from: code, configuration files, aliases of a gateway.

In: what tells a request from the others, as text without path, line or value (design, section 2). Out: its id.
Neighbours: `requests`, `configured` and `gateways` say what that text is.
"""

from __future__ import annotations

from hashlib import blake2b

KEY_VERSION = "guard/1"
"""Part of every id; another one when what ids are made of changes."""


def request_id(text: str) -> str:
    """The id of the request that a text tells from all others."""
    return f"{KEY_VERSION}:{blake2b(text.encode(), digest_size=10).hexdigest()}"
