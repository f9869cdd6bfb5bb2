import argparse

from .answer import QUESTION, answer
from .index import build, embed_question


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["ask"])
    parser.parse_args()
    build()
    embed_question(QUESTION)
    answer()


if __name__ == "__main__":
    main()
