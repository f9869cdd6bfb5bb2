import asyncio

from .api import ask

if __name__ == "__main__":
    print(asyncio.run(ask("Give three names for a boat that carries apples. One line.")))
