"""Conditions: one line of text about a request in, true, false or unknown (with the reasons) out.

The language is a subset of the Common Expression Language (CEL) with units, over objects with declared fields:

    text -> lexer (tokens) -> parser (syntax) -> condition (every type known, or a located error)
    condition + objects -> evaluate -> True, False or `values.Unknown`

`types` says what kinds of value there are, `units` which of them go together, `functions` what can be called, `values`
how unknown and partly known values are compared and added, `pattern` matches regular expressions in linear time.
Nothing here knows what a request is: `guard.policy.objects` declares that. After `condition.compile` nothing raises.
"""
