"""Whatever goes wrong while reading, rows come whole, once, or not at all."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from botocore.exceptions import ClientError
from runtime.tests.faulty import Fault, FaultyS3, Request
from runtime.tests.s3.faults.sent import BODY, MB, ROWS, first, is_get

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.s3 import ranges, transfer
from batcat_runtime.s3.progress import Progress

if TYPE_CHECKING:
    from batcat_runtime.emulator import LocalAws


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
