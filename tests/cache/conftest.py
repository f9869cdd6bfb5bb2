"""A cache of its own for each test, and a small project to scan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SHOP = {
    "app/ask.py": """\
import os
from pathlib import Path
from openai import OpenAI

client = OpenAI(max_retries=1)
RULES = Path("prompts/rules.txt").read_text()
MODEL = os.environ["SHOP_MODEL"]


def ask(question):
    messages = [{"role": "system", "content": RULES}, {"role": "user", "content": question}]
    return client.chat.completions.create(model=MODEL, messages=messages, max_tokens=400)
""",
    "app/other.py": """\
from app.ask import client


def other():
    return client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Say hello."}], max_tokens=100
    )
""",
    "prompts/rules.txt": "Answer briefly, in the words of the shop.\n",
    ".env": "SHOP_MODEL=gpt-4o\n",
    "guard.yaml": "version: 1\nextends: []\n",
}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache, which is in use."""
    folder = tmp_path / "cache" / "guard"
    monkeypatch.delenv("GUARD_NO_CACHE", raising=False)
    monkeypatch.setenv("GUARD_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project."""
    root = tmp_path / "shop"
    for name, text in SHOP.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if all files had been written long before they are read, so that their status is trusted."""
    monkeypatch.setattr("guard.cache.contents.RACY_SECONDS", -3600.0)


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the trees that were analysed, one for each time."""
    import guard.run

    seen: list[str] = []
    real = guard.run._analysed

    def counting(tree: Any, listing: Any, config: Any) -> Any:
        seen.append(tree.name)
        return real(tree, listing, config)

    monkeypatch.setattr(guard.run, "_analysed", counting)
    return seen
