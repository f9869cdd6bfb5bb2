"""Answers of OpenAI's costs API (`/v1/organization/costs`), one page or several. Ask with `group_by=line_item`.

They have dollars and no tokens; a line item names its model in front of a comma (`gpt-4o-2024-08-06, input`).
"""

from __future__ import annotations

from typing import Any

from guard.use.calibrate.sources.openai_usage import buckets, results
from guard.use.calibrate.sql import first, select

TITLE = "OpenAI costs"
DOCS = "https://platform.openai.com/docs/api-reference/usage/costs"


def fits(fields: frozenset[str], record: dict[str, Any]) -> bool:
    return results(record, "costs")


def rows() -> str:
    return select(
        buckets(),
        started=first("start_time", row="b"),
        ended=first("end_time", row="b"),
        model=f"trim(split_part({first('line_item', row='u')}, ',', 1))",
        provider="'openai'",
        usd="txt(u, '$.amount.value')",
        currency="upper(coalesce(txt(u, '$.amount.currency'), 'usd'))",
        requests="NULL::VARCHAR",
        tags=f"[{first('project_id', row='u')}]",
    )
