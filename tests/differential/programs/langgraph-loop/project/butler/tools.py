from langchain_core.tools import tool


@tool
def temperature(room: str) -> float:
    """The temperature of a room in degrees."""
    return 19.5
