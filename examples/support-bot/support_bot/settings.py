"""What may differ between installations."""

import os

ANSWER_MODEL = os.getenv("ANSWER_MODEL", "gpt-4.1")
TRIAGE_MODEL = "gpt-4.1-nano"
DIGEST_MODEL = "claude-sonnet-4-5"

TEAMS = ["billing", "delivery", "returns", "accounts"]
