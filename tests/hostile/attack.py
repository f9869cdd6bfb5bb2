"""What the tests of hostile input share: a call, raw objects of git, guard as a process of its own.

In: what an attacker writes. Out: hashes of objects, finished processes. Neighbour: `tests/diff/repository.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from repository import AUTHOR

LIMIT = 120
"""Seconds after which a run counts as hanging; a normal one takes about one."""
CALL = """
from openai import OpenAI


def ask(question):
    return OpenAI().chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": question}], max_tokens=100
    )
"""


def guard(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """guard as a user starts it, in `folder`; a crash of it fails the test. `variables`: of the environment."""
    package = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "guard", *arguments], cwd=folder, env=os.environ | {"PYTHONPATH": package} | variables,
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert "internal error" not in done.stderr and "Traceback" not in done.stderr, done.stderr
    return done


def written(folder: Path, kind: str, content: bytes) -> str:
    """The hash of a new object of git, which git itself does not look at."""
    done = subprocess.run(
        ["git", "hash-object", "-w", "--literally", "-t", kind, "--stdin"], cwd=folder, input=content,
        env=os.environ | AUTHOR, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode().strip()


def tree(folder: Path, entries: Sequence[tuple[str, bytes, str]]) -> str:
    """The hash of a tree of (mode, name, hash), in this order and with these names, whatever they are."""
    made = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(hash_) for mode, name, hash_ in entries)
    return written(folder, "tree", made)


def commit_of(folder: Path, top: str, *parents: str) -> str:
    """The hash of a commit of a tree."""
    lines = [f"tree {top}", *(f"parent {one}" for one in parents)]
    lines += ["author A <a@example.com> 1700000000 +0000", "committer A <a@example.com> 1700000000 +0000", "", "x", ""]
    return written(folder, "commit", "\n".join(lines).encode())


def blobs(folder: Path, files: Mapping[bytes, str]) -> list[tuple[str, bytes, str]]:
    """Entries of a tree for files with these texts."""
    return [("100644", name, written(folder, "blob", text.encode())) for name, text in files.items()]
