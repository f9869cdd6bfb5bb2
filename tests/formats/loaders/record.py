"""What the real loaders read in `sources/`, written to `recorded.json`; `test_loaders.py` holds guard against it.

Run in an environment with litellm, baml-py and prompty (no network, no keys that work):
`python tests/formats/loaders/record.py`. Nothing is sent: the router is only built, BAML builds a request without
sending it, Prompty loads and renders.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SOURCES = HERE / "sources"
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("OPENAI_API_KEY", "x")


def litellm_router() -> dict[str, Any]:
    import yaml
    from litellm import Router

    config = yaml.safe_load((SOURCES / "litellm.yaml").read_text())
    router = Router(model_list=config["model_list"], **config["router_settings"])
    groups: dict[str, list[list[Any]]] = {}
    for deployment in router.model_list:
        params = deployment["litellm_params"]
        limit = params.get("max_tokens")
        groups.setdefault(deployment["model_name"], []).append([params["model"], limit and int(limit)])
    return {
        "groups": groups,
        "retries": router.num_retries,
        "max_fallbacks": router.max_fallbacks,
        "fallbacks": router.fallbacks,
        "context_window_fallbacks": router.context_window_fallbacks,
    }


def baml_requests() -> dict[str, Any]:
    from baml_py import BamlRuntime

    files = {path.name: path.read_text() for path in (SOURCES / "baml_src").glob("*.baml")}
    runtime = BamlRuntime.from_files(str(SOURCES / "baml_src"), files, {"OPENAI_API_KEY": "x"})
    context = runtime.create_context_manager()
    found = {}
    for name in ("Read", "Careful", "Short", "Unlimited"):
        request = runtime.build_request_sync(
            name, {"text": "TEXT"}, context, None, None, {"OPENAI_API_KEY": "x"}, False
        )
        body = json.loads(request.body.text())
        roles = [message["role"] for message in body["messages"]]
        roles = (["system"] if "system" in body else []) + roles
        found[name] = {"model": body["model"], "max_tokens": body.get("max_tokens"), "roles": roles, "url": request.url}
    return found


def prompty_files() -> dict[str, Any]:
    import prompty

    found = {}
    for path in sorted((SOURCES / "prompts").glob("*.prompty")):
        loaded = prompty.load(str(path))
        options = loaded.model.options
        messages = prompty.prepare(loaded, {"question": "Q"})
        found[path.name] = {
            "model": loaded.model.id,
            "max_tokens": options.max_output_tokens if options is not None else None,
            "temperature": options.temperature if options is not None else None,
            "roles": [message.role for message in messages],
        }
    return found


if __name__ == "__main__":
    recorded = {
        "versions": {name: importlib.metadata.version(name) for name in ("litellm", "baml-py", "prompty")},
        "litellm": litellm_router(),
        "baml": baml_requests(),
        "prompty": prompty_files(),
    }
    (HERE / "recorded.json").write_text(json.dumps(recorded, indent=2, sort_keys=True) + "\n")
