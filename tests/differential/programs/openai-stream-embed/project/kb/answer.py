from .corpus import DOCUMENTS
from .index import client

QUESTION = "When may I change the filters, and what do I have to wear as a visitor?"


def answer():
    context = "\n".join(f"- {text}" for text in DOCUMENTS)
    stream = client.chat.completions.create(
        model="gpt-4o",
        stream=True,
        max_completion_tokens=300,
        messages=[
            {"role": "developer", "content": "Answer from the notes alone.\n\nNotes:\n" + context},
            {"role": "user", "content": QUESTION},
        ],
    )
    for chunk in stream:
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="")
    print()
