"""Configuration files as facts, without the engine: what every collector of `guard.facts.formats` stands on.

`types` says what a collector gives, `document` turns bytes into documents with places, `found` is where a collector
puts what it finds, `read` goes through the files of a tree and asks the collectors. Nothing here knows a format.
"""
