"""The formats of a report: one module each, whose `render(view)` gives the whole text. Its name is the format's name.

Each begins with a docstring whose first line says what the format is for; `guard.commands.outputs` lists them by the
files of this folder, so a new format is a new file and nothing else.
"""
