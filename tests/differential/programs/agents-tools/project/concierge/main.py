import asyncio

from agents import Runner

from .team import host

MAX_TURNS = 4


async def main():
    result = await Runner.run(host, "Is there a table for two at seven?", max_turns=MAX_TURNS)
    print(result.final_output)


if __name__ == "__main__":
    asyncio.run(main())
