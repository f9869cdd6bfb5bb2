from pydantic_ai import Agent, ModelSettings

from .models import Recipe

cook = Agent(
    "openai-chat:gpt-4o-mini",
    output_type=Recipe,
    system_prompt="You write short recipes for one pan. Metric units.",
    model_settings=ModelSettings(max_tokens=700),
    retries=2,
)
critic = Agent("openai-chat:gpt-4.1", instructions="You judge recipes in one sentence.")
