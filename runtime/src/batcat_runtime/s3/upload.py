"""Bytes into S3: an object appears whole or not at all.

What is written goes out in parts while more is being made, so neither memory nor disk ever holds
it as a whole. Up to one part is a single request. Every request carries a SHA-256 of its bytes,
which S3 compares and keeps (source: Amazon S3 User Guide, "Checking object integrity").
"""

from __future__ import annotations

import hashlib
import io
import threading
from base64 import b64decode, b64encode
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from batcat_runtime.aws import client
from batcat_runtime.logs import get_logger

from .ranges import MB, at

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

PART = 8 * MB  # at least 5 MB, at most 10,000 of them; source: "Amazon S3 multipart upload limits"
_AT_ONCE = 4
_GROWS = 1000  # parts after which the next ones are twice as large, for objects up to 5 TB
_CHECKSUM = "SHA256"
_STORED, _THEIR_FAULT = 200, 500  # HTTP


def encryption(kms_key_id: str | None) -> dict[str, str]:
    """Ask for encryption under a key of one's own; without one, the bucket's default holds.

    Source: Amazon S3 User Guide, "Setting default server-side encryption behavior": every object
    is encrypted, with SSE-S3 where a bucket says nothing else.
    """
    if not kms_key_id:
        return {}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}


def _is_doubtful(error: Exception) -> bool:
    """Whether S3 may have carried out what it answered with an error, or not at all."""
    from botocore import exceptions

    if isinstance(error, exceptions.ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        # The second try to complete an upload finds none, if the first had succeeded.
        gone = error.response.get("Error", {}).get("Code") == "NoSuchUpload"
        return gone or status >= _THEIR_FAULT
    return isinstance(error, (exceptions.ConnectionError, exceptions.HTTPClientError))


class Upload(io.RawIOBase):
    """A file to write one object into; it is stored when the block ends without an error.

    Args:
        bucket: name of the bucket.
        key: key of the object; an existing one is replaced at once.
        kind: its content type.
        kms_key_id: key to encrypt it with; by default as the bucket says.

    Attributes:
        status: HTTP status of the last request, once it is stored.

    Raises:
        MissingError: the bucket does not exist.
        AccessError: credentials are absent or do not allow it, or the connection breaks.
    """

    def __init__(self, bucket: str, key: str, kind: str, kms_key_id: str | None = None) -> None:
        super().__init__()
        self.status = 0
        self._place = {"Bucket": bucket, "Key": key}
        self._options = {"ContentType": kind, **encryption(kms_key_id)}
        self._buffer = bytearray()
        self._size = 0
        self._begun: Future[str] | None = None
        self._ended: Future[int] | None = None
        self._doubt = False  # whether it may have been stored although an error was answered
        self._parts: list[Future[dict[str, Any]]] = []
        self._room = threading.Semaphore(_AT_ONCE)
        self._pool = ThreadPoolExecutor(_AT_ONCE + 1, thread_name_prefix="batcat-s3")

    def writable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Bytes written so far."""
        return self._size

    def write(self, data: Any) -> int:
        """Take bytes, and send what makes a part."""
        rest = memoryview(data).cast("B")
        count = len(rest)
        while len(rest):
            taken = rest[: self._part_size() - len(self._buffer)]
            self._buffer += taken
            rest = rest[len(taken) :]
            if len(self._buffer) == self._part_size():
                self._send_part()
        self._size += count
        return count

    def _part_size(self) -> int:
        return PART << len(self._parts) // _GROWS

    def _send_part(self) -> None:
        with at("write", self._place["Bucket"], self._place["Key"]):
            if self._begun is None:
                # In a thread, so that Ctrl-C cannot come between its answer and its being kept.
                self._begun = self._pool.submit(self._begin)
            upload = self._begun.result()
            for part in self._parts:
                if part.done():
                    part.result()  # raises what went wrong
            self._room.acquire()
            body, self._buffer = self._buffer, bytearray()
            number = len(self._parts) + 1
            self._parts.append(self._pool.submit(self._upload_part, upload, number, body))

    def _begin(self) -> str:
        answer = client("s3").create_multipart_upload(
            **self._place, **self._options, ChecksumAlgorithm=_CHECKSUM
        )
        return str(answer["UploadId"])

    def _upload_part(self, upload: str, number: int, body: bytearray) -> dict[str, Any]:
        try:
            answer = client("s3").upload_part(
                **self._place,
                UploadId=upload,
                PartNumber=number,
                Body=body,
                ChecksumAlgorithm=_CHECKSUM,
            )
        finally:
            self._room.release()
        told = {name: answer[name] for name in ("ETag", "ChecksumSHA256") if name in answer}
        return {"PartNumber": number, **told}

    def _finish(self) -> None:
        with at("write", self._place["Bucket"], self._place["Key"]):
            if self._begun and self._buffer:
                self._send_part()
            parts = [part.result() for part in self._parts]
            # In a thread, so that Ctrl-C cannot come between its answer and its being kept.
            self._ended = self._pool.submit(self._store, parts)
            self.status = self._ended.result()

    def _store(self, parts: list[dict[str, Any]]) -> int:
        """Make the object appear; an answer that got lost on its way is no failure."""
        try:
            if self._begun is None:
                answer = client("s3").put_object(
                    **self._place,
                    **self._options,
                    Body=self._buffer,
                    ChecksumAlgorithm=_CHECKSUM,
                )
            else:
                answer = client("s3").complete_multipart_upload(
                    **self._place,
                    UploadId=self._begun.result(),
                    MultipartUpload={"Parts": parts},
                )
        except Exception as error:
            self._doubt = _is_doubtful(error)
            if self._doubt and self._is_there(parts):
                return _STORED
            raise
        return int(answer["ResponseMetadata"]["HTTPStatusCode"])

    def _is_there(self, parts: list[dict[str, Any]]) -> bool:
        """Whether S3 holds the very bytes that were sent, by their hash."""
        digests = [part.get("ChecksumSHA256", "") for part in parts]
        whole = hashlib.sha256(b"".join(map(b64decode, digests)) if parts else self._buffer)
        try:
            about = client("s3").head_object(**self._place, ChecksumMode="ENABLED")
        except Exception:  # noqa: BLE001 - the first error says more
            return False
        self._doubt = False
        found = about.get("ChecksumSHA256", "").partition("-")[0]  # the number of parts may follow
        return bool(found == b64encode(whole.digest()).decode())

    def _abort(self) -> None:
        """Leave nothing behind, and say so."""
        for part in self._parts:
            part.cancel()
        # A part that is under way could arrive after the abort and stay.
        self._pool.shutdown(wait=True)
        log, address = get_logger("batcat_runtime"), "s3://{Bucket}/{Key}".format(**self._place)
        if self._ended and not self._ended.exception():
            log.warning("%s was interrupted, but had just been written whole", address)
            return
        try:
            if self._begun and not self._begun.exception():
                client("s3").abort_multipart_upload(**self._place, UploadId=self._begun.result())
                self._doubt = False  # what could be aborted had not been stored
        except Exception:  # the first error must come through, whatever this one is
            if not self._doubt:
                log.exception(
                    "%s was not written, but parts of it are left; remove them: aws s3api "
                    "abort-multipart-upload --bucket %s --key '%s' --upload-id %s",
                    address,
                    *self._place.values(),
                    self._begun.result() if self._begun else "",
                )
                return
        if self._doubt:
            log.warning(
                "nobody knows whether %s was written, for the answer got lost; look at it: aws "
                "s3api head-object --bucket %s --key '%s'",
                address,
                *self._place.values(),
            )
            return
        log.warning("%s was not written; nothing of it is left behind", address)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Store it, or leave nothing behind."""
        try:
            if error is None:
                self._finish()
        except BaseException as failure:
            error = failure
            raise
        finally:
            if error is not None:
                self._abort()
            self._pool.shutdown(wait=True)


def put(bucket: str, key: str, body: bytes, kind: str, kms_key_id: str | None = None) -> int:
    """Store bytes; returns the HTTP status, 200."""
    with Upload(bucket, key, kind, kms_key_id) as file:
        file.write(body)
    return file.status
