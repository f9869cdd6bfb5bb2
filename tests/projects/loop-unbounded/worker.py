from openai import OpenAI

client = OpenAI()


def label(rows):
    for row in rows:
        yield client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": f"Label: {row}"}], max_tokens=3
        )


def pair():
    for animal in ["cat", "dog", "emu"]:
        client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": f"A fact about the {animal}"}], max_tokens=60
        )


if __name__ == "__main__":
    pair()
