"""The room `estimate`: requests in, tokens and money out."""
