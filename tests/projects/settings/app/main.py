from openai import OpenAI

from app import settings

client = OpenAI()


def answer(question: str):
    return client.chat.completions.create(
        model=settings.ANSWER_MODEL,
        max_tokens=60,
        messages=[{"role": "system", "content": settings.PROMPT}, {"role": "user", "content": question[:200]}],
    )


def summarize(text: str):
    return client.chat.completions.create(
        model=settings.SUMMARY["model"],
        max_tokens=settings.SUMMARY["max_tokens"],
        messages=[{"role": "user", "content": f"Summarize:\n{text[:8000]}"}],
    )
