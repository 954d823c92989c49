"""What the first step queries: said in the configuration, filled locally, never in an account."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import batcat_runtime as bc
from batcat_runtime import aws
from batcat_runtime.deploy import load_project, prepare
from batcat_runtime.deploy.seed import fill, read_tables
from batcat_runtime.deploy.sources import parameters
from batcat_runtime.errors import ConfigError, DataError, MissingError

if TYPE_CHECKING:
    from pathlib import Path

    from batcat_runtime.deploy import Project

QUERY = "select * from cells where day between date '{}' and date '{}' order by id"
DAYS = ("2026-01-01", "2026-01-31")
CELLS = "id,Mean Volt,day,ok,note\n1,3.5,2026-01-02,true,a\n2,,2026-01-03,false,\n3,1,,true,b\n"
FOUND = [
    [1, 3.5, dt.date(2026, 1, 2), True, "a"],
    [2, None, dt.date(2026, 1, 3), False, None],
]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A folder with one table."""
    folder = tmp_path / "sample"
    folder.mkdir()
    (folder / "Cells.csv").write_text(CELLS, encoding="utf-8")
    return folder


@pytest.fixture
def querying(project: Project) -> Project:
    """The sample project, whose first step would query Athena and Redshift; there is a bucket."""
    bucket = "2026-demo-sources"
    aws.client("s3", project.region).create_bucket(Bucket=bucket)
    return replace(
        project,
        result_s3_bucket=bucket,
        data_sources=("athena", "redshift"),
        athena_database="lake",
        athena_workgroup="primary",
        redshift_warehouse="warehouse",
        redshift_database="dev",
        redshift_secret="lake/redshift",
    )


def values(table: Any) -> list[list[Any]]:
    """A table's rows, None for what is missing."""
    rows = table.astype(object).where(table.notna(), None)
    return [list(row) for row in rows.itertuples(index=False)]


def test_a_file_of_the_sample_is_a_table_in_both(querying: Project, sample: Path) -> None:
    """Names are plain, days are dates, and what is missing is NULL."""
    assert fill(querying, sample) == ["cells"]
    staging = f"{querying.result_path}/athena/"
    athena = bc.read_data_from_athena(QUERY, "us-east-1", staging, *DAYS, database="lake")
    redshift = bc.read_data_from_redshift_by_secret(
        "lake/redshift", "us-east-1", QUERY, *DAYS, cluster="warehouse", database="dev"
    )
    for found in (athena, redshift):
        assert list(found.columns) == ["id", "mean_volt", "day", "ok", "note"]
        assert values(found) == FOUND


def test_a_table_is_filled_anew_each_time(querying: Project, sample: Path) -> None:
    """Other rows and other columns take the place of those before."""
    fill(querying, sample)
    (sample / "Cells.csv").write_text("id,day\n7,2026-01-02\n", encoding="utf-8")
    fill(querying, sample)
    staging = f"{querying.result_path}/athena/"
    athena = bc.read_data_from_athena(QUERY, "us-east-1", staging, *DAYS, database="lake")
    redshift = bc.read_data_from_redshift_by_secret(
        "lake/redshift", "us-east-1", QUERY, *DAYS, cluster="warehouse", database="dev"
    )
    assert values(athena) == values(redshift) == [[7, dt.date(2026, 1, 2)]]


def test_a_serverless_workgroup_is_known_by_its_id(querying: Project, sample: Path) -> None:
    """The Data API takes the ARN that the template makes of it."""
    identity = "0123abcd-0123-abcd-0123-0123456789ab"
    serverless = replace(querying, data_sources=("redshift",), redshift_warehouse=identity)
    assert fill(serverless, sample) == ["cells"]
    told = parameters(serverless)
    assert (told["RedshiftCluster"], told["RedshiftWorkgroup"]) == ("", identity)
    found = bc.read_data_from_redshift_by_secret(
        "lake/redshift",
        "us-east-1",
        QUERY,
        *DAYS,
        workgroup=f"arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/{identity}",
        database="dev",
    )
    assert values(found) == FOUND


def test_the_tables_of_an_account_are_never_filled(querying: Project, sample: Path) -> None:
    with pytest.raises(ConfigError, match="environment dev has tables of its own"):
        fill(replace(querying, environment="dev"), sample)


def test_a_sample_needs_csv_files_that_are_sound(sample: Path) -> None:
    (sample / "bad.csv").write_text("a,b\n1,2,3\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"bad\.csv.*line 2"):
        read_tables(sample)
    other = sample.with_name("other")
    other.mkdir()
    (other / "cells.xlsx").write_bytes(b"")
    with pytest.raises(MissingError, match=r"no CSV file in .*other"):
        read_tables(other)


def test_texts_are_days_only_when_all_of_them_are(sample: Path) -> None:
    text = "a,b,c\n2026-01-31,2026-01-31,2026-01-31\n2026-02-30,x,\n"
    (sample / "days.csv").write_text(text, encoding="utf-8")
    days = read_tables(sample)["days"]
    assert days["a"].to_list() == ["2026-01-31", "2026-02-30"]
    assert days["b"].to_list() == ["2026-01-31", "x"]
    assert days["c"].to_list()[0] == dt.date(2026, 1, 31)
    assert days["c"].isna().to_list() == [False, True]


def test_a_run_that_only_queries_uploads_nothing(querying: Project) -> None:
    """On the local AWS its input is a sample; in an account there is none to give."""
    local = prepare(querying)
    assert (local.input_prefix, local.sample) == ("", str(querying.root / "data" / "raw"))
    account = prepare(replace(querying, environment="dev"))
    assert (account.input_prefix, account.sample, account.source) == ("", "", "")
    with pytest.raises(ConfigError, match=r"queries athena and redshift; leave --input out"):
        prepare(replace(querying, environment="dev"), source=str(querying.root / "data" / "raw"))
    with pytest.raises(ConfigError, match=r"give a local file or folder"):
        prepare(querying, source="s3://elsewhere/data/")


def test_a_run_that_reads_files_as_well_gets_both(querying: Project) -> None:
    both = replace(querying, data_sources=("s3", "athena"))
    raw = str(querying.root / "data" / "raw")
    plan = prepare(both)
    assert plan.input_prefix.endswith(f"/run-input/{plan.run}/")
    assert (plan.source, plan.sample) == (raw, raw)
    assert prepare(both, source="s3://elsewhere/data/").sample == raw
    assert not prepare(replace(both, environment="dev")).sample


def test_a_later_step_alone_reads_files_and_queries_nothing(querying: Project) -> None:
    before = querying.root / "data" / "tmp" / querying.steps[0]
    before.mkdir(parents=True)
    (before / "part.csv").write_text("id\n1\n", encoding="utf-8")
    plan = prepare(querying, step=querying.steps[1])
    assert plan.source == str(before)
    assert plan.input_prefix.endswith(f"/{querying.steps[0]}/")
    assert not plan.sample


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"data_sources": []}, r'at least one of s3, athena, redshift, for example \["athena"\]'),
        ({"data_sources": ["mysql"]}, r"data_sources is \['mysql'\]"),
        ({"data_sources": "athena"}, "data_sources is 'athena'; it must be a list of names"),
        ({"data_sources": ["athena"]}, "athena_database, athena_workgroup is missing"),
        ({"data_sources": ["s3", "redshift"]}, "redshift_warehouse, redshift_database, redshift_s"),
    ],
)
def test_sources_that_cannot_be_read_are_named(
    folder: Path, told: dict[str, Any], complaint: str
) -> None:
    file = folder / "deploy" / "config.json"
    config = {**json.loads(file.read_text(encoding="utf-8")), **told}
    file.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ConfigError, match=complaint):
        load_project(folder)


def test_an_environment_has_sources_of_its_own(folder: Path) -> None:
    file = folder / "deploy" / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config |= {"data_sources": ["athena"], "athena_database": "lake", "athena_workgroup": "primary"}
    config["environments"] = {"dev": {"athena_database": "lake_dev", "athena_data": "s3://x/y/"}}
    file.write_text(json.dumps(config), encoding="utf-8")
    usual, dev = (parameters(load_project(folder, name)) for name in ("local", "dev"))
    assert (usual["AthenaDatabase"], dev["AthenaDatabase"]) == ("lake", "lake_dev")
    places = [(one["AthenaDataBucket"], one["AthenaDataPrefix"]) for one in (usual, dev)]
    assert places == [("2026-demo-rain-us-east-1", "forecast/tables/"), ("x", "y/")]
