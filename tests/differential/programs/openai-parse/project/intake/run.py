from .extract import extract

LETTER = """\
Good morning,

since yesterday evening nobody in our office can sign in on the web site. The phones still work. We have two hundred
orders to ship today, please call me back: this is costing us money every minute.

Kind regards, P. Varga"""


def main():
    ticket = extract(LETTER)
    print(ticket)


if __name__ == "__main__":
    main()
