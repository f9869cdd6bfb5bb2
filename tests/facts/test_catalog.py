"""The catalogue of SDKs: what a chain of names or a URL is, and where its figures stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.facts.registry import Catalog, load
from guard.facts.releases import Pin, numbers


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load()


@pytest.mark.parametrize(
    ("chain", "expected", "clients"),
    [
        ("openai.OpenAI().chat.completions.create", "openai.chat.completions.create", ["openai"]),
        ("openai.AsyncAzureOpenAI().chat.completions.create", "openai.chat.completions.create", ["azure-openai"]),
        ("openai.lib.azure.AzureOpenAI().embeddings.create", "openai.embeddings.create", ["azure-openai"]),
        ("openai.OpenAI().with_options().responses.create", "openai.responses.create", ["openai", "openai"]),
        ("openai.OpenAI().beta.chat.completions.parse", "openai.chat.completions.parse", ["openai"]),
        ("openai.OpenAI().chat.completions.with_raw_response.create", "openai.chat.completions.create", ["openai"]),
        ("openai.OpenAI().beta.threads.runs.create_and_poll", "openai.threads.runs.create_and_poll", ["openai"]),
        (
            "openai.OpenAI().responses.connect().response.create",
            "openai.responses.connect.response.create",
            ["openai", "openai-responses-connection"],
        ),
        ("openai.chat.completions.create", "openai.chat.completions.create", ["openai"]),
        ("openai.beta.threads.runs.create", "openai.threads.runs.create", ["openai"]),
        ("openai.ChatCompletion.acreate", "openai.ChatCompletion.create", ["openai"]),
        ("langfuse.openai.OpenAI().chat.completions.create", "openai.chat.completions.create", ["openai"]),
        ("langfuse.openai.openai.chat.completions.create", "openai.chat.completions.create", ["openai"]),
        ("anthropic.Anthropic().messages.stream", "anthropic.messages.stream", ["anthropic"]),
        ("anthropic.AsyncAnthropicBedrock().messages.create", "anthropic.messages.create", ["anthropic-bedrock"]),
        ("anthropic.Anthropic().beta.messages.tool_runner", "anthropic.messages.tool_runner", ["anthropic"]),
        ("litellm.acompletion", "litellm.acompletion", []),
        ("litellm.Router().acompletion", "litellm.Router.completion", ["litellm-router"]),
        ("boto3.client().invoke_model", "bedrock.invoke_model", ["bedrock-runtime"]),
        ("aioboto3.Session().client().converse_stream", "bedrock.converse_stream", ["bedrock-runtime"]),
        (
            "google.generativeai.GenerativeModel().start_chat().send_message",
            "google.generativeai.send_message",
            ["google-generativeai", "google-generativeai-chat"],
        ),
        ("cohere.Client().chat", "cohere.Client.chat", ["cohere"]),
        ("cohere.ClientV2().chat", "cohere.ClientV2.chat", ["cohere-v2"]),
        ("cohere.Client().v2.chat", "cohere.ClientV2.chat", ["cohere"]),
        ("mistralai.Mistral().chat.complete_async", "mistralai.chat.complete", ["mistral"]),
        ("groq.Groq().chat.completions.create", "groq.chat.completions.create", ["groq"]),
        ("ollama.chat", "ollama.chat", ["ollama"]),
        ("ollama.AsyncClient().embeddings", "ollama.embeddings", ["ollama"]),
        ("replicate.run", "replicate.run", ["replicate"]),
        ("xai_sdk.Client().chat.create().sample", "xai.chat", ["xai", "xai-chat"]),
        ("instructor.from_openai().chat.completions.create", "instructor.create", ["instructor"]),
    ],
)
def test_chain_is_recognised(catalog: Catalog, chain: str, expected: str, clients: list[str]) -> None:
    (resolved,) = catalog.resolve(chain)
    assert resolved.call.api == expected
    assert [client.id for client, _ in resolved.clients] == clients


@pytest.mark.parametrize(
    "chain",
    [
        "openai.OpenAI().models.list",
        "openai.OpenAI().responses.retrieve",
        "openai.OpenAI().responses.input_tokens.count",
        "openai.OpenAI().files.create",
        "openai.OpenAI().fine_tuning.jobs.create",
        "openai.OpenAI().beta.threads.messages.create",
        "openai.OpenAI().beta.assistants.create",
        "anthropic.Anthropic().messages.count_tokens",
        "google.genai.Client().models.count_tokens",
        "voyageai.Client().tokenize",
        "requests.post",
        "openai.OpenAI",
        "openai",
        "",
        "()",
        "().create",
        "acme.OpenAI().chat.completions.create",
    ],
)
def test_not_a_request(catalog: Catalog, chain: str) -> None:
    assert catalog.resolve(chain) == ()


def test_condition_on_the_service_name(catalog: Catalog) -> None:
    (runtime,) = catalog.resolve("boto3.client().converse")
    (agents,) = catalog.resolve("boto3.client().invoke_agent")
    assert runtime.clients[0][0].when is not None and agents.clients[0][0].when is not None
    assert runtime.clients[0][0].when.equals == ("bedrock-runtime",)
    assert agents.clients[0][0].when.equals == ("bedrock-agent-runtime",)


def test_conditional_clients_come_first(catalog: Catalog) -> None:
    providers = [r.clients[0][0].provider for r in catalog.resolve("google.genai.Client().models.generate_content")]
    assert providers == ["vertex", "google"]
    for clients in catalog.clients_by_name.values():
        conditions = [client.when is None for client in clients]
        assert conditions == sorted(conditions), [client.id for client in clients]
        assert conditions.count(True) <= 1, [client.id for client in clients]


def test_index_of_the_call_whose_arguments_belong_to_a_client(catalog: Catalog) -> None:
    (resolved,) = catalog.resolve("boto3.session.Session().client().converse")
    assert resolved.clients[0][1] == 1
    (resolved,) = catalog.resolve("openai.OpenAI().with_options().chat.completions.create")
    assert [index for _, index in resolved.clients] == [0, 1]


# Known truths of the SDKs' own signatures, from their documentation.
@pytest.mark.parametrize(
    ("name", "role", "argument", "position"),
    [
        ("litellm.completion", "model", "model", 0),
        ("litellm.completion", "input", "messages", 1),
        ("google.generativeai.embed_content", "input", "content", 1),
        ("ollama.chat", "model", "model", 0),
        ("voyageai.Client.rerank", "model", "model", 2),
        ("voyageai.Client.rerank", "query", "query", 0),
        ("anthropic.messages.create", "max_output", "max_tokens", None),
        ("bedrock.converse", "max_output", "inferenceConfig.maxTokens", None),
        ("google.genai.models.generate_content", "max_output", "config.max_output_tokens", None),
        ("openai.chat.completions.create", "max_output", "max_completion_tokens", None),
    ],
)
def test_where_a_figure_stands(catalog: Catalog, name: str, role: str, argument: str, position: int | None) -> None:
    arg = catalog.calls[name].roles[role]
    assert (arg.names[0], arg.pos) == (argument, position)


# HTTP tries by default, from the retry table of the research (SDK sources): layers multiply.
@pytest.mark.parametrize(
    ("chain", "tries"),
    [
        ("openai.OpenAI().chat.completions.create", 3),
        ("anthropic.Anthropic().messages.create", 3),
        ("groq.Groq().chat.completions.create", 3),
        ("together.Together().chat.completions.create", 3),
        ("cohere.ClientV2().chat", 3),
        ("mistralai.client.Mistral().chat.complete", 1),
        ("google.genai.Client().models.generate_content", 1),
        ("boto3.client().converse", 3),
        ("litellm.completion", 3),
        ("litellm.Router().completion", 3),
        ("voyageai.Client().embed", 1),
        ("ollama.chat", 1),
        ("zhipuai.ZhipuAI().chat.completions.create", 4),
        ("google.generativeai.GenerativeModel().generate_content", None),
    ],
)
def test_tries_by_default(catalog: Catalog, chain: str, tries: int | None) -> None:
    assert default_tries(catalog, chain, {}) == tries


def default_tries(catalog: Catalog, chain: str, sent: dict[str, int]) -> int | None:
    """Tries when only `sent` (roles) are given: as the engine does it, by the rule in the registry's docstring."""
    resolved = catalog.resolve(chain)[-1]
    values: dict[str, int | None] = {}
    for role in ("client_retries", "max_retries"):
        args = [client.roles[role] for client, _ in reversed(resolved.clients) if role in client.roles]
        args += [resolved.call.roles[role]] if role in resolved.call.roles else []
        if args:
            default = next((arg for arg in args if arg.how != "not_sent"), args[-1])
            values[role] = default.default if default.how == "default" else None  # type: ignore[assignment]
    values.update(sent)
    total: int | None = 1
    for layer in resolved.call.layers:
        value = layer.formula.value(values)
        total = None if total is None or value is None else total * value
    return total


def test_litellm_num_retries_counts_twice(catalog: Catalog) -> None:
    """num_retries=N on an OpenAI-type provider: (1 + N) tries in the first round and N after it."""
    call = catalog.calls["litellm.completion"]
    assert call.roles["client_retries"].names[0] == call.roles["max_retries"].names[0] == "num_retries"
    assert call.layers[0].formula.value({"client_retries": 3, "max_retries": 3, "again_retries": 0}) == 7


def test_instructor_multiplies_and_bills_its_re_asks(catalog: Catalog) -> None:
    call = catalog.calls["instructor.create"]
    assert [layer.billed for layer in call.layers] == ["yes", "maybe"]
    assert call.roles["max_retries"].default == 3


def test_attempts_are_turned_into_retries(catalog: Catalog) -> None:
    botocore = catalog.clients["bedrock-runtime"].roles["client_retries"]
    assert botocore.as_retries(5, "config.retries.max_attempts") == 5
    assert botocore.as_retries(5, "config.retries.total_max_attempts") == 4
    assert botocore.as_retries(2) == 2
    voyage = catalog.clients["voyageai"].roles["client_retries"]
    assert [voyage.as_retries(n, "max_retries") for n in (0, 1, 3)] == [0, 0, 2]


def test_default_of_an_older_release(catalog: Catalog) -> None:
    retries = catalog.clients["bedrock-runtime"].roles["client_retries"]
    packages = retries.older[0].packages
    assert packages == ("botocore", "boto3")
    for version, retried in (("1.44.5", 2), ("1.39.17", 4), ("1.44", 2)):
        assert retries.at(packages, Pin(numbers(version), True, True, version, "uv.lock", 1)).default == retried
    assert retries.at(packages, Pin(numbers("1.44"), False, False, "<1.44", "uv.lock", 1)).default == 4
    assert retries.at(packages, Pin(None, False, False, ">=1.30", "uv.lock", 1)).default == 2


def test_tool_loops(catalog: Catalog) -> None:
    google = catalog.calls["google.genai.models.generate_content"]
    assert google.turns is not None and google.turns.value({"max_turns": 10}) == 10
    assert google.turns_when == ("tools",)
    runner = catalog.calls["anthropic.messages.tool_runner"]
    assert runner.roles["max_turns"].how == "unbounded" and runner.turns_when == ()


def test_batch_elements_hold_the_roles(catalog: Catalog) -> None:
    batch = catalog.calls["anthropic.messages.batches.create"]
    assert batch.each is not None
    assert (batch.each.arg.names, batch.each.of) == (("requests",), "params")
    assert batch.roles["tier"].default == "batch" and batch.operation == "batch"
    litellm = catalog.calls["litellm.batch_completion"]
    assert litellm.each is not None and litellm.each.role == "input"


def test_operation_by_model(catalog: Catalog) -> None:
    invoke = catalog.calls["bedrock.invoke_model"]
    assert invoke.operation_for("amazon.titan-embed-text-v2:0") == "embedding"
    assert invoke.operation_for("cohere.rerank-v3-5:0") == "rerank"
    assert invoke.operation_for("anthropic.claude-3-haiku-20240307-v1:0") == "chat"
    assert invoke.operation_for(None) == "chat"


# --- unknown receivers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "keywords", "expected"),
    [
        ("client.chat.completions.create", (), "openai.chat.completions.create"),
        ("self.llm.beta.chat.completions.parse", (), "openai.chat.completions.parse"),
        ("chat.completions.with_raw_response.create", (), "openai.chat.completions.create"),
        ("client.completions.create", ("prompt",), "openai.completions.create"),
        ("client.completions.create", ("name",), None),
        ("client.messages.create", ("model", "max_tokens", "messages"), "anthropic.messages.create"),
        ("twilio.messages.create", ("body", "to"), None),
        ("client.aio.models.generate_content", ("model", "contents"), "google.genai.models.generate_content"),
        ("bedrock.converse", ("modelId", "messages"), "bedrock.converse"),
        ("bot.converse", ("text",), None),
        ("factory.create", ("model",), None),
        ("chat.create", ("model", "messages"), None),
    ],
)
def test_unknown_receiver(catalog: Catalog, path: str, keywords: tuple[str, ...], expected: str | None) -> None:
    call = catalog.duck(path, keywords)
    assert (call.api if call else None) == expected


def test_unknown_receiver_with_spread_keywords(catalog: Catalog) -> None:
    assert catalog.duck("client.messages.create", (), open_keywords=True) is not None
    assert catalog.duck("bot.converse", (), open_keywords=True) is None


# --- HTTP -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected", "provider", "captures"),
    [
        ("https://api.openai.com/v1/chat/completions", "openai.chat.completions.create", "openai", {}),
        ("https://API.openai.com/v1/chat/completions/?x=1#y", "openai.chat.completions.create", "openai", {}),
        ("https://openrouter.ai/api/v1/chat/completions", "openai.chat.completions.create", "openrouter", {}),
        ("http://localhost:8000/v1/chat/completions", "openai.chat.completions.create", "self_hosted", {}),
        ("https://llm.acme.example/v1/chat/completions", "openai.chat.completions.create", None, {}),
        ("\0" + "0\0/v1/chat/completions", "openai.chat.completions.create", None, {}),
        ("\0" + "0\0/chat/completions", "openai.chat.completions.create", None, {}),
        ("/v1/messages", "anthropic.messages.create", None, {}),
        (
            "https://acme.openai.azure.com/openai/deployments/prod-chat/chat/completions?api-version=2024-06-01",
            "openai.chat.completions.create",
            "azure",
            {"deployment": "prod-chat"},
        ),
        (
            "\0" + "0\0/openai/deployments/\0" + "1\0/chat/completions",
            "openai.chat.completions.create",
            "azure",
            {"deployment": "\0" + "1\0"},
        ),
        ("https://api.anthropic.com/v1/messages", "anthropic.messages.create", "anthropic", {}),
        ("https://api.anthropic.com/v1/messages/batches", "anthropic.messages.batches.create", "anthropic", {}),
        (
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:generateContent?key=k",
            "google.genai.models.generate_content",
            "google",
            {"model": "models/gemini-2.0-flash"},
        ),
        (
            "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google/"
            "models/gemini-2.0-flash:streamGenerateContent",
            "google.genai.models.generate_content",
            "vertex",
            {"model": "gemini-2.0-flash"},
        ),
        ("https://api.cohere.com/v2/rerank", "cohere.ClientV2.rerank", "cohere", {}),
        ("https://api.jina.ai/v1/embeddings", "openai.embeddings.create", "jina", {}),
        ("https://api.voyageai.com/v1/embeddings", "voyageai.Client.embed", "voyage", {}),
        ("http://localhost:11434/api/chat", "ollama.chat", "ollama", {}),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v2/converse",
            "bedrock.converse",
            "bedrock",
            {"model": "anthropic.claude-v2"},
        ),
    ],
)  # fmt: skip
def test_endpoint(catalog: Catalog, url: str, expected: str, provider: str | None, captures: dict[str, str]) -> None:
    match = catalog.endpoint(url)
    assert match is not None
    assert (match.endpoint.call.api, match.provider, match.captures) == (expected, provider, captures)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/models",
        "https://api.openai.com/v1/files",
        "https://api.anthropic.com/v1/messages/count_tokens",
        "https://acme.example/api/chat",
        "https://acme.example/messages",
        "https://acme.example/chat/completions/history",
        "",
        "//",
        "\0" + "0\0",
    ],
)
def test_other_urls(catalog: Catalog, url: str) -> None:
    assert catalog.endpoint(url) is None


def test_wire_names_differ_where_the_api_does(catalog: Catalog) -> None:
    match = catalog.endpoint("https://generativelanguage.googleapis.com/v1beta/models/gemini-pro:generateContent")
    assert match is not None
    assert match.endpoint.call.roles["max_output"].names[0] == "generationConfig.maxOutputTokens"
    voyage = catalog.endpoint("https://api.voyageai.com/v1/embeddings")
    assert voyage is not None and voyage.endpoint.call.roles["input"].names == ("input",)


def test_plain_http_is_tried_once_and_has_no_positions(catalog: Catalog) -> None:
    for _, endpoint in catalog._endpoints:
        assert [layer.formula.value({}) for layer in endpoint.call.layers] == [1], endpoint.pattern
        assert all(arg.pos is None for arg in endpoint.call.roles.values()), endpoint.pattern


@pytest.mark.parametrize(
    ("base_url", "provider"),
    [
        ("https://api.deepseek.com", "deepseek"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://acme.openai.azure.com/", "azure"),
        ("http://127.0.0.1:8080/v1", "self_hosted"),
        ("http://gpu-box:11434/v1", "ollama"),
        ("https://deepseek.com.evil.example/v1", None),
        ("https://evil.example/api.openai.com", None),
        ("https://user:pw@api.openai.com/v1", "openai"),
        ("openrouter.ai", "openrouter"),
        ("", None),
    ],
)
def test_provider_of_a_host(catalog: Catalog, base_url: str, provider: str | None) -> None:
    assert catalog.host_provider(base_url) == provider


@given(st.text(alphabet="htps:/.?#@{}()\0 0123abcopenai-*[]%\\"))
def test_lookups_take_any_text(text: str) -> None:
    catalog = load()
    catalog.endpoint(text)
    catalog.host_provider(text)
    catalog.resolve(text)
    catalog.duck(text)
