#!/usr/bin/env bash
# Runs `guard check` and writes its reports: annotations and text into the log, Markdown into the summary, files for later.
# In: GUARD_PYTHON, GUARD_PATH, GUARD_CONFIG, GUARD_BASE, GUARD_POLICY_FROM, GUARD_FAIL_ON, GUARD_ANNOTATIONS,
# GUARD_SUMMARY. Out: the step's outputs. Findings do not fail this step: `verdict.sh` does, after the comment.
set -euo pipefail

helper() { PYTHONPATH="$GITHUB_ACTION_PATH" "$GUARD_PYTHON" -P -m "$@"; } # -P: nothing from the checked-out folder

base="${GUARD_BASE:-$(helper integrations.github.event)}"
out="$(mktemp -d "$RUNNER_TEMP/guard-reports.XXXXXX")"
arguments=(
  --output "json=$out/guard.json" --output "sarif=$out/guard.sarif" --output "markdown=$out/guard.md"
  --output "github=$out/annotations.txt"
)
if [ "$base" != none ] && [ -n "$base" ]; then
  arguments+=(--base "$base" --policy-from "${GUARD_POLICY_FROM:-base}")
fi
[ -z "${GUARD_CONFIG:-}" ] || arguments+=(--config "$GUARD_CONFIG")
[ -z "${GUARD_FAIL_ON:-}" ] || arguments+=(--fail-on "$GUARD_FAIL_ON")

code=0
"$GUARD_PYTHON" -I -m guard check "${arguments[@]}" -- "${GUARD_PATH:-.}" >"$out/log.txt" 2>&1 || code=$?

# What is quoted from the repository must not command the runner.
silence="guard-$("$GUARD_PYTHON" -I -c 'import secrets; print(secrets.token_hex(16))')"
echo "::stop-commands::$silence"
cat "$out/log.txt"
printf '\n::%s::\n' "$silence"

if [ "$code" -gt 1 ]; then
  echo "::error title=guard failed::guard could not check this (exit code $code); its message stands in the log above"
  words="guard could not check this (exit code $code); its message stands in the log of the job."
  [ "${GUARD_SUMMARY:-true}" != true ] || echo "$words" >>"$GITHUB_STEP_SUMMARY"
else
  [ "${GUARD_ANNOTATIONS:-true}" != true ] || cat "$out/annotations.txt"
  [ "${GUARD_SUMMARY:-true}" != true ] || cat "$out/guard.md" >>"$GITHUB_STEP_SUMMARY"
fi

helper integrations.outcome "$code" "$out/guard.json" >>"$GITHUB_OUTPUT"
{
  echo "exit-code=$code"
  if [ "$code" -le 1 ]; then
    echo "report=$out/guard.json"
    echo "sarif=$out/guard.sarif"
    echo "markdown=$out/guard.md"
  fi
} >>"$GITHUB_OUTPUT"
