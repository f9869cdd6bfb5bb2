from . import llm

QUESTION = "May I bring my dog into the reading room, and where do I leave my umbrella?"
RULES = "Dogs wait outside. Umbrellas stay in the stand at the door. Bags go into the lockers."


def main():
    llm.embed(QUESTION)
    answer = llm.complete(
        "answer",
        [{"role": "system", "content": f"Answer from these rules alone: {RULES}"}, {"role": "user", "content": QUESTION}],
    )
    verdict = llm.complete("check", [{"role": "user", "content": "Is this polite? Answer yes or no: " + RULES}])
    print(answer, verdict)


if __name__ == "__main__":
    main()
