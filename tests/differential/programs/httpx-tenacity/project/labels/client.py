import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from . import config

http = httpx.Client(timeout=30, headers={"Authorization": f"Bearer {config.API_KEY}"})


@retry(
    retry=retry_if_exception_type((httpx.HTTPStatusError, httpx.TransportError)),
    stop=stop_after_attempt(config.TRIES),
    wait=wait_random_exponential(max=20),
)
def post(payload):
    response = http.post(config.API_URL, json=payload)
    response.raise_for_status()
    return response.json()


def chat(system, user):
    payload = {
        "model": config.MODEL,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        "max_tokens": config.MAX_TOKENS,
        "temperature": 0,
    }
    return post(payload)["choices"][0]["message"]["content"]
