"""Stands for a database: three pages of rows."""

ROWS = [f"Letter {number} of the archive of the harbour office." for number in range(1, 8)]
PAGE = 3


def page(cursor: int) -> tuple[list[str], int | None]:
    rows = ROWS[cursor : cursor + PAGE]
    following = cursor + PAGE
    return rows, following if following < len(ROWS) else None
