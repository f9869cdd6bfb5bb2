"""One module for each configuration format, found by `guard.facts.documents.read`; to add one, copy one.

A module has a `FORMAT`: how its files are recognised, by content before name, and a function that puts what they say
into a `Found`. Its docstring says which keys carry what and what holds where a key is missing, with the source.
"""
