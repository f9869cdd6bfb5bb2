"""The room `facts`: `collect` turns one file into `FileFacts`; `link` turns all of them into requests."""
