"""The note that `guard.gitlab-ci.yml` keeps at a merge request."""
