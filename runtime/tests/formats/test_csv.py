"""CSV and Excel are read strictly: nothing is dropped, shifted or guessed in silence."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.columns.types import parse
from batcat_runtime.formats import csv_parse, csv_read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from batcat_runtime.columns.types import Type

JANUARY = pd.DataFrame({"cell": ["a", "b"], "volt": [3.5, 3.6]})
FEBRUARY = pd.DataFrame({"cell": ["c"], "volt": [3.7]})


def read(text: str, encoding: str = "utf-8") -> pd.DataFrame:
    """Read text as if it came from an object."""
    return csv_read.read_csv(io.BytesIO(text.encode(encoding)), "s3://data/x.csv", None)


def workbook(bucket: str, key: str, sheets: Mapping[str, pd.DataFrame]) -> None:
    """Store an Excel workbook."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as book:
        for name, frame in sheets.items():
            frame.to_excel(book, sheet_name=name, index=False)
    client("s3").put_object(Bucket=bucket, Key=key, Body=buffer.getvalue())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, the header has 2"),
        ("a,b\n1,2,3\n4,5\n", "line 2 has 3 fields, the header has 2"),
        ("a,b\n1,2,\n3,4,\n", "line 2 has 3 fields, the header has 2"),
        ('\ufeff"a,b",c\n1,2,3\n', "line 2 has 3 fields, the header has 2"),
        ('a,b\n"x\ny",2\n\n3,4,5\n', "line 5 has 3 fields, the header has 2"),
        (" \na\n1,2\n", "line 3 has 2 fields, the header has 1"),
        ("\n\na,b\r\n1,2\r\n3,4,5\r\n", "line 5 has 3 fields, the header has 2"),
        ('a,b\n1,2\n3,"4\n5,6\n', "a quotation that begins in line 3 does not end"),
        ("a,b\n1,2\n3\n", "line 3 has 1 field, the header has 2"),
        ("a,b\n1,2\n3", "line 3 has 1 field, the header has 2"),
        ("a,b,c\n1,2\n3,4,5\n", "line 2 has 2 fields, the header has 3"),
        ("a,b\n1\n3,4,5\n", "line 2 has 1 field, the header has 2"),
        ('a,b\n1,2\n3,"4', "a quotation that begins in line 3 does not end"),
        ("", "is empty: it has no header"),
        ("\n \n", "is empty: it has no header"),
    ],
)
def test_a_malformed_csv_names_the_line_to_correct(text: str, message: str) -> None:
    """The line of the file, however many quoted or blank lines come before it."""
    with pytest.raises(bc.DataError, match=message) as raised:
        read(text)
    assert str(raised.value).startswith("s3://data/x.csv is ")


def test_text_in_another_encoding_names_the_line() -> None:
    """As well as the way to say which encoding it has."""
    with pytest.raises(bc.DataError, match=r"is not utf-8 text in line 3; .*encoding='gb18030'"):
        read("a,b\n1,2\n3,é\n", encoding="latin-1")


def test_an_encoding_that_does_not_exist_is_refused() -> None:
    """With an example of one that does."""
    with pytest.raises(bc.ConfigError, match=r"x\.csv cannot be read: unknown encoding: utf-88"):
        csv_read.read_csv(io.BytesIO(b"a\n"), "s3://data/x.csv", "utf-88")


def test_a_byte_order_mark_is_no_part_of_the_header() -> None:
    """Excel writes one into the CSV files it exports, quoted names or not."""
    assert list(read('\ufeff"a,b",c\n1,2\n').columns) == ["a,b", "c"]


def test_a_csv_cut_off_anywhere_is_an_error_or_lacks_signs_of_its_last_cell() -> None:
    """What pandas would fill the last row with is missing values."""

    def is_sound(text: str) -> bool:
        try:
            return all(len(row) == 3 for row in csv.reader(io.StringIO(text), strict=True))
        except csv.Error:
            return False

    whole = 'a,b,c\n1,"x, y",u\n2,"x\n""y""",v\n'
    for end in range(len("a,b,c\n"), len(whole)):
        if is_sound(whole[:end]):
            assert len(read(whole[:end])) == whole[:end].count("x")
        else:
            with pytest.raises(bc.DataError, match=r"line [23] has|begins in line [23] does not"):
                read(whole[:end])


@pytest.mark.parametrize("types", [{}, {"b": parse("varchar")}, {"b": parse("bigint")}])
@pytest.mark.parametrize("null", ["", "\\N"])
@pytest.mark.parametrize("rows", [1, 5000])
def test_a_row_that_is_too_short_is_an_error_or_left_out(
    types: dict[str, Type], null: str, rows: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether or not other rows end in a value that is missing; pandas would fill it with one."""
    text = "a,b\n" + f'"1,5",2\n1,{null}\n' * rows + '3\n4,"5"\n'
    how = csv_parse.Reading(types=types, null=null)
    with pytest.raises(bc.DataError, match=rf"line {2 * rows + 2} has 1 field, the header has 2"):
        csv_read.read_csv(io.BytesIO(text.encode()), "x", how=how)
    found = csv_read.read_csv(io.BytesIO(text.encode()), "x", how=replace(how, skip=True))
    assert found["a"].tolist() == ["1,5", "1"] * rows + ["4"]
    assert found["b"].isna().sum() == rows
    assert capsys.readouterr().err.endswith(f": lines {2 * rows + 2}\n")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("sep", [",", "\t"])
def test_quotation_marks_inside_of_fields_and_other_encodings_are_no_short_rows(
    encoding: str, sep: str
) -> None:
    """They make the count of separators doubtful; then rows are looked at one by one."""
    how = csv_parse.Reading(encoding, sep=sep)
    text = f'a{sep}b\n5"{sep}\n"{sep}"{sep}\n电池{sep}6"\n'
    found = csv_read.read_csv(io.BytesIO(text.encode(encoding)), "x", how=how)
    assert found["a"].tolist() == ['5"', sep, "电池"]
    with pytest.raises(bc.DataError, match="line 5 has 1 field"):
        csv_read.read_csv(io.BytesIO(f"{text}x\n".encode(encoding)), "x", how=how)


def test_a_quotation_that_does_not_end_is_left_out_when_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With all that it takes in; most often it is the last row of a file that was cut off."""
    how = csv_parse.Reading(skip=True)
    found = csv_read.read_csv(io.BytesIO(b'a,b\n1,2\n\n3,"4\n'), "x", how=how)
    assert found.to_dict("list") == {"a": [1], "b": [2]}
    assert "x: skipped 1 rows (1 to 1), which do not have" in capsys.readouterr().err


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("size", [None, 1])
def test_the_sign_nul_is_refused_with_its_line(size: int | None, *, skip: bool) -> None:
    """In pandas 2 it cuts texts off there without a word."""
    text = csv_parse.text_of(memoryview(b"a,b\n1,2\nx\0y,2\n"), "s3://data/x.csv")
    with pytest.raises(bc.DataError, match=r"s3://data/x\.csv holds the sign NUL in line 3"):
        list(csv_parse.pieces(text, csv_parse.Reading(skip=skip), size))


def test_long_cells_are_read_when_rows_are_left_out() -> None:
    """Python's csv stops at 128 KB otherwise."""
    long = "x" * 300_000
    found = csv_read.read_csv(
        io.BytesIO(f"a,b\n{long},1\n2\n".encode()), "x", how=csv_parse.Reading(skip=True)
    )
    assert found["a"].tolist() == [long]


def test_a_column_has_one_type_however_long_it_is() -> None:
    """Inferred in pieces, as pandas does by default, it would hold numbers and texts."""
    names = [f"c{number}" for number in range(64)]  # pandas takes fewer rows at once of wide tables
    ones, others = ["1"] * 64, ["x"] * 64
    table = read("\n".join(",".join(row) for row in [names, *[ones] * 20_000, others]))
    assert set(table["c0"].map(type)) == {str}


def test_a_sheet_is_read_by_name_or_place(s3_bucket: str) -> None:
    """The first one if nothing is said; several as a dictionary."""
    workbook(s3_bucket, "x.xlsx", {"jan": JANUARY, "feb": FEBRUARY})
    first = bc.read_excel_from_bucket(s3_bucket, "x.xlsx")
    second = bc.read_excel_from_bucket(s3_bucket, "x.xlsx", sheet_name="feb", header=0)
    bare = bc.read_excel_from_bucket(s3_bucket, "x.xlsx", sheet_name=1, header=None)
    every = bc.read_excel_from_bucket(bucket=s3_bucket, key="x.xlsx", sheet_name=None)
    pd.testing.assert_frame_equal(first, JANUARY)
    pd.testing.assert_frame_equal(second, FEBRUARY)
    assert bare.shape == (2, 2)
    assert list(every) == ["jan", "feb"]


@pytest.mark.parametrize("sheet", ["march", 2, [0, "march"]])
def test_a_missing_sheet_is_named_with_those_there_are(
    s3_bucket: str, sheet: str | int | list[str | int]
) -> None:
    """And with the object."""
    workbook(s3_bucket, "x.xlsx", {"jan": JANUARY, "feb": FEBRUARY})
    expected = rf"s3://{s3_bucket}/x\.xlsx has no sheet .*its sheets are \['jan', 'feb'\]"
    with pytest.raises(bc.MissingError, match=expected):
        bc.read_excel_from_bucket(s3_bucket, "x.xlsx", sheet)


def test_all_sheets_of_several_workbooks_keep_their_names(
    s3_bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The index says from which file and sheet each row comes; nothing is printed."""
    workbook(s3_bucket, "2025.xlsx", {"jan": JANUARY, "feb": FEBRUARY})
    workbook(s3_bucket, "2026.xlsx", {"jan": FEBRUARY})
    read = bc.read_excel_list_from_bucket(bucket=s3_bucket, key_list=["2026.xlsx", "2025.xlsx"])
    assert list(read.columns) == ["cell", "volt"]
    assert read.reset_index().to_dict("split")["data"] == [
        ["2026.xlsx", "jan", 0, "c", 3.7],
        ["2025.xlsx", "jan", 0, "a", 3.5],
        ["2025.xlsx", "jan", 1, "b", 3.6],
        ["2025.xlsx", "feb", 0, "c", 3.7],
    ]
    assert read.index.names == ["file", "sheet", "row"]
    assert capsys.readouterr() == ("", "")


def test_a_sheet_without_values_changes_no_column(s3_bucket: str) -> None:
    """Blank sheets, sheets of headers only, and blank columns: dates stay dates."""
    day = pd.DataFrame({"day": [pd.Timestamp("2026-01-01")], "volt": [3.5]})
    sheets = {
        "blank": pd.DataFrame(),
        "header": pd.DataFrame({"day": [], "volt": [], "note": []}),
        "full": day,
        "no day": pd.DataFrame({"day": [None], "volt": [3.6]}),
    }
    workbook(s3_bucket, "x.xlsx", sheets)
    read = bc.read_excel_list_from_bucket(s3_bucket, ["x.xlsx"])
    assert [str(kind)[:10] for kind in read.dtypes] == ["datetime64", "float64", "float64"]
    assert list(read.columns) == ["day", "volt", "note"]
    assert read.index.get_level_values("sheet").tolist() == ["full", "no day"]


def test_several_workbooks_are_fetched_at_once(
    s3_bucket: str, meeting: Callable[[str], None]
) -> None:
    """One waits while another comes."""
    for key in ("1.xlsx", "2.xlsx"):
        workbook(s3_bucket, key, {"jan": JANUARY})
    meeting("GetObject")
    assert len(bc.read_excel_list_from_bucket(s3_bucket, ["1.xlsx", "2.xlsx"])) == 4


def test_a_workbook_named_twice_is_read_twice(s3_bucket: str) -> None:
    """No row that was asked for is dropped."""
    workbook(s3_bucket, "x.xlsx", {"jan": JANUARY})
    assert len(bc.read_excel_list_from_bucket(s3_bucket, ["x.xlsx", "x.xlsx"])) == 4


def test_an_empty_list_of_workbooks_is_an_error(s3_bucket: str) -> None:
    """Most likely the listing before it found nothing."""
    with pytest.raises(bc.MissingError, match="key_list is empty; check the prefix"):
        bc.read_excel_list_from_bucket(s3_bucket, [])


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"", b"PK\x03\x04 torn"])
def test_what_is_no_workbook_is_named(s3_bucket: str, content: bytes) -> None:
    """A CSV, nothing, or half of one."""
    client("s3").put_object(Bucket=s3_bucket, Key="x.xlsx", Body=content)
    with pytest.raises(bc.DataError, match=rf"s3://{s3_bucket}/x\.xlsx .*Excel"):
        bc.read_excel_from_bucket(s3_bucket, "x.xlsx")


def test_without_openpyxl_the_error_names_what_to_install(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line to paste."""
    workbook(s3_bucket, "x.xlsx", {"jan": JANUARY})
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(bc.MissingExtraError, match=r"batcat-runtime\[excel\]"):
        bc.read_excel_from_bucket(s3_bucket, "x.xlsx")


@pytest.mark.parametrize("cell", csv_parse._MISSING)  # noqa: SLF001 - pandas documents the list
def test_columns_without_a_type_are_inferred_beside_those_with_one(cell: str) -> None:
    """What pandas takes for missing stays missing there, and is text where text is said."""
    text = f'a,b,c\n"{cell}",1,{cell or "x"}\n"{cell}",,y\n'
    how = csv_parse.Reading(types={"c": parse("varchar")})
    found = csv_read.read_csv(io.BytesIO(text.encode()), "x", how=how)
    pandas = pd.read_csv(io.StringIO(text))
    pd.testing.assert_frame_equal(found[["a", "b"]], pandas[["a", "b"]])
    assert found["c"].tolist() == [cell or "x", "y"]


def test_null_may_be_written_otherwise() -> None:
    """Then nothing else is NULL, in no column."""
    how = csv_parse.Reading(null="\\N")
    found = csv_read.read_csv(io.BytesIO(b"a,b\n\\N,NA\n1,\n"), "x", how=how)
    assert found["a"].isna().tolist() == [True, False]
    assert found["b"].tolist() == ["NA", ""]


def test_a_header_that_names_a_column_twice_cannot_be_asked_by_name() -> None:
    """Without names it reads as pandas does it."""
    assert list(read("a,a\n1,2\n").columns) == ["a", "a.1"]
    with pytest.raises(bc.DataError, match="has column 'a' twice"):
        csv_read.read_csv(io.BytesIO(b"a,a\n1,2\n"), "x", how=csv_parse.Reading(columns=["a"]))


def test_a_workbook_is_written_and_read(s3_bucket: str) -> None:
    """By its suffix; what it cannot hold is refused."""
    assert bc.save_to_bucket(JANUARY, s3_bucket, "x.xlsx") == 200
    pd.testing.assert_frame_equal(bc.read_excel_from_bucket(s3_bucket, "x.xlsx"), JANUARY)
    zoned = pd.DataFrame({"at": pd.to_datetime(["2026-01-01"]).tz_localize("UTC")})
    with pytest.raises(bc.DataError, match=r"x\.xlsx as an Excel workbook: column 'at', row 0"):
        bc.save_to_bucket(zoned, s3_bucket, "x.xlsx")


def test_a_csv_as_it_is_written_elsewhere_is_written_and_read(s3_bucket: str) -> None:
    """A semicolon between values, and a comma before decimals, with types and without."""
    frame = pd.DataFrame(
        {
            "x": [1.5, None, 1e-7],
            "f": pd.array([0.5, None, 2.0], "Float64"),
            "price": [Decimal("1.50"), None, Decimal("2.25")],
            "t": ["a;b", "1.5", None],
        }
    )
    form: dict[str, Any] = {"sep": ";", "decimal": ","}
    bc.save_to_bucket(frame, s3_bucket, "x.csv", **form)
    body = bc.pd_s3_buffer(s3_bucket, "x.csv").getvalue()
    assert body == b'x;f;price;t\n1,5;0,5;1,50;"a;b"\n;;;1.5\n1e-07;2,0;2,25;\n'
    read = bc.read_csv_from_bucket(s3_bucket, "x.csv", **form)
    assert read["x"].tolist()[::2] == [1.5, 1e-7]
    assert read["price"].tolist()[::2] == [1.5, 2.25]
    exact = bc.read_csv_from_bucket(s3_bucket, "x.csv", types=bc.types_of(frame), **form)
    assert exact["f"].tolist() == [0.5, pd.NA, 2.0]
    assert exact["price"].tolist() == frame["price"].tolist()
    bc.save_to_bucket(pd.DataFrame({"x": ["1.5"]}), s3_bucket, "y.csv", **form)
    with pytest.raises(bc.DataError, match=r"line 2, column 'x': '1\.5' is no double"):
        bc.read_csv_from_bucket(s3_bucket, "y.csv", types={"x": "double"}, **form)


@pytest.mark.parametrize("form", [{"sep": ";;"}, {"decimal": ","}, {"sep": "§"}, {"sep": '"'}])
def test_characters_that_part_nothing_are_refused(s3_bucket: str, form: dict[str, Any]) -> None:
    """When writing as when reading."""
    with pytest.raises(bc.ConfigError, match=r"x\.csv.* with sep=.*give two different characters"):
        bc.save_to_bucket(JANUARY, s3_bucket, "x.csv", **form)
    bc.save_to_bucket(JANUARY, s3_bucket, "x.csv")
    with pytest.raises(bc.ConfigError, match=r"x\.csv.* with sep=.*give two different characters"):
        bc.read_csv_from_bucket(s3_bucket, "x.csv", **form)
    with pytest.raises(bc.ConfigError, match="sep= and decimal= are for CSV"):
        bc.save_to_bucket(JANUARY, s3_bucket, "x.jsonl", sep=";")


def test_a_row_longer_than_the_head_is_whole() -> None:
    long = "x" * 1_200_000
    found = read(f"a,b\n{long},2\n3,4\n")
    assert found.to_numpy().tolist() == [[long, 2], ["3", 4]]


def test_a_stray_quotation_mark_hides_no_short_row() -> None:
    """Commas of later quotations would make up for the one that a row lacks."""
    with pytest.raises(bc.DataError, match="line 4 has 1 field, the header has 2"):
        read('a,b\n1,x"\n2,"p,,q"\n3\n4,"y,z"\n')


def test_a_quotation_that_begins_a_line_and_does_not_end_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(bc.DataError, match="a quotation that begins in line 3 does not end"):
        read('a,b\n1,2\n"')
    text = csv_parse.text_of(memoryview(b'a,b\n1,2\n"'), "x")
    (found,) = csv_parse.pieces(text, csv_parse.Reading(skip=True))
    assert found.to_numpy().tolist() == [[1, 2]]
    assert "lines 3" in capsys.readouterr().err


def test_a_line_of_other_blanks_is_a_row() -> None:
    with pytest.raises(bc.DataError, match="line 3 has 1 field, the header has 2"):
        read("a,b\n1,2\n\xa0\n3,4\n")


def test_numbers_of_numpy_have_the_decimal_too(s3_bucket: str) -> None:
    import numpy as np

    frame = pd.DataFrame({"x": pd.Series([np.float32(1.5), 2.5], dtype=object)})
    bc.save_to_bucket(frame, s3_bucket, "x.csv", sep=";", decimal=",")
    assert bc.pd_s3_buffer(s3_bucket, "x.csv").getvalue() == b"x\n1,5\n2,5\n"
