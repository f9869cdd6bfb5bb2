"""A small project whose one request to a model costs what its settings say, for tests of what a change does to it."""

from __future__ import annotations

RULES = """\
version: 1
extends: []
policies:
  - {id: limit, check: output-limit, enforce: block}
  - {id: listed, check: model-allowed, params: {allow: [gpt-4o-mini, gpt-4.1-mini]}, enforce: block}
"""
CHEAP, OTHER, DEAR = (f'MODEL = "{name}"\nLIMIT = 100\n' for name in ("gpt-4o-mini", "gpt-4.1-mini", "gpt-4o"))
SHOP = {
    "guard.yaml": RULES,
    "shop/__init__.py": "",
    "shop/settings.py": CHEAP,
    "shop/llm.py": """\
from openai import OpenAI

from shop import settings

client = OpenAI()


def ask(text):
    return client.chat.completions.create(
        model=settings.MODEL, messages=[{"role": "user", "content": text}], max_tokens=settings.LIMIT
    )
""",
    "README.md": "A shop.\n",
}
ENDLESS = SHOP["shop/llm.py"].replace(", max_tokens=settings.LIMIT", "")
"""`shop/llm.py` without an output limit."""
