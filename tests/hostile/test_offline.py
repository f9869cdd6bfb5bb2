"""guard gives the same estimate where there is no network at all: a network namespace of its own, without routes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from openai import OpenAI

def ask(question):
    return OpenAI().chat.completions.create(
        model="gpt-4o", max_tokens=300, messages=[{"role": "user", "content": f"Answer briefly: {question}"}]
    )
"""
ISOLATED = ("unshare", "--map-root-user", "--net")


def _can_isolate() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ISOLATED, "true"], check=False, capture_output=True).returncode == 0


needs_a_namespace = pytest.mark.skipif(not _can_isolate(), reason="this machine makes no network namespaces")


def _cost(folder: Path, *before: str) -> str:
    command = [*before, sys.executable, "-m", "guard", "cost", str(folder), "--format", "json", "--no-cache"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@needs_a_namespace
def test_the_estimate_is_the_same_without_a_network(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)

    alone = _cost(tmp_path, *ISOLATED)

    assert '"priced": true' in alone
    assert alone == _cost(tmp_path)


@needs_a_namespace
def test_the_namespace_reaches_nothing() -> None:
    asked = "import socket; socket.create_connection(('192.0.2.1', 443), 2)"

    found = subprocess.run([*ISOLATED, sys.executable, "-c", asked], check=False, capture_output=True, text=True)

    assert "unreachable" in found.stderr
