"""What changed between two trees: pairs of requests, the lines that made them dearer, rules that let more pass.

`revision` compares a folder or the index with a commit, `saved` with a report kept from before; both hand two reports
to `build`, which makes the `guard.difference.Difference` that renderers show.
"""
