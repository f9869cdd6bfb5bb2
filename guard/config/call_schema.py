"""The JSON Schema of `calls`, the functions of one's own that ask a model; and of the arguments they name.

In: nothing. Out: `user_call()` for the schema of guard.yaml, `argument()` also for that of the SDK catalogue
(`guard.facts.catalog_schema`): an entry of a user has the form of one of the catalogue. A test holds that the words
here are those which `guard.facts.catalog_types` knows; this room may not import that one.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

MEANINGS = {
    "model": "The model's name.",
    "deployment": "Name of a deployment, which goes before the model.",
    "max_output": "The output limit in tokens.",
    "input": "The prompt.",
    "query": "What is searched or ranked for.",
    "documents": "Texts that go in beside the prompt.",
    "system": "The system prompt.",
    "history": "Earlier messages.",
    "tools": "Tools that the model may use.",
    "schema": "The schema of a structured answer.",
    "outputs": "Answers per request.",
    "reasoning": "Reasoning effort or budget.",
    "tier": "Service tier: `batch`, `flex`, `priority`.",
    "region": "Where the provider is to run the request, which some charge for.",
    "top_k": "How many documents are kept.",
    "size": "Size of an image.",
    "quality": "Quality of an image.",
    "seconds": "Length of a video.",
    "cache": "What switches the prompt cache on.",
    "client_retries": "Further tries of the HTTP client.",
    "max_retries": "Further tries or re-asks by the function itself.",
    "max_turns": "Bound of a loop of model calls within one call.",
    "base_url": "Address of the service.",
    "fallbacks": "Models that are asked after a failure.",
    "config": "An object that holds the other arguments.",
    "provider_name": "The provider as an argument.",
    "chunk_size": "Texts in one request.",
    "fills": "Values by name that are put into `{name}` places of the prompt's texts.",
    "reasks": "Further asks when an answer is rejected.",
    "again_retries": "Tries of one more layer: by the HTTP client in later rounds of the library, or by the library "
    "after a refusal.",
    "turn_limit": "A second bound of such a loop, set on another object.",
    "answer_cache": "Whether answers are kept, so that a call may send nothing.",
}
"""What an argument can mean; see `ROLES` of the catalogue."""
HOWS = {
    "not_sent": "nothing is sent and the provider decides",
    "default": "`default` holds",
    "required": "the function refuses to run without it",
    "model_maximum": "the model's own maximum is sent",
    "unbounded": "there is no limit",
    "unknown": "see `why`",
}
"""What it means when an argument is not sent."""
COUNTS = ["retries", "attempts"]
FORMS = [
    "messages", "text", "items", "contents", "converse", "body", "documents", "file", "image", "audio", "server",
    "object", "prompt", "signature", "tool",
]  # fmt: skip
OPERATIONS = [
    "chat", "responses", "text_completion", "embedding", "image", "video", "audio_tts", "audio_stt", "moderation",
    "rerank", "realtime", "batch", "agent", "ocr", "unknown",
]  # fmt: skip
BILLED = ["yes", "maybe", "no"]
CALL_PATTERN = (
    r"^(?:[^:\\]+\.(?:py|ipynb)::[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|[A-Za-z_]\w*(?:\(\))?(?:\.[A-Za-z_]\w*(?:\(\))?)*"
    r"\.[A-Za-z_]\w*)$"
)
"""`acme.llm.ask`, `acme.Client().ask`, `acme.Client.ask`, `src/app/gateway.py::ask`."""


def text(description: str, example: str, title: str = "text") -> Schema:
    """A string that is not empty."""
    return {"description": description, "type": "string", "minLength": 1, "title": title, "examples": [example]}


def mapping(
    description: str, properties: Schema, example: Any, required: tuple[str, ...] = (), **more: Any
) -> Schema:  # fmt: skip
    """A mapping with these keys and no others."""
    return {
        "description": description,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"required": list(required)} if required else {}),
        "title": "a mapping",
        "examples": [example],
        **more,
    }


def words(description: str, known: list[str], example: str) -> Schema:
    """One of some words."""
    title = f"one of {', '.join(known)}"
    return {"description": description, "enum": known, "title": title, "examples": [example]}


def _word_or_each(description: str, known: list[str]) -> Schema:
    return {
        "description": f"{description} One word, or a list with one for each name of `arg`.",
        "type": ["string", "array"],
        "pattern": f"^({'|'.join(known)})$",
        "items": words("", known, known[0]),
        "minItems": 1,
        "title": f"one of {', '.join(known)}, or a list of these",
        "examples": [known[0]],
    }


def _names(description: str, example: str, title: str) -> Schema:
    """A name or several."""
    return {
        "description": description,
        "type": ["string", "array"],
        "minLength": 1,
        "items": text("", example, "a name"),
        "minItems": 1,
        "title": title,
        "examples": [example],
    }


def _scalar(description: str, example: Any) -> Schema:
    return {
        "description": description,
        "type": ["string", "number", "boolean", "null"],
        "title": "a single value",
        "examples": [example],
    }


def _whole(description: str, example: int) -> Schema:
    title = "a whole number of at least 0"
    return {"description": description, "type": "integer", "minimum": 0, "title": title, "examples": [example]}


def _older() -> Schema:
    keys = {
        "package": _names("The distribution, as in a lock file, or several with the same releases.", "acme",
                          "a name, or a list of names"),
        "before": text("The first release with another default.", "2.0"),
        "default": _scalar("What held before that release.", 4),
        "counts": words("What a number counted before it, where that was another thing.", COUNTS, "attempts"),
    }  # fmt: skip
    item = mapping("", keys, {"package": "acme", "before": "2.0", "default": 4}, ("package", "before"))
    return {
        **item,
        "description": "A default that held before a release, or several, newest first; lock files decide.",
        "type": ["object", "array"],
        "items": item,
        "minItems": 1,
        "title": "a mapping with package, before and default, or a list of these",
    }


def argument_keys() -> Schema:
    """The keys of an argument that is written as a mapping."""
    return {
        "arg": _names("Its name, or several: the first that is sent wins. `a.b`: key b of argument a.", "model",
                      "the name of an argument, or a list of names"),
        "pos": _whole("Position of the first name, counted from 0, without the object of a method.", 1),
        "default": _scalar("What holds when nothing is sent.", "gpt-4o-mini"),
        "how": words(f"What not sending it means: {'; '.join(f'`{k}` {v}' for k, v in HOWS.items())}.", list(HOWS),
                     "required"),
        "why": text("The reason, for `unknown` and `unbounded`.", "the gateway chooses a model"),
        "env": _names("Environment variables that are read, in this order, when nothing is sent.", "ACME_MODEL",
                      "a name, or a list of names"),
        "counts": _word_or_each("What a number counts; `attempts` includes the first try, which `default` never does.",
                                COUNTS),
        "form": _word_or_each("How an input is to be read.", FORMS),
        "given": _names("Arguments of which the presence of one switches to `given_default`.", "retry",
                        "a name, or a list of names"),
        "given_default": _scalar("What holds then; nothing: no bound.", 5),
        "given_values": {"description": "Or what holds for each of its values.", "type": "object",
                         "additionalProperties": _scalar("The default.", 4), "title": "a mapping",
                         "examples": [{"legacy": 4}]},
        "by_prefix": {"description": "Defaults by the first part of the model's name.", "type": "object",
                      "additionalProperties": _scalar("The default.", 4), "title": "a mapping",
                      "examples": [{"openai": 4}]},
        "ignored_for": _names("First parts of models' names for which what is sent has no effect.", "gemini",
                              "a name, or a list of names"),
        "none": words("What None means when it is sent, if not the default.", ["unbounded"], "unbounded"),
        "join": {"description": "All names that are sent count, not only the first.", "type": "boolean",
                 "title": "true or false", "examples": [True]},
        "older": _older(),
    }  # fmt: skip


def argument() -> Schema:
    """Where a value stands among the arguments of a call: a name, a list of names, or a mapping."""
    return {
        **mapping("", argument_keys(), "model"),
        "description": "Where a value stands among the arguments of a call, and what holds when it is not sent.",
        "type": ["string", "array", "object"],
        "minLength": 1,
        "items": text("", "model", "the name of an argument"),
        "minItems": 1,
        "title": "the name of an argument, a list of names, or a mapping with `arg`",
    }


def _formula(description: str, example: int) -> Schema:
    return {
        "description": f"{description} A whole number, or a sum over roles: `1 + max_retries`.",
        "type": ["integer", "string"],
        "minimum": 0,
        "minLength": 1,
        "title": "a whole number or a sum such as 1 + max_retries",
        "examples": [example],
    }


def _attempts() -> Schema:
    layer = mapping(
        "One layer of retries; layers multiply.",
        {
            "name": text("Its name in reports.", "acme SDK"),
            "attempts": _formula("HTTP tries at most, the first included.", 3),
            "billed": words("Whether a further try is paid for.", BILLED, "maybe"),
        },
        {"name": "acme SDK", "attempts": 3, "billed": "maybe"},
        ("name", "attempts", "billed"),
    )
    return {
        **_formula("HTTP tries at most, the first included. Without it the number is not known.", 1),
        "type": ["integer", "string", "array"],
        "items": layer,
        "minItems": 1,
        "title": "a whole number, a sum such as 1 + max_retries, or a list of layers",
    }


def _each() -> Schema:
    keys = {
        **argument_keys(),
        "of": text("Key of an element in which the other arguments stand.", "body"),
        "role": words("What an element is, when it is a single value.", list(MEANINGS), "input"),
    }
    return {
        **mapping("", keys, "requests"),
        "description": "One request for each element of this argument, a list.",
        "type": ["string", "object"],
        "minLength": 1,
        "title": "the name of an argument, or a mapping with `arg`",
    }


def _texts(description: str, example: str) -> Schema:
    item = text("", example, "a name")
    return {"description": description, "type": "array", "items": item, "title": "a list", "examples": [[example]]}


def user_call(reference: str) -> Schema:
    """An entry of `calls`. `reference` is the place of `argument()` in the schema, which all roles share."""

    def role(description: str) -> Schema:
        own = argument()
        shown = {"description": description, "title": own["title"], "examples": own["examples"]}
        return {**shown, "allOf": [{"$ref": reference}]}

    shared: Schema = {
        "call": {
            "description": "Full name of the function, as code imports it: `acme.llm.ask`, a method `acme.Client.ask`, "
            "or `src/app/gateway.py::ask`. Several names that take the same arguments may be listed.",
            "type": ["string", "array"],
            "pattern": CALL_PATTERN,
            "items": {"type": "string", "pattern": CALL_PATTERN, "title": "the full name of a function",
                      "examples": ["acme.llm.ask"]},
            "minItems": 1,
            "title": "the full name of a function, or a list of such names",
            "examples": ["acme.llm.ask"],
        },
        "provider": text("Whose models it asks; the price table goes by it.", "openai"),
        "provider_in_model": {"description": "Models are named `provider/model`.", "type": "boolean",
                              "title": "true or false", "examples": [True]},
        "operation": words("What is asked for; `chat` without it.", OPERATIONS, "chat"),
        "attempts": _attempts(),
        "turns": _formula("Model calls in one call at most, where the function loops.", 5),
        "turns_when": _texts("Roles of which one must be sent for `turns` to hold.", "tools"),
        "not_when": _texts("Arguments whose presence means that no model is asked.", "dry_run"),
        "each": _each(),
    }  # fmt: skip
    roles = {name: role(meaning) for name, meaning in MEANINGS.items()}
    example = {"call": "acme.llm.ask", "provider": "openai", "model": {"arg": "model"}, "prompt": {"arg": "text"}}
    about = "A function of your own (or of a private SDK) that asks a model, in the form of the SDK catalogue."
    return mapping(about, {**shared, "prompt": role("The prompt: the same as `input`."), **roles}, example, ("call",))
