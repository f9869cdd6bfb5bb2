"""Finds help articles for a question."""

import os

import httpx


def embed(question: str) -> list[float]:
    response = httpx.post(
        "https://api.openai.com/v1/embeddings",
        headers={"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"},
        json={"model": "text-embedding-3-small", "input": question[:2_000]},
    )
    return response.json()["data"][0]["embedding"]
