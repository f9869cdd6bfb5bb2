"""Bills in the FinOps Foundation's format FOCUS 1.0 to 1.3 (CSV, JSONL): usage rows of AI services.

A bill has dollars, tokens only where its unit is tokens, and no number of requests. The model stands in a tag `model`,
else in the texts of the meter, where `binding` looks for the models of the code. Purchases, taxes and credits are not
of a request and are skipped.
"""

from __future__ import annotations

from typing import Any

from guard.use.calibrate.sql import first, select

TITLE = "FOCUS bill"
DOCS = "https://focus.finops.org/focus-specification/"


def fits(fields: frozenset[str], record: dict[str, Any]) -> bool:
    return "BilledCost" in fields and "ChargePeriodStart" in fields


def rows() -> str:
    meter = f"lower(concat_ws(' ', {first('SkuMeter')}, {first('ChargeDescription')}, {first('SkuId')}))"
    unit = f"lower({first('ConsumedUnit')})"
    scale = f"CASE WHEN {unit} LIKE '%m%tokens%' AND {unit} <> 'tokens' THEN 1e6 WHEN {unit} LIKE '%k%tokens%' AND"
    scale += f" regexp_matches({unit}, '(^|[0-9 ])k') THEN 1e3 ELSE 1 END"
    amount = f"(try_cast({first('ConsumedQuantity')} AS DOUBLE) * {scale})::VARCHAR"
    output = f"regexp_matches({meter}, 'output|completion')"
    read = f"regexp_matches({meter}, 'cache[d]?.*(read|hit)|(read|hit).*cache|cached')"
    write = f"regexp_matches({meter}, 'cache.*(write|creation)|(write|creation).*cache')"
    tokens = f"{unit} LIKE '%token%'"
    return select(
        started=first("ChargePeriodStart"),
        ended=first("ChargePeriodEnd"),
        model=f"coalesce(txt(obj(j, '$.Tags'), '$.model'), {first('SkuMeter', 'ChargeDescription', 'SkuId')})",
        input_tokens=f"CASE WHEN {tokens} AND NOT {output} THEN {amount} END",
        output_tokens=f"CASE WHEN {tokens} AND {output} THEN {amount} END",
        cache_read_tokens=f"CASE WHEN {tokens} AND NOT {output} AND {read} AND NOT {write} THEN {amount} END",
        cache_write_tokens=f"CASE WHEN {tokens} AND NOT {output} AND {write} THEN {amount} END",
        usd=first("EffectiveCost", "BilledCost"),
        currency=f"upper(coalesce({first('BillingCurrency')}, 'USD'))",
        requests="NULL::VARCHAR",
        tags=f"members(obj(j, '$.Tags')) || [{first('ResourceName')}, {first('ResourceId')}]",
        skip=f"CASE WHEN {first('ChargeCategory')} <> 'Usage' THEN 'charges that are not for use' WHEN"
        f" {first('ServiceCategory')} <> 'AI and Machine Learning' AND ({unit} IS NULL OR NOT {tokens})"
        " THEN 'charges of services that are not of AI' END",
    )
