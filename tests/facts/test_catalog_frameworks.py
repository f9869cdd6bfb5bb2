"""The catalogue's frameworks: which object a chain is, what it holds, and what decides its model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.facts.registry import Catalog, Client, Holds, load
from guard.facts.releases import Pin, numbers


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load()


def client(catalog: Catalog, chain: str) -> Client:
    (found,) = catalog.client_named(chain)
    return found


def held(client: Client, argument: str) -> Holds:
    """What the argument is for in every run; it may be asked for something else under a condition."""
    (found,) = [h for h in client.holds if argument in h.arg.names and not h.paths and not h.when]
    return found


# --- chains -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "expected", "clients"),
    [
        ("langchain_openai.ChatOpenAI().invoke", "langchain.BaseChatModel.invoke", ["langchain-openai"]),
        ("langchain_openai.ChatOpenAI()", "langchain.BaseChatModel.invoke", ["langchain-openai"]),
        ("langchain.chat_models.ChatOpenAI().predict", "langchain.BaseChatModel.invoke", ["langchain-openai"]),
        (
            "langchain_openai.ChatOpenAI().bind_tools().with_retry().ainvoke",
            "langchain.BaseChatModel.invoke",
            ["langchain-openai"] * 3,
        ),
        (
            "langchain_anthropic.ChatAnthropic().with_structured_output().batch",
            "langchain.BaseChatModel.batch",
            ["langchain-anthropic", "langchain-anthropic"],
        ),
        (
            "langchain.chat_models.init_chat_model().invoke",
            "langchain.BaseChatModel.invoke",
            ["langchain-init-chat-model"],
        ),
        ("langchain.llms.OpenAI()", "langchain.BaseLLM.invoke", ["langchain-openai-llm"]),
        (
            "langchain.embeddings.openai.OpenAIEmbeddings().embed_query",
            "langchain.Embeddings.embed_query",
            ["langchain-openai-embeddings"],
        ),
        ("langchain_chroma.Chroma.from_documents", "langchain.VectorStore.from_documents", ["langchain-store"]),
        (
            "langchain_chroma.Chroma.from_documents().as_retriever().invoke",
            "langchain.BaseRetriever.invoke",
            ["langchain-store", "langchain-retriever"],
        ),
        (
            "langchain.vectorstores.FAISS.load_local().similarity_search",
            "langchain.VectorStore.similarity_search",
            ["langchain-store-embedding-first"],
        ),
        ("langchain.chains.RetrievalQA.from_chain_type().run", "langchain.Chain.run", ["langchain-retrieval-qa"]),
        ("langchain.chains.LLMChain()", "langchain.Chain.run", ["langchain-llm-chain"]),
        (
            "langchain_core.runnables.RunnableParallel().assign().invoke",
            "langchain.Runnable.invoke",
            ["langchain-runnable-parallel"] * 2,
        ),
        ("langchain.agents.AgentExecutor().invoke", "langchain.Agent.invoke", ["langchain-agent-executor"]),
        (
            "langgraph.prebuilt.create_react_agent().with_config().stream",
            "langchain.Agent.invoke",
            ["langgraph-react-agent"] * 2,
        ),
        (
            "langgraph.graph.StateGraph().compile().ainvoke",
            "langgraph.invoke",
            ["langgraph-graph", "langgraph-compiled"],
        ),
        (
            "langgraph.graph.StateGraph().add_node().add_edge().compile().invoke",
            "langgraph.invoke",
            ["langgraph-graph"] * 3 + ["langgraph-compiled"],
        ),
        ("agents.Runner.run", "agents.Runner.run", []),
        ("agents.run.Runner.run_sync", "agents.Runner.run_sync", []),
        ("agents.voice.VoicePipeline().run", "agents.voice.VoicePipeline.run", ["openai-agents-voice-pipeline"]),
        (
            "agents.responses_websocket_session().run_streamed",
            "agents.ResponsesWebSocketSession.run_streamed",
            ["openai-agents-ws-session"],
        ),
        ("crewai.Crew().kickoff", "crewai.Crew.kickoff", ["crewai-crew"]),
        ("crewai.Crew().copy().kickoff_for_each", "crewai.Crew.kickoff_for_each", ["crewai-crew", "crewai-crew"]),
        ("crewai.Task().execute", "crewai.Task.execute", ["crewai-task"]),
        ("dspy.ChainOfThought()", "dspy.Module.__call__", ["dspy-module"]),
        ("dspy.ReAct().acall", "dspy.ReAct.__call__", ["dspy-react"]),
        ("dspy.LM()", "dspy.LM.__call__", ["dspy-lm"]),
        ("llama_index.llms.OpenAI().complete", "llama_index.LLM.complete", ["llama-openai"]),
        (
            "llama_index.llms.openai.OpenAI().as_structured_llm().chat",
            "llama_index.LLM.chat",
            ["llama-openai", "llama-structured-llm"],
        ),
        (
            "llama_index.core.VectorStoreIndex.from_documents",
            "llama_index.VectorStoreIndex.from_documents",
            ["llama-vector-index"],
        ),
        ("llama_index.core.VectorStoreIndex", "llama_index.VectorStoreIndex.from_documents", ["llama-vector-index"]),
        (
            "llama_index.core.VectorStoreIndex.from_vector_store().as_query_engine().query",
            "llama_index.QueryEngine.query",
            ["llama-vector-index", "llama-query-engine"],
        ),
        ("llama_index.GPTSimpleVectorIndex().query", "llama_index.GPTIndex.query", ["llama-vector-index"]),
        ("pydantic_ai.Agent().run_sync", "pydantic_ai.Agent.run_sync", ["pydantic-ai-agent"]),
        ("pydantic_ai.direct.model_request_sync", "pydantic_ai.direct.model_request", []),
        ("autogen.AssistantAgent().initiate_chat", "autogen.initiate_chat", ["autogen-conversable"]),
        ("autogen_agentchat.teams.RoundRobinGroupChat().run_stream", "autogen_agentchat.run", ["autogen-team"]),
        ("haystack.Pipeline().run", "haystack.Pipeline.run", ["haystack-pipeline"]),
        ("smolagents.CodeAgent().run", "smolagents.Agent.run", ["smolagents-agent"]),
        ("semantic_kernel.Kernel().invoke_prompt", "semantic_kernel.Kernel.invoke_prompt", ["sk-kernel"]),
        ("agno.agent.Agent().print_response", "agno.Agent.run", ["agno-agent"]),
        ("strands.Agent()", "strands.Agent.__call__", ["strands-agent"]),
        ("google.adk.runners.InMemoryRunner().run_async", "google.adk.Runner.run", ["adk-runner"]),
        ("claude_agent_sdk.query", "claude_agent_sdk.query", []),
    ],
)  # fmt: skip
def test_chain_is_recognised(catalog: Catalog, chain: str, expected: str, clients: list[str]) -> None:
    (resolved,) = catalog.resolve(chain)
    assert resolved.call.api == expected
    assert [client.id for client, _ in resolved.clients] == clients


@pytest.mark.parametrize(
    "chain",
    [
        "langchain_openai.ChatOpenAI",
        "langchain_openai.ChatOpenAI().get_num_tokens",
        "langchain_core.prompts.ChatPromptTemplate.from_messages().invoke",
        "langchain_core.prompts.ChatPromptTemplate().invoke",
        "langchain_core.messages.ChatMessage().invoke",
        "langchain_core.embeddings.FakeEmbeddings().embed_query",
        "langchain_community.vectorstores.utils.filter_complex_metadata",
        "langchain_core.vectorstores.VectorStore().add_texts",
        "langgraph.graph.StateGraph().compile().get_state",
        "agents.Runner.stop",
        "agents.Agent().run",
        "crewai.Crew",
        "dspy.Predict",
        "dspy.Module()",
        "llama_index.core.SimpleDirectoryReader().load_data",
        "llama_index.core.llms.ChatMessage().chat",
        "acme.langchain_openai.ChatOpenAI().invoke",
        "pydantic_ai.models.test.TestModel().request",
    ],
)
def test_not_a_request(catalog: Catalog, chain: str) -> None:
    assert catalog.resolve(chain) == ()


def test_sites_of_frameworks_are_invokes_and_those_of_sdks_are_sends(catalog: Catalog) -> None:
    assert catalog.calls["langchain.BaseChatModel.invoke"].invoke
    assert catalog.calls["agents.Runner.run"].invoke
    assert not catalog.calls["openai.chat.completions.create"].invoke
    assert not catalog.calls["litellm.completion"].invoke


def test_what_is_reported_as_a_model_site(catalog: Catalog) -> None:
    sites = {"langchain_openai.ChatOpenAI": True, "langchain_openai.OpenAIEmbeddings": True, "agents.Agent": True,
             "langchain.chains.LLMChain": False, "langchain_chroma.Chroma": False, "crewai.Crew": False,
             "openai.OpenAI": False}  # fmt: skip
    assert {name: client(catalog, name).is_site for name in sites} == sites


def test_arguments_of_a_deriving_method_are_its_own(catalog: Catalog) -> None:
    (resolved,) = catalog.resolve("langchain_openai.ChatOpenAI().bind_tools().with_retry().invoke")
    model, tools, retry = [client.roles for client, _ in resolved.clients]
    assert model["model"].default == "gpt-3.5-turbo"
    assert (tools.keys(), tools["tools"].pos) == ({"tools"}, 0)
    # stop_after_attempt=5 is four retries; left out it is 3 attempts.
    assert retry["max_retries"].as_retries(5, "stop_after_attempt") == 4
    assert retry["max_retries"].default == 2
    assert [index for _, index in resolved.clients] == [0, 1, 2]


def test_two_layers_of_retries_multiply(catalog: Catalog) -> None:
    layers = catalog.calls["langchain.BaseChatModel.invoke"].layers
    tries = 1
    for layer in layers:
        tries *= layer.formula.value({"client_retries": 2, "max_retries": 2}) or 0
    assert tries == 9
    llama = catalog.calls["llama_index.LLM.chat"].layers
    roles = client(catalog, "llama_index.llms.openai.OpenAI").roles
    counts = {role: roles[role].as_retries(3, "max_retries") for role in ("client_retries", "max_retries")}
    tries = 1
    for layer in llama:
        tries *= layer.formula.value(counts) or 0
    assert tries == 12, "LlamaIndex hands max_retries=3 to both layers: 3 tries of 4"


# --- what objects hold ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maker", "argument", "position", "use", "each"),
    [
        ("langchain.chains.LLMChain", "llm", None, "chat", False),
        ("langchain.chains.RetrievalQA.from_chain_type", "llm", 0, "chat", False),
        ("langchain.chains.RetrievalQA.from_chain_type", "retriever", None, "run", False),
        ("langchain.chains.create_history_aware_retriever", "llm", 0, "delegate", False),
        ("langchain_chroma.Chroma", "embedding_function", None, "embedding", False),
        ("langchain_chroma.Chroma.from_documents", "embedding", 1, "embedding", False),
        ("langchain.agents.initialize_agent", "llm", 1, "chat", False),
        ("langgraph.prebuilt.create_react_agent", "model", 0, "chat", False),
        ("langgraph.prebuilt.create_react_agent", "tools", 1, "tool", True),
        ("langchain.agents.create_agent", "middleware", None, "setting", True),
        ("agents.Agent", "handoffs", None, "delegate", True),
        ("crewai.Crew", "tasks", None, "run", True),
        ("crewai.Task", "agent", None, "run", False),
        ("crewai.Agent", "llm", None, "chat", False),
        ("dspy.BestOfN", "module", 0, "run", False),
        ("llama_index.core.VectorStoreIndex.from_documents", "embed_model", None, "embedding", False),
        ("pydantic_ai.models.fallback.FallbackModel", "*", None, "fallback", False),
        ("autogen_agentchat.agents.AssistantAgent", "model_client", 1, "chat", False),
        ("smolagents.CodeAgent", "model", 1, "chat", False),
        ("google.adk.agents.LoopAgent", "sub_agents", None, "run", True),
    ],
)
def test_what_is_held(catalog: Catalog, maker: str, argument: str, position: int | None, use: str, each: bool) -> None:
    hold = held(client(catalog, maker), argument)
    assert (hold.arg.pos, hold.use, hold.each) == (position, use, each)


def test_texts_stand_for_objects(catalog: Catalog) -> None:
    """`Agent(llm="gpt-4o")` of crewAI is `Agent(llm=LLM("gpt-4o"))`; what is named so must exist."""
    assert held(client(catalog, "crewai.Agent"), "llm").default == "crewai.LLM"
    holds = [hold for c in catalog.clients.values() for hold in c.holds]
    holds += [hold for c in catalog.clients.values() for variant in c.variants.values() for hold in variant.holds]
    for hold in holds:
        assert hold.default is None or catalog.client_named(hold.default), hold.default
        assert hold.setting is None or hold.setting in catalog.settings, hold.setting
        assert hold.arg.names or hold.setting, hold


def test_every_object_that_is_asked_has_a_call(catalog: Catalog) -> None:
    for found in catalog.clients.values():
        if found.object in ("model", "embeddings"):
            assert catalog.held_call(found.id) is not None, found.id
    call = catalog.held_call("langchain-openai")
    assert call is not None and call.api == "langchain.BaseChatModel.invoke"


def test_objects_are_added_later(catalog: Catalog) -> None:
    added = [h for h in client(catalog, "langgraph.graph.StateGraph").holds if "add_node" in h.paths]
    assert {(h.arg.names[0], h.arg.pos) for h in added} == {("action", 1), ("node", 0)}
    tools = [h for h in client(catalog, "pydantic_ai.Agent").holds if "tool" in h.paths]
    assert [(h.use, h.arg.pos) for h in tools] == [("tool", 0)]


def test_a_run_names_the_argument_that_holds_its_agent(catalog: Catalog) -> None:
    run = catalog.calls["agents.Runner.run"]
    assert run.of is not None and (run.of.names, run.of.pos) == (("starting_agent",), 0)
    assert run.roles["model"].names == ("run_config.model",)
    assert (run.roles["max_turns"].default, run.turns and run.turns.value({"max_turns": 10})) == (10, 10)


@pytest.mark.parametrize(("chain_type", "times"), [("map_reduce", None), ("stuff", 1)])
def test_how_often_a_chain_asks_depends_on_its_type(catalog: Catalog, chain_type: str, times: int | None) -> None:
    each, once = catalog.client_named("langchain.chains.summarize.load_summarize_chain")
    assert each.when is not None and once.when is None
    hold = held(each if chain_type in each.when.equals else once, "llm")
    assert (hold.times.value({}) if hold.times else 1) == times


# --- what decides a model ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maker", "version", "model"),
    [
        ("agents.Agent", "0.24.0", "gpt-5.6-luna"),
        ("agents.Agent", "0.16.1", "gpt-5.4-mini"),
        ("agents.Agent", "0.4.2", "gpt-4.1"),
        ("crewai.LLM", "1.15.30", "gpt-4.1-mini"),
        ("crewai.LLM", "0.130.0", "gpt-4o-mini"),
    ],
)
def test_default_model(catalog: Catalog, maker: str, version: str, model: str) -> None:
    arg = client(catalog, maker).roles["model"]
    pin = Pin(numbers(version), True, True, version, "uv.lock", 1)
    assert arg.at(arg.older[0].packages, pin).default == model


def test_default_that_an_environment_variable_replaces(catalog: Catalog) -> None:
    assert client(catalog, "agents.Agent").roles["model"].env == ("OPENAI_DEFAULT_MODEL",)
    assert client(catalog, "crewai.LLM").roles["model"].env == ("MODEL", "MODEL_NAME", "OPENAI_MODEL_NAME")


def test_global_settings(catalog: Catalog) -> None:
    dspy = catalog.settings["dspy-lm"]
    assert {name for name, _ in dspy.setters} == {"dspy.configure", "dspy.settings.configure"}
    assert ("dspy.context", "lm") in [(name, arg.names[0]) for name, arg in dspy.scoped]
    llama = catalog.settings["llama-llm"]
    assert "llama_index.core.Settings.llm" in llama.names
    assert llama.default is not None and client(catalog, llama.default).roles["model"].default == "gpt-3.5-turbo"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai:gpt-4o", ("openai", "gpt-4o")),
        ("google_genai:gemini-2.0-flash", ("google", "gemini-2.0-flash")),
        ("google-gla:gemini-2.0-flash", ("google", "gemini-2.0-flash")),
        ("litellm/anthropic/claude-3-5-sonnet", ("anthropic", "claude-3-5-sonnet")),
        ("any-llm/openrouter/openai/gpt-4o", ("openrouter", "openai/gpt-4o")),
        ("gateway/openai:gpt-4o", ("openai", "gpt-4o")),
        ("gpt-4o", (None, "gpt-4o")),
        ("meta-llama/Llama-3-8b", (None, "meta-llama/Llama-3-8b")),
        ("ft:gpt-4o:acme", (None, "ft:gpt-4o:acme")),
        ("anthropic.claude-v2:1", (None, "anthropic.claude-v2:1")),
        ("litellm/", (None, "")),
    ],
)
def test_provider_in_the_name_of_a_model(catalog: Catalog, name: str, expected: tuple[str | None, str]) -> None:
    assert catalog.split_model(name) == expected


@given(st.text(alphabet="openai/:litem.-_ \0"))
def test_splitting_keeps_the_end_of_a_name(name: str) -> None:
    provider, rest = load().split_model(name)
    assert name.endswith(rest)
    assert provider != "*"


# --- classes that are not listed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("langchain_netmind.ChatNetmind", "langchain-chat"),
        ("langchain_acme.chat_models.ChatAcme", "langchain-chat"),
        ("langchain_community.chat_models.ChatMaritalk", "langchain-chat"),
        ("langchain_netmind.NetmindEmbeddings", "langchain-embeddings"),
        ("langchain_community.embeddings.AcmeEmbeddings", "langchain-embeddings"),
        ("langchain_acme.AcmeLLM", "langchain-llm"),
        ("langchain_pinecone.PineconeVectorStore", "langchain-store"),
        ("langchain.vectorstores.Lance.from_texts", "langchain-store"),
        ("llama_index.llms.acme.Acme", "llama-llm"),
        ("llama_index.embeddings.acme.AcmeEmbedding", "llama-embeddings"),
        ("agno.models.acme.Acme", "agno-model"),
        ("langchain_experimental.cpal.base.CPALChain", "langchain-chain"),
    ],
)
def test_family_rule(catalog: Catalog, chain: str, expected: str) -> None:
    found = client(catalog, chain)
    assert found.id == expected
    assert catalog.may_make(chain.rpartition(".")[2])
    assert found.provider is None


@pytest.mark.parametrize(
    "chain",
    ["langchain_core.prompts.ChatPromptTemplate", "langchain_core.chat_history.InMemoryChatMessageHistory",
     "langchain_core.embeddings.Embeddings", "langchain_core.language_models.BaseLLM", "acme.ChatOpenAI",
     "mylangchain_openai.ChatOpenAI", "langchain_openai.ChatOpenAI.invoke", "llama_index.core.llms.ChatMessage", ""],
)  # fmt: skip
def test_no_family_rule(catalog: Catalog, chain: str) -> None:
    assert catalog.client_named(chain) == ()


def test_an_unlisted_class_has_no_invented_figures(catalog: Catalog) -> None:
    for chain in ("langchain_netmind.ChatNetmind", "llama_index.llms.acme.Acme"):
        roles = client(catalog, chain).roles
        assert roles["client_retries"].how == "unknown" and roles["client_retries"].why
        assert roles["model"].default is None and roles["max_output"].default is None


@given(st.text(alphabet="langchin_opeCtAI.()*Embds"))
def test_lookups_take_any_text(text: str) -> None:
    found = load()
    found.client_named(text)
    found.may_make(text)
    found.class_call(text)
    found.resolve(text)
