"""What survives a server, whatever ends it; what a killed server leaves behind."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import LocalAws
from batcat_runtime.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAVE_AND_CRASH = dedent(
    """
    import json, os, sys
    from pathlib import Path
    import boto3
    from batcat_runtime.emulator.state import State
    from batcat_runtime.emulator.world import World

    url, folder = sys.argv[1], Path(sys.argv[2])
    CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree", "open")

    def save(crash_at):
        left = crash_at
        def watch(event, arguments):
            nonlocal left
            if event in CHANGES and str(folder) in str(arguments[0]):
                left -= 1
                if left == 0:
                    os._exit(9)
        world = World(url, "us-east-1", "1", {}, folder)
        boto3.client("s3", "us-east-1")
        state = State(folder)
        if crash_at:
            sys.addaudithook(watch)
        state.save(world)
        state.close()
        return world

    def kept():
        found = json.loads((folder / "s3/index.json").read_text())
        (bucket,) = [each for each in found if each["Bucket"] == sys.argv[3]]
        return [(folder / "s3" / each["File"]).read_text() for each in bucket["Objects"]]

    def put(text):
        for key in ("a", "b"):
            World(url, "us-east-1", "1", {}, folder).client("s3").put_object(
                Bucket=sys.argv[3], Key=key, Body=text.encode()
            )

    def write(crash_at):
        child = os.fork()
        if not child:
            save(crash_at)
            os._exit(0)
        return os.waitpid(child, 0)[1] == 0

    put("1")
    assert write(0)
    assert kept() == ["1", "1"]
    put("2")
    found, number = [], 1
    while not write(number):
        found.append(kept())
        number += 1
    assert all(texts in (["1", "1"], ["2", "2"]) for texts in found), found
    assert found[0] == ["1", "1"]
    assert kept() == ["2", "2"]
    assert len([each for each in (folder / "s3").iterdir() if each.is_dir()]) == 1
    print(len(found))
    """
)


def test_a_crash_at_any_moment_of_saving_leaves_one_whole_state(tmp_path: Path) -> None:
    """Before each change on disk, the server is made to end; the index is always complete."""
    with LocalAws() as aws:
        aws.client("s3").create_bucket(Bucket="bucket")
        arguments = [sys.executable, "-c", SAVE_AND_CRASH, aws.url, str(tmp_path), "bucket"]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5


def test_a_bucket_that_lets_nobody_read_is_kept(tmp_path: Path) -> None:
    """Its policy is not kept, so it must not decide what is."""
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}
    deny["Resource"] = "arn:aws:s3:::bucket/*"
    with LocalAws(state=tmp_path) as aws:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="a", Body=b"1", StorageClass="GLACIER_IR")
        s3.put_bucket_policy(Bucket="bucket", Policy=json.dumps({"Statement": [deny]}))
    with LocalAws(state=tmp_path) as aws:
        body = aws.client("s3").get_object(Bucket="bucket", Key="a")["Body"]
        assert body.read() == b"1"


def test_a_state_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    """With the folder and what to do, instead of a traceback."""
    (tmp_path / "s3").mkdir()
    (tmp_path / "s3/index.json").write_text("[{")
    with pytest.raises(DeployError, match=r"cannot be read .* remove that folder") as caught:
        LocalAws(state=tmp_path)
    assert str(tmp_path / "s3") in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_what_a_killed_server_left_behind_is_removed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    until: Any,
    gone: Callable[[int], bool],
) -> None:
    """By the next one; folders of servers that run, and of others, stay."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "batcat-local-of-somebody-else").mkdir()
    with LocalAws() as running:
        kept = sorted(tmp_path.iterdir())
        killed = LocalAws()
        assert len(list(tmp_path.iterdir())) == 3
        os.kill(killed.pid, signal.SIGKILL)
        killed.stop()
        until(lambda: gone(killed.pid), "the server to end")
        assert len(list(tmp_path.iterdir())) == 3
        with LocalAws():
            assert len(list(tmp_path.iterdir())) == 3
        assert sorted(tmp_path.iterdir()) == kept
        assert running.client("s3").list_buckets()["Buckets"] == []


def test_the_lock_of_a_state_outlives_its_file_name(tmp_path: Path) -> None:
    """Who waits for a lock must not get that of a file nobody else can see."""
    with LocalAws(state=tmp_path):
        waiting = os.open(tmp_path / ".lock", os.O_RDWR)
    fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with pytest.raises(DeployError, match="another local AWS"):
        LocalAws(state=tmp_path)
    os.close(waiting)


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    folder = tmp_path / "file" / "state"
    with pytest.raises(DeployError, match="Not a directory") as caught:
        LocalAws(state=folder)
    assert f"the state cannot be kept in {folder} (" in str(caught.value)
    assert "name a folder" in str(caught.value)
    assert "Traceback" not in str(caught.value)
