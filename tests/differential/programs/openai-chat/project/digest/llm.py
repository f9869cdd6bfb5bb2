"""The only place that talks to OpenAI."""

from openai import OpenAI
from tenacity import retry, stop_after_attempt, wait_exponential

from .settings import ROOT, Settings

SYSTEM = (ROOT / "prompts" / "system.txt").read_text()


class Writer:
    def __init__(self, settings: Settings):
        self.settings = settings
        self.client = OpenAI(max_retries=settings.sdk_retries, timeout=20)

    @retry(stop=stop_after_attempt(3), wait=wait_exponential(min=1, max=10), reraise=True)
    def complete(self, user: str) -> str:
        response = self.client.chat.completions.create(
            model=self.settings.model,
            messages=[
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": user},
            ],
            max_tokens=self.settings.max_tokens,
            temperature=0.2,
        )
        return response.choices[0].message.content
