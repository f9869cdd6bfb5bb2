"""What may differ between installations."""

import os

ANSWER_MODEL = os.getenv("ANSWER_MODEL", "gpt-4.1")
TRIAGE_MODEL = "gpt-4.1-mini"
DIGEST_MODEL = "claude-sonnet-4-6"

TEAMS = ["billing", "delivery", "returns", "accounts"]
