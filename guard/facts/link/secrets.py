"""What must never be shown: texts that look like secrets, by the name they go by or by their shape.

In: a name, or a text. Out: whether it is one. `documents` and `known` drop values by their names, `values` drops what
would be shown as a model's name. Neighbour: `guard.report` escapes the rest.
"""

from __future__ import annotations

import re

SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PWD", "CREDENTIAL", "CREDENTIALS", "BEARER", "DSN")

_SHAPES = re.compile(
    r"(?<![\w-])(?:sk|pk|rk|gsk|ghp|gho|ghs|glpat|xox[abeprs]|xai|r8|nvapi)[-_][A-Za-z0-9_-]{8,}"
    r"|(?<![\w-])(?:hf_[A-Za-z0-9]{8,}|pplx-[A-Za-z0-9]{16,})"  # `pplx-7b-online` is a model, so is `x-hf-llama-7b`
    r"|\b(?:AKIA|ASIA|AIza)[A-Za-z0-9_-]{12,}"
    r"|://[^/\s@]*:[^/\s@]+@"
    r"|[?&](?:[\w-]*key|[\w-]*token|sig|signature|password|secret)="
    r"|\bBearer\s+\S"
    r"|-----BEGIN ",
    re.IGNORECASE,
)
"""Keys by the prefixes that their issuers give them, credentials in addresses, headers, key files."""


def is_secret(name: str) -> bool:
    """Whether a key looks like that of a secret; the values of such keys are never kept."""
    upper = name.upper()
    return any(upper == word or upper.endswith("_" + word) or word in upper.split("_") for word in SECRET_WORDS)


def looks_secret(text: str) -> bool:
    """Whether a text has the shape of a credential, whatever it is called."""
    return _SHAPES.search(text) is not None
