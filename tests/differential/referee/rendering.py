"""Tools and schemas of an answer in one form, whoever wrote them. In: JSON of a body or of guard. Out: `Definition`s.

Compared is what a model reads: names, descriptions, properties with their types, values and descriptions, what is
required. Left out is what bears no words for it: wrappers of the protocols, the order of keys, `title`s that a library
makes of names, `additionalProperties`, `strict`, `cache_control`. References are put in place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
SILENT = ("title", "additionalProperties", "strict", "$defs", "$schema", "cache_control", "minimum", "maximum")


def schema(value: Any, defined: Json | None = None, depth: int = 0) -> Any:
    """A schema without what bears no words; a reference is replaced by what it names, eight levels deep at most."""
    if isinstance(value, list):
        return [schema(one, defined, depth) for one in value]
    if not isinstance(value, dict):
        return value
    known = {**(defined or {}), **value.get("$defs", {})}
    name = str(value.get("$ref", "")).rpartition("/")[2]
    if name in known and depth < 8:
        return schema(known[name], known, depth + 1)
    kept: Json = {}
    for key, inner in value.items():
        if key == "properties":
            kept[key] = {prop: schema(one, known, depth) for prop, one in inner.items()}
        elif key == "required":
            kept[key] = sorted(inner)
        elif key not in SILENT:
            kept[key] = schema(inner, known, depth)
    if kept.get("required") == []:
        del kept["required"]
    return kept


def definition(tool: Json) -> Json:
    """Name, description and parameters of a tool in any of the known forms."""
    inner = tool.get("function") or tool.get("toolSpec") or tool
    keys = ("parameters", "input_schema", "inputSchema", "parameters_json_schema")
    given = next((inner[key] for key in keys if key in inner), {})
    return {
        "name": inner.get("name"),
        "description": inner.get("description", ""),
        "parameters": schema(given.get("json", given)),
    }


def definitions(tools: Any) -> Iterator[Json]:
    """The tools of a list; Google's are one level deeper."""
    for tool in tools:
        for one in tool.get("functionDeclarations", [tool]):
            yield definition(one)


def sent(body: Json) -> tuple[list[Json], Any]:
    """The tools of a body, and the schema of its answer (None: none is demanded)."""
    tools = body.get("tools") or (body.get("toolConfig") or {}).get("tools") or []
    form = body.get("response_format") or (body.get("text") or {}).get("format") or {}
    demanded = (form.get("json_schema") or form).get("schema")
    return list(definitions(tools)), None if demanded is None else schema(demanded)


def rendered(tools_json: str | None, schema_json: str | None) -> tuple[list[Json], Any]:
    """The same of what guard made of the code. A schema that is sent as a tool is one."""
    tools = list(definitions(json.loads(tools_json or "[]")))
    demanded = json.loads(schema_json) if schema_json else None
    if isinstance(demanded, dict) and demanded.get("type") == "function":
        return [*tools, definition(demanded)], None
    if isinstance(demanded, dict) and "json_schema" in demanded:
        demanded = demanded["json_schema"]["schema"]
    return tools, None if demanded is None else schema(demanded)
