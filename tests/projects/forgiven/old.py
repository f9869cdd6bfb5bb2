from openai import OpenAI


def chat(text):
    return OpenAI(max_retries=0).chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": text[:100]}]
    )
