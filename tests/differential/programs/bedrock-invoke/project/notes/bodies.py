"""Bodies of requests, by family of models."""


def claude(system: str, text: str, max_tokens: int) -> dict:
    return {
        "anthropic_version": "bedrock-2023-05-31",
        "system": system,
        "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        "max_tokens": max_tokens,
    }


def titan_embedding(text: str) -> dict:
    return {"inputText": text, "dimensions": 256, "normalize": True}
