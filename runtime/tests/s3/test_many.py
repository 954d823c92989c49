"""Many objects at once: listing them, and copying them without fetching them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import batcat_runtime as bc
from batcat_runtime.aws import client
from batcat_runtime.s3 import objects, transfer

if TYPE_CHECKING:
    from collections.abc import Callable


def fill(bucket: str, *keys: str) -> None:
    """Store an object of its own content under each key."""
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda key: client("s3").put_object(Bucket=bucket, Key=key, Body=key.encode()),
                keys,
            )
        )


def test_keys_are_listed_by_how_they_begin_and_end(s3_bucket: str) -> None:
    """Blanks, plus signs, percent signs and Chinese names come as they are."""
    odd = "raw/my data+1%20电池.csv"
    fill(s3_bucket, odd, "raw/a.csv", "raw/b.txt", "other/a.csv")
    assert bc.list_keys(bucket=s3_bucket, prefix="raw/", suffix=".csv") == ["raw/a.csv", odd]
    assert bc.list_keys(s3_bucket, "raw/", "") == ["raw/a.csv", "raw/b.txt", odd]
    assert bc.list_keys(s3_bucket, "nothing", "") == []
    assert len(bc.list_keys(s3_bucket)) == 4


def test_objects_are_copied_under_the_kept_part_of_their_key(s3_bucket: str) -> None:
    """``key_sub`` cuts the old key like a slice; other objects stay where they are."""
    fill(s3_bucket, "raw/2026-01.csv", "raw/2026-02.csv", "raw/notes.txt")
    copied = bc.copy_bucket_files(
        bucket=s3_bucket,
        prefix="raw/",
        suffix=".csv",
        target_bucket=s3_bucket,
        target_prefix="month/",
        target_suffix=".bak",
        key_sub=(4, 11),
    )
    assert copied == ["month/2026-01.bak", "month/2026-02.bak"]
    assert bc.list_keys(s3_bucket, "month/", "") == copied
    assert bc.pd_s3_buffer(s3_bucket, copied[1]).read() == b"raw/2026-02.csv"


def test_the_content_of_copied_objects_never_comes_here(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies are made inside S3, also those that are too large for one request."""
    fill(s3_bucket, "raw/a.csv")
    calls: list[str] = []
    hear = calls.append
    client("s3").meta.events.register(
        "before-call.s3", lambda model, **_: hear(model.name), unique_id="hear"
    )
    try:
        bc.copy_bucket_files(s3_bucket, "raw/", ".csv", s3_bucket, "small/", "", (4, None))
        monkeypatch.setattr(objects, "_ONE_COPY", 0)
        bc.copy_bucket_files(s3_bucket, "raw/", ".csv", s3_bucket, "large/", "", (4, None))
    finally:
        client("s3").meta.events.unregister("before-call.s3", unique_id="hear")
    assert set(calls) == {"ListObjectsV2", "CopyObject", "HeadObject"}
    assert bc.list_keys(s3_bucket, "", "/a.csv") == ["large/a.csv", "raw/a.csv", "small/a.csv"]


def test_several_copies_are_made_at_once(s3_bucket: str, meeting: Callable[[str], None]) -> None:
    """Over one client, and not one after the other."""
    fill(s3_bucket, "raw/a.csv", "raw/b.csv")
    meeting("CopyObject")
    assert bc.copy_bucket_files(s3_bucket, "raw/", ".csv", s3_bucket, "copy/", "", (4, None)) == [
        "copy/a.csv",
        "copy/b.csv",
    ]


def test_two_objects_that_would_get_one_key_are_refused_before_any_copy(s3_bucket: str) -> None:
    """Otherwise one would be lost; the message names all three keys."""
    fill(s3_bucket, "a/data.csv", "b/data.csv")
    with pytest.raises(
        bc.DataError, match=r"a/data\.csv and b/data\.csv would both be copied to all/data\.csv"
    ):
        bc.copy_bucket_files(s3_bucket, "", ".csv", s3_bucket, "all/", "", (2, None))
    assert bc.list_keys(s3_bucket, "all/", "") == []


def test_a_copy_that_fails_says_from_where_to_where(s3_bucket: str) -> None:
    """Here the target bucket does not exist."""
    fill(s3_bucket, "raw/a.csv", "raw/b.csv")
    with pytest.raises(
        bc.MissingError, match=rf"copy s3://{s3_bucket}/raw/\w.csv to s3://no-such-bucket/\w.csv"
    ):
        bc.copy_bucket_files(s3_bucket, "raw/", "", "no-such-bucket", "", "", (4, None))


def test_a_copy_that_would_replace_a_source_is_refused_before_any_copy(s3_bucket: str) -> None:
    """Which of the two came first would decide what is copied; a copy onto itself is one, too."""
    fill(s3_bucket, "a.csv", "a.csv.bak")
    for suffix in (".bak", ""):
        with pytest.raises(bc.DataError, match="would be replaced by a copy and is to be copied"):
            bc.copy_bucket_files(s3_bucket, "", "", s3_bucket, "", suffix, (0, None))
    assert bc.pd_s3_buffer(s3_bucket, "a.csv.bak").read() == b"a.csv.bak"
    other = f"{s3_bucket}-2"
    client("s3").create_bucket(Bucket=other)
    bc.copy_bucket_files(s3_bucket, "", "", other, "", ".bak", (0, None))
    assert bc.list_keys(other) == ["a.csv.bak", "a.csv.bak.bak"]


def test_a_large_object_is_copied_in_parts_of_one_version(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its content type and metadata, which a copy in parts does not keep by itself."""
    monkeypatch.setattr(objects, "_ONE_COPY", 0)
    body, key = bytes(9 * 1024 * 1024), "raw/a b+%é.csv"
    about = {"ContentType": "text/csv", "Metadata": {"made": "by hand"}}
    client("s3").put_object(Bucket=s3_bucket, Key=key, Body=body, **about)
    calls: list[str] = []
    events = client("s3").meta.events
    hear = calls.append
    events.register("before-call.s3", lambda model, **_: hear(model.name), unique_id="hear")
    try:
        copied = bc.copy_bucket_files(s3_bucket, "raw/", "", s3_bucket, "new/", "", (4, None))
    finally:
        events.unregister("before-call.s3", unique_id="hear")
    assert calls.count("UploadPartCopy") == 2
    assert "GetObject" not in calls
    found = client("s3").get_object(Bucket=s3_bucket, Key=copied[0])
    assert found["Body"].read() == body
    assert about.items() <= found.items()


def test_an_object_that_changes_while_it_is_copied_is_an_error(
    s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never parts of two versions; and one that is gone is named."""
    fill(s3_bucket, "raw/a")
    listed = list(transfer.listing(s3_bucket, "raw/"))
    monkeypatch.setattr(objects, "_ONE_COPY", 0)
    monkeypatch.setattr(objects, "listing", lambda *_: listed)
    client("s3").put_object(Bucket=s3_bucket, Key="raw/a", Body=b"new")
    with pytest.raises(bc.DataError, match="raw/a changed while it was copied; copy it again"):
        bc.copy_bucket_files(s3_bucket, "raw/", "", s3_bucket, "new/", "", (4, None))
    client("s3").delete_object(Bucket=s3_bucket, Key="raw/a")
    with pytest.raises(bc.MissingError, match=rf"copy s3://{s3_bucket}/raw/a to s3://.*/new/a"):
        bc.copy_bucket_files(s3_bucket, "raw/", "", s3_bucket, "new/", "", (4, None))
    assert client("s3").list_objects_v2(Bucket=s3_bucket)["KeyCount"] == 0


@given(
    keys=st.lists(st.text(min_size=1), unique=True),
    prefix=st.text(),
    suffix=st.text(),
    key_sub=st.tuples(st.none() | st.integers(-9, 9), st.none() | st.integers(-9, 9)),
)
def test_every_object_gets_its_own_key_or_all_are_refused(
    keys: list[str], prefix: str, suffix: str, key_sub: tuple[int | None, int | None]
) -> None:
    """No plan of copies ever lets one object overwrite another."""
    expected = [f"{prefix}{key[key_sub[0] : key_sub[1]]}{suffix}" for key in keys]
    try:
        planned = objects._target_keys(keys, prefix, suffix, key_sub)  # noqa: SLF001 - the plan itself
    except bc.DataError:
        assert len(set(expected)) < len(keys)
    else:
        assert planned == expected
        assert len(set(planned)) == len(keys)
