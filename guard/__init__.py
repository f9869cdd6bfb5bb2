"""guard: a policy-as-code linter and budget guard for language-model spend."""

__version__ = "0.1.0"
