"""Tools of the desk."""

TOOLS = [
    {
        "name": "find_parcel",
        "description": "Where a parcel is and when it arrives",
        "input_schema": {
            "type": "object",
            "properties": {"number": {"type": "string", "description": "Number on the label, 12 digits"}},
            "required": ["number"],
        },
    },
    {
        "name": "open_case",
        "description": "Opens a case for a lost or damaged parcel",
        "input_schema": {
            "type": "object",
            "properties": {
                "number": {"type": "string"},
                "kind": {"type": "string", "enum": ["lost", "damaged"]},
            },
            "required": ["number", "kind"],
        },
        "cache_control": {"type": "ephemeral"},
    },
]


def run(name: str, arguments: dict) -> str:
    if name == "find_parcel":
        return f"{arguments['number']}: left the hub this morning, arrives tomorrow"
    return "case 4711 opened"
