"""One file for each check; `guard.policy.registry` finds them by listing this folder."""
