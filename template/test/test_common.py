"""What steps read is sound, and what they leave behind is whole."""

from __future__ import annotations

import json
from pathlib import Path

import batcat_runtime as bc
import pandas as pd
import pytest

from common import read_folder, run_step, write_table


def test_all_files_of_a_folder_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,x\n1,1.5\n")
    (tmp_path / "b.csv").write_text("id,x\n2,2.5\n")
    assert read_folder(tmp_path)["id"].tolist() == [1, 2]


def test_the_newest_file_is_the_last_by_name(tmp_path: Path) -> None:
    (tmp_path / "step_20260101000000.csv").write_text("id\n1\n")
    (tmp_path / "step_20260102000000.csv").write_text("id\n2\n")
    assert read_folder(tmp_path, newest=True)["id"].tolist() == [2]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(bc.MissingError, match="no CSV file"):
        read_folder(tmp_path)


@pytest.mark.parametrize("text", ["", "id,x\n", "id,x\n1,2,3\n", 'id,x\n1,"no end\n'])
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(bc.DataError, match=r"bad\.csv"):
        read_folder(tmp_path)


def test_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,x\n1,1\n")
    (tmp_path / "b.csv").write_text("id,y\n2,2\n")
    with pytest.raises(bc.DataError, match="x, y"):
        read_folder(tmp_path)


def test_a_table_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_half_way(_: pd.DataFrame, path: Path, **__: object) -> None:
        path.write_text("id,x\n1,")
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail_half_way)
    with pytest.raises(OSError, match="disk full"):
        write_table(pd.DataFrame({"id": [1]}), tmp_path / "result.csv")
    assert list(tmp_path.glob("*.csv")) == []


def test_machines_that_share_a_job_do_not_overwrite_each_other(job: Path) -> None:
    (job / "config").mkdir()
    resources = {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}
    (job / "config" / "resourceconfig.json").write_text(json.dumps(resources))
    file = write_table(pd.DataFrame({"id": [1]}), job / "step_20260101000000.csv")
    assert file == job / "step_20260101000000_algo-2.csv"
    assert file.exists()


def test_a_failing_step_exits_with_one_and_says_why(job: Path) -> None:
    def fail() -> None:
        raise bc.DataError("line 7 is wrong")

    with pytest.raises(SystemExit) as ended:
        run_step("step", fail)
    assert ended.value.code == 1
    assert (job / "output" / "message").read_text() == "line 7 is wrong"
