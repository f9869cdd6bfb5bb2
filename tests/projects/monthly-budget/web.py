from flask import Flask, request
from openai import OpenAI

app = Flask(__name__)
client = OpenAI(max_retries=0)


@app.post("/ask")
def ask():
    question = request.json["question"]
    return client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": question}], max_tokens=400
    )
