"""Types of columns as PostgreSQL numbers them, and by Redshift's and DuckDB's names.

Sources: PostgreSQL's ``pg_type.dat``; typeName and length as the Redshift Data API shows them.
"""

from __future__ import annotations

from dataclasses import dataclass

BOOL, BYTEA, INT8, INT2, INT4, TEXT, OID, JSON = 16, 17, 20, 21, 23, 25, 26, 114
FLOAT4, FLOAT8, BPCHAR, VARCHAR, DATE, TIME = 700, 701, 1042, 1043, 1082, 1083
TIMESTAMP, TIMESTAMPTZ, INTERVAL, TIMETZ, NUMERIC, UNKNOWN, NAME = (
    1114,
    1184,
    1186,
    1266,
    1700,
    705,
    19,
)
NAMES = {
    BOOL: "bool", BYTEA: "varbyte", INT8: "int8", INT2: "int2", INT4: "int4", TEXT: "text",
    OID: "oid", JSON: "super", FLOAT4: "float4", FLOAT8: "float8", BPCHAR: "bpchar",
    VARCHAR: "varchar", DATE: "date", TIME: "time", TIMESTAMP: "timestamp",
    TIMESTAMPTZ: "timestamptz", INTERVAL: "interval", TIMETZ: "timetz", NUMERIC: "numeric",
    NAME: "name", UNKNOWN: "unknown",
}  # fmt: skip
DUCKDB = {
    BOOL: "BOOLEAN", BYTEA: "BLOB", INT8: "BIGINT", INT2: "SMALLINT", INT4: "INTEGER",
    OID: "BIGINT", FLOAT4: "FLOAT", FLOAT8: "DOUBLE", DATE: "DATE", TIMESTAMP: "TIMESTAMP",
    TIMESTAMPTZ: "TIMESTAMPTZ",
}  # fmt: skip
SUPER = 4000
"""SUPER's number in Redshift (redshift_connector, ``utils/oids.py``)."""

HEADER = 4
"""A modifier is a length, or precision and scale, and this more."""

SIZES = {
    BOOL: 1,
    INT2: 5,
    INT4: 10,
    INT8: 19,
    FLOAT4: 8,
    FLOAT8: 17,
    DATE: 13,
    TIMESTAMP: 29,
    TIMESTAMPTZ: 35,
}


@dataclass(frozen=True)
class Field:
    """A column of a result.

    Attributes:
        name: its name.
        table: number of its table; 0 if it is of none.
        place: its number in the table.
        oid: number of its type.
        modifier: the type's length, or precision and scale; -1 for none.
    """

    name: str
    table: int
    place: int
    oid: int
    modifier: int


@dataclass(frozen=True)
class Target:
    """A column that is loaded.

    Attributes:
        name: its name.
        oid: number of its type.
        modifier: length, or precision and scale.
        required: whether it takes no NULL.
    """

    name: str
    oid: int
    modifier: int
    required: bool = False

    @property
    def length(self) -> int:
        """Bytes that a text may have; 0 for any number."""
        return self.modifier - HEADER if self.is_text and self.modifier > HEADER else 0

    @property
    def is_text(self) -> bool:
        """Whether it holds text."""
        return self.oid in (VARCHAR, BPCHAR, TEXT)

    @property
    def duckdb(self) -> str:
        """The type that a Parquet file's column is read as."""
        return duckdb_type(self.oid, self.modifier)


def precision(oid: int, modifier: int) -> tuple[int, int]:
    """Precision and scale of a NUMERIC; without any it is Redshift's default."""
    if oid != NUMERIC or modifier < HEADER:
        return (18, 0) if oid == NUMERIC else (0, 0)
    packed = modifier - HEADER
    return packed >> 16, packed & 0xFFFF


def duckdb_type(oid: int, modifier: int) -> str:
    """DuckDB's name of a type; text for all it has no better one for."""
    if oid == NUMERIC:
        digits, scale = precision(oid, modifier) if modifier >= HEADER else (38, 10)
        return f"DECIMAL({min(digits, 38)}, {scale})"
    return DUCKDB.get(oid, "VARCHAR")


def described(field: Field) -> dict[str, object]:
    """A column as GetStatementResult describes it."""
    digits, scale = precision(field.oid, field.modifier)
    is_text = field.oid in (VARCHAR, BPCHAR)
    length = field.modifier - HEADER if is_text and field.modifier > HEADER else 0
    return {
        "name": field.name,
        "label": field.name,
        "typeName": NAMES.get(field.oid, "varchar"),
        "precision": digits or length or SIZES.get(field.oid, 0),
        "scale": scale,
        "length": length,
        "nullable": 1,
        "isCaseSensitive": field.oid in (VARCHAR, BPCHAR, TEXT),
        "isCurrency": False,
        "isSigned": field.oid in (INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC),
        "schemaName": "",
        "tableName": "",
        "columnDefault": "",
    }
