from fastapi import FastAPI
from openai import OpenAI

app = FastAPI()
client = OpenAI(max_retries=1)


def ask(question: str, passages: str) -> str:
    answer = client.chat.completions.create(
        model="gpt-4o-mini",
        max_tokens=400,
        messages=[
            {"role": "system", "content": "You answer questions of customers of a shop in two sentences."},
            {"role": "user", "content": f"{question}\n\nFrom our pages:\n{passages}"},
        ],
    )
    return answer.choices[0].message.content


@app.post("/ask")
def route(question: str):
    return ask(question, search(question))


def search(question: str) -> str:
    vector = client.embeddings.create(model="text-embedding-3-small", input=question)
    return look_up(vector)
