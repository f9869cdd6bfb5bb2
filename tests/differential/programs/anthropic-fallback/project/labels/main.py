from .claude import ask

OBJECT = "an oil lamp of brass, about 1880, from a farm in the north"

if __name__ == "__main__":
    print(ask(f"Write the label of a museum for {OBJECT}. Two sentences."))
