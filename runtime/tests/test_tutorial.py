"""What people learnt with BatCat 0.2 works here; only the import line differs.

Each test follows one fragment of its tutorial, call by call, in a project as it was laid out.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def script_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder people work in: ``script/`` of a project that has no ``log/`` folder yet."""
    folder = tmp_path / "project_battery" / "script"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("BATCAT_ML_ROOT", raising=False)
    return folder


def test_logging(script_folder: Path, log_name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A log file in a folder beside this one, and all levels of importance."""
    log_file = "../log/battery.log"

    logger = bc.get_logger(logName=log_name, logFile=log_file)

    logger.debug("this is a debug")
    logger.info("this is a test")
    logger.warning("this is a warning")
    logger.error("this is an error!")
    logger.critical("this is critical!")

    written = (script_folder.parent / "log" / "battery.log").read_text(encoding="utf-8")
    assert written.count("\n") == 5
    assert capsys.readouterr().err == "".join(written.splitlines(keepends=True)[1:])


def test_configuration(script_folder: Path) -> None:
    """One JSON file, one dictionary."""
    content = {
        "project": "2022-rnd-battery",
        "purpose": "inference",
        "result_s3_bucket": "2022-rnd-battery-dev",
        "partition": "aws-cn",
        "workflow_execution_role": "arn:[partition]:iam::[account-id]:role/[role-name]",
    }
    (script_folder / "config.json").write_text(json.dumps(content), encoding="utf-8")

    config = bc.get_config(file="config.json")

    assert config == content


def test_clean_code_over_s3(s3_bucket: str) -> None:
    """Read, pipe through pure functions, save under the same key."""

    def drop_empty(df: pd.DataFrame) -> pd.DataFrame:
        full: pd.DataFrame = df.dropna()
        return full

    def scale(df: pd.DataFrame, factor: float) -> pd.DataFrame:
        scaled: pd.DataFrame = df.assign(usage=df["usage"] * factor)
        return scaled

    def select(df: pd.DataFrame, column: str, above: float) -> pd.DataFrame:
        selected: pd.DataFrame = df[df[column] > above]
        return selected

    bucket = s3_bucket
    key = "usage"
    client("s3").put_object(Bucket=bucket, Key=key, Body=b"vin,usage\na,1\nb,\nc,3\n")

    df = bc.read_csv_from_bucket(bucket, key)
    df = df.pipe(drop_empty).pipe(scale, factor=2).pipe(select, column="usage", above=2)
    bc.save_to_bucket(df, bucket, key)

    assert bc.read_csv_from_bucket(bucket, key).to_dict("list") == {"vin": ["c"], "usage": [6.0]}
    assert pd.read_csv(bc.pd_s3_buffer(bucket, key)).equals(bc.read_csv_from_bucket(bucket, key))


def test_processing_output_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The container writes where Step Functions looks for its result; the folder is there."""
    monkeypatch.setenv("BATCAT_ML_ROOT", str(tmp_path))
    purpose = "usage-analysis"
    results = pd.DataFrame({"vin": ["a"], "usage": [1]})

    output_path = bc.processing_output_path(purpose, timestamp=True, local=False)
    results.to_csv(output_path, index=False)

    (file,) = (tmp_path / "processing" / purpose).iterdir()
    assert str(file) == output_path
    assert pd.read_csv(io.StringIO(file.read_text(encoding="utf-8"))).equals(results)


@pytest.mark.usefixtures("script_folder")
def test_processing_output_path_on_a_laptop() -> None:
    """The same file name, in the folder one works in."""
    output_path = bc.processing_output_path("usage-analysis", timestamp=True, local=True)
    pd.DataFrame({"a": [1]}).to_csv(output_path, index=False)
    assert pd.read_csv(output_path).to_dict("list") == {"a": [1]}
