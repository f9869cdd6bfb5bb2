import os

from google import genai
from google.genai import types

client = genai.Client(api_key=os.environ["GEMINI_API_KEY"])
MODEL = "gemini-2.5-flash"


def config(limit: int, **more) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        system_instruction="You write for sailors. Give wind in Beaufort and waves in metres.",
        max_output_tokens=limit,
        temperature=0.3,
        **more,
    )
