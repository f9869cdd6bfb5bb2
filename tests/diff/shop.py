"""The small program that the pull requests of `test_pull_requests.py` change: a shop's helper, with settings, a client,
prompts in files, models in YAML, a job over many rows and an agent."""

from __future__ import annotations

SETTINGS = """\
import os

CHAT_MODEL = "gpt-4o-mini"
MAX_TOKENS = int(os.getenv("MAX_TOKENS", "400"))
RETRIES = 2
ROUNDS = 20
TOP_K = 3
AGENT_TURNS = 5
"""

CLIENT = """\
from openai import OpenAI

from shop import settings
from shop.prompts import RANK

client = OpenAI(max_retries=settings.RETRIES)


def ask(question, limit=settings.MAX_TOKENS):
    return client.chat.completions.create(
        model=settings.CHAT_MODEL,
        max_tokens=limit,
        messages=[
            {"role": "system", "content": RANK},
            {"role": "user", "content": question},
        ],
    )
"""

PROMPTS = """\
from pathlib import Path

RANK = (Path(__file__).parent.parent / "prompts" / "rank.txt").read_text()
"""

JOBS = """\
from shop import settings
from shop.client import ask


def nightly():
    for number in range(settings.ROUNDS):
        ask(f"Row {number}")
"""

SEARCH = """\
import yaml
from openai import OpenAI

from shop import settings

with open("config/models.yaml") as file:
    MODELS = yaml.safe_load(file)


def summarize(documents):
    answers = []
    for document in documents[: settings.TOP_K]:
        answers.append(
            OpenAI().responses.create(
                model=MODELS["models"]["summary"],
                input=document,
                max_output_tokens=200,
            )
        )
    return answers
"""

AGENT = """\
from agents import Agent, Runner, function_tool

from shop import settings


@function_tool
def stock(article: str) -> int:
    return 3


clerk = Agent(name="clerk", instructions="Answer questions about stock.", model="gpt-4o-mini", tools=[stock])


async def serve(question):
    return await Runner.run(clerk, question, max_turns=settings.AGENT_TURNS)
"""

RANK = "You rank documents by how well they answer the question.\n"

FILES = {
    "shop/__init__.py": "",
    "shop/settings.py": SETTINGS,
    "shop/client.py": CLIENT,
    "shop/prompts.py": PROMPTS,
    "shop/jobs.py": JOBS,
    "shop/search.py": SEARCH,
    "shop/agent.py": AGENT,
    "prompts/rank.txt": RANK,
    "config/models.yaml": "models:\n  summary: gpt-4o-mini\n  other: gpt-4o\n",
    "README.md": "# Shop\n",
}
