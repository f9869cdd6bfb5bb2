from .chat import Chat

if __name__ == "__main__":
    print(Chat().ask("How many M4 screws are there?"))
