"""The steps of `action.yml`: install, check, comment."""
