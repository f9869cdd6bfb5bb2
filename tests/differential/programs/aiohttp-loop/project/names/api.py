import asyncio
import os

import aiohttp

BASE = "https://api.openai.com/v1"
MAX_ATTEMPTS = 3


async def ask(prompt: str) -> str:
    headers = {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}
    body = {"model": "gpt-4.1-nano", "messages": [{"role": "user", "content": prompt}], "max_completion_tokens": 40}
    async with aiohttp.ClientSession(headers=headers) as session:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                async with session.post(f"{BASE}/chat/completions", json=body) as response:
                    response.raise_for_status()
                    data = await response.json()
                    return data["choices"][0]["message"]["content"]
            except (aiohttp.ClientError, asyncio.TimeoutError):
                if attempt == MAX_ATTEMPTS:
                    raise
                await asyncio.sleep(2**attempt)
