from .graph import build


def main():
    state = build().invoke({"messages": [("user", "Is the study warm enough?")]}, {"recursion_limit": 9})
    print(state["messages"][-1].content)


if __name__ == "__main__":
    main()
