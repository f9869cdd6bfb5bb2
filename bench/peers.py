"""The other tools that look for spend in code, each in a virtual environment of its own. Pinned; never imported here.

In: nothing. Out: for each peer the command that scans a folder, and the environment to run it in. They are installed
with pip on first use. They get an empty home, so that they find nobody's keys and leave nothing behind there, and are
asked not to report their use. `benji-bot` compares two commits only, and is left out.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from trees import DONE, place


class Peer(NamedTuple):
    """A tool as pip knows it, and how it scans a folder, which is its last argument."""

    name: str
    version: str
    command: tuple[str, ...]
    codes: tuple[int, ...] = (0,)
    """Exit codes of a run that went through; 1 where its own gate says no."""


PEERS = (
    Peer("tokentoll", "0.8.3", ("tokentoll", "scan", "--format", "json")),
    Peer("downshift", "0.1.1", ("downshift", "scan", "--json")),
    Peer("agentguard-lint", "0.3.1", ("agentguard", "--format", "json", "--fail-on", "never")),
    Peer("tollgate-ci", "0.2.0", ("tollgate", "analyze", "--fail-on", "never", "--format", "json"), (0, 1)),
    Peer("tokenable", "1.0.0", ("tokenable", "estimate")),
    Peer("spendlint", "0.1.4", ("spendlint", "--no-config", "--format", "jsonl")),
    Peer("llmdoctor", "0.2.5", ("llmdoctor", "doctor", "--json")),
    Peer("costwright", "0.2.15", ("costwright", "caps", "--json", "--max-files", "1000000")),
)


def command(peer: Peer, folder: Path) -> list[str]:
    """How a peer scans a folder; it is installed first where it is not yet."""
    home = place() / "peers" / f"{peer.name}-{peer.version}"
    if not (home / DONE).exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "-qq"]
        subprocess.run([*pip, f"{peer.name}=={peer.version}"], check=True)
        (home / DONE).touch()
    return [str(home / "bin" / peer.command[0]), *peer.command[1:], str(folder)]


def environment() -> dict[str, str]:
    """What every peer's environment says."""
    home = place() / "peers" / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "DO_NOT_TRACK": "1", "NO_COLOR": "1"}


def chosen(names: Sequence[str]) -> tuple[Peer, ...]:
    """Peers by name; `all` is all of them, none is none."""
    if "all" in names:
        return PEERS
    return tuple(peer for peer in PEERS if peer.name in names)
