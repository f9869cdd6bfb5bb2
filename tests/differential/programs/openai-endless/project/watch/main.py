from .ask import ask


def main():
    print(ask("Name one thing that every lighthouse keeper does at dusk."))


if __name__ == "__main__":
    main()
