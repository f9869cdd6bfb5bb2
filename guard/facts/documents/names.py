"""Names of models and keys, by how they look. In: a text. Out: whether a model may be called so; what a key means.

For files of no format that says what its keys mean. A name is known by its family or by a provider before it; a key by its
last words, in whatever style it is written. Neighbour: `formats.app_settings`.
"""

from __future__ import annotations

import re

_FAMILIES = (
    r"gpt-?[2-9o]|gpt-(?:image|oss|realtime|audio)|chatgpt-|o[134](?=$|-|:)|text-(?:embedding|davinci|ada|curie|babbage|moderation)-|"
    r"davinci-|babbage-|codex-|omni-moderation|dall-e-|whisper-|tts-1|sora-|computer-use-preview|"
    r"claude-|(?:anthropic|amazon|meta|mistral|cohere|ai21|us|eu|apac)\.[a-z0-9]|"
    r"gemini-|gemma-?\d|text-bison|chat-bison|palm-|imagen-|veo-|learnlm-|"
    r"(?:meta-)?llama-?[234]|codellama|mi[sx]tral|ministral|magistral|codestral|devstral|pixtral|open-mi[sx]tral|"
    r"command(?:-r|-a|-light|-nightly)|embed-(?:english|multilingual|v)|rerank-|c4ai-|aya-|"
    r"deepseek|qwen|qwq|qvq|grok-|kimi-|moonshot-|glm-|chatglm|ernie-|hunyuan|doubao|minimax|abab|yi-|baichuan|"
    r"phi-?[234]|nova-(?:micro|lite|pro|premier|canvas|reel)|titan-|jamba|j2-|voyage-|sonar|pplx-|r1-1776|"
    r"nemotron|granite-|dbrx|solar-|stable-diffusion|sdxl|flux[.-]|nomic-embed|bge-|mxbai-embed|all-minilm|"
    r"wizardlm|hermes-|vicuna|falcon-|starcoder|command-r|palmyra|reka-|lfm-"
)
_FAMILY = re.compile(rf"(?:[\w.-]{{1,60}}[/:]){{0,4}}(?:{_FAMILIES})[\w.:@/-]{{0,120}}", re.IGNORECASE)
_PREFIXED = re.compile(
    r"(?:openai|anthropic|azure|azure_ai|bedrock|vertex_ai|vertexai|gemini|google|google_genai|google-gla|mistral|mistralai|"
    r"cohere|groq|openrouter|together_ai|together|fireworks_ai|fireworks|deepseek|xai|perplexity|ollama|ollama_chat|"
    r"huggingface|replicate|cerebras|nvidia_nim|litellm|github|hosted_vllm|databricks|sambanova|moonshot|dashscope)[/:]"
    r"[A-Za-z0-9][\w.:@/-]{1,120}"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORDS = re.compile(r"[^a-z0-9]+")

_MODEL = re.compile(r"(?:^|_)(?:model|models|llm|model_name|model_id|modelname|deployment|deployment_name|engine)$")
_KEYS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), what)
    for pattern, what in (
        (r"(?:^|_)fallback(?:s|_models?|_llms?)?$|(?:^|_)fallback_(?:chat_)?models?$", "fallback"),
        (r"(?:^|_)(?:thinking_budget(?:_tokens)?|(?:thinking|reasoning)_(?:budget_|max_)?tokens|budget_tokens|reasoning_effort|thinking_effort)$", "reasoning"),
        (r"(?:^|_)(?:max|limit)_(?:model|input|context|prompt|history)_(?:tokens|length|len|window)$|(?:^|_)context_(?:window|length|size|limit|tokens)$|(?:^|_)max_context$|(?:^|_)max_model_len$", "context_limit"),
        (r"(?:^|_)max_(?:(?:new|output|completion|response|answer|gen|generation)_)?tokens$|(?:^|_)max_output_length$|(?:^|_)(?:output|completion)_tokens?_limit$", "max_tokens"),
        (r"(?:^|_)(?:num|max|n|number_of)_?retries$|(?:^|_)retries$|(?:^|_)(?:max_)?retry_(?:attempts|count|limit)$|(?:^|_)max_attempts$", "retries"),
        (r"(?:^|_)temperature$|(?:^|_)temp$", "temperature"),
        (r"(?:^|_)(?:cost_limit|max_cost|cost_budget|max_budget|budget_usd|max_spend|spend_limit|max_budget_per_\w+|daily_budget|monthly_budget|budget)$|(?:^|_)cost_limit_\w+$", "budget"),
        (r"(?:^|_)(?:top_k|num_results|n_results|similarity_top_k|retrieval_k)$", "top_k"),
        (r"(?:^|_)max_(?:iterations|iters|turns|steps|rounds|loops)$", "repeats"),
        (r"(?:^|_)(?:call_limit|max_calls|rpm|tpm|max_rpm|max_tpm|rate_limit|requests_per_minute|tokens_per_minute)$", "limit"),
        (r"(?:^|_)(?:caching_prompt|prompt_caching|cache_prompts?|enable_prompt_caching)$", "cache"),
        (r"(?:^|_)(?:system_prompt|system_message|system_template|prompt_template|instructions|user_prompt)$", "prompt"),
        (r"(?:^|_)(?:llm_provider|model_provider|provider)$", "provider"),
    )
)  # fmt: skip


def looks_like_model(text: str) -> bool:
    """Whether a model may be called so: of a known family, or with a known provider before it."""
    return 1 < len(text) <= 200 and (_FAMILY.fullmatch(text) is not None or _PREFIXED.fullmatch(text) is not None)


def words_of(key: str) -> str:
    """A key in one style: `maxTokens`, `MAX-TOKENS` and `max_tokens` are `max_tokens`."""
    return _NOT_WORDS.sub("_", _HUMP.sub("_", key).lower()).strip("_")


def what_of(key: str) -> str | None:
    """What a key in one style is about; None for all that guard does not know."""
    if _MODEL.search(key):
        return "model" if "fallback" not in key else "fallback"
    return next((what for pattern, what in _KEYS if pattern.search(key)), None)
