from .aws import runtime
from .tools import TOOL_CONFIG, stock_of

MODEL_ID = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
ROUNDS = 3
SYSTEM = [{"text": "You answer questions on the stock of a depot. Ask the tool, never guess a number."}]


class Chat:
    def __init__(self):
        self.client = runtime()

    def ask(self, question: str) -> str:
        messages = [{"role": "user", "content": [{"text": question}]}]
        for _ in range(ROUNDS):
            response = self.client.converse(
                modelId=MODEL_ID,
                system=SYSTEM,
                messages=messages,
                toolConfig=TOOL_CONFIG,
                inferenceConfig={"maxTokens": 400, "temperature": 0.0},
            )
            message = response["output"]["message"]
            messages.append(message)
            if response["stopReason"] != "tool_use":
                return message["content"][0]["text"]
            results = []
            for block in message["content"]:
                if "toolUse" in block:
                    use = block["toolUse"]
                    answer = {"json": {"pieces": stock_of(use["input"].get("article", ""))}}
                    results.append({"toolResult": {"toolUseId": use["toolUseId"], "content": [answer]}})
            messages.append({"role": "user", "content": results})
        return "no answer"
