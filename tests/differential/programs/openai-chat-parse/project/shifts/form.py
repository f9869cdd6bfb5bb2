SCHEMA = {
    "type": "object",
    "properties": {
        "shifts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "day": {"type": "string"},
                    "early": {"type": "boolean"},
                    "people": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["day", "early", "people"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["shifts"],
    "additionalProperties": False,
}
