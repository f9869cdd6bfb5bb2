#!/usr/bin/env bash
# Ends as guard did: 0 nothing blocks, 1 a policy or budget blocks, else guard could not check. In: GUARD_EXIT_CODE.
set -euo pipefail

case "${GUARD_EXIT_CODE:-}" in
  0) ;;
  1) echo "::error title=guard::a policy or a budget blocks this; the findings stand above and in the summary" ;;
  *) exit 2 ;;
esac
exit "$GUARD_EXIT_CODE"
