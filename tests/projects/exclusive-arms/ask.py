from openai import OpenAI

client = OpenAI(max_retries=0)


def ask(question, careful):
    messages = [{"role": "user", "content": question[:100]}]
    if careful:
        return client.chat.completions.create(model="gpt-4o", messages=messages, max_tokens=1000)
    else:
        return client.chat.completions.create(model="gpt-4o-mini", messages=messages, max_tokens=1000)
