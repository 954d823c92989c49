"""Objects are removed, or those that stay are named: S3 answers 200 all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from runtime.tests.faulty import Fault, FaultyS3, Request

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.deploy import artifacts
from batcat_runtime.redshift import staging
from batcat_runtime.s3.removal import leftovers_logged, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from batcat_runtime.emulator import LocalAws

KEPT = "between/kept.parquet"


def refuse(request: Request) -> Fault | None:
    """One object may not be removed."""
    is_removal = request.method == "POST" and "delete" in request.path
    return Fault(200, "AccessDenied", left=KEPT) if is_removal else None


@pytest.fixture
def s3(local_s3: LocalAws, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    """An S3 with a bucket, in which one object stays."""
    with FaultyS3(local_s3.url, refuse) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        client("s3").put_object(Bucket=s3_bucket, Key=KEPT, Body=b"")
        yield proxy


def test_many_objects_take_a_request_for_each_thousand(s3: FaultyS3, s3_bucket: str) -> None:
    """Those that are gone already are no error; versions are removed as such."""
    s3.rule = lambda _: None
    remove(s3_bucket, [*(f"gone/{place}" for place in range(1000)), KEPT])
    assert s3.asked("POST", "delete") == 2
    assert bc.list_keys(s3_bucket) == []
    client("s3").put_bucket_versioning(
        Bucket=s3_bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    old, new = (
        client("s3").put_object(Bucket=s3_bucket, Key=KEPT, Body=body)["VersionId"]
        for body in (b"old", b"new")
    )
    remove(s3_bucket, [(KEPT, new)])
    assert client("s3").get_object(Bucket=s3_bucket, Key=KEPT)["VersionId"] == old


@pytest.mark.usefixtures("s3")
def test_what_may_not_be_removed_is_named_with_the_reason(s3_bucket: str) -> None:
    """And the right that it takes."""
    with pytest.raises(bc.AccessError) as told:
        remove(s3_bucket, [KEPT, "another"])
    assert f"s3://{s3_bucket}/{KEPT}: (AccessDenied)" in str(told.value)
    assert "s3:DeleteObject" in str(told.value)


@pytest.mark.usefixtures("s3")
def test_staging_that_stays_is_in_the_log(
    s3_bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rows have arrived, so it is no error; and an error of theirs comes through."""

    def stage(rows: int) -> float:
        with staging.folder(staging.Staging(s3_bucket, "between/", "default")) as own:
            bc.save_to_bucket(pd.DataFrame({"n": [1]}), own.bucket, f"{own.folder}1.csv")
            return 1 / rows

    assert stage(1) == 1
    assert f"s3://{s3_bucket}/{KEPT}: (AccessDenied)" in capsys.readouterr().err
    with pytest.raises(ZeroDivisionError):
        stage(0)
    assert f"s3://{s3_bucket}/between/batcat-" in capsys.readouterr().err


def test_any_failure_to_clean_up_is_logged_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Also one that nobody thought of."""
    with leftovers_logged("s3://data/between/"):
        raise RuntimeError("the network is gone")
    said = capsys.readouterr().err
    assert "s3://data/between/ is left behind: the network is gone; remove it with" in said


@pytest.mark.usefixtures("s3")
def test_artifacts_that_stay_are_an_error(s3_bucket: str) -> None:
    """`batcat down` does not say that all is gone when it is not."""
    account = artifacts.Account("123456789012", client("s3").meta.region_name)
    with pytest.raises(bc.AccessError, match=f"cannot remove s3://{s3_bucket}/{KEPT}"):
        artifacts.delete_objects(s3_bucket, "between/", account)
