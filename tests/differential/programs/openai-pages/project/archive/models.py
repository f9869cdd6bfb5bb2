from openai import OpenAI

EMBED = "text-embedding-3-large"
SUM_UP = "gpt-4.1-nano"
BATCH = 2
client = OpenAI(max_retries=1)


def embed(texts: list[str]) -> list[list[float]]:
    found = []
    for start in range(0, len(texts), BATCH):
        response = client.embeddings.create(model=EMBED, input=texts[start : start + BATCH], dimensions=256)
        found += [item.embedding for item in response.data]
    return found


def sum_up(texts: list[str]) -> str:
    response = client.responses.create(
        model=SUM_UP, instructions="One sentence on what these letters have in common.", input="\n".join(texts),
        max_output_tokens=80,
    )
    return response.output_text
