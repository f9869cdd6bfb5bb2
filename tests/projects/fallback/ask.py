import openai

client = openai.OpenAI(max_retries=0)


def ask(question):
    messages = [{"role": "user", "content": question[:100]}]
    try:
        return client.chat.completions.create(model="gpt-4o-mini", messages=messages, max_tokens=1000)
    except openai.APIError:
        return client.chat.completions.create(model="gpt-4o", messages=messages, max_tokens=1000)
