import backoff
import openai
from openai import AsyncOpenAI

from .constants import MAX_TRIES, Models


class Model:
    def __init__(self, name: Models = Models.FAST):
        self.name = name
        self.client = AsyncOpenAI(max_retries=0)

    @backoff.on_exception(backoff.expo, openai.OpenAIError, max_tries=MAX_TRIES, jitter=None)
    async def ask(self, prompt: str, max_tokens: int = 64) -> str:
        response = await self.client.chat.completions.create(
            model=self.name.value,
            messages=[{"role": "user", "content": prompt}],
            max_completion_tokens=max_tokens,
        )
        return response.choices[0].message.content or ""
