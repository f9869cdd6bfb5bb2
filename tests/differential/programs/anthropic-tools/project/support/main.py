from .agent import Desk


def main():
    print(Desk().reply("Where is parcel 301144559021?"))


if __name__ == "__main__":
    main()
