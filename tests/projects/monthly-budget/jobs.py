from openai import OpenAI

client = OpenAI(max_retries=0)


def nightly(report):
    return client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "system", "content": "Summarize the report."}, {"role": "user", "content": report}],
        max_tokens=800,
    )
