"""Whatever goes wrong while writing, there is the whole object or none, and it is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from runtime.tests.faulty import Fault, FaultyS3, Request
from runtime.tests.s3.faults.sent import (
    BODY,
    ROWS,
    WIDE,
    ends_an_upload,
    first,
    is_part,
    left_in,
)

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.s3 import upload

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_large_frame_is_uploaded_once_whatever_breaks(s3: FaultyS3, bucket: str) -> None:
    """Parts that failed are sent again; the object is exactly the frame."""
    s3.rule = first(3, Fault(503, "SlowDown"), is_part)
    assert bc.save_to_bucket(WIDE, bucket, "large-2.csv") == 200
    s3.rule = first(1, Fault(drop=True), is_part)
    assert bc.save_to_bucket(WIDE, bucket, "large-3.csv") == 200
    s3.rule = lambda _: None
    for key in ("large-2.csv", "large-3.csv"):
        assert bc.read_csv_from_bucket(bucket, key).equals(WIDE)
    assert left_in(bucket)[1] == 0


@pytest.mark.parametrize("times", [1, 9])
@pytest.mark.parametrize("frame", [WIDE, WIDE[:1]], ids=["parts", "whole"])
def test_an_answer_that_gets_lost_is_no_failure(
    s3: FaultyS3, bucket: str, frame: pd.DataFrame, times: int
) -> None:
    """S3 had stored the object, and its hash tells that these are the bytes."""
    s3.rule = first(times, Fault(drop=True), ends_an_upload)
    assert bc.save_to_bucket(frame, bucket, "lost.csv") == 200
    s3.rule = lambda _: None
    assert bc.read_csv_from_bucket(bucket, "lost.csv").equals(frame)


def test_where_nobody_can_tell_nothing_is_claimed(
    s3: FaultyS3, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The answer is lost, and a role that may only write cannot look."""
    s3.rule = lambda request: (
        Fault(drop=True)
        if ends_an_upload(request)
        else Fault(403, "AccessDenied")
        if request.method == "HEAD"
        else None
    )
    for key in ("lost.csv", "large.csv"):
        with pytest.raises(bc.AccessError, match=rf"cannot write s3://{bucket}/{key}: Connection"):
            bc.save_to_bucket(WIDE[:1], bucket, key)
        said = capsys.readouterr().err
        assert f"nobody knows whether s3://{bucket}/{key} was written" in said
        assert "nothing of it is left behind" not in said


def test_ctrl_c_after_an_upload_says_that_it_is_there(
    s3: FaultyS3, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The interrupt comes while S3 stores the object."""

    def rule(request: Request) -> Fault | None:
        if ends_an_upload(request):
            os.kill(os.getpid(), signal.SIGINT)
        return None

    s3.rule = rule
    with pytest.raises(KeyboardInterrupt):
        bc.save_to_bucket(WIDE[:1], bucket, "new.csv")
    assert "new.csv was interrupted, but had just been written" in capsys.readouterr().err
    assert left_in(bucket) == (["large.csv", "new.csv"], 0)


@pytest.mark.parametrize("when", ["CreateMultipartUpload", "UploadPart", "Complete"])
def test_a_failed_upload_leaves_nothing_and_says_so(
    s3: FaultyS3, bucket: str, when: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No object, no parts; an object that was there before stays as it is."""
    matches: dict[str, Callable[[Request], bool]] = {
        "CreateMultipartUpload": lambda request: request.path.endswith("uploads"),
        "UploadPart": lambda request: "partNumber=2" in request.path,
        "Complete": lambda request: request.method == "POST" and "uploadId" in request.path,
    }
    denied = Fault(403, "AccessDenied")
    s3.rule = lambda request: denied if matches[when](request) else None
    for key in ("new.csv", "large.csv"):
        with pytest.raises(bc.AccessError, match=rf"cannot write s3://{bucket}/{key}: .*Denied"):
            bc.save_to_bucket(WIDE, bucket, key)
        said = capsys.readouterr().err
        assert f"s3://{bucket}/{key} was not written; nothing of it is left behind" in said
    s3.rule = lambda _: None
    assert left_in(bucket) == (["large.csv"], 0)
    assert bc.pd_s3_buffer(bucket, "large.csv").getvalue() == BODY


def test_parts_that_cannot_be_removed_are_named_with_the_command(
    s3: FaultyS3, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They cost money until somebody removes them."""
    s3.rule = lambda request: (
        Fault(403, "AccessDenied")
        if "partNumber=2" in request.path or request.method == "DELETE"
        else None
    )
    with pytest.raises(bc.AccessError):
        bc.save_to_bucket(WIDE, bucket, "new.csv")
    said = capsys.readouterr().err
    assert f"abort-multipart-upload --bucket {bucket} --key 'new.csv' --upload-id " in said


def test_ctrl_c_during_an_upload_leaves_nothing(
    s3: FaultyS3, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real interrupt, while parts are under way."""
    pressed = threading.Lock()

    def rule(request: Request) -> Fault | None:
        if "partNumber=2" in request.path and pressed.acquire(blocking=False):
            os.kill(os.getpid(), signal.SIGINT)
        return None

    s3.rule = rule
    with pytest.raises(KeyboardInterrupt):
        bc.save_to_bucket(pd.concat([WIDE] * 3), bucket, "new.csv")
    assert pressed.locked()
    assert left_in(bucket) == (["large.csv"], 0)
    assert "new.csv was not written; nothing of it is left behind" in capsys.readouterr().err


def test_a_dataset_is_written_whole_or_not_at_all(s3: FaultyS3, bucket: str) -> None:
    """One partition that fails takes the others with it; older objects stay."""
    frame = pd.DataFrame({"site": ["a", "b", "c"], "n": [1, 2, 3]})
    bc.save_to_bucket(frame, bucket, "data/", partition_by="site")
    before = bc.list_keys(bucket, "data/")
    s3.rule = lambda request: (
        Fault(403, "AccessDenied") if request.method == "PUT" and "%3Db/" in request.path else None
    )
    with pytest.raises(bc.AccessError, match="site=b"):
        bc.save_to_bucket(frame, bucket, "data/", partition_by="site", replace_partitions=True)
    assert bc.list_keys(bucket, "data/") == before


@pytest.mark.parametrize("replace", [False, True])
def test_objects_of_a_dataset_that_cannot_be_removed_are_named(
    s3: FaultyS3, bucket: str, capsys: pytest.CaptureFixture[str], *, replace: bool
) -> None:
    """S3 answers 200 and names them inside; their rows would be read as if they were right."""
    frame = pd.DataFrame({"site": ["a", "b"], "n": [1, 2]})
    bc.save_to_bucket(frame, bucket, "data/", partition_by="site")
    refused = Fault(200, "AccessDenied", left="data/site=a/old.parquet")
    s3.rule = lambda request: (
        refused
        if request.method == "POST" and "delete" in request.path
        else Fault(403, "AccessDenied")
        if request.method == "PUT" and "%3Db/" in request.path and not replace
        else None
    )
    expected = "cannot remove s3://.*/data/site=a/old" if replace else "cannot write .*site=b"
    with pytest.raises(bc.AccessError, match=expected):
        bc.save_to_bucket(frame, bucket, "data/", partition_by="site", replace_partitions=replace)
    said = capsys.readouterr().err
    assert ("the new rows are written" if replace else "others may be left") in said
    assert "nothing of it is left behind" not in said.replace(
        "parquet was not written; nothing", ""
    )


def test_writing_needs_no_disk_but_for_excel(bucket: str) -> None:
    """Where the disk is full, CSV, JSON lines and Parquet work, and Excel says what to do."""
    code = f"""
import resource, batcat_runtime as bc, pandas as pd
frame = pd.DataFrame({{"n": range(50_000)}})
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
for key in ("rows.csv", "rows.parquet", "rows.jsonl"):
    print(bc.save_to_bucket(frame, {bucket!r}, key), end=" ")
try:
    bc.save_to_bucket(frame, {bucket!r}, "rows.xlsx")
except bc.AccessError as error:
    print(error)
"""
    # Without bytecode (-B), or what it imports would be kept as half a file for all that follow.
    command = [sys.executable, "-B", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"200 200 200 cannot write s3://{bucket}/rows.xlsx: ")
    assert "set TMPDIR to a folder that has some" in done.stdout
    assert "rows.xlsx" not in bc.list_keys(bucket)
    for key in ("rows.csv", "rows.parquet", "rows.jsonl"):
        assert len(bc.pd_s3_buffer(bucket, key).getvalue()) > 4096


def test_every_write_carries_a_hash_that_s3_compares(s3: FaultyS3, bucket: str) -> None:
    """SHA-256 of each request's bytes; a key of one's own encrypts."""
    s3.requests.clear()
    bc.save_to_bucket(ROWS[:10], bucket, "small.csv", kms_key_id="alias/mine")
    bc.save_to_bucket(WIDE, bucket, "large.csv", kms_key_id="alias/mine")
    bodies = [one for one in s3.requests if one.method == "PUT"]
    assert len(bodies) > 2
    assert all("x-amz-checksum-sha256" in one.headers for one in bodies)
    for key in ("small.csv", "large.csv"):
        about = client("s3").head_object(Bucket=bucket, Key=key)
        assert (about["ServerSideEncryption"], about["SSEKMSKeyId"]) == ("aws:kms", "alias/mine")


def test_parts_grow_so_that_ten_thousand_hold_the_largest_object() -> None:
    """5 TB; source: Amazon S3 User Guide, "Amazon S3 multipart upload limits"."""
    sizes = [upload.PART << number // upload._GROWS for number in range(10_000)]  # noqa: SLF001
    assert sum(sizes) > 5 * 1024**4
    assert max(sizes) <= 5 * 1024**3
