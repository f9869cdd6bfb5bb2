from openai import OpenAI

client = OpenAI(max_retries=0)


def ask(question):
    return client.chat.completions.create(model="gpt-4o[2Kfree", messages=[{"role": "user", "content": question[:100]}])  # [31m‮green
