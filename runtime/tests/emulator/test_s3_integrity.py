"""S3: what a client says of a body is compared, and uploads are what they say they are."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from batcat_runtime.emulator.s3 import crc
from batcat_runtime.emulator.s3.checksums import ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Store

    from batcat_runtime.emulator import LocalAws

BODY = b"a body"
PART = b"p" * 5 * 1024 * 1024


def encoded(digest: bytes) -> str:
    """A digest as S3 writes it."""
    return b64encode(digest).decode()


def error_of(call: Callable[[], Any]) -> tuple[str, str]:
    """Code and message of the error a call ends with."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return str(error["Code"]), str(error["Message"])


def send(aws: LocalAws, store: Store, body: bytes, **headers: str) -> tuple[int, str]:
    """Put an object as no SDK here would; returns status and answer."""
    scope = "batcat-local/20260101/us-east-1/s3/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=, Signature="
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    connection = HTTPConnection(urlsplit(aws.url).netloc, timeout=60)
    connection.request("PUT", f"/{store.bucket}/k", body, {"Authorization": signature, **named})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


@pytest.mark.parametrize(
    ("parameters", "expected"), [(crc.CRC32C, 0xE3069283), (crc.CRC64NVME, 0xAE8B14860A799888)]
)
def test_crcs_give_the_catalogue_s_value(parameters: tuple[int, int], expected: int) -> None:
    """The check value of the catalogue: an odd number of bytes, so both steps are taken."""
    assert int.from_bytes(crc.checksum(b"123456789", parameters), "big") == expected
    assert crc.checksum(b"", parameters) == bytes(parameters[1] // 8)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_checksum_is_refused(aws: LocalAws, store: Store, algorithm: str) -> None:
    """Whatever the algorithm, and nothing is stored; the right one is stored and given back."""
    header, right = f"x-amz-checksum-{algorithm.lower()}", ALGORITHMS[algorithm](BODY)
    wrong = ALGORITHMS[algorithm](b"another")
    status, answer = send(aws, store, BODY, **{header: encoded(wrong)})
    assert (status, "BadDigest" in answer) == (400, True)
    status, answer = send(aws, store, BODY, **{header: encoded(right[:-1])})
    assert (status, "InvalidRequest" in answer) == (400, True)
    assert store.keys() == []
    assert send(aws, store, BODY, **{header: encoded(right)})[0] == 200
    found = store.s3.get_object_attributes(
        Bucket=store.bucket, Key="k", ObjectAttributes=["Checksum"]
    )
    assert found["Checksum"][f"Checksum{algorithm}"] == encoded(right)


def test_a_wrong_md5_is_refused(store: Store) -> None:
    """Of an object, and of a configuration, whose document is a body too."""
    right, wrong = (encoded(hashlib.md5(text).digest()) for text in (BODY, b"another"))  # noqa: S324 - what S3 uses
    put = {"Bucket": store.bucket, "Key": "k", "Body": BODY}
    assert error_of(lambda: store.s3.put_object(**put, ContentMD5=wrong))[0] == "BadDigest"
    assert error_of(lambda: store.s3.put_object(**put, ContentMD5="eA=="))[0] == "InvalidDigest"
    store.s3.put_object(**put, ContentMD5=right)
    tags = {"Bucket": store.bucket, "Tagging": {"TagSet": []}, "ContentMD5": wrong}
    assert error_of(lambda: store.s3.put_bucket_tagging(**tags))[0] == "BadDigest"


def test_checksums_must_agree_with_what_is_announced(aws: LocalAws, store: Store) -> None:
    """One at a time, and the one that was named."""
    crc32 = encoded(zlib.crc32(BODY).to_bytes(4, "big"))
    for headers in (
        {"x_amz_checksum_crc32": crc32, "x_amz_checksum_sha1": "eA=="},
        {"x_amz_checksum_crc32": crc32, "x_amz_sdk_checksum_algorithm": "SHA1"},
        {"x_amz_sdk_checksum_algorithm": "CRC32"},
    ):
        status, answer = send(aws, store, BODY, **headers)
        assert (status, "InvalidRequest" in answer) == (400, True)


@pytest.mark.parametrize(("checksum", "status"), [(BODY, 200), (b"another", 400)])
def test_a_trailer_is_compared(aws: LocalAws, store: Store, checksum: bytes, status: int) -> None:
    """As SDKs that send a body in chunks give it."""
    value = encoded(zlib.crc32(checksum).to_bytes(4, "big"))
    chunks = f"{len(BODY):x}\r\n{BODY.decode()}\r\n0\r\nx-amz-checksum-crc32:{value}\r\n\r\n"
    given, answer = send(
        aws,
        store,
        chunks.encode(),
        x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        x_amz_decoded_content_length=str(len(BODY)),
        x_amz_trailer="x-amz-checksum-crc32",
        content_encoding="aws-chunked",
    )
    assert (given, "BadDigest" in answer) == (status, status == 400)
    assert store.keys() == (["k"] if status == 200 else [])


def test_unknown_algorithms_are_refused_by_name(aws: LocalAws, store: Store) -> None:
    """XXHash needs a library that is not here."""
    status, answer = send(aws, store, BODY, x_amz_checksum_xxhash64="eA==")
    assert (status, "ChecksumXXHASH64" in answer) == (501, True)


def test_a_client_s_checksum_comes_back(store: Store) -> None:
    """Boto3 compares it with what it reads."""
    store.s3.put_object(Bucket=store.bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA256")
    got = store.s3.get_object(Bucket=store.bucket, Key="k", ChecksumMode="ENABLED")
    assert got["ChecksumSHA256"] == encoded(hashlib.sha256(BODY).digest())
    assert got["Body"].read() == BODY


class Upload:
    """A multipart upload."""

    def __init__(self, store: Store, **more: Any) -> None:
        self.s3 = store.s3
        made = self.s3.create_multipart_upload(Bucket=store.bucket, Key="k", **more)
        self.named = {"Bucket": store.bucket, "Key": "k", "UploadId": made["UploadId"]}

    def part(self, number: int, body: bytes = PART, **more: Any) -> dict[str, Any]:
        """Upload a part; gives what CompleteMultipartUpload is to be told of it."""
        made = self.s3.upload_part(**self.named, PartNumber=number, Body=body, **more)
        sums = {key: value for key, value in made.items() if key in ("ChecksumCRC32", "ETag")}
        return {"PartNumber": number, **sums}

    def complete(self, *parts: dict[str, Any]) -> Any:
        """Make one object of the parts."""
        return self.s3.complete_multipart_upload(**self.named, MultipartUpload={"Parts": parts})


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("upload_part", {"PartNumber": 1, "Body": b"x"}),
        ("upload_part_copy", {"PartNumber": 1, "CopySource": "b/k"}),
        ("list_parts", {}),
        ("abort_multipart_upload", {}),
        (
            "complete_multipart_upload",
            {"MultipartUpload": {"Parts": [{"ETag": "x", "PartNumber": 1}]}},
        ),
    ],
)
def test_an_unknown_upload_is_named_so(store: Store, operation: str, more: dict[str, Any]) -> None:
    """As one of another key is."""
    call, upload = getattr(store.s3, operation), Upload(store)
    unknown = {**upload.named, "UploadId": "unknown"}
    assert error_of(lambda: call(**unknown, **more))[0] == "NoSuchUpload"
    elsewhere = {**upload.named, "Key": "other"}
    assert error_of(lambda: call(**elsewhere, **more))[0] == "NoSuchUpload"


def test_an_upload_s_parts_are_compared(store: Store) -> None:
    """Order, checksum and presence; then the object is theirs."""
    upload = Upload(store, ChecksumAlgorithm="CRC32")
    first, second = upload.part(3), upload.part(7, b"end")
    without = {key: value for key, value in second.items() if key != "ChecksumCRC32"}
    assert error_of(lambda: upload.complete(second, first))[0] == "InvalidPartOrder"
    assert error_of(lambda: upload.complete(first, without))[0] == "InvalidRequest"
    wrong = {**second, "ChecksumCRC32": first["ChecksumCRC32"]}
    assert error_of(lambda: upload.complete(first, wrong))[0] == "InvalidPart"
    other = error_of(lambda: upload.part(8, b"x", ChecksumAlgorithm="SHA1"))
    assert other[0] == "InvalidRequest"
    upload.complete(first, second)
    assert store.s3.head_object(Bucket=store.bucket, Key="k")["ContentLength"] == len(PART) + 3


def test_parts_are_listed_by_their_numbers(store: Store) -> None:
    """Moto counts them instead."""
    upload = Upload(store)
    for number in (2, 5, 9):
        upload.part(number, b"x")
    listed = [
        [part["PartNumber"] for part in page["Parts"]]
        for page in store.s3.get_paginator("list_parts").paginate(
            **upload.named, PaginationConfig={"PageSize": 2}
        )
    ]
    assert listed == [[2, 5], [9]]
    after = store.s3.list_parts(**upload.named, PartNumberMarker=5)["Parts"]
    assert [part["PartNumber"] for part in after] == [9]


def test_the_source_of_a_part_must_be_there(store: Store) -> None:
    """And be as long as the range says; moto would copy all of it."""
    store.put(source="0123456789")
    upload, copy = Upload(store), store.s3.upload_part_copy
    given = {**upload.named, "PartNumber": 1, "CopySource": f"{store.bucket}/source"}
    missing = {**given, "CopySource": f"{store.bucket}/missing"}
    assert error_of(lambda: copy(**missing))[0] == "NoSuchKey"
    for wrong in ("bytes=0", "0-4", "bytes=5-4", "bytes=5-10"):
        ranged = partial(copy, **given, CopySourceRange=wrong)
        assert error_of(ranged)[0] == "InvalidArgument"
    copy(**given, CopySourceRange="bytes=2-4")
    assert [part["Size"] for part in store.s3.list_parts(**upload.named)["Parts"]] == [3]


def test_a_copy_s_condition_is_kept(store: Store) -> None:
    """Boto3 sets one on each part of a large copy, so that its source stays the same."""
    store.put(source="0123456789")
    named = {"Bucket": store.bucket, "CopySource": f"{store.bucket}/source"}
    tag = store.s3.head_object(Bucket=store.bucket, Key="source")["ETag"]
    upload = Upload(store)
    calls = [
        partial(store.s3.copy_object, Key="copy", **named),
        partial(store.s3.upload_part_copy, PartNumber=1, **{**upload.named, **named}),
    ]
    for call in calls:
        wrong = partial(call, CopySourceIfMatch='"another"')
        assert error_of(wrong)[0] == "PreconditionFailed"
        assert error_of(partial(call, CopySourceIfNoneMatch=tag))[0] == "PreconditionFailed"
        call(CopySourceIfMatch=tag, CopySourceIfNoneMatch='"another"')


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
def test_boto3_s_own_transfers_work(store: Store, algorithm: str) -> None:
    """In parts, with checksums, there, within and back."""
    parts = TransferConfig(multipart_threshold=len(PART), multipart_chunksize=len(PART))
    body = PART + PART + b"end"
    sums = {"ChecksumAlgorithm": algorithm}
    store.s3.upload_fileobj(BytesIO(body), store.bucket, "a", ExtraArgs=sums, Config=parts)
    source = {"Bucket": store.bucket, "Key": "a"}
    store.s3.copy(source, store.bucket, "b", Config=parts)
    back = BytesIO()
    store.s3.download_fileobj(store.bucket, "b", back, Config=parts)
    assert back.getvalue() == body


@pytest.mark.parametrize(
    "more",
    [
        {"ChecksumType": "COMPOSITE"},
        {"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"},
        {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"},
    ],
)
def test_an_upload_s_checksum_must_be_possible(aws: LocalAws, store: Store, more: Any) -> None:
    """Each algorithm knows its types."""
    from botocore.config import Config

    plain = Config(request_checksum_calculation="when_required")
    client = aws.client("s3", config=plain)
    code, _ = error_of(lambda: client.create_multipart_upload(Bucket=store.bucket, Key="k", **more))
    assert code == "InvalidRequest"


def test_what_is_overwritten_meanwhile_is_still_answered(store: Store) -> None:
    s3, bucket = store.s3, store.bucket
    bodies = [bytes([number]) * 1_000_000 for number in range(4)]

    def write_and_read(body: bytes) -> None:
        for _ in range(6):
            tag = s3.put_object(Bucket=bucket, Key="one", Body=body)["ETag"]
            assert tag == f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
            found = s3.get_object(Bucket=bucket, Key="one")
            read = found["Body"].read()
            assert read in bodies
            of_read = hashlib.md5(read, usedforsecurity=False).hexdigest()
            assert found["ETag"] == f'"{of_read}"'

    with ThreadPoolExecutor(len(bodies)) as threads:
        list(threads.map(write_and_read, bodies))
