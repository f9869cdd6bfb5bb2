import openai

from .corpus import DOCUMENTS

EMBEDDING_MODEL = "text-embedding-3-small"
BATCH = 2

client = openai.OpenAI(max_retries=4)


def build():
    vectors = []
    for start in range(0, len(DOCUMENTS), BATCH):
        batch = DOCUMENTS[start : start + BATCH]
        response = client.embeddings.create(model=EMBEDDING_MODEL, input=batch)
        vectors.extend(item.embedding for item in response.data)
    return vectors


def embed_question(question: str):
    return client.embeddings.create(model=EMBEDDING_MODEL, input=question).data[0].embedding
