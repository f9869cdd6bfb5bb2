"""CODEOWNERS as GitHub and GitLab read it."""

from __future__ import annotations

import pytest

from guard.sources.codeowners import CodeOwners

GITHUB = """\
# the default
*            @acme/all
*.js         @js-owner  # inline comment
/build/logs/ @doctocat
docs/*       docs@example.com
apps/        @octocat
/apps/github
**/logs      @logger @second
/scripts/    not-an-owner
with\\ space/ @spacious
"""
GITLAB = """\
* @everyone
[Database][2] @db
model/db/
config/db/database-setup.md @docs-team
^[Optional] @opt
*.rb
!vendor/*.rb
[DATABASE]
*.sql @sql
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("src/a.py", ("@acme/all",)),
        ("deep/b.js", ("@js-owner",)),
        ("build/logs/x/y.txt", ("@logger", "@second")),  # a later line matches, too
        ("docs/a.md", ("docs@example.com",)),
        ("docs/build/a.md", ("@acme/all",)),  # `docs/*` is the folder itself
        ("x/apps/y.py", ("@octocat",)),
        ("apps/github/z.py", ()),  # a line without owners: nobody
        ("scripts/run.py", ()),  # what is no owner by its form names nobody
        ("with space/f.py", ("@spacious",)),
    ],
)
def test_of_a_github_file_the_last_line_that_matches_decides(path: str, owners: tuple[str, ...]) -> None:
    assert CodeOwners(GITHUB).of(path) == owners


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a.txt", ("@everyone",)),
        ("model/db/x.py", ("@everyone", "@db")),  # the owners of all sections; those of the head without any
        ("config/db/database-setup.md", ("@everyone", "@docs-team")),
        ("lib/a.rb", ("@everyone", "@opt")),
        ("vendor/a.rb", ("@everyone",)),  # taken out of that section
        ("q.sql", ("@everyone", "@sql")),  # sections of one name are one
    ],
)
def test_of_a_gitlab_file_the_owners_of_all_sections_count(path: str, owners: tuple[str, ...]) -> None:
    assert CodeOwners(GITLAB).of(path) == owners


def test_hostile_patterns_and_lines_are_passed_over() -> None:
    text = "a" * 100_000 + " @x\n" + "*a" * 2000 + "b @y\n[\n\\\n*.py @ok \x1b[31m@" + "z" * 500 + "\n"
    assert CodeOwners(text).of("aa.py") == ("@ok",)
