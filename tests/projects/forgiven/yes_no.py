from openai import OpenAI

client = OpenAI(max_retries=0)


def spam(text):
    messages = [{"role": "user", "content": "Yes or no: is this spam? " + text[:100]}]
    # guard: ignore[output-limit] three words at most
    return client.chat.completions.create(model="gpt-4o-mini", messages=messages)


def total(numbers):  # guard: ignore[output-limit] there is nothing here to ignore
    return sum(numbers)
