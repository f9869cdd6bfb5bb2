from agents import Agent, ModelSettings

from .tools import free_tables

host = Agent(
    name="Host",
    instructions="You are the host of a restaurant. Look up tables before you promise one. Answer in one sentence.",
    model="gpt-4.1-mini",
    model_settings=ModelSettings(max_tokens=150, temperature=0.2),
    tools=[free_tables],
)
