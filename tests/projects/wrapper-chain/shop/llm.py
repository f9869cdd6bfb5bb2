from openai import OpenAI


class Chat:
    def __init__(self, model):
        self.client = OpenAI(max_retries=0)
        self.model = model

    def ask(self, text, limit=50):
        return self._send([{"role": "user", "content": text}], limit)

    def _send(self, messages, limit):
        return self.client.chat.completions.create(model=self.model, messages=messages, max_tokens=limit)
