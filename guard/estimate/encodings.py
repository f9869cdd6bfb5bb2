"""OpenAI's tokenizers, offline: from the packed rank files beside this module to exact counts.

In: text and the name of an encoding. Out: a number of tokens. Neighbours: `tokens` (which encoding for which model),
`tools/pack_encodings.py` (makes the files).

A packed file is zlib over: one line of JSON (`name`, `sha256` of the original file, `runs` of consecutive ranks as
[first, count]), then one byte per token with its length, then the tokens' bytes one after the other in rank order.
zlib and not xz: 1.8 MB instead of 1.5 MB for all four, but read five times faster.

Patterns and special tokens are tiktoken's own: its constructors run with a loader of ours in place of the one that
downloads. Nothing is patched, no cache folder or environment variable of tiktoken's is read, no socket is opened.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import accumulate, pairwise
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from guard.cache import current

if TYPE_CHECKING:
    import tiktoken

FOLDER = Path(__file__).parent / "data" / "encodings"
NAMES = ("o200k_base", "cl100k_base", "p50k_base", "r50k_base")


@dataclass(frozen=True, slots=True)
class Published:
    """What tiktoken says of an encoding, apart from the ranks."""

    name: str
    pattern: str
    special_tokens: dict[str, int]
    sha256: str
    """Of the raw rank file."""


def _constructed(name: str, loader: Callable[..., dict[bytes, int]]) -> dict[str, Any]:
    """Run tiktoken's constructor of `name` with `loader` as its way to get ranks.

    The constructor is a plain function that finds `load_tiktoken_bpe` among its globals; a copy of the function with
    globals of our own finds ours. Raises KeyError for a name that tiktoken does not know.
    """
    from tiktoken_ext import openai_public  # type: ignore[import-untyped]

    original = openai_public.ENCODING_CONSTRUCTORS[name]
    scope = {**original.__globals__, "load_tiktoken_bpe": loader}
    return dict(FunctionType(original.__code__, scope, original.__name__)())


def published(name: str) -> Published:
    """Pattern, special tokens and checksum of an encoding, from the installed tiktoken."""
    seen: list[str] = []

    def loader(_url: str, expected_hash: str | None = None) -> dict[bytes, int]:
        seen.append(expected_hash or "")
        return {}

    made = _constructed(name, loader)
    return Published(name, made["pat_str"], made["special_tokens"], seen[0])


def unpack(packed: bytes) -> tuple[dict[str, Any], dict[bytes, int]]:
    """Header and ranks of a packed file. Raises `zlib.error` or ValueError when it is damaged."""
    data = zlib.decompress(packed)
    end_of_header = data.index(b"\n") + 1
    header = json.loads(data[:end_of_header])
    count = sum(run[1] for run in header["runs"])
    body = end_of_header + count
    ends = list(accumulate(data[end_of_header:body], initial=body))
    ranks: dict[bytes, int] = {}
    index = 0
    for first, length in header["runs"]:
        for rank in range(first, first + length):
            ranks[data[ends[index] : ends[index + 1]]] = rank
            index += 1
    if len(ranks) != count or ends[-1] != len(data):
        raise ValueError(f"the packed encoding {header['name']} is damaged")
    return header, ranks


@cache
def encoding(name: str) -> tiktoken.Encoding:
    """The tiktoken encoding `name`, one of NAMES, from the shipped file; made once per process (0.1 to 0.5 s).

    Raises ValueError when the shipped file is damaged or belongs to other ranks than the installed tiktoken expects.
    """
    import tiktoken

    header, ranks = unpack((FOLDER / f"{name}.bin").read_bytes())

    def loader(_url: str, expected_hash: str | None = None) -> dict[bytes, int]:
        if expected_hash != header["sha256"]:
            raise ValueError(
                f"the shipped ranks of {name} are not those of the installed tiktoken "
                f"({header['sha256']} instead of {expected_hash}); install the tiktoken version that guard asks for"
            )
        return ranks

    made = _constructed(name, loader)
    return tiktoken.Encoding(
        name, pat_str=made["pat_str"], mergeable_ranks=made["mergeable_ranks"], special_tokens=made["special_tokens"]
    )


# tiktoken's regex engine runs out of stack on a run of a million blanks (o200k_base, tiktoken 0.14) and 100,000 are
# fine, so longer runs are cut. A cut moves the count of such a run by at most one token.
_LONGEST_BLANK = 100_000
_BLANKS = re.compile(rf"\s{{{_LONGEST_BLANK}}}")

KIND = "tokens"
"""Of what is kept between runs."""
_COUNT_BYTES = 8
_counted: dict[tuple[str, bytes], int] = {}


def _pieces(text: str) -> list[str]:
    cuts = [0, *(match.end() for match in _BLANKS.finditer(text)), len(text)] if len(text) > _LONGEST_BLANK else []
    return [text[start:end] for start, end in pairwise(cuts)] if cuts else [text]


def count_exact(text: str, name: str) -> int:
    """Tokens of `text` in the encoding `name`. Special tokens in the text count as the text they are written with.

    The same text is counted once per process, and once for all where a cache is open: by the hash of the text, which
    is not kept itself. Where all counts are known, the ranks (0.1 to 0.5 s) are not even loaded. A lone surrogate
    counts as the replacement character that tiktoken puts in its place.
    """
    if not text:
        return 0
    data = text.encode("utf-8", "surrogatepass")
    key = (name, blake2b(data, digest_size=16).digest())
    known = _counted.get(key)
    if known is None:
        known = _counted[key] = _kept(key, len(data)) or _keep(key, _count(text, name))
    return known


def _count(text: str, name: str) -> int:
    return sum(len(encoding(name).encode_ordinary(piece)) for piece in _pieces(text))


def _kept(key: tuple[str, bytes], most: int) -> int | None:
    """What was counted in an earlier run; `most`: the bytes of the text, beyond which no count can go."""
    store = current()
    if store is None:
        return None
    found = store.get(KIND, store.key(KIND, *key))
    count = int.from_bytes(found, "big") if found is not None and len(found) == _COUNT_BYTES else 0
    return count if 0 < count <= most else None


def _keep(key: tuple[str, bytes], count: int) -> int:
    store = current()
    if store is not None:
        store.put(KIND, store.key(KIND, *key), count.to_bytes(_COUNT_BYTES, "big"))
    return count
