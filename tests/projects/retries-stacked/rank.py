from openai import OpenAI
from tenacity import retry, stop_after_attempt

client = OpenAI(max_retries=4)


@retry(stop=stop_after_attempt(5))
def rank(documents):
    return client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": f"Rank these: {documents[:2000]}"}],
        max_tokens=100,
    )
