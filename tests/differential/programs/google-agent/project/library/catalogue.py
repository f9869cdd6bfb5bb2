BOOKS = {"Moby-Dick": "shelf 4", "Emma": "lent until Friday"}


def where_is(title: str) -> str:
    """Says where a book is.

    Args:
        title: The title of the book, as on its cover.
    """
    return BOOKS.get(title, "not in this library")
