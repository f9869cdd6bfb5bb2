import sys

from .llm import Writer
from .settings import load


def summarise(writer: Writer, topic: str) -> str:
    try:
        return writer.complete(f"Write the digest on {topic}.")
    except Exception as error:
        print(f"no digest on {topic}: {error}", file=sys.stderr)
        return ""


def main() -> None:
    settings = load()
    writer = Writer(settings)
    for topic in settings.topics:
        print(summarise(writer, topic))


if __name__ == "__main__":
    main()
