"""Keeps guard's note at a merge request. In: the environment of a job. Out: the note, and a line in the log.

Nothing here fails a job. GitLab's own job token may not write notes, so a project access token with the scope `api` is
needed (a masked variable GUARD_TOKEN); without one, and in pipelines of forks, which do not get it, there is no note.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from integrations import sticky
from integrations.api import Api, ApiError
from integrations.wish import wish

LONGEST = 1_000_000
"""Characters that GitLab takes in a note."""


class MergeRequest:
    """The notes of a merge request, by GitLab's REST interface."""

    def __init__(self, api: Api, project: int, number: int) -> None:
        self._api = api
        self._notes = f"/projects/{project}/merge_requests/{number}/notes"
        self._me: int | None = None

    def mine(self, mark: str) -> list[tuple[int, str]]:
        """See `sticky.Thread`."""
        found = []
        for entry in self._api.pages(f"{self._notes}?sort=asc&order_by=created_at&per_page=100"):
            text = entry.get("body") or ""
            if (
                text.startswith(mark)
                and not entry.get("system")
                and (entry.get("author") or {}).get("id") == self._own()
            ):
                found.append((int(entry["id"]), text))
        return found

    def create(self, text: str) -> None:
        self._api.call("POST", self._notes, {"body": text})

    def update(self, number: int, text: str) -> None:
        self._api.call("PUT", f"{self._notes}/{number}", {"body": text})

    def delete(self, number: int) -> None:
        try:
            self._api.call("DELETE", f"{self._notes}/{number}")
        except ApiError as error:
            if error.status != 404:
                raise

    def _own(self) -> int:
        """Who the token is; asked for once, and only where a note carries our mark."""
        if self._me is None:
            self._me = int(self._api.call("GET", "/user")["id"])
        return self._me


def note(environment: Mapping[str, str]) -> str:
    """Does what is to be done, and says what happened."""
    number, project = environment.get("CI_MERGE_REQUEST_IID", ""), environment.get("CI_PROJECT_ID", "")
    token = environment.get("GUARD_TOKEN") or ""
    if not (number.isdigit() and project.isdigit()):
        return "no note: this pipeline is not about a merge request"
    try:
        wished = wish(environment, environment.get("CI_COMMIT_SHA"), LONGEST)
        if isinstance(wished, str):
            return f"no note: {wished}"
        if not token:
            return "no note: there is no GUARD_TOKEN, a project access token with the scope api"
        api = Api(environment["CI_API_V4_URL"], {"PRIVATE-TOKEN": token, "User-Agent": "guard"})
        thread = MergeRequest(api, int(project), int(number))
        return f"note {sticky.keep(thread, wished.mode, wished.key, wished.text, wished.wanted)}"
    except ValueError as error:
        return f"no note: {error}"
    except ApiError as error:
        advice = "; GUARD_TOKEN needs the scope api and the role Reporter" if error.status in (401, 403, 404) else ""
        return f"no note: {error}{advice}"


def main() -> None:
    """Reads GUARD_TOKEN, what `integrations.wish` reads, and what every job has: CI_API_V4_URL, CI_PROJECT_ID,
    CI_MERGE_REQUEST_IID, CI_COMMIT_SHA."""
    print(f"guard: {note(os.environ)}")


if __name__ == "__main__":
    main()
