STOCK = {"screws M4": 1200, "screws M5": 0}

TOOL_CONFIG = {
    "tools": [
        {
            "toolSpec": {
                "name": "stock_of",
                "description": "How many pieces of an article are in stock",
                "inputSchema": {
                    "json": {
                        "type": "object",
                        "properties": {"article": {"type": "string", "description": "Name of the article"}},
                        "required": ["article"],
                    }
                },
            }
        }
    ]
}


def stock_of(article: str) -> int:
    return STOCK.get(article, 0)
