"""What the names of objects say about their contents: one table, for all that goes by names."""

from __future__ import annotations

from batcat_runtime.errors import ConfigError

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Formats of tables, and the content type of each."""

FORMATS = {
    "csv": "csv",
    **dict.fromkeys(("parquet", "pq"), "parquet"),
    **dict.fromkeys(("jsonl", "ndjson", "json"), "jsonl"),
    "xlsx": "xlsx",
}
"""Formats by what keys end in; gzip packs texts, and then ``.gz`` follows."""

_PACKED = ("csv", "jsonl")
# Others that people have for tables, and for packing them.
_OTHERS = frozenset(
    [
        *("xls", "xlsm", "xlsb", "ods", "tsv", "xml", "html", "feather", "arrow", "ipc", "orc"),
        *("avro", "h5", "hdf5", "pkl", "pickle", "db", "sqlite", "sav", "dta", "sas7bdat"),
        *("zip", "bz2", "xz", "zst", "lz4", "snappy", "tar", "tgz", "7z", "z"),
    ]
)


def chosen(key: str, said: str | None, default: str = "csv") -> tuple[str, bool]:
    """Choose how a table is written.

    Args:
        key: key of the object.
        said: format that the caller says, or None.
        default: format of keys that end in nothing known.

    Returns:
        The format, and whether gzip packs it.

    Raises:
        ConfigError: there is no such format, or the key names one that is not written.
    """
    if said is not None and said not in KINDS:
        raise ConfigError(f"format is {said!r}; it must be one of {', '.join(KINDS)}")
    name = key.rpartition("/")[2].lower()
    packed = name.endswith(".gz")
    _, dot, suffix = name.removesuffix(".gz").rpartition(".")
    suffix = suffix if dot else ""
    found = said or FORMATS.get(suffix, default)
    if said is None and suffix in _OTHERS:
        raise ConfigError(
            f"key {key!r} ends in .{suffix}, which is not written; end it in one of "
            f"{_endings()}, or give format= if it is to be one of these all the same",
        )
    if packed and found not in _PACKED:
        raise ConfigError(
            f"key {key!r} ends in .gz, and gzip does not pack {found}, which packs itself; leave "
            ".gz out",
        )
    return found, packed


def _endings() -> str:
    return ", ".join([f".{suffix}" for suffix in (*FORMATS, *(f"{one}.gz" for one in _PACKED))])
