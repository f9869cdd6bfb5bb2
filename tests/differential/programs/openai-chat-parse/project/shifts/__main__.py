import json

from openai import OpenAI

from .form import SCHEMA

client = OpenAI().with_options(max_retries=1)
TEXT = "Mon early: Ada and Ben. Mon late: Cem. Tue early: Ada. Tue late: Ben and Dora."


def read(model):
    response = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Read the plan of shifts.\n" + TEXT}],
        response_format={"type": "json_schema", "json_schema": {"name": "plan", "strict": True, "schema": SCHEMA}},
        max_completion_tokens=500,
    )
    return json.loads(response.choices[0].message.content)


def main():
    for model in ("gpt-4o-mini", "gpt-4o"):
        try:
            print(read(model))
            break
        except ValueError:
            continue


main()
