"""Workbooks hold what was written, or it is refused by name."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import pytest

import batcat_runtime as bc
from batcat_runtime.formats.excel import read_excel, write_excel

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = ["=1+1", "#N/A", "NA", "NULL", "007", "1.0", "true", "2026-01-01", " a\n", "inf", "电池 😀"]


def written(frame: pd.DataFrame) -> io.BytesIO:
    """A workbook of a DataFrame."""
    buffer = io.BytesIO()
    write_excel(frame, buffer, "s3://data/x.xlsx")
    return buffer


def again(frame: pd.DataFrame) -> pd.DataFrame:
    """Write and read."""
    found: pd.DataFrame = read_excel(written(frame), "s3://data/x.xlsx")
    return found


def test_texts_stay_texts() -> None:
    """No formula, no number, nothing missing; in the header, too."""
    frame = pd.DataFrame({"=a": TEXTS, "n": range(len(TEXTS)), "NA": [None, *TEXTS[1:]]})
    found = again(frame)
    assert found["=a"].tolist() == TEXTS
    assert list(found.columns) == ["=a", "n", "NA"]
    assert found["NA"].isna().tolist() == [True, *[False] * (len(TEXTS) - 1)]
    sheet = openpyxl.load_workbook(written(frame)).active
    assert sheet is not None
    assert sheet["A2"].data_type == "s"


@pytest.mark.parametrize("text", ["007", "NA", "=1+1"])
def test_a_text_of_another_program_stays_one(text: str) -> None:
    """Numbers of articles have zeros before them."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet["A1"], sheet["A2"] = "article", text
    sheet["A2"].data_type = "s"
    buffer = io.BytesIO()
    book.save(buffer)
    assert read_excel(buffer, "x")["article"].tolist() == [text]


def test_a_moment_of_numpy_is_one() -> None:
    day = np.datetime64("2026-01-01", "ns")
    assert again(pd.DataFrame({"at": pd.Series([day], dtype=object)}))["at"].tolist() == [
        pd.Timestamp(day)
    ]


def test_numbers_truth_values_and_moments_are_kept() -> None:
    """As pandas reads them; a decimal becomes the number it is."""
    frame = pd.DataFrame(
        {
            "n": [1, 2**53],
            "f": [0.1, 1e300],
            "some": [1.0, None],
            "b": [True, False],
            "b_null": pd.array([True, None], "boolean"),
            "at": pd.to_datetime(["2026-01-01T01:02:03.004", "1900-01-01T00:00:00.000"]),
            "time": [dt.time(1, 2, 3, 4000), None],
            "price": [Decimal("0.10"), Decimal("1E+3")],
            "kind": pd.Categorical(["x", "y"]),
            "none": [None, None],
        }
    )
    found = again(frame)
    for name in ("n", "f", "some", "b", "b_null", "time"):
        pd.testing.assert_series_equal(found[name], frame[name])
    assert found["at"].tolist() == frame["at"].tolist()
    assert found["price"].tolist() == [0.1, 1000.0]
    assert found["kind"].tolist() == ["x", "y"]
    assert found["none"].isna().all()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Decimal("12345678901234567890.12"), "more digits than"),
        (2**53 + 1, "more digits than"),
        (10**400, "is none that a workbook holds"),
        (float("inf"), "is none that a workbook holds"),
        ("a\x01", r"'\\x01', which a workbook cannot"),
        ("a\rb", r"'\\r', which a workbook cannot"),
        ("\ud800", r"'\\ud800', which a workbook cannot"),
        ("x" * 40_000, "40000 signs, and a cell holds 32767"),
        (pd.Timestamp("2026-01-01", tz="UTC"), "time with a zone"),
        (pd.Timestamp("2026-01-01T00:00:00.000001"), "finer than the milliseconds"),
        (dt.time(1, 2, 3, 1), "finer than the milliseconds"),
        (dt.date(1899, 12, 31), "before 1900"),
        (dt.timedelta(1), "holds a timedelta"),
        (b"x", "holds a bytes"),
        ([1], "holds a list"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_column_and_row(value: object, told: str) -> None:
    """Instead of rounding it, cutting it, or an error of openpyxl."""
    frame = pd.DataFrame({"n": [1, 2], "odd": pd.Series([None, value], dtype=object)})
    where = r"cannot write s3://data/x\.xlsx as an Excel workbook: column 'odd', row 1 \(from 0\)"
    with pytest.raises(bc.DataError, match=f"{where}: .*{told}"):
        written(frame)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: pd.DataFrame({("a", "b"): [1]}), "its columns have 2 levels; give each one name"),
        (lambda: pd.DataFrame(index=range(1_048_576)), "it has 1048576 and 0"),
        (lambda: pd.DataFrame([range(16_385)]), "it has 1 and 16385"),
        (lambda: pd.DataFrame({"a\x01": [1]}), r"name of column 'a\\x01'"),
    ],
    ids=["levels", "rows", "columns", "name"],
)
def test_a_frame_that_is_no_sheet_is_refused(make: Callable[[], pd.DataFrame], told: str) -> None:
    """With what to do."""
    with pytest.raises(bc.DataError, match=told):
        written(make())


def test_empty_texts_beside_null_are_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """A workbook has one empty cell for both."""
    written(pd.DataFrame({"t": ["", None]}))
    assert "s3://data/x.xlsx: column 't' holds both '' and NULL" in capsys.readouterr().err


def test_workbooks_below_a_prefix_are_one_table(s3_bucket: str) -> None:
    """With the columns that their folders say; some columns, or all."""
    for site, frame in {
        "a": pd.DataFrame({"n": [1, 2], "t": ["x", "y"]}),
        "b": pd.DataFrame({"n": [3], "t": [None]}),
    }.items():
        bc.save_to_bucket(frame, s3_bucket, f"d/site={site}/x.xlsx")
    found = bc.read_excel_from_bucket(s3_bucket, "d/")
    assert found.to_dict("list") == {
        "n": [1, 2, 3],
        "t": ["x", "y", pytest.approx(float("nan"), nan_ok=True)],
        "site": ["a", "a", "b"],
    }
    assert found["n"].dtype == "int64"
    keys = bc.list_keys(s3_bucket, "d/")
    some = bc.read_excel_from_bucket(s3_bucket, keys, columns=["n"])
    assert some.to_dict("list") == {"n": [1, 2, 3]}
    one = bc.read_excel_from_bucket(s3_bucket, keys[0], sheet_name=None, columns=["t"])
    assert one["Sheet1"].to_dict("list") == {"t": ["x", "y"]}
    every = bc.read_excel_list_from_bucket(s3_bucket, "d/")
    assert every.index.get_level_values("file").tolist() == [keys[0], keys[0], keys[1]]


def test_workbooks_that_do_not_fit_together_are_named(s3_bucket: str) -> None:
    """As CSV are."""
    bc.save_to_bucket(pd.DataFrame({"n": [1], "t": ["x"]}), s3_bucket, "d/a.xlsx")
    bc.save_to_bucket(pd.DataFrame({"n": [1]}), s3_bucket, "d/b.xlsx")
    with pytest.raises(bc.DataError, match=r"d/b\.xlsx has other columns than .*a\.xlsx: t in"):
        bc.read_excel_from_bucket(s3_bucket, "d/")
    with pytest.raises(bc.MissingError, match=r"d/b\.xlsx has no column 't'"):
        bc.read_excel_from_bucket(s3_bucket, "d/", columns=["t"])
    with pytest.raises(bc.ConfigError, match="sheet_name is None and there are 2 workbooks"):
        bc.read_excel_from_bucket(s3_bucket, "d/", sheet_name=None)
