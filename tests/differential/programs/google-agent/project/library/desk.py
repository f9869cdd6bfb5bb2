from google import genai
from google.genai import types

from .catalogue import BOOKS, where_is

client = genai.Client()


def index():
    return client.models.embed_content(model="gemini-embedding-001", contents=list(BOOKS)).embeddings


def answer(question: str) -> str:
    response = client.models.generate_content(
        model="gemini-2.5-pro",
        contents=question,
        config=types.GenerateContentConfig(
            tools=[where_is],
            max_output_tokens=200,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(maximum_remote_calls=4),
        ),
    )
    return response.text


def main():
    index()
    print(answer("Where do I find Emma?"))


if __name__ == "__main__":
    main()
