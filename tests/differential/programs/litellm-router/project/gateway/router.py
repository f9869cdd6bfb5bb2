from litellm import Router

MODELS = [
    {"model_name": "main", "litellm_params": {"model": "openai/gpt-4o-mini", "max_tokens": 256}},
    {"model_name": "spare", "litellm_params": {"model": "anthropic/claude-haiku-4-5", "max_tokens": 256}},
]

router = Router(model_list=MODELS, num_retries=2, fallbacks=[{"main": ["spare"]}])
