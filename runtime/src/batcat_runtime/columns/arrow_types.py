"""Types of Arrow, and the types that they are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime.errors import DataError

from .types import Type

if TYPE_CHECKING:
    import pyarrow as pa


def type_of_arrow(kind: pa.DataType, name: str) -> Type:  # noqa: C901, PLR0911 - a line each
    """Give the type that a type of Arrow is.

    Raises:
        DataError: it is none of those that results have; the message names the column.
    """
    import pyarrow as pa

    is_a = pa.types
    if is_a.is_dictionary(kind):
        return type_of_arrow(kind.value_type, name)
    if is_a.is_integer(kind):
        return Type("integer" if is_a.is_signed_integer(kind) else "unsigned", kind.bit_width)
    if is_a.is_floating(kind):
        return Type("float", max(kind.bit_width, 32))
    if is_a.is_decimal(kind):
        return Type("decimal", precision=kind.precision, scale=kind.scale)
    if is_a.is_timestamp(kind):
        return Type("timestamp", unit=kind.unit, zone=kind.tz or "")
    if is_a.is_duration(kind):
        return Type("duration", unit=kind.unit)
    if is_a.is_struct(kind):
        fields = [kind.field(place) for place in range(kind.num_fields)]
        items = tuple(type_of_arrow(field.type, name) for field in fields)
        return Type("struct", items=items, names=tuple(field.name for field in fields))
    if is_a.is_map(kind):
        items = (type_of_arrow(kind.key_type, name), type_of_arrow(kind.item_type, name))
        return Type("map", items=items)
    if is_a.is_list(kind) or is_a.is_large_list(kind) or is_a.is_fixed_size_list(kind):
        return Type("array", items=(type_of_arrow(kind.value_type, name),))
    word = str(kind).removeprefix("large_").removesuffix("_view").partition("[")[0]
    word = {"fixed_size_binary": "binary", "bool": "boolean", "string": "text"}.get(word, word)
    for prefix in ("date", "time"):
        word = prefix if word in {f"{prefix}32", f"{prefix}64"} else word
    if word in {"binary", "boolean", "text", "date", "time", "null"}:
        return Type(word)
    raise DataError(f"column {name!r} is of type {kind}, which has no counterpart in SQL")


def arrow_type(kind: Type) -> pa.DataType:
    """Give the type of Arrow that holds a type."""
    import pyarrow as pa

    items = [arrow_type(item) for item in kind.items]
    if kind.kind in {"integer", "unsigned", "float"}:
        prefix = {"integer": "int", "unsigned": "uint", "float": "float"}[kind.kind]
        return getattr(pa, f"{prefix}{kind.bits}")()
    if kind.kind == "decimal":
        wide = kind.precision > 38  # noqa: PLR2004 - what 128 bits hold
        make = pa.decimal256 if wide else pa.decimal128
        return make(kind.precision or 38, kind.scale)
    if kind.kind in {"timestamp", "duration"}:
        zone = {"tz": kind.zone} if kind.zone else {}
        return getattr(pa, kind.kind)(kind.unit, **zone)
    if kind.kind == "struct":
        return pa.struct(list(zip(kind.names, items, strict=True)))
    if kind.kind in {"array", "map"}:
        return (pa.list_ if kind.kind == "array" else pa.map_)(*items)
    plain = {
        "boolean": pa.bool_(),
        "text": pa.string(),
        "binary": pa.binary(),
        "date": pa.date32(),
        "time": pa.time64("us"),
        "null": pa.null(),
    }
    return plain[kind.kind]
