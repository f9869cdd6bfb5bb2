import sys

from openai import OpenAI

client = OpenAI(max_retries=0)


def house_model(question):
    return client.chat.completions.create(
        model="acme-large-7", messages=[{"role": "user", "content": question[:100]}], max_tokens=100
    )


def any_model(question):
    return client.chat.completions.create(
        model=sys.argv[1], messages=[{"role": "user", "content": question[:100]}], max_tokens=100
    )
