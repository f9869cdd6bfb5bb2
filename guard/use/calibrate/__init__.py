"""What really happened against what guard estimates (`guard calibrate`).

In: files with measured use (`sources/`, one file per format) and a `Report`. Out: which rows belong to which requests,
estimate against measured, and the `usage` section that follows. `reading` asks DuckDB, `binding` finds the requests,
`comparing` puts both figures side by side, `proposing` makes rules of them, `writing` puts these into guard.yaml.
"""
