"""Reads files of measured use with DuckDB. In: files, their format or a mapping. Out: a `Reading`: sums by key.

DuckDB streams: a file of gigabytes takes some hundred megabytes of memory, since rows are summed where they are read.
It gets no network, no extension and no other file. Neighbours: `sources` (formats), `sql`, `shapes` (what form a file
has); `binding` takes the sums.
"""

from __future__ import annotations

import glob
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.use.calibrate import shapes, sources
from guard.use.calibrate.measured import Bad, File, Group, Key, Reading, Sums, Unreadable
from guard.use.calibrate.sources import plain
from guard.use.calibrate.sql import MACROS, quoted

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GB"
"""What DuckDB may use before it writes to a temporary folder."""
NAMED = 5
"""Bad rows that are named for each reason."""
LARGEST_RECORD = 64 * 1024 * 1024
"""Bytes of one JSON record; a whole document may be as large as its file."""
MOST = "1e15"
"""More tokens than any row can have."""
_KEYS = ("model", "provider", "operation", "path", "line", "function", "tag")
_COUNTS = {
    "input_tokens": "input tokens", "output_tokens": "output tokens", "cache_read_tokens": "cached tokens",
    "cache_write_tokens": "tokens written to the cache", "requests": "requests", "line": "line",
}  # fmt: skip


def read(
    files: Sequence[Path],
    *,
    source: str | None = None,
    mapping: Mapping[str, str] | None = None,
    names: Iterable[str] = (),
    binds: Mapping[str, str] | None = None,
    days: float | None = None,
) -> Reading:
    """The sums of some files. `source`: their format, else it is recognised; `mapping`: names of `plain.FIELDS` to
    those in the file; `names`: what a tag can mean in the code; `binds`, `days`: as in `Reading`.

    Raises `Unreadable` for a file that is not there, has no known format or is broken as a whole, and where DuckDB is
    not installed.
    """
    binds = {tag.lower(): target for tag, target in (binds or {}).items()}
    known = sorted({name.lower() for name in names} | set(binds))
    found: list[tuple[File, list[Group], float | None, float | None]] = []
    with tempfile.TemporaryDirectory(prefix="guard-") as scratch:
        found += [_File(file, source, mapping or {}, known, scratch).read() for file in files]
    starts = [start for _, _, start, _ in found if start is not None]
    ends = [end for _, _, _, end in found if end is not None]
    return Reading(
        tuple(one for one, _, _, _ in found),
        tuple(group for _, groups, _, _ in found for group in groups),
        min(starts, default=None),
        max(ends, default=None),
        days,
        binds,
    )


def _connection(file: str, scratch: str) -> duckdb.DuckDBPyConnection:
    """A database in memory that can read one file and nothing else."""
    try:
        import duckdb
    except ImportError:
        raise Unreadable(
            "guard calibrate reads files with DuckDB, which is not installed; "
            "run `pip install 'guard-spend[calibrate]'`"
        ) from None
    database = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "temp_directory": scratch})
    for setting in (
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "allow_community_extensions = false",
        "TimeZone = 'UTC'",
        "enable_progress_bar = false",
        f"allowed_paths = [{quoted(file)}]",
        f"allowed_directories = [{quoted(scratch)}]",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        database.execute(f"SET {setting}")
    for macro in MACROS:
        database.execute(macro)
    return database


class _File:
    """One file while it is read."""

    def __init__(
        self, file: Path, source: str | None, mapping: Mapping[str, str], known: Sequence[str], scratch: str
    ) -> None:
        self.source, self.mapping, self.known, self.scratch = source, mapping, known, scratch
        self.path = os.path.realpath(file)
        self.name = str(file)
        self.named = _without_patterns(self.path, scratch)

    def read(self) -> tuple[File, list[Group], float | None, float | None]:
        """The file, its groups, and the first and last of its times."""
        self.shape = shapes.of(self.path, self.name)
        self.database = _connection(self.named, self.scratch)
        import duckdb

        try:
            return self._read()
        except duckdb.Error as error:
            raise Unreadable(f"{self.name} cannot be read as {self.shape}: {_said(error)}") from None
        finally:
            self.database.close()

    def _read(self) -> tuple[File, list[Group], float | None, float | None]:
        record = self._first()
        source = self.source or ("plain" if self.mapping else sources.of(record))
        if source is None:
            raise Unreadable(
                f"{self.name} is of no format that guard knows; name its columns with --map, for example "
                f"`--map input_tokens=COLUMN --map usd=COLUMN` (it has {_listed(record)})"
            )
        if self.mapping and source == "plain":
            self._check_mapping(record)
        rows = plain.mapped(self.mapping) if source == "plain" else sources.load(source).rows()
        groups, bad, skipped, times = self._summed(rows)
        bad = [*self._broken(), *bad]
        total = sum(one.rows for one in (*bad, *skipped)) + sum(group.sums.rows for group in groups)
        file = File(self.name, source, sources.load(source).TITLE, total, tuple(bad), tuple(skipped))
        return file, groups, *times

    def _raw(self) -> str:
        """SQL of `raw(n, j)`: all records that are objects, with their numbers."""
        name = quoted(self.named)
        if self.shape == "csv":
            return (
                f"SELECT row_number() OVER () n, to_json(t) j FROM read_csv({name}, all_varchar = true, header = true,"
                " quote = '\"', escape = '\"', ignore_errors = true, store_rejects = true) t"
            )
        form = {"JSONL": "newline_delimited", "a JSON array": "array", "a JSON document": "unstructured"}[self.shape]
        largest = LARGEST_RECORD if form != "unstructured" else max(LARGEST_RECORD, os.path.getsize(self.path) + 1)
        return (
            f"SELECT row_number() OVER () n, json j FROM read_json_objects({name}, format = '{form}',"
            f" ignore_errors = {str(form == 'newline_delimited').lower()}, maximum_object_size = {largest})"
        )

    def _first(self) -> dict[str, Any]:
        """The first record. Raises `Unreadable` where there is none."""
        found = self.database.execute(
            f"SELECT j::VARCHAR FROM ({self._raw()}) WHERE json_type(j) = 'OBJECT' LIMIT 1"
        ).fetchone()
        if found is None:
            raise Unreadable(f"{self.name} has no rows that guard can read as {self.shape}")
        record = json.loads(found[0])
        assert isinstance(record, dict)
        return record

    def _check_mapping(self, record: dict[str, Any]) -> None:
        for field, column in self.mapping.items():
            if column not in record and not column.startswith("$."):
                raise Unreadable(f"{self.name} has no field {column!r} for --map {field}; it has {_listed(record)}")

    def _summed(self, rows: str) -> tuple[list[Group], list[Bad], list[Bad], tuple[float | None, float | None]]:
        """Sums by key, and the rows that are not in them."""
        answers = self.database.execute(_query(self._raw(), rows), [self.known]).fetchall()
        groups: list[Group] = []
        bad: list[Bad] = []
        skipped: list[Bad] = []
        since: float | None = None
        until: float | None = None
        for wrong, skip, *values in answers:
            keys, (count, numbers, start, end), sums = values[:7], values[7:11], values[11:]
            if wrong is not None or skip is not None:
                into, why = (bad, wrong) if wrong is not None else (skipped, skip)
                into.append(Bad(str(why), int(count), tuple(numbers)))
                continue
            groups.append(Group(self.name, _key(keys), _sums(int(count), sums)))
            since = min((one for one in (since, start) if one is not None), default=None)
            until = max((one for one in (until, end) if one is not None), default=None)
        largest = sorted(groups, key=lambda group: (-(group.sums.usd or 0), -group.sums.rows, repr(group.key)))
        return largest, sorted(bad, key=_rank), sorted(skipped, key=_rank), (since, until)

    def _broken(self) -> list[Bad]:
        """Records that are no objects at all."""
        if self.shape == "csv":
            found = self.database.execute(
                "SELECT error_type, count(DISTINCT line), min(line, $1) FROM reject_errors GROUP BY 1 ORDER BY 1",
                [NAMED],
            ).fetchall()
            why = "(the number of columns or a quote is wrong)"
            return [
                Bad(f"lines with {str(kind).lower()} {why}", int(rows), tuple(dict.fromkeys(lines)), "line")
                for kind, rows, lines in found
            ]
        (rows,) = self.database.execute(
            f"SELECT count(*) FROM ({self._raw()}) WHERE j IS NULL OR json_type(j) <> 'OBJECT'"
        ).fetchone() or (0,)
        if not rows:
            return []
        return [Bad("lines that are no JSON object", int(rows), shapes.no_objects(self.path, NAMED), "line")]


def _without_patterns(path: str, scratch: str) -> str:
    """A name of the file without characters that DuckDB takes for a pattern: itself, or a link to it."""
    if glob.escape(path) == path:
        return path
    handle, name = tempfile.mkstemp(dir=scratch, suffix=".gz" if path.lower().endswith(".gz") else "")
    os.close(handle)
    os.unlink(name)
    os.symlink(path, name)
    return name


def _query(raw: str, rows: str) -> str:
    """SQL that sums rows by reason and key; the parameter is the list of names that tags can have."""
    counts = " ".join(
        f"WHEN {name} IS NOT NULL AND NOT coalesce({name}_d BETWEEN 0 AND {MOST}, false) THEN"
        f" '{words} that are no count'"
        for name, words in _COUNTS.items()
    )
    casts = ", ".join(f"try_cast({name} AS DOUBLE) AS {name}_d" for name in (*_COUNTS, "usd"))
    taken = "wrong IS NULL AND skip IS NULL"
    keys = ", ".join(
        f"CASE WHEN {taken} THEN {expression} END AS {name}_key" for name, expression in _key_sql().items()
    )
    good = "FILTER (WHERE NOT failed)"
    columns = [f"{name}_key" for name in _KEYS]
    return f"""
    WITH raw AS (SELECT n, j FROM ({raw}) WHERE json_type(j) = 'OBJECT'),
    typed AS (
      SELECT * REPLACE (coalesce(failed, false) AS failed), {casts}, seconds(started) AS start_s,
        coalesce(seconds(ended), seconds(started)) AS stop_s
      FROM ({rows})
    ),
    judged AS (
      SELECT *, CASE
        WHEN skip IS NOT NULL THEN NULL
        {counts}
        WHEN usd IS NOT NULL AND NOT coalesce(isfinite(usd_d), false) THEN 'a cost that is no number'
        WHEN usd_d < 0 THEN 'a cost below 0'
        WHEN usd_d > 0 AND currency <> 'USD' THEN 'a cost in another currency than USD'
        WHEN started IS NOT NULL AND (start_s IS NULL OR NOT isfinite(start_s)) THEN 'a time that cannot be read'
        WHEN coalesce(cache_read_tokens_d, 0) + coalesce(cache_write_tokens_d, 0) > input_tokens_d
          THEN 'more cached tokens than input tokens'
        WHEN NOT failed AND input_tokens IS NULL AND output_tokens IS NULL AND usd IS NULL
          THEN 'neither tokens nor a cost'
        END AS wrong
      FROM typed
    ),
    keyed AS (SELECT *, {keys}, {taken} AND usd_d IS NOT NULL AS has_usd FROM judged)
    SELECT wrong, CASE WHEN wrong IS NULL THEN skip END AS skip, {", ".join(columns)},
      count(*), min(n, {NAMED}), min(start_s), max(stop_s),
      sum(requests_d) {good}, sum(coalesce(requests_d, 1)) FILTER (WHERE failed),
      sum(input_tokens_d) {good}, sum(cache_read_tokens_d) {good}, sum(cache_write_tokens_d) {good},
      sum(output_tokens_d) {good}, fsum(usd_d)
    FROM keyed
    GROUP BY 1, 2, {", ".join(columns)}, has_usd
    """


def _key_sql() -> dict[str, str]:
    """SQL of the fields of `Key`."""
    clean = "list_filter(tags, lambda t: t IS NOT NULL AND t <> '')"
    return {
        "model": "model",
        "provider": "provider",
        "operation": "CASE WHEN operation ILIKE '%embed%' THEN 'embedding' END",
        "path": "path",
        "line": "line_d::BIGINT",
        "function": "function",
        "tag": f"coalesce(list_filter({clean}, lambda t: list_contains($1, lower(t)))[1], {clean}[1])",
    }


def _key(values: Sequence[Any]) -> Key:
    return Key(**dict(zip(_KEYS, values, strict=True)))


def _sums(rows: int, values: Sequence[Any]) -> Sums:
    requests, failed, *tokens, usd = values
    read_in, cache_read, cache_write, output = (None if one is None else round(one) for one in tokens)
    dollars = None if usd is None else Decimal(repr(round(usd, 9)))
    return Sums(rows, round(requests or 0), round(failed or 0), read_in, cache_read, cache_write, output, dollars)


def _rank(bad: Bad) -> tuple[int, str]:
    """The most rows first."""
    return -bad.rows, bad.why


def _listed(record: Mapping[str, Any]) -> str:
    names = [repr(name) for name in record]
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more


def _said(error: Exception) -> str:
    """The first line of an error of DuckDB, without its kind and the name of the file, which is said already."""
    return str(error).split("\n")[0].partition("Error: ")[2] or str(error).split("\n")[0]
