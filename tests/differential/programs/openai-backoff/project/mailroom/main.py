import asyncio

from .constants import Models
from .model import Model

LETTER = """\
Dear Sir or Madam, the heating in the stairwell of number 14 has been off since Monday. Two of the tenants are over
eighty. Please send somebody before the weekend. Sincerely, the tenants of the second floor."""
SORT = "Which department is this letter for: heating, lifts, roofs or other? Answer with one word.\n\n{letter}"
REPLY = "Write a short reply that promises a visit within two days.\n\nLetter:\n{letter}"


async def main():
    department = await Model().ask(SORT.format(letter=LETTER), max_tokens=8)
    reply = await Model(Models.GOOD).ask(REPLY.format(letter=LETTER), max_tokens=250)
    print(department, reply)


if __name__ == "__main__":
    asyncio.run(main())
