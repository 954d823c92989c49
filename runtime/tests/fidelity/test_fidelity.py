"""Every type on every route: what comes back is what was written, or the column is named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from runtime.benchmarks.fidelity.__main__ import ours
from runtime.benchmarks.fidelity.cases import CASES
from runtime.benchmarks.fidelity.routes import Routes
from runtime.benchmarks.fidelity.table import replaced, shown, table
from runtime.benchmarks.fidelity.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parents[3] / "docs" / "types.md"
Told = dict[str, dict[str, str]]

# Types that hold the same values where a route has no other, as docs/types.md says.
REDSHIFT = {"Int16", "datetime64[us]", "datetime64[us, UTC]", "JSON in string", "string"}
HELD = {"Athena": {"datetime64[ms, UTC]", "string"}, "Redshift": REDSHIFT}

# What is refused, by case: the routes, and the reason that the message gives.
NESTED = {"Athena rows": "CSV tells neither their types", "Athena CSV": "use mode='unload'"}
ZONED = {"Athena UNLOAD": "is of type timestamp with time zone, which UNLOAD cannot write"}
REFUSED: dict[str, dict[str, str]] = {
    r"the text \N": {"CSV": "which null= says stands for NULL"},
    "the sign NUL": {
        "CSV": "at which readers of CSV (pandas 2 among them) cut it off",
        "Redshift": "a sign NUL, which Redshift's texts cannot have",
    },
    "half a character": {"": "half of a character", "Redshift": "no Unicode text"},
    "times of day": {"Athena UNLOAD": "is of type time, which UNLOAD cannot write"},
    "timestamps, µs": {"Athena UNLOAD": "holds times finer than milliseconds"},
    "timestamps, ns": {
        "Athena": "CAST AS TIMESTAMP(9) is not emulated",
        "Redshift COPY": "would lose data",
        "Redshift": "it has nanoseconds, Redshift microseconds; use .dt.floor('us')",
    },
    "timestamps, UTC": ZONED,
    "timestamps, Europe/Berlin": ZONED,
    "… in the hour that is there twice": ZONED,
    "lists": NESTED,
    "lists with NaN and NULL": NESTED,
    "maps": NESTED,
    "rows": NESTED,
}


@pytest.fixture(scope="module")
def told(local_s3: Any) -> Iterator[Told]:
    """What became of each case on each route."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_s3.environment.items():
            patch.setenv(name, value)
        yield ours(Routes(local_s3))


def of_route(known: dict[str, Any], route: str) -> Any:
    """What is known of a route, by the longest beginning of its name."""
    found = [name for name in known if route.startswith(name)]
    return known[max(found, key=len)] if found else None


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_a_case_is_equal_or_refused_by_name(told: Told, name: str) -> None:
    for route, cells in told.items():
        kind, _, rest = cells[name].partition(": ")
        reason = of_route(REFUSED.get(name, {}), route)
        if reason:
            assert kind == "refused", f"{route}: {cells[name]}"
            assert reason in rest, f"{route}: {cells[name]}"
            assert "column 'cell'" in rest or "not emulated" in rest, f"{route}: {cells[name]}"
        elif kind != "equal":
            held = kind.removeprefix("equal, as ")
            assert held in (of_route(HELD, route) or ()), f"{route}: {cells[name]}"


def test_the_page_shows_what_comes_back_now(told: Told) -> None:
    """If this fails, look at the cells that changed, and run make fidelity."""
    assert shown(PAGE.read_text(encoding="utf-8"), "ours") == table(told)


def test_the_table_and_its_page_fit() -> None:
    page = "a\n<!-- ours: make fidelity -->\nold\n<!-- /ours -->\nb"
    assert shown(replaced(page, "ours", "| x |"), "ours") == "| x |"
    with pytest.raises(ValueError, match="no <!-- peers"):
        replaced(page, "peers", "")


WRITTEN = pd.DataFrame({"number": pd.array([0, 1], "Int64"), "cell": pd.array([1, None], "Int64")})


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (pd.array([1, None], "Int64"), "equal"),
        (pd.array([1, None], "Int32"), "equal, as Int32"),
        (pd.Series([1, None], dtype=object), "equal, as object"),
        (pd.array([2, None], "Int64"), "wrong: 1 → 2"),
        (pd.Series([1.0, float("nan")]), "wrong: 1 → 1.0"),
        (pd.Series([True, None], dtype=object), "wrong: 1 → True"),
        (pd.Series(["1", None], dtype=object), "wrong: 1 → '1'"),
        (pd.array([1, 0], "Int64"), "wrong: NULL → 0"),
    ],
    ids=["equal", "narrow", "objects", "other", "float", "truth", "text", "no NULL"],
)
def test_a_verdict_is_strict(cell: Any, expected: str) -> None:
    assert verdict(WRITTEN, WRITTEN.assign(cell=cell)) == expected


def test_a_verdict_looks_at_order_index_rows_and_nan() -> None:
    assert verdict(WRITTEN, WRITTEN[["cell", "number"]]).startswith("wrong: columns")
    assert verdict(WRITTEN, WRITTEN.set_index(pd.Index([1, 2]))).startswith("wrong: index")
    assert verdict(WRITTEN, WRITTEN.iloc[:1]) == "wrong: 2 rows → 1"
    nan = pd.DataFrame({"cell": pd.arrays.FloatingArray(*_with_nan(masked=False))})
    null = pd.DataFrame({"cell": pd.arrays.FloatingArray(*_with_nan(masked=True))})
    assert verdict(nan, nan) == "equal"
    assert verdict(nan, null) == "wrong: nan → NULL"
    assert verdict(null, nan) == "wrong: NULL → nan"
    assert verdict(nan[:0], pd.DataFrame({"cell": []}, dtype=object)) == "wrong: Float64 → object"


def _with_nan(*, masked: bool) -> tuple[Any, Any]:
    values = pd.Series([float("nan")])
    return values.to_numpy(), pd.Series([masked]).to_numpy()
