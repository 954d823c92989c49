"""What S3 and the network do wrong: nothing is lost, doubled or half done, and all is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from botocore.exceptions import ClientError
from runtime.tests.faulty import Fault, FaultyS3, Request, hurry

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.s3 import ranges, stream, transfer, upload
from batcat_runtime.s3.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batcat_runtime.emulator import LocalAws

MB = 1024 * 1024
ROWS = pd.DataFrame({"n": range(300_000), "text": ["battery"] * 300_000})
WIDE = pd.DataFrame({"text": ["battery " * 1000] * 2500})  # 20 MB, quickly written
BODY = ROWS.to_csv(index=False).encode()  # about 4 MB


@pytest.fixture
def s3(local_s3: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    """The S3 that fails; objects are large from 1 MB on."""
    hurry(monkeypatch)
    with FaultyS3(local_s3.url) as proxy:
        for name, value in local_s3.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        for module, names in (
            (transfer, ("PART", "WHOLE", "_SMALLEST", "_LARGEST")),
            (stream, ("PART", "WHOLE", "_TAIL")),
        ):
            for name in names:
                monkeypatch.setattr(module, name, MB)
        yield proxy


@pytest.fixture
def bucket(s3: FaultyS3) -> str:  # noqa: ARG001 - it sets the environment
    """The name of a new bucket that holds one large CSV."""
    name = f"batcat-{uuid.uuid4().hex}"
    client("s3").create_bucket(Bucket=name)
    client("s3").put_object(Bucket=name, Key="large.csv", Body=BODY)
    return name


def first(count: int, fault: Fault, when: Callable[[Request], bool]) -> Callable[..., Fault | None]:
    """A fault for the first so many requests of a kind."""
    lock, seen = threading.Lock(), [0]

    def rule(request: Request) -> Fault | None:
        with lock:
            seen[0] += when(request)
            return fault if when(request) and seen[0] <= count else None

    return rule


def is_get(request: Request) -> bool:
    """Whether it reads the large object."""
    return request.method == "GET" and "large" in request.path


def is_part(request: Request) -> bool:
    """Whether it uploads a part."""
    return "partNumber" in request.path


def ends_an_upload(request: Request) -> bool:
    """Whether it makes an object appear."""
    parts = request.method == "POST" and "uploadId" in request.path
    return parts or (request.method == "PUT" and "partNumber" not in request.path)


def left_in(bucket: str) -> tuple[list[str], int]:
    """Keys that are there, and uploads that were begun and are neither complete nor aborted."""
    uploads = client("s3").list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return bc.list_keys(bucket), len(uploads)


def test_a_large_object_comes_in_ranges_of_one_version(s3: FaultyS3, bucket: str) -> None:
    """The first answer tells its size and its ETag, which the other ranges ask for."""
    s3.requests.clear()
    assert bc.pd_s3_buffer(bucket, "large.csv").getvalue() == BODY
    assert [one.range.partition("-")[0] for one in s3.requests[:1]] == ["bytes=0"]
    assert len(s3.requests) == -(-len(BODY) // MB)
    assert all("if-match" in one.headers for one in s3.requests[1:])


FAULTS = {
    "a connection cut midway": Fault(cut=0.5),
    "a connection cut before the body": Fault(cut=0.0),
    "an answer that is too short": Fault(shorter=10),
    "another range than asked for": Fault(instead="bytes=5-900"),
    "no answer at all": Fault(drop=True),
    "slow down": Fault(503, "SlowDown"),
    "an internal error": Fault(500, "InternalError"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_goes_wrong_a_few_times_is_mended(s3: FaultyS3, bucket: str, name: str) -> None:
    """The object is whole, whichever ranges failed, and a row never comes twice."""
    s3.rule = first(3, FAULTS[name], is_get)
    assert bc.pd_s3_buffer(bucket, "large.csv").getvalue() == BODY
    s3.rule = first(2, FAULTS[name], is_get)
    assert bc.read_csv_from_bucket(bucket, "large.csv").equals(ROWS)
    s3.rule = first(2, FAULTS[name], is_get)
    chunks = list(bc.read_csv_from_bucket(bucket, "large.csv", chunksize=70_000))
    assert pd.concat(chunks, ignore_index=True).equals(ROWS)


def test_bytes_that_do_not_fit_their_hash_are_parsed_by_nobody(
    s3: FaultyS3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are fetched again before a row is made of them, although parsing begins at once."""
    monkeypatch.setattr(ranges, "_STEP", 1000)
    some = ROWS[:50_000]
    bc.save_to_bucket(some, bucket, "one/large.csv")
    s3.rule = first(1, Fault(spoil=True), lambda request: "one/large" in request.path)
    assert bc.read_csv_from_bucket(bucket, "one/").equals(some)
    assert s3.asked("GET", "one/large") == 2


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (Fault(cut=0.5), bc.AccessError, "check the network"),
        (Fault(shorter=10), bc.DataError, r"answered wrongly 4 times: bytes .* instead of bytes"),
        (Fault(instead="bytes=5-900"), bc.DataError, r"answered wrongly 4 times: bytes 5-900/"),
        (Fault(400, "ExpiredToken"), bc.AccessError, r"ExpiredToken.*credentials are current"),
        (Fault(403, "AccessDenied"), bc.AccessError, "AccessDenied"),
    ],
)
@pytest.mark.parametrize("chunksize", [None, 1000])
def test_what_stays_wrong_is_an_error_that_names_the_object(  # noqa: PLR0913, PLR0917
    s3: FaultyS3,
    bucket: str,
    fault: Fault,
    error: type[Exception],
    message: str,
    chunksize: int | None,
) -> None:
    """Also when it begins in the middle, and while rows are being parsed."""
    s3.rule = lambda request: fault if is_get(request) and "=0-" not in request.range else None
    with pytest.raises(error, match=message) as raised:
        list(bc.read_csv_from_bucket(bucket, "large.csv", chunksize=chunksize))
    assert f"s3://{bucket}/large.csv" in str(raised.value)


def test_an_answer_that_nobody_reads_any_more_is_let_go(
    s3: FaultyS3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another object failed between its head and its body, and the threads are ending."""
    del s3
    answers = list[ranges.Answer]()

    def ask(*given: object) -> ranges.Answer:
        answers.append(ranges.ask(*given))  # type: ignore[arg-type]
        pool.shutdown(wait=False)
        return answers[-1]

    monkeypatch.setattr(transfer, "ask", ask)
    with Progress("read", 0) as progress, ThreadPoolExecutor(1) as pool:
        arrival = transfer.Arrival(ranges.Object(bucket, "large.csv"), pool, progress)
        with pytest.raises(RuntimeError, match="after shutdown"):
            arrival.result()
    arrival.drop()
    assert answers[0].body._raw_stream.closed  # noqa: SLF001 - botocore has no other way


def test_an_object_that_changes_while_it_is_read_is_an_error(
    s3: FaultyS3, bucket: str, local_s3: LocalAws
) -> None:
    """Never a mixture of two versions."""
    changed = threading.Lock()

    def rule(request: Request) -> Fault | None:
        if is_get(request) and "=0-" not in request.range and changed.acquire(blocking=False):
            local_s3.client("s3").put_object(Bucket=bucket, Key="large.csv", Body=BODY[::-1])
        return None

    s3.rule = rule
    with pytest.raises(bc.DataError, match=rf"s3://{bucket}/large\.csv changed while it was read"):
        bc.pd_s3_buffer(bucket, "large.csv")


def test_many_objects_survive_a_burst_of_slow_down(s3: FaultyS3, bucket: str) -> None:
    """Each row is there once, in the order of the keys; each object took one answer."""
    for number in range(40):
        client("s3").put_object(
            Bucket=bucket, Key=f"many/{number:02}.csv", Body=b"n\n%d\n" % number
        )
    s3.requests.clear()
    s3.rule = first(12, Fault(503, "SlowDown"), lambda request: "/many/" in request.path)
    assert bc.read_csv_from_bucket(bucket, "many/")["n"].tolist() == list(range(40))
    assert s3.asked("GET", "/many/") == 40 + 12


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
        Fault(403, "AccessDenied") if request.method == "PUT" and "b/" in request.path else None
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
        if request.method == "PUT" and "b/" in request.path and not replace
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
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
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


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (503, "SlowDown", "S3 is busy"),
        (400, "MethodNotAllowed", "S3 refuses GetObject"),
    ],
)
def test_what_s3_goes_on_refusing_is_one_of_our_errors(
    s3: FaultyS3, bucket: str, status: int, code: str, said: str
) -> None:
    """In the middle of an object, too."""
    s3.rule = lambda request: (
        Fault(status, code) if is_get(request) and "=0-" not in request.range else None
    )
    with pytest.raises(bc.ServiceError, match=rf"cannot read s3://.*\({code}\): {said}") as caught:
        bc.pd_s3_buffer(bucket, "large.csv")
    assert isinstance(caught.value.__cause__, ClientError)


def test_parts_grow_so_that_ten_thousand_hold_the_largest_object() -> None:
    """5 TB; source: Amazon S3 User Guide, "Amazon S3 multipart upload limits"."""
    sizes = [upload.PART << number // upload._GROWS for number in range(10_000)]  # noqa: SLF001
    assert sum(sizes) > 5 * 1024**4
    assert max(sizes) <= 5 * 1024**3
