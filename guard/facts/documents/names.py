"""Names of models and keys, by how they look. In: a text. Out: whether a model may be called so; what a key means.

For files of no format that says what its keys mean. A name is known by its family or by a provider before it; a key
by its last words, in whatever style it is written. Neighbour: `formats.app_settings`.
"""

from __future__ import annotations

import re

_FAMILIES = (
    r"gpt-?[2-9o]|gpt-(?:image|oss|realtime|audio)|chatgpt-|o[134](?=$|-|:)|"
    r"text-(?:embedding|davinci|ada|curie|babbage|moderation)-|"
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

_PROVIDER = re.compile(r"(?:\w+_)?(?:llm|model|chat|embeddings?|ai)_provider|provider")
_MODEL = re.compile(r"(?:^|_)(?:model|models|llm|model_name|model_id|modelname|deployment|deployment_name|engine)$")
_START = r"(?:^|_)"
"""A word of a key begins."""
_MEANINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("fallback", (r"fallback(?:s|_models?|_llms?)?", r"fallback_(?:chat_)?models?")),
    (
        "reasoning",
        (
            r"thinking_budget(?:_tokens)?", r"(?:thinking|reasoning)_(?:budget_|max_)?tokens", r"budget_tokens",
            r"(?:reasoning|thinking)_effort",
        ),
    ),
    (
        "context_limit",
        (
            r"(?:max|limit)_(?:model|input|context|prompt|history)_(?:tokens|length|len|window)", r"max_context",
            r"context_(?:window|length|size|limit|tokens)", r"max_model_len",
        ),
    ),
    (
        "max_tokens",
        (
            r"max_(?:(?:new|output|completion|response|answer|gen|generation)_)?tokens", r"max_output_length",
            r"(?:output|completion)_tokens?_limit",
        ),
    ),
    (
        "retries",
        (
            r"(?:num|max|n|number_of)_?retries", r"retries", r"(?:max_)?retry_(?:attempts|count|limit)",
            r"max_attempts",
        ),
    ),
    ("temperature", (r"temperature", r"temp")),
    (
        "budget",
        (
            r"cost_limit(?:_\w+)?", r"max_cost", r"cost_budget", r"max_budget(?:_per_\w+)?", r"budget_usd",
            r"max_spend", r"spend_limit", r"(?:daily|monthly)_budget", r"budget",
        ),
    ),
    ("top_k", (r"top_k", r"num_results", r"n_results", r"retrieval_k")),
    ("repeats", (r"max_(?:iterations|iters|turns|steps|rounds|loops)",)),
    (
        "limit",
        (r"call_limit", r"max_calls", r"(?:max_)?[rt]pm", r"rate_limit", r"(?:requests|tokens)_per_minute"),
    ),
    ("cache", (r"caching_prompt", r"prompt_caching", r"(?:enable_)?cache_prompts?")),
    ("prompt", (r"system_(?:prompt|message|template)", r"prompt_template", r"instructions", r"user_prompt")),
)  # fmt: skip
"""What a key is about, by its last words; the first that fits."""
_KEYS = tuple((re.compile(f"{_START}(?:{'|'.join(patterns)})$"), what) for what, patterns in _MEANINGS)


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
    if _PROVIDER.fullmatch(key):
        return "provider"
    return next((what for pattern, what in _KEYS if pattern.search(key)), None)
