import asyncio

from openai import AsyncOpenAI

from .settings import settings

client = AsyncOpenAI(timeout=60.0, max_retries=3)
SYSTEM = {"role": "system", "content": "You write one line for the catalogue of a shop for kitchens. No adjectives."}


async def describe(product: str, semaphore: asyncio.Semaphore) -> str:
    async with semaphore:
        response = await client.chat.completions.create(
            model=settings.text_model,
            messages=[SYSTEM, {"role": "user", "content": f"The product: {product}."}],
            max_tokens=settings.max_tokens,
        )
    return response.choices[0].message.content


async def merge(lines: list[str]) -> str:
    response = await client.chat.completions.create(
        model=settings.merge_model,
        messages=[SYSTEM, {"role": "user", "content": "Make one page of these lines:\n" + "\n".join(lines)}],
        max_tokens=4 * settings.max_tokens,
    )
    return response.choices[0].message.content
