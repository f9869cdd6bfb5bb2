import openai
from tenacity import retry, retry_if_exception_type, wait_fixed

client = openai.OpenAI(max_retries=0)


@retry(retry=retry_if_exception_type(openai.APIError), wait=wait_fixed(5))
def ask(question: str) -> str:
    response = client.chat.completions.create(
        model="gpt-4o-mini", max_tokens=20, messages=[{"role": "user", "content": question}]
    )
    return response.choices[0].message.content
