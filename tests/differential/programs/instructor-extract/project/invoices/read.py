import instructor
from openai import OpenAI

from .models import Invoice

client = instructor.from_openai(OpenAI())


def read(text: str) -> Invoice:
    return client.chat.completions.create(
        model="gpt-4o-mini",
        response_model=Invoice,
        max_retries=2,
        max_tokens=600,
        messages=[
            {"role": "system", "content": "You copy invoices into a form. Copy numbers exactly."},
            {"role": "user", "content": text},
        ],
    )
