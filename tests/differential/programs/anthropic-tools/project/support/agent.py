from pathlib import Path

import anthropic

from .tools import TOOLS, run

MODEL = "claude-sonnet-4-5"
MAX_TURNS = 6
SYSTEM = (Path(__file__).parent / "prompts" / "system.md").read_text()


class Desk:
    def __init__(self, client: anthropic.Anthropic | None = None):
        self.client = client or anthropic.Anthropic()

    def reply(self, question: str) -> str:
        messages = [{"role": "user", "content": question}]
        for _ in range(MAX_TURNS):
            response = self.client.messages.create(
                model=MODEL,
                max_tokens=1024,
                system=[{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}],
                tools=TOOLS,
                messages=messages,
            )
            if response.stop_reason != "tool_use":
                return "".join(block.text for block in response.content if block.type == "text")
            messages.append({"role": "assistant", "content": response.content})
            results = [
                {"type": "tool_result", "tool_use_id": block.id, "content": run(block.name, block.input)}
                for block in response.content
                if block.type == "tool_use"
            ]
            messages.append({"role": "user", "content": results})
        return "Please call us."
