"""What conditions can speak of: `request`, `workflow`, `feature` and `repo`, with their declared fields.

In: values of `guard.model`. Out: `table.OBJECTS` for `guard.policy.expr`, the subjects that policies ask about, and the
page docs/conditions.md. `parts` has the small objects (figures, sites, retry layers, entry points), `request` and
`sums` the large ones. A field is declared once: its type checks conditions, its text is the documentation.
"""
