"""Turns a letter into a ticket."""

from openai import OpenAI

from .schema import Ticket

client = OpenAI()

SMALL = "gpt-4.1-mini"
LARGE = "gpt-4.1"
INSTRUCTIONS = """\
Read the letter of a customer and fill in the ticket.
Take "billing" only for invoices and payments; everything about signing in belongs to "app" on phones, else to "web".
A ticket is urgent when the customer can't work."""


def ask(model: str, letter: str):
    response = client.responses.parse(
        model=model,
        instructions=INSTRUCTIONS,
        input=letter,
        text_format=Ticket,
        max_output_tokens=400,
    )
    return response.output_parsed


def extract(letter: str):
    try:
        return ask(SMALL, letter)
    except ValueError:
        return ask(LARGE, letter)
