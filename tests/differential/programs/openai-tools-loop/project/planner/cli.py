import argparse

from .assistant import Assistant


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("question")
    parser.add_argument("--model", default="gpt-4.1-mini")
    options = parser.parse_args()
    print(Assistant(options.model).run(options.question))


if __name__ == "__main__":
    main()
