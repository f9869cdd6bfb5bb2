import json
import os

from openai import OpenAI

from .functions import FUNCTIONS, SPECS

MAX_ROUNDS = 5
SYSTEM = "You plan meetings. Use the functions, never invent a room. Ask back when the day or the hour is missing."


class Assistant:
    def __init__(self, model: str | None = None):
        self.client = OpenAI()
        self.model = model or os.getenv("PLANNER_MODEL", "gpt-4.1")

    def run(self, question: str) -> str:
        messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
        rounds = 0
        while rounds < MAX_ROUNDS:
            rounds += 1
            message = (
                self.client.chat.completions.create(
                    model=self.model, messages=messages, tools=SPECS, tool_choice="auto", max_tokens=500
                )
                .choices[0]
                .message
            )
            if not message.tool_calls:
                return message.content
            messages.append(message.model_dump(exclude_none=True))
            for call in message.tool_calls:
                result = FUNCTIONS[call.function.name](**json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        return "I could not find out."
