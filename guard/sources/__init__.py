"""The room `sources`: which files there are. In: a root. Out: a listing, and the bytes of one file at a time."""
