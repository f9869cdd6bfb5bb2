"""What customers reach."""

from pathlib import Path

from fastapi import FastAPI

from support_bot import settings
from support_bot.llm import Chat

app = FastAPI()
PROMPT = Path(__file__).parent.parent / "prompts" / "answer.md"


@app.post("/ask")
def answer(question: str, articles: list[str]):
    chat = Chat(settings.ANSWER_MODEL, PROMPT.read_text())
    found = "\n\n".join(articles)[:12_000]
    return {"answer": chat.ask(f"Articles:\n{found}\n\nQuestion: {question}")}


@app.post("/tickets")
def triage(ticket: str):
    chat = Chat(settings.TRIAGE_MODEL, f"Name the team for this ticket: {', '.join(settings.TEAMS)}. One word.")
    return {"team": chat.ask(ticket[:4_000], limit=5)}
