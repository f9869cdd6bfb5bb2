from agents import function_tool

TABLES = {"19:00": 2, "20:00": 0}


@function_tool
def free_tables(hour: str) -> int:
    """How many tables are free at an hour.

    Args:
        hour: The hour as 19:00.
    """
    return TABLES.get(hour, 0)
