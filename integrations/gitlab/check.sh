#!/usr/bin/env bash
# The job of guard.gitlab-ci.yml: installs guard from the folder of this script, runs `guard check`, keeps the note, and
# ends as guard did (0 nothing blocks, 1 a policy or budget blocks, else guard could not check).
# In: GUARD_PYTHON, GUARD_PATH, GUARD_CONFIG, GUARD_BASE, GUARD_POLICY_FROM, GUARD_FAIL_ON, what `note.py` reads, and what
# every job has. Out: the folder guard-reports in the project, for artifacts.
# Python runs isolated (-I, or -P with our own path): nothing in the project may be imported.
set -euo pipefail

source="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
reports="$CI_PROJECT_DIR/guard-reports"

python="${GUARD_PYTHON:-python3}"
if [ -z "${GUARD_PYTHON:-}" ]; then
  environment="$(mktemp -d)"
  python3 -I -m venv "$environment"
  python="$environment/bin/python"
  "$python" -I -m pip install --quiet --disable-pip-version-check "$source"
fi

# A merge request is compared with what it is merged into: in a pipeline of merged results, which also has what others
# merged meanwhile, with the target's own commit.
base="${GUARD_BASE:-${CI_MERGE_REQUEST_TARGET_BRANCH_SHA:-${CI_MERGE_REQUEST_DIFF_BASE_SHA:-}}}"

rm -rf "$reports" # it may be a link that the project has there
mkdir "$reports"
arguments=(
  --output "json=$reports/guard.json" --output "markdown=$reports/guard.md" --output "gitlab=$reports/codequality.json"
  --output "junit=$reports/junit.xml"
)
if [ "$base" != none ] && [ -n "$base" ]; then
  arguments+=(--base "$base" --policy-from "${GUARD_POLICY_FROM:-base}")
fi
[ -z "${GUARD_CONFIG:-}" ] || arguments+=(--config "$GUARD_CONFIG")
[ -z "${GUARD_FAIL_ON:-}" ] || arguments+=(--fail-on "$GUARD_FAIL_ON")

code=0
cd "$CI_PROJECT_DIR"
"$python" -I -m guard check "${arguments[@]}" -- "${GUARD_PATH:-.}" || code=$?

GUARD_EXIT_CODE="$code" GUARD_REPORT="$reports/guard.json" GUARD_MARKDOWN="$reports/guard.md" PYTHONPATH="$source" \
  "$python" -P -m integrations.gitlab.note || echo "guard: no note: the program that writes it failed; please report this"
exit "$code"
