import os
from pathlib import Path

import yaml

ANSWER_MODEL = os.getenv("ANSWER_MODEL", "gpt-4o")
SUMMARY = yaml.safe_load((Path(__file__).parent / "config.yaml").read_text())["summary"]
PROMPT = (Path(__file__).parent / "prompt.txt").read_text()
