"""A step finds its input and its place, what it reads is sound, and what it leaves is whole."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import batcat_runtime as bc

STEPS = ["clean", "enrich", "score"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three steps on a laptop, as it is generated: without any data."""
    monkeypatch.delenv("BATCAT_ML_ROOT", raising=False)
    for folder in ("data/raw", "data/result", "data/tmp"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / ".gitkeep").touch()
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "config.json").write_text(json.dumps({"steps": STEPS}))
    return tmp_path


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a Processing job finds at /opt/ml, empty; a project is not there."""
    root = tmp_path / "ml"
    root.mkdir()
    monkeypatch.setenv("BATCAT_ML_ROOT", str(root))
    return root


# ---- where a step reads and writes ----------------------------------------------------------


def test_on_a_laptop_the_first_step_reads_the_raw_data(project: Path) -> None:
    (project / "data" / "raw" / "a.csv").write_text("id\n1\n")
    assert bc.step_input_path("clean", project) == str(project / "data" / "raw")


def test_on_a_laptop_each_step_reads_what_the_one_before_wrote(project: Path) -> None:
    for step, following in (("clean", "enrich"), ("enrich", "score")):
        written = bc.step_output_path(step, project)
        assert written == str(project / "data" / "tmp" / step / f"{step}.csv")
        bc.write_table(pd.DataFrame({"id": [1]}), written)
        assert bc.step_input_path(following, project) == str(Path(written).parent)


def test_on_a_laptop_only_the_result_is_named_by_time(project: Path) -> None:
    result = Path(bc.step_output_path("score", project))
    assert result.parent == project / "data" / "result"
    assert re.fullmatch(r"score_\d{14}\.csv", result.name)


def test_running_a_step_again_replaces_what_it_left(project: Path) -> None:
    for number in (1, 2):
        bc.write_table(pd.DataFrame({"id": [number]}), bc.step_output_path("clean", project))
    assert bc.read_folder(bc.step_input_path("enrich", project))["id"].tolist() == [2]


def test_the_only_step_reads_raw_data_and_writes_the_result(project: Path) -> None:
    (project / "deploy" / "config.json").write_text(json.dumps({"steps": ["score"]}))
    (project / "data" / "raw" / "a.csv").write_text("id\n1\n")
    assert bc.step_input_path("score", project) == str(project / "data" / "raw")
    assert Path(bc.step_output_path("score", project)).parent == project / "data" / "result"


def test_without_raw_data_it_says_where_to_put_it(project: Path) -> None:
    with pytest.raises(bc.MissingError, match=r"data/raw holds no input for clean; put data"):
        bc.step_input_path("clean", project)


def test_the_example_is_told_what_makes_its_data(project: Path) -> None:
    (project / "script").mkdir()
    (project / "script" / "train.py").touch()
    with pytest.raises(bc.MissingError, match=r"python script/train\.py"):
        bc.step_input_path("clean", project)


@pytest.mark.parametrize("there", [False, True], ids=["no folder", "an empty folder"])
def test_without_input_it_says_which_step_to_run_first(project: Path, there: bool) -> None:
    if there:
        (project / "data" / "tmp" / "enrich").mkdir()
    with pytest.raises(bc.MissingError, match=r"before it: python script/enrich\.py"):
        bc.step_input_path("score", project)


def test_a_step_that_is_not_the_projects_is_refused(project: Path) -> None:
    for path in (bc.step_input_path, bc.step_output_path):
        with pytest.raises(bc.ConfigError, match=r"'report' is no step .* clean, enrich, score"):
            path("report", project)


def test_a_job_reads_its_one_input_whatever_its_name(job: Path) -> None:
    folder = job / "processing" / "input" / "anything"
    folder.mkdir(parents=True)
    assert bc.step_input_path("score", "nowhere") == str(folder)


def test_a_job_writes_where_its_output_is_collected(job: Path) -> None:
    path = bc.step_output_path("score", "nowhere")
    assert re.fullmatch(rf"{job}/processing/score/score_\d{{14}}\.csv", path)


def test_a_job_without_input_says_so(job: Path) -> None:
    with pytest.raises(bc.MissingError, match=f"{job}/processing/input holds no folder"):
        bc.step_input_path("score", "nowhere")


def test_a_job_with_several_inputs_asks_which_one(job: Path) -> None:
    for name in ("orders", "customers"):
        (job / "processing" / "input" / name).mkdir(parents=True)
    with pytest.raises(bc.ConfigError, match=r"customers, orders; .*input_path\('customers'\)"):
        bc.step_input_path("score", "nowhere")


# ---- reading and writing --------------------------------------------------------------------


def test_all_files_of_a_folder_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,x\n1,1.5\n")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "b.csv").write_text("id,x\n2,2.5\n")
    table = bc.read_folder(tmp_path)
    assert table["id"].tolist() == [1, 2]
    assert table.index.tolist() == [0, 1]


def test_hidden_files_are_no_data(project: Path) -> None:
    raw = project / "data" / "raw"
    (raw / "._a.csv").write_bytes(b"\0")
    with pytest.raises(bc.MissingError, match="holds no input for clean"):
        bc.step_input_path("clean", project)
    (raw / "a.csv").write_text("id\n1\n")
    assert bc.read_folder(bc.step_input_path("clean", project))["id"].tolist() == [1]


@pytest.mark.parametrize("name", ["SALES.CSV", "sales.csv.gz", "Sales.Csv.GZ"])
def test_a_csv_is_known_by_its_name_in_any_case_and_packed(tmp_path: Path, name: str) -> None:
    text = b"id\n1\n"
    (tmp_path / name).write_bytes(gzip.compress(text) if name.lower().endswith("gz") else text)
    assert bc.read_folder(tmp_path)["id"].tolist() == [1]


@pytest.mark.parametrize(
    "content", [b"id\n1\n", gzip.compress(b"id\n1\n")[:-9]], ids=["not packed", "cut off"]
)
def test_a_torn_gzip_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv.gz").write_bytes(content)
    with pytest.raises(bc.DataError, match=r"a\.csv\.gz is no sound gzip file"):
        bc.read_folder(tmp_path)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(bc.MissingError, match=r"no CSV file in .*, which is empty; give the step"):
        bc.read_folder(tmp_path)


def test_without_a_csv_it_names_what_is_there_and_how_to_read_it(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.parquet", "c.txt", "d.txt", "e.txt"):
        (tmp_path / name).touch()
    told = r"holds a\.xlsx, b\.parquet, c\.txt and 2 more: .*pd\.read_excel\(.*'a\.xlsx'\)"
    with pytest.raises(bc.MissingError, match=told):
        bc.read_folder(tmp_path)


def test_text_as_it_is_written_elsewhere_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("städte;größe\nKöln;1,5\n".encode("latin-1"))
    with pytest.raises(bc.DataError, match="for example encoding="):
        bc.read_folder(tmp_path)
    table = bc.read_folder(tmp_path, encoding="latin-1", sep=";", decimal=",")
    assert table.to_dict("records") == [{"städte": "Köln", "größe": 1.5}]


def test_a_row_that_is_too_long_is_found_with_another_separator(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;x\n1;1,5\n2;2,5;3\n")
    with pytest.raises(bc.DataError, match=r"a\.csv .*line 3 has 3 fields, the header has 2"):
        bc.read_folder(tmp_path, sep=";", decimal=",")


@pytest.mark.parametrize(("sep", "decimal"), [(",", ","), ("", "."), ("||", "."), (";", "")])
def test_separators_that_cannot_be_told_apart_are_refused(
    tmp_path: Path, sep: str, decimal: str
) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    with pytest.raises(bc.ConfigError, match=r"a\.csv cannot be read with sep=.*for example"):
        bc.read_folder(tmp_path, sep=sep, decimal=decimal)


@pytest.mark.parametrize("text", ["", "id,x\n", "id,x\n1,2,3\n", 'id,x\n1,"no end\n'])
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(bc.DataError, match=r"bad\.csv"):
        bc.read_folder(tmp_path)


def test_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,x\n1,1\n")
    (tmp_path / "b.csv").write_text("id,y\n2,2\n")
    with pytest.raises(bc.DataError, match=r"b\.csv has other columns than a\.csv: x, y are in"):
        bc.read_folder(tmp_path)


def test_a_table_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_half_way(_: pd.DataFrame, path: Path, **__: object) -> None:
        path.write_text("id,x\n1,")
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail_half_way)
    with pytest.raises(OSError, match="disk full"):
        bc.write_table(pd.DataFrame({"id": [1]}), tmp_path / "result.csv")
    assert list(tmp_path.glob("*.csv")) == []


@pytest.mark.parametrize("name", ["x.parquet", "x.xlsx", "x.csv.gz", "x"])
def test_a_name_that_promises_another_format_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(bc.ConfigError, match=rf"{re.escape(name)} does not .*\.csv, or let pandas"):
        bc.write_table(pd.DataFrame({"id": [1]}), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("hosts", "name"), [(["algo-2"], "a.csv"), (["algo-1", "algo-2"], "a_algo-2.csv")]
)
def test_machines_that_share_a_job_do_not_overwrite_each_other(
    job: Path, hosts: list[str], name: str
) -> None:
    (job / "config").mkdir()
    resources = {"current_host": "algo-2", "hosts": hosts}
    (job / "config" / "resourceconfig.json").write_text(json.dumps(resources))
    assert bc.write_table(pd.DataFrame({"id": [1]}), job / "a.csv") == job / name
    assert [file.name for file in job.glob("*.csv")] == [name]


# ---- how a step ends ------------------------------------------------------------------------


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step's process."""
    return subprocess.run(
        [sys.executable, "-c", f"import batcat_runtime as bc\n{code}"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_step_that_succeeds_ends_with_zero() -> None:
    assert run("bc.run_step('score', lambda: None)").returncode == 0


def test_an_error_that_says_what_to_do_is_one_line_and_the_exit_message(job: Path) -> None:
    code = "def main(): raise bc.DataError('line 7 is wrong')\nbc.run_step('score', main)"
    done = run(code, BATCAT_ML_ROOT=str(job), BATCAT_LOG_FORMAT="plain")
    assert done.returncode == 1
    assert len((done.stdout + done.stderr).splitlines()) == 1
    assert "line 7 is wrong" in done.stdout + done.stderr
    assert (job / "output" / "message").read_text() == "line 7 is wrong"


def test_any_other_error_is_shown_with_its_traceback(job: Path) -> None:
    done = run("bc.run_step('score', lambda: 1 / 0)", BATCAT_ML_ROOT=str(job))
    assert done.returncode == 1
    assert "Traceback" in done.stdout + done.stderr
    assert (job / "output" / "message").read_text() == "ZeroDivisionError: division by zero"


def test_an_exit_message_is_no_longer_than_sagemaker_keeps(job: Path) -> None:
    def fail() -> None:
        raise bc.DataError("x" * 5000)

    with pytest.raises(SystemExit) as ended:
        bc.run_step("score", fail)
    assert ended.value.code == 1
    assert (job / "output" / "message").stat().st_size == 1024


@pytest.mark.parametrize(
    ("said", "kept"),
    [("€" * 400, "€" * 341), ("a\ud800b", "a?b")],
    ids=["too long", "half a pair"],
)
def test_an_exit_message_is_readable_text(job: Path, said: str, kept: str) -> None:
    code = f"def main(): raise bc.DataError({said!a})\nbc.run_step('score', main)"
    assert run(code, BATCAT_ML_ROOT=str(job)).returncode == 1
    message = (job / "output" / "message").read_bytes()
    assert len(message) <= 1024
    assert message.decode("utf-8") == kept
