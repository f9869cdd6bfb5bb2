from .chains import checked_chain, headline_chain

STORIES = [
    {"story": "The bridge over the mill stream opens again on Monday after a year of repairs."},
    {"story": "A choir from Tallinn sings on Saturday in the church of Saint Anne."},
]


def main():
    headlines = headline_chain().batch(STORIES)
    print(headlines, checked_chain().invoke({"headline": headlines[0]}))


if __name__ == "__main__":
    main()
