"""From a model name as written to the rows that may price it. In: a name and a provider. Out: candidates, no lookups.

`guard.estimate.prices` tries the candidates in order and takes the first that the table lists exactly (letter case
aside). Nothing here shortens, completes or resembles: a name that no rule below takes apart is looked up as it is.

Rules, in this order:
1. Bedrock ARNs: `arn:aws:bedrock:REGION::foundation-model/ID` and `.../inference-profile/ID` give the row of the
   region, then that of ID. Application profiles, provisioned, custom and imported models have numbers as names:
   unknown.
2. Vertex paths: `projects/P/locations/L/publishers/PUB/models/ID` and `publishers/PUB/models/ID` give ID on Vertex;
   an endpoint number is unknown.
3. With a provider, the name as it stands (`openai/gpt-oss-120b` at Groq is a name of Groq's).
4. A routing prefix in front of `/` or `:` (LiteLLM, LangChain, pydantic-ai, OpenRouter): `azure/gpt-4o`,
   `openai:gpt-4o`, `google-gla:gemini-2.5-pro`, `bedrock/converse/ID`. It decides the provider when none is known,
   when it says the same, or when the known one is only the protocol that a gateway speaks (`openai`, `litellm`,
   `openai-compatible`). A prefix for one's own hardware (`ollama/`, `hosted_vllm/`) has no token price.
5. `models/ID` (Google's own spelling) and `tunedModels/...` (unknown).
6. `ft:BASE:org:suffix:id` is OpenAI's fine-tuned BASE, which has rows of its own (`ft:BASE`).
7. Fireworks' short and long names: `deepseek-v3p2` and `accounts/fireworks/models/deepseek-v3p2`; another account's
   model is unknown. On Vertex the publisher may stand in front: `google/gemini-2.5-pro`.
8. Without a provider: ids of Bedrock's form (`us.anthropic.claude-...-v1:0`) on Bedrock; other names without a slash
   at the company that makes the model, if one maker lists the very name.

A dated name (`gpt-4o-2024-08-06`) has a row of its own or none. An undated row serves it only where a source declares
the dated name as another name of it, which the table then lists as a row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LABS: tuple[str, ...] = (
    "openai", "anthropic", "google", "mistral", "cohere", "deepseek", "xai", "perplexity", "voyage", "ai21", "moonshot",
    "minimax", "zai", "alibaba", "jina", "nova", "arcee", "inception", "upstage", "stepfun", "xiaomi", "meta",
    "elevenlabs", "deepgram", "assemblyai", "stability", "black_forest_labs", "recraft", "runwayml",
)  # fmt: skip
"""Providers that sell models of their own making under bare names. Their rows are named without the provider."""

_FAMILIES = (
    ("openai", ("gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-3-", "text-embedding-ada", "whisper-1", "tts-1")),
    ("anthropic", ("claude-",)),
    ("google", ("gemini-", "gemma-", "text-embedding-00", "imagen-", "veo-")),
    ("mistral", ("mistral-", "codestral", "ministral-", "magistral-", "devstral", "pixtral-", "open-mi", "voxtral-")),
    ("deepseek", ("deepseek-",)),
    ("xai", ("grok-",)),
    ("cohere", ("command", "embed-", "rerank-", "c4ai-")),
    ("moonshot", ("kimi-", "moonshot-")),
    ("zai", ("glm-",)),
    ("alibaba", ("qwen", "qwq", "qvq")),
    ("minimax", ("minimax-",)),
    ("voyage", ("voyage-",)),
    ("perplexity", ("sonar",)),
)
"""Whose name a name is when several makers sell the very same one (Alibaba resells `kimi-k3`). Never used to find a
row: only to choose between rows that are listed exactly."""

_ALIASES = {
    "openai": "openai openai-chat openai-responses openai_chat openai_responses text-completion-openai custom_openai "
    "openai_text chatopenai",
    "azure": "azure azure_openai azure-openai azureopenai azure_ai azure_text azure_ai_foundry azure-ai azure_foundry "
    "azure_ad microsoft_foundry",
    "anthropic": "anthropic claude anthropic_text chatanthropic",
    "bedrock": "bedrock aws amazon-bedrock amazon_bedrock bedrock_converse aws_bedrock bedrock-converse amazon "
    "bedrock_runtime aws-bedrock",
    "google": "google gemini google-gla google_genai google-genai google_ai_studio google_gemini googleai google_ai "
    "google-generativeai google_generativeai google-ai",
    "vertex": "vertex vertex_ai google-vertex google_vertexai google_vertex vertexai google-vertexai vertex_ai_beta "
    "google_cloud vertex-ai google_anthropic_vertex google-vertex-anthropic vertex_anthropic anthropic_vertex",
    "mistral": "mistral mistralai mistral_ai codestral text-completion-codestral",
    "cohere": "cohere cohere_chat cohereai",
    "groq": "groq chatgroq",
    "together": "together together_ai togetherai together-ai",
    "fireworks": "fireworks fireworks_ai fireworksai fireworks-ai",
    "deepseek": "deepseek deep_seek",
    "xai": "xai x-ai grok x_ai",
    "openrouter": "openrouter open_router",
    "perplexity": "perplexity perplexity_ai pplx",
    "voyage": "voyage voyageai voyage_ai",
    "moonshot": "moonshot moonshotai moonshot_ai",
    "alibaba": "alibaba dashscope tongyi",
    "zai": "zai z-ai z.ai",
    "zhipu": "zhipu zhipuai",
    "databricks": "databricks",
    "deepinfra": "deepinfra",
    "novita": "novita novita_ai novita-ai",
    "cloudflare": "cloudflare workers-ai cloudflare-workers-ai",
    "vercel": "vercel vercel_ai_gateway",
    "meta": "meta meta_llama",
    "jina": "jina jina_ai jinaai",
    "nova": "nova amazon-nova amazon_nova",
    "lambda": "lambda lambda_ai",
    "snowflake": "snowflake snowflake-cortex",
} | {
    name: name
    for name in (
        "ai21", "minimax", "cerebras", "sambanova", "hyperbolic", "nebius", "replicate", "watsonx", "oci", "baseten",
        "scaleway", "ovhcloud", "elevenlabs", "deepgram", "assemblyai", "stability", "black_forest_labs", "recraft",
        "runwayml", "upstage", "stepfun", "arcee", "inception", "xiaomi",
    )
}  # fmt: skip
_PROVIDERS = {alias: provider for provider, aliases in _ALIASES.items() for alias in aliases.split()}

_OWN_HARDWARE = frozenset((
    "ollama", "ollama_chat", "vllm", "hosted_vllm", "lm_studio", "lmstudio", "llamafile", "llama_cpp", "llamacpp",
    "xinference", "tgi", "text-generation-inference", "local", "localai", "triton", "sglang", "oobabooga",
    "docker_model_runner",
))  # fmt: skip
_CLIENTS = frozenset(("litellm", "openai-compatible", "openai_compatible", "openai_like"))
"""Not providers: client libraries and protocols that reach any of them."""
_PROTOCOL = frozenset(("openai", "litellm"))
"""Providers that are also the protocol of gateways: a routing prefix in the name is then meant for the gateway."""
_ROUTES = frozenset(("converse", "converse_like", "invoke", "responses", "chat", "chat_completions", "text-completion"))
_NUMBERED = frozenset((
    "application-inference-profile", "provisioned-model", "imported-model", "custom-model", "custom-model-deployment",
))  # fmt: skip
_BEDROCK_ARN = re.compile(r"arn:aws[\w-]*:bedrock:([\w-]*):\d*:([\w-]+)/(.+)", re.IGNORECASE)
_VERTEX_PATH = re.compile(r"(?:projects/[^/]+/locations/[^/]+/)?publishers/[^/]+/models/(.+)", re.IGNORECASE)
_BEDROCK_ID = re.compile(r"(?:[a-z-]+\.)?(?:ai21|amazon|anthropic|cohere|meta|mistral|stability|writer)\.[a-z].*")
MAX_NAME = 256
"""Longer names are not model names."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows to try, `provider/id` in lower case, best first; and why there is none, if the name itself tells."""

    keys: tuple[str, ...] = ()
    why_not: str | None = None
    bare: str | None = None
    """A name without any provider, to be looked up at the makers."""


def provider_key(provider: str | None) -> str | None:
    """Our name of a provider (`azure_openai` -> `azure`; `litellm` for all that is only a client); None if unknown."""
    word = (provider or "").strip().lower()
    return _PROVIDERS.get(word) or ("litellm" if word in _CLIENTS else None)


def owner(name: str) -> str | None:
    """The maker whose name family it is, None if no family is known."""
    low = name.lower()
    return next((lab for lab, starts in _FAMILIES if low.startswith(starts)), None)


def bare_name(provider: str, name: str) -> bool:
    """Whether reports may leave the provider out of this row's name: the maker's own row of its own model."""
    return provider in LABS and "/" not in name and owner(name) in (None, provider)


def candidates(name: str, provider: str | None) -> Candidates:
    """The rows to try for a model name as written, by the rules of this module. Never raises."""
    text = name.strip()
    if not text or len(text) > MAX_NAME or not text.isprintable() or any(c.isspace() for c in text):
        return Candidates(why_not="this is not a model name" if text else "the model name is empty")
    word = (provider or "").strip().lower()
    if word in _OWN_HARDWARE:
        return Candidates(why_not=f"{word} runs on your own hardware: there is no price per token")
    return _resource(text) or _named(text.lower(), provider_key(word), word)


def _resource(text: str) -> Candidates | None:
    """Rules 1 and 2: names that are addresses of cloud resources."""
    if arn := _BEDROCK_ARN.fullmatch(text):
        region, kind, name = (part.lower() for part in arn.groups())
        if kind in _NUMBERED:
            return Candidates(why_not=f"the ARN of a Bedrock {kind.replace('-', ' ')} does not say which model it is")
        return Candidates((f"bedrock/{region}/{name}", f"bedrock/{name}"))
    if path := _VERTEX_PATH.fullmatch(text):
        return Candidates((f"vertex/{path[1].lower()}",))
    if text.lower().startswith(("arn:", "projects/")):
        return Candidates(why_not="the address of a deployment does not say which model it serves")
    return None


def _named(name: str, provider: str | None, written: str) -> Candidates:
    """Rules 3 to 8, for a lower-case name."""
    specific = provider if provider not in (None, "litellm") else None
    keys = [f"{specific}/{name}"] if specific else []
    head, mark, rest = _split(name)
    if mark and head in _OWN_HARDWARE:
        return Candidates(why_not=f"{head} runs on your own hardware: there is no price per token")
    if mark and head in ("litellm_proxy", "custom"):
        return Candidates(why_not=f"`{head}/` names a model of your own proxy; declare it under `aliases`")
    routed = _PROVIDERS.get(head) if mark else None
    if routed and rest and (specific is None or routed == specific or provider in _PROTOCOL):
        keys += _at(routed, _after_route(rest))
        return Candidates(tuple(dict.fromkeys(keys)))
    if specific:
        return _refused(name) or Candidates(tuple(dict.fromkeys(keys + _at(specific, _after_route(name)))))
    if written and provider is None:
        return Candidates(why_not=f"guard has no prices of the provider `{written}`")
    if refused := _refused(name):
        return refused
    if name.startswith("models/"):
        return Candidates((f"google/{name[7:]}",))
    if name.startswith("ft:"):
        return Candidates(tuple(_at("openai", name)))
    if name.startswith("accounts/fireworks/"):
        return Candidates((f"fireworks/{name}",))
    if _BEDROCK_ID.fullmatch(name):
        return Candidates((f"bedrock/{name}",))
    return Candidates(bare=name)


def _split(name: str) -> tuple[str, str, str]:
    """The part before the first `/` or `:`, that mark, and the rest."""
    at = min((i for i in (name.find("/"), name.find(":")) if i >= 0), default=-1)
    return (name[:at], name[at], name[at + 1 :]) if at >= 0 else ("", "", name)


def _after_route(name: str) -> str:
    """LiteLLM's `bedrock/converse/ID` and `openai/responses/ID`: the route says how, not what."""
    head, mark, rest = _split(name)
    return rest if mark == "/" and head in _ROUTES and rest else name


def _refused(name: str) -> Candidates | None:
    if name.startswith("tunedmodels/"):
        return Candidates(why_not="a tuned model's name does not say which model it was tuned from")
    if name.startswith("accounts/") and not name.startswith("accounts/fireworks/"):
        return Candidates(why_not="a model of one's own Fireworks account has no list price")
    return None


def _at(provider: str, name: str) -> list[str]:
    """The spellings of a name at one provider."""
    names = [name]
    if provider == "openai" and name.startswith("ft:"):
        names = [":".join(name.split(":")[:2])]
    elif provider == "google":
        names = [name.removeprefix("models/")]
    elif provider == "vertex":
        names = [name.removeprefix("models/").removeprefix("google/").removeprefix("anthropic/")]
    elif provider == "fireworks" and "/" not in name:
        names = [f"accounts/fireworks/models/{name}", f"accounts/fireworks/routers/{name}", name]
    elif provider == "bedrock" and name.startswith("arn:"):
        return list((_resource(name) or Candidates()).keys)
    elif provider == "openrouter":
        names = [name.removeprefix("openrouter/")]
    return [f"{provider}/{n}" for n in names]
