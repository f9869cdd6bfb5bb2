from agents import Agent, Runner

desk = Agent(name="Desk", instructions="You answer questions on hours and the way. One sentence.", model="gpt-4o-mini")
doctor = Agent(name="Doctor", instructions="You tell who has to come at once. One sentence.", model="gpt-4.1")
triage = Agent(
    name="Triage",
    instructions="Hand over to the desk or to the doctor. Never answer yourself.",
    model="gpt-4.1-mini",
    handoffs=[desk, doctor],
)


def main():
    for question in ("When do you open tomorrow?", "My hand is bleeding."):
        print(Runner.run_sync(triage, question, max_turns=3).final_output)


if __name__ == "__main__":
    main()
