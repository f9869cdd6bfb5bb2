"""Keeps guard's comment at a pull request. In: the environment of a step. Out: the comment, and a line in the log.

Nothing here fails a job: the report stands in the job's summary as well. A token that may not write, as for changes
from forks, is a notice; anything else that goes wrong is a warning.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from integrations import sticky
from integrations.api import Api, ApiError
from integrations.github import event
from integrations.wish import wish

LONGEST = 65_536
"""Characters that GitHub takes in a comment."""
DEPENDABOT = "dependabot[bot]"
"""Who starts runs whose token may only read, although the change is no fork's."""
ITSELF = "github-actions[bot]"
"""Who the token of a workflow is, where the service does not say."""


class PullRequest:
    """The comments of a pull request, by GitHub's REST interface."""

    def __init__(self, api: Api, graphql: Api, repository: str, number: int) -> None:
        self._api = api
        self._repository = f"/repos/{repository}"
        self._comments = f"{self._repository}/issues/{number}/comments"
        self._graphql = graphql
        self._name: str | None = None

    def mine(self, mark: str) -> list[tuple[int, str]]:
        """See `sticky.Thread`."""
        found = []
        for entry in self._api.pages(f"{self._comments}?per_page=100"):
            text = entry.get("body") or ""
            if text.startswith(mark) and (entry.get("user") or {}).get("login") == self._me():
                found.append((int(entry["id"]), text))
        return found

    def create(self, text: str) -> None:
        self._api.call("POST", self._comments, {"body": text})

    def update(self, number: int, text: str) -> None:
        self._api.call("PATCH", f"{self._repository}/issues/comments/{number}", {"body": text})

    def delete(self, number: int) -> None:
        try:
            self._api.call("DELETE", f"{self._repository}/issues/comments/{number}")
        except ApiError as error:
            if error.status != 404:
                raise

    def _me(self) -> str:
        """The name that the token's comments stand under; asked for once, and only where a comment carries our mark."""
        if self._name is None:
            self._name = self._viewer() or ITSELF
        return self._name

    def _viewer(self) -> str | None:
        """REST does not tell a workflow's token who it is; GraphQL does, as it tells people and applications."""
        try:
            answer: Any = self._graphql.call("POST", "/graphql", {"query": "query { viewer { login } }"})
        except ApiError as error:
            if error.passing:
                raise
            return None
        viewer = ((answer or {}).get("data") or {}).get("viewer") or {}
        return viewer.get("login")


def comment(environment: Mapping[str, str]) -> tuple[str, str]:
    """Does what is to be done; a word for the log's level (`notice`, `warning`) and what happened."""
    here = event.read(environment)
    if here.pull_request is None:
        return "notice", "no comment: this run is not about a pull request"
    try:
        wished = wish(environment, here.head, LONGEST)
        if isinstance(wished, str):
            return "notice", f"no comment: {wished}"
        if not environment.get("GUARD_TOKEN"):
            return "notice", "no comment: there is no token"
        thread = _thread(environment, here.pull_request)
        return "notice", f"comment {sticky.keep(thread, wished.mode, wished.key, wished.text, wished.wanted)}"
    except ValueError as error:
        return "warning", f"no comment: {error}"
    except ApiError as error:
        return _refused(error, here.from_fork or environment.get("GITHUB_ACTOR") == DEPENDABOT)


def _thread(environment: Mapping[str, str], number: int) -> PullRequest:
    headers = {
        "Authorization": f"Bearer {environment['GUARD_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "guard",
    }
    rest = environment.get("GITHUB_API_URL") or "https://api.github.com"
    graphql = environment.get("GITHUB_GRAPHQL_URL") or "https://api.github.com/graphql"
    return PullRequest(
        Api(rest, headers), Api(graphql.removesuffix("/graphql"), headers), environment["GITHUB_REPOSITORY"], number
    )


def _refused(error: ApiError, reads_only: bool) -> tuple[str, str]:
    if error.status in (401, 403, 404) and not error.limited:
        if reads_only:
            return "notice", f"no comment: {error}; the token for changes from forks and of Dependabot may only read"
        return "warning", f"no comment: {error}; the job needs `permissions: pull-requests: write`"
    return "warning", f"no comment: {error}"


def main() -> None:
    """Reads GUARD_TOKEN, what `integrations.wish` reads, and what every runner sets: GITHUB_API_URL,
    GITHUB_GRAPHQL_URL, GITHUB_REPOSITORY, GITHUB_EVENT_PATH."""
    level, words = comment(os.environ)
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        words = words.replace(character, code)
    print(f"::{level} title=guard::{words}")


if __name__ == "__main__":
    main()
