import dspy

from .program import sort


def main():
    dspy.configure(lm=dspy.LM("openai/gpt-4o-mini", max_tokens=400, num_retries=1, cache=False))
    print(sort(letter="The invoice has my old address.").queue)


if __name__ == "__main__":
    main()
