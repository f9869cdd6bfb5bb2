"""Inputs from inputs, where no fuzzer is installed: bytes changed, pieces moved, words of guard's languages put in.

In: a random number generator and a pool of inputs. Out: one more. Without a view of what the code does with it; the
pool grows by inputs that were answered in a way that was not seen before (`fuzz`).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

LARGEST = 4096
WORDS = (
    b"{", b"}", b"[", b"]", b"(", b")", b"{{", b"}}", b"{%", b"%}", b"'", b'"', b'"""', b"\\", b"\n", b"\r", b"\t",
    b" ",
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"0", b"-1", b"1e999", b"10**9", b"999999999999999999999",
    b".inf", b"&a", b"*a", b"<<: ", b"!!", b"---", b"${A}", b"%s", b"%*d", b":>999999", b"lambda:", b"yield ",
    b"await ",
    b"*", b"**", b"@", b":=", b"for x in x:", b"class A(A):", b"import ", b"global x", b"model=", b"None", b"null",
    b"#", b"# guard: ignore[a]", b"# -*- coding: utf-7 -*-", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"$ref", b"version",
)  # fmt: skip


def mutated(random: Random, pool: Sequence[bytes]) -> bytes:
    """One more input, at most `LARGEST` bytes or as long as the longest of the pool."""
    data = bytearray(random.choice(pool))
    for _ in range(1 << random.randrange(5)):
        at = random.randrange(len(data) + 1)
        end = min(len(data), at + (1 << random.randrange(7)))
        match random.randrange(6):
            case 0:
                data[at:at] = random.choice(WORDS)
            case 1:
                del data[at:end]
            case 2 if data:
                data[at % len(data)] = random.randrange(256)
            case 3:
                data[at:at] = data[at:end] * random.choice((1, 2, 50))
            case 4:
                other = random.choice(pool)
                start = random.randrange(len(other) + 1)
                data[at:end] = other[start : start + (end - at)]
            case _:
                data[at:end] = random.choice(WORDS)
    return bytes(data[: max(LARGEST, *map(len, pool))])
