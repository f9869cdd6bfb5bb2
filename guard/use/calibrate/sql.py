"""Pieces of SQL that the sources share. In: names of fields. Out: expressions over `raw(n, j)`, and the macros in them.

Every source gives rows with the columns of `COLUMNS`, all texts but three: `failed` (BOOLEAN), `tags` (VARCHAR[]) and
`n` (BIGINT). `reading` casts and checks them, so that a value that cannot be used is a bad row and never a 0.
"""

from __future__ import annotations

COLUMNS = {
    "started": "NULL::VARCHAR", "ended": "NULL::VARCHAR", "model": "NULL::VARCHAR", "provider": "NULL::VARCHAR",
    "operation": "NULL::VARCHAR", "input_tokens": "NULL::VARCHAR", "cache_read_tokens": "NULL::VARCHAR",
    "cache_write_tokens": "NULL::VARCHAR", "output_tokens": "NULL::VARCHAR", "usd": "NULL::VARCHAR",
    "currency": "'USD'", "requests": "'1'", "failed": "false", "path": "NULL::VARCHAR", "line": "NULL::VARCHAR",
    "function": "NULL::VARCHAR", "tags": "[]::VARCHAR[]", "skip": "NULL::VARCHAR",
}  # fmt: skip
"""Columns with what stands in them where a source has none. `started` and `ended` are a time, or seconds to nanoseconds
since 1970; `requests` NULL: the source does not count them; `skip`: why the row is no request to a model."""

MACROS = (
    # The text of a field; empty ones are none.
    "CREATE MACRO txt(j, p) AS nullif(trim(json_extract_string(j, p)), '')",
    # An object, also where a cell of a CSV file holds it as text.
    "CREATE MACRO obj(j, p) AS CASE WHEN json_type(json_extract(j, p)) = 'VARCHAR' AND"
    " json_valid(json_extract_string(j, p)) THEN json_extract_string(j, p)::JSON ELSE json_extract(j, p) END",
    # The texts of an array of texts, or of the values of an object.
    "CREATE MACRO texts(j) AS coalesce(list_transform(json_extract(j, '$[*]'), lambda x: x->>'$'), [])",
    "CREATE MACRO members(j) AS coalesce(list_transform(json_extract(j, '$.*'), lambda x: x->>'$'), [])",
    # The sum of the members of an object whose names match; NULL where there is none.
    "CREATE MACRO summed(j, pattern) AS list_sum(list_transform(list_filter(json_keys(j), lambda k:"
    " regexp_full_match(k, '[A-Za-z0-9_.-]+') AND regexp_matches(k, pattern)), lambda k:"
    " try_cast(json_extract_string(j, '$.\"' || k || '\"') AS DOUBLE)))::VARCHAR",
    # An attribute of OpenTelemetry, in a list of OTLP or in an object as the console exporter writes it.
    "CREATE MACRO listed(attributes, k) AS json_extract("
    "list_filter(json_extract(attributes, '$[*]'), lambda a: a->>'$.key' = k)[1], '$.value')",
    "CREATE MACRO otel(attributes, k) AS nullif(trim(coalesce(listed(attributes, k)->>'$.stringValue',"
    "listed(attributes, k)->>'$.intValue', listed(attributes, k)->>'$.doubleValue',"
    "json_extract_string(attributes, '$.\"' || k || '\"'))), '')",
    # A time in seconds since 1970, whatever way it is written.
    "CREATE MACRO number_at(x) AS CASE WHEN abs(x) > 1e17 THEN x / 1e9 WHEN abs(x) > 1e14 THEN x / 1e6"
    " WHEN abs(x) > 1e11 THEN x / 1e3 ELSE x END",
    "CREATE MACRO seconds(x) AS coalesce(number_at(try_cast(x AS DOUBLE)), epoch(try_cast(x AS TIMESTAMPTZ)))",
)


def select(table: str = "raw", **columns: str) -> str:
    """A SELECT with all columns of a row. Raises `KeyError` for a column that there is none of."""
    unknown = set(columns) - set(COLUMNS)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    listed = ", ".join(f"{columns.get(name, default)} AS {name}" for name, default in COLUMNS.items())
    return f"SELECT n, {listed} FROM {table}"


def first(*names: str, row: str = "j") -> str:
    """The first of some fields that says something: `first("model", "providedModelName")`."""
    fields = [f"txt({row}, '{path(name)}')" for name in names]
    return fields[0] if len(fields) == 1 else f"coalesce({', '.join(fields)})"


def path(name: str) -> str:
    """The JSON path of a field at the top, or of a path that is written out (`$.a.b`)."""
    return name if name.startswith("$") else f'$."{name}"'


def quoted(text: str) -> str:
    """A text of the user as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
