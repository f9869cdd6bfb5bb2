"""What the formats of self-hosted models share: `pods` reads pod templates, `commands` what a server is started with.

In: nodes of a document. Out: parts of a `Served`. The collectors are in `guard.facts.formats`; scalers meet their
targets in `guard.facts.link.hosted`; GPUs get their names and prices in `guard.estimate`.
"""
