#!/usr/bin/env bash
# Keeps guard's comment at the pull request. In: GUARD_PYTHON, GUARD_TOKEN and what `comment.py` reads. Never fails the job.
set -euo pipefail

PYTHONPATH="$GITHUB_ACTION_PATH" "$GUARD_PYTHON" -P -m integrations.github.comment ||
  echo "::warning title=guard::no comment: the program that writes it failed; please report this"
