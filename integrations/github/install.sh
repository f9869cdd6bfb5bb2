#!/usr/bin/env bash
# Installs guard, as this action's own commit has it, into an environment of its own.
# In: GUARD_PYTHON (the interpreter to use). Out: the output `python`, the interpreter of that environment.
# Python runs isolated (-I): nothing in the checked-out folder may be imported.
set -euo pipefail

python="${GUARD_PYTHON:-python3}"
if ! "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error title=guard::guard needs Python 3.11 or newer; set the input 'python' to one (now: $python)"
  exit 2
fi
environment="$(mktemp -d "$RUNNER_TEMP/guard-environment.XXXXXX")"
"$python" -I -m venv "$environment"
bin="$environment/bin"
[ -d "$bin" ] || bin="$environment/Scripts" # on Windows
"$bin/python" -I -m pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"
"$bin/python" -I -m guard --version
echo "python=$bin/python" >>"$GITHUB_OUTPUT"
