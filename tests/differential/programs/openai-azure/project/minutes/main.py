from .client import complete

PARTS = (
    "The board agrees to paint the hall in spring. The offers lie between four and six thousand euros.",
    "The treasurer reports that eleven members have not paid. A letter goes out in March.",
    "The summer party is on the twentieth of June.",
)
PART = "Put this part of the minutes into one sentence:\n{part}"


def main():
    sentences = [complete(PART.format(part=part), limit=60) for part in PARTS]
    print(complete("Name three things that the members have to know:\n" + "\n".join(PARTS)))
    print(sentences)


if __name__ == "__main__":
    main()
