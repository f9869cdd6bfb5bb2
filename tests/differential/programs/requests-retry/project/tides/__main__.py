from .http import session

URL = "https://api.anthropic.com/v1/messages"
PROMPT = "Explain to a child of eight in three sentences why the sea goes away and comes back."


def main():
    response = session().post(
        URL,
        json={"model": "claude-haiku-4-5", "max_tokens": 150, "messages": [{"role": "user", "content": PROMPT}]},
        timeout=30,
    )
    response.raise_for_status()
    print(response.json()["content"][0]["text"])


main()
