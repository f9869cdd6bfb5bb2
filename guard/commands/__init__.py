"""The commands of `guard`: one module each, whose `command` is what `guard.cli` runs under the module's name.

Neighbours: `shared.py` has the options, reading and writing that they have in common, `errors.py` the messages and exit
codes of what goes wrong. A new command is a new module here; nothing lists them. What takes time to load is imported
inside the commands.
"""
