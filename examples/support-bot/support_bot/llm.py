"""All chat goes through here."""

from openai import OpenAI


class Chat:
    """A model with its instructions."""

    def __init__(self, model, instructions):
        self.client = OpenAI(max_retries=1)
        self.model = model
        self.instructions = instructions

    def ask(self, text, limit=None):
        response = self.client.chat.completions.create(
            model=self.model,
            max_tokens=limit,
            messages=[
                {"role": "system", "content": self.instructions},
                {"role": "user", "content": text},
            ],
        )
        return response.choices[0].message.content
