"""Makes a value that fits a JSON schema, so that the model server can answer what a program demands.

In: a schema as programs send them (JSON Schema with `$ref`, or Google's with types in capitals). Out: plain data, the
same for the same schema.
"""

from __future__ import annotations

from typing import Any

_PLAIN: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.0, "boolean": True, "null": None}


def sample(schema: Any, whole: Any = None, depth: int = 0) -> Any:
    """The smallest value that fits: first choice of every alternative, one item in every list, all properties."""
    whole = schema if whole is None else whole
    if not isinstance(schema, dict) or depth > 12:
        return "text"
    if "$ref" in schema:
        found: Any = whole
        for key in schema["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        return sample(found, whole, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for word in ("anyOf", "oneOf", "allOf", "any_of"):
        if schema.get(word):
            return sample(schema[word][0], whole, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = str(kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: sample(value, whole, depth + 1) for name, value in properties.items()}
    if kind == "array":
        return [sample(schema.get("items", {}), whole, depth + 1)] * max(1, int(schema.get("minItems", 1)))
    if kind in ("integer", "number"):
        return max(_PLAIN[kind], schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1))
    return _PLAIN.get(kind, "text")
