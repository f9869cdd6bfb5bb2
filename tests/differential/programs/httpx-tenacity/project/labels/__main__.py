from .client import chat

INSTRUCTION = "Answer with one word, the mood of the sentence: glad, sad, angry or calm."


def main():
    print(chat(INSTRUCTION, "At last the sun is out and the whole family went down to the river."))


if __name__ == "__main__":
    main()
