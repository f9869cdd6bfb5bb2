from openai import OpenAI

client = OpenAI(max_retries=2)
PUZZLE = "A snail climbs a wall of ten metres, three metres by day, and slides two metres back by night. When is it up?"


def solve():
    response = client.responses.create(
        model="o4-mini", reasoning={"effort": "medium"}, input=[{"role": "user", "content": PUZZLE}], max_output_tokens=2000
    )
    return response.output_text


def titles():
    response = client.chat.completions.create(
        model="gpt-4.1-nano", n=3, max_tokens=12, messages=[{"role": "user", "content": "A title for this puzzle: " + PUZZLE}]
    )
    return [choice.message.content for choice in response.choices]


print(solve(), titles())
