"""Docstrings that libraries take apart: what is said of the tool, and what of each parameter."""

from __future__ import annotations

from guard.facts.link.tool_docs import apart


def test_a_docstring_without_sections_is_the_description():
    assert apart("Books a room.\n\n    For one hour.\n    ") == ("Books a room.\n\nFor one hour.", {})


def test_entries_of_args_describe_parameters():
    doc = """Books a room.

    Args:
        room: Name of the room,
            as on the door.
        hour (int): From 8 to 18.

    Returns:
        total: What it costs.
    """
    assert apart(doc) == ("Books a room.", {"room": "Name of the room,\nas on the door.", "hour": "From 8 to 18."})


def test_fields_in_sphinx_style_describe_parameters():
    doc = "Books a room.\n\n:param room: Its name.\n:param int hour: From 8.\n:returns: What it costs.\n"
    assert apart(doc) == ("Books a room.", {"room": "Its name.", "hour": "From 8."})


def test_a_colon_in_the_text_is_no_section():
    assert apart("Note: asks the desk.\nhour: as 19:00.") == ("Note: asks the desk.\nhour: as 19:00.", {})


def test_an_empty_docstring_says_nothing():
    assert apart("") == ("", {})
