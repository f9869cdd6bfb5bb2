"""guard where changes are reviewed: GitHub, GitLab. Not part of the package that is installed, which has no network.

`outcome` reads what `guard check` wrote, `wish` says which comment a job wants, `sticky` keeps it up to date, `api`
speaks HTTP; `github/` and `gitlab/` know their service. The standard library only, since none of it is installed.
"""
