"""Runs at night: what each team should know in the morning."""

import anthropic
from tenacity import retry, stop_after_attempt, wait_exponential

from support_bot.settings import DIGEST_MODEL, TEAMS

client = anthropic.Anthropic()


@retry(stop=stop_after_attempt(5), wait=wait_exponential())
def summarize(team, tickets):
    message = client.messages.create(
        model=DIGEST_MODEL,
        max_tokens=2_000,
        system="Summarize the day's tickets for the team: what broke, who waits, what to do first.",
        messages=[{"role": "user", "content": f"Team {team}:\n{tickets}"}],
    )
    return message.content[0].text


def nightly(tickets_of):
    return {team: summarize(team, tickets_of(team)) for team in TEAMS}
