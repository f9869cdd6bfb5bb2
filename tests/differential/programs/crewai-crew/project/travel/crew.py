from crewai import LLM, Agent, Crew, Process, Task

llm = LLM(model="openai/gpt-4o-mini", max_tokens=300)

planner = Agent(
    role="Planner of journeys",
    goal="Plan two days in a town without a car",
    backstory="You have guided groups on foot for twenty years.",
    llm=llm,
    max_iter=3,
)
editor = Agent(
    role="Editor",
    goal="Make plans short and friendly",
    backstory="You write for a leaflet that fits into a pocket.",
    llm=LLM(model="openai/gpt-4.1-mini", max_tokens=200),
    max_iter=2,
)
plan = Task(description="Plan two days in {town}.", expected_output="A plan with four entries", agent=planner)
edit = Task(description="Shorten the plan to forty words.", expected_output="Forty words", agent=editor)


def crew() -> Crew:
    return Crew(agents=[planner, editor], tasks=[plan, edit], process=Process.sequential)
