from . import llm, prompts

if __name__ == "__main__":
    print(llm.short(prompts.HEADING))
    print(llm.think(prompts.QUESTION))
