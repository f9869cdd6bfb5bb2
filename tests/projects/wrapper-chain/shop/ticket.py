from .llm import Chat


def triage(ticket):
    return Chat("gpt-4o-mini").ask("Which team is this for? " + ticket[:400], limit=4)


def reply(ticket):
    return Chat("gpt-4o").ask("Write a reply to: " + ticket[:400])
