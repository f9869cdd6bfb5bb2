import os

from openai import AzureOpenAI

DEPLOYMENT = "minutes-eu"

client = AzureOpenAI(
    api_key=os.environ["OPENAI_API_KEY"],
    azure_endpoint="https://minutes.openai.azure.com",
    api_version="2024-10-21",
)


def complete(prompt: str, limit: int = 200) -> str:
    response = client.chat.completions.create(
        model=DEPLOYMENT, messages=[{"role": "user", "content": prompt}], max_tokens=limit, n=1
    )
    return response.choices[0].message.content
