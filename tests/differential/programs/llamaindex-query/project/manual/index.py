from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI

Settings.llm = OpenAI(model="gpt-4o-mini", max_tokens=150, max_retries=1)
Settings.embed_model = OpenAIEmbedding(model="text-embedding-3-small", max_retries=1)

PAGES = [
    "Press the red knob to stop the belt. The belt starts again only with the key.",
    "Oil the chain every fifty hours. Use the can with the yellow label.",
]


def build():
    return VectorStoreIndex.from_documents([Document(text=page) for page in PAGES])
