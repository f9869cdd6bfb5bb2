import logging

from anthropic import Anthropic, APIError

client = Anthropic(max_retries=1)
LARGE, SMALL = "claude-sonnet-4-5", "claude-haiku-4-5"


def _ask(model: str, prompt: str) -> str:
    message = client.messages.create(model=model, max_tokens=90, messages=[{"role": "user", "content": prompt}])
    return message.content[0].text


def ask(prompt: str) -> str:
    try:
        return _ask(LARGE, prompt)
    except APIError as error:
        logging.warning("%s failed: %s", LARGE, error)
        return _ask(SMALL, prompt)
