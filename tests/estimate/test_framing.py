"""Message framing and tool definitions against the figures that OpenAI and Anthropic publish."""

from __future__ import annotations

import json

import pytest
from estimate_samples import static

from guard.estimate import framing
from guard.estimate.tokens import count_exact, encoding_for
from guard.model import Message, Prompt

# The example of OpenAI's cookbook, "How to count tokens with tiktoken", sections 6 and 7, with the prompt tokens that
# the API billed for it.
JARGON = (
    ("system", None,
     "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."),
    ("system", "example_user", "New synergies will help drive top-line growth."),
    ("system", "example_assistant", "Things working well together will increase revenue."),
    ("system", "example_user",
     "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."),
    ("system", "example_assistant", "Let's talk later when we're less busy about how to do better."),
    ("user", None, "This late pivot means we don't have time to boil the ocean for the client deliverable."),
)  # fmt: skip
WEATHER_CHAT = (
    ("system", None, "You are a helpful assistant that can answer to questions about the weather."),
    ("user", None, "What's the weather like in San Francisco?"),
)
UNIT = {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]}
LOCATION = {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}
WEATHER = {
    "name": "get_current_weather",
    "description": "Get the current weather in a given location",
    "parameters": {"type": "object", "properties": {"location": LOCATION, "unit": UNIT}, "required": ["location"]},
}


def tokens_of(messages, model, tools=None):
    method = encoding_for("openai", model)
    prompt = Prompt(tuple(Message(role, (static(text),), name) for role, name, text in messages))
    content = sum(count_exact(text, method.encoding) for _, _, text in messages)
    frame = framing.frame_tokens(prompt, method, model)
    assert frame.low == frame.typical == frame.high
    if tools is None:
        return content + frame.typical
    sizes = framing.tool_tokens(json.dumps(tools), method, model)
    return content + frame.typical + sizes.low, content + frame.typical + sizes.high


@pytest.mark.parametrize(("model", "billed"), [("gpt-3.5-turbo", 129), ("gpt-4", 129), ("gpt-4o", 124)])
def test_messages_of_the_cookbook_are_counted_as_billed(model, billed):
    assert tokens_of(JARGON, model) == billed


@pytest.mark.parametrize(("model", "billed"), [("gpt-4", 105), ("gpt-4o", 101)])
def test_tools_of_the_cookbook_are_billed_within_the_interval(model, billed):
    low, high = tokens_of(WEATHER_CHAT, model, [{"type": "function", "function": WEATHER}])
    assert low <= billed <= high


def test_anthropics_documented_tool_request_is_within_the_interval():
    """403 input tokens for one tool and this question (docs: token counting, "Count tokens in messages with tools")."""
    tool = {
        "name": "get_weather",
        "description": "Get the current weather in a given location",
        "input_schema": {"type": "object", "properties": {"location": LOCATION}, "required": ["location"]},
    }
    model = "claude-opus-4-20250514"
    method = encoding_for("anthropic", model)
    question = "What's the weather like in San Francisco?"
    prompt = Prompt((Message("user", (static(question),)),))
    frame = framing.frame_tokens(prompt, method, model)
    tools = framing.tool_tokens(json.dumps([tool]), method, model)
    text = count_exact(question, "o200k_base")
    assert text + frame.low + tools.low <= 403 <= text * 1.3 + frame.high + tools.high


def test_a_recorded_answer_of_claude_with_a_tool_is_within_the_interval():
    """373 input tokens (gist.github.com/mattpocock/0095de3f5ff1ceed130db9e950ca35cd, 2025-01-08, with its body)."""
    tool = {
        "name": "getWeather",
        "description": "Get the current weather in the specified city",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "The city to get the weather for"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    }
    model = "claude-3-5-haiku-20241022"
    method = encoding_for("anthropic", model)
    question = "What's the weather in London?"
    frame = framing.frame_tokens(Prompt((Message("user", (static(question),)),)), method, model)
    tools = framing.tool_tokens(json.dumps([tool]), method, model)
    text = count_exact(question, "o200k_base")
    assert text + frame.low + tools.low <= 373 <= text * 1.3 + frame.high + tools.high


SHIFT = {
    "type": "object",
    "properties": {"day": {"type": "string"}, "required": {"type": "boolean"}},
    "required": ["day", "required"],
    "additionalProperties": False,
}


def test_of_a_schema_only_the_keys_that_openai_bills_count():
    """openai-cookbook, issue 2140: the compact JSON without `required` and `additionalProperties`, and 9 tokens."""
    method = encoding_for("openai", "gpt-4o-mini")
    billed = '{"type":"object","properties":{"day":{"type":"string"},"required":{"type":"boolean"}}}'
    assert (
        framing.schema_tokens(json.dumps(SHIFT), method, "gpt-4o-mini").typical == count_exact(billed, "o200k_base") + 9
    )


def test_a_schema_counts_alike_in_every_form_of_a_request():
    method = encoding_for("openai", "gpt-4o-mini")
    chat = {"type": "json_schema", "json_schema": {"name": "shift", "strict": True, "schema": SHIFT}}
    responses = {"type": "json_schema", "name": "shift", "strict": True, "schema": SHIFT}
    counts = {framing.schema_tokens(json.dumps(form), method, "gpt-4o-mini") for form in (SHIFT, chat, responses)}
    assert len(counts) == 1


def test_a_schema_that_is_sent_as_a_tool_counts_as_one_more_tool():
    tool = {"type": "function", "function": {"name": "Shift", "parameters": SHIFT}}
    method = encoding_for("openai", "gpt-4o-mini")
    alone = framing.schema_tokens(json.dumps(tool), method, "gpt-4o-mini")
    beside = framing.schema_tokens(json.dumps(tool), method, "gpt-4o-mini", beside=True)
    assert alone == framing.tool_tokens(json.dumps([tool]), method, "gpt-4o-mini")
    assert (
        beside.typical == framing.tool_tokens(json.dumps([tool, tool]), method, "gpt-4o-mini").typical - alone.typical
    )


def test_text_that_is_no_schema_counts_as_it_is():
    method = encoding_for("openai", "gpt-4o-mini")
    assert framing.schema_tokens("no schema", method, "gpt-4o-mini").typical == count_exact("no schema", "o200k_base")


def test_forms_of_the_three_big_vendors_count_alike():
    method = encoding_for("openai", "gpt-4o")
    anthropic = {"name": WEATHER["name"], "description": WEATHER["description"], "input_schema": WEATHER["parameters"]}
    openai, google = {"type": "function", "function": WEATHER}, {"function_declarations": [WEATHER]}
    forms = ([openai], [WEATHER], [anthropic], [google])
    assert len({framing.tool_tokens(json.dumps(form), method, "gpt-4o").typical for form in forms}) == 1


def test_more_in_a_tool_costs_more():
    method = encoding_for("openai", "gpt-4o")

    def size(tools):
        return framing.tool_tokens(json.dumps(tools), method, "gpt-4o").typical

    inner = {"type": "object", "properties": {"b": LOCATION}}
    nested = {"name": "f", "parameters": {"type": "object", "properties": {"a": inner}}}
    flat = {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "object"}}}}
    assert size([]) == 0
    assert size([flat]) < size([nested]) < size([nested, WEATHER]) < size([nested, WEATHER, {"type": "web_search"}])


@pytest.mark.parametrize("text", ["{", '"x"', "{}", "[" * 100_000, "null"])
def test_text_that_is_no_list_of_tools_is_not_guessed(text):
    assert framing.tool_tokens(text, encoding_for("openai", "gpt-4o"), "gpt-4o") is None


def test_text_without_roles_has_no_framing():
    prompt = Prompt((Message("text", (static("hello"),)),))
    assert framing.frame_tokens(prompt, encoding_for("openai", "gpt-4o"), "gpt-4o").high == 0


@pytest.mark.parametrize("model", ["gpt-5", "claude-opus-5", "gemini-2.5-pro", "grok-4", "mistral-large", "nova", "?"])
def test_framing_and_tools_are_intervals_in_order(model):
    method = encoding_for(None, model)
    frame = framing.frame_tokens(Prompt((Message("user", (static("a"),)),)), method, model)
    tools = framing.tool_tokens(json.dumps([WEATHER, WEATHER]), method, model)
    assert 0 <= frame.low <= frame.typical <= frame.high
    assert 0 < tools.low <= tools.typical <= tools.high
