"""The questions that need more than one file: names, objects, calls, text, control, requests."""
