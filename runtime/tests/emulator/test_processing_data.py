"""Processing jobs: inputs from S3, outputs to S3."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.sagemaker.job import Job
from batcat_runtime.emulator.sagemaker.runner import Runner
from batcat_runtime.emulator.sagemaker.transfer import Transfer
from batcat_runtime.emulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Jobs, Store

FOREIGN_ROLE = "arn:aws:iam::210987654321:role/r"
"""A role of another account, which a world of this process's own lets do everything."""

LIST = """
    root = PROCESSING / "input/raw"
    for file in sorted(root.rglob("*")):
        if file.is_file():
            print(file.relative_to(root).as_posix(), file.read_text())
"""


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("data/", ["a.csv 1", "deep/b.csv 2"]),
        ("data", ["a.csv 1", "deep/b.csv 2"]),
        ("data/a.csv", ["a.csv 1"]),
        ("data/de", ["deep/b.csv 2"]),
    ],
)
def test_an_input_prefix_becomes_files(
    jobs: Jobs, store: Store, prefix: str, names: list[str]
) -> None:
    """Names below a folder-like prefix are kept; one object is a file of its own name."""
    store.put(data__a_csv="1", data__deep__b_csv="2", other__c_csv="3")
    job = jobs.run(LIST, ProcessingInputs=[jobs.source(store.uri(prefix))])
    assert jobs.lines(job["ProcessingJobName"]) == names


@pytest.mark.parametrize("inner_first", [True, False])
def test_an_input_may_lie_in_the_folder_of_another(
    jobs: Jobs, store: Store, inner_first: bool
) -> None:
    """As the SageMaker SDK's own input/code lies in input; what is meant for it stays there."""
    store.put(outer__a_csv="1", outer__code__b_csv="outer", inner__b_csv="inner")
    sources = [
        jobs.source(store.uri("outer/"), LocalPath="/opt/ml/processing/input/raw"),
        jobs.source(store.uri("inner/"), "code", LocalPath="/opt/ml/processing/input/raw/code"),
    ]
    job = jobs.run(LIST, ProcessingInputs=sources[::-1] if inner_first else sources)
    assert jobs.lines(job["ProcessingJobName"]) == ["a.csv 1", "code/b.csv inner"]


def test_folder_markers_are_no_files(jobs: Jobs, store: Store) -> None:
    """An object whose key ends in a slash is what a console makes for a folder."""
    store.s3.put_object(Bucket=store.bucket, Key="data/")
    store.put(data__a_csv="1")
    job = jobs.run(LIST, ProcessingInputs=[jobs.source(store.uri("data/"))])
    assert jobs.lines(job["ProcessingJobName"]) == ["a.csv 1"]


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("FullyReplicated", [["0", "1", "2", "3", "4"], ["0", "1", "2", "3", "4"]]),
        ("ShardedByS3Key", [["0", "2", "4"], ["1", "3"]]),
    ],
)
def test_inputs_are_replicated_or_sharded(
    jobs: Jobs, store: Store, kind: str, seen: list[list[str]]
) -> None:
    """Every host gets all, or object i goes to host i mod n."""
    store.put(**{f"data__{number}_csv": "x" for number in range(5)})
    job = jobs.run(
        """
        host = json.loads((ML / "config/resourceconfig.json").read_text())["current_host"]
        print(host, *sorted(file.stem for file in (PROCESSING / "input/raw").iterdir()))
        """,
        ProcessingInputs=[jobs.source(store.uri("data/"), S3DataDistributionType=kind)],
        ProcessingResources=jobs.cluster(2),
    )
    lines = sorted(jobs.lines(job["ProcessingJobName"]))
    assert [line.split()[1:] for line in lines] == seen


def test_a_manifest_names_the_objects(jobs: Jobs, store: Store) -> None:
    """A JSON array: the common prefix, then names below it; nothing else is fetched."""
    store.put(data__a_csv="1", data__deep__b_csv="2", data__c_csv="3")
    manifest = json.dumps([{"prefix": store.uri("data/")}, "a.csv", "deep/b.csv"])
    store.s3.put_object(Bucket=store.bucket, Key="list.json", Body=manifest.encode())
    source = jobs.source(store.uri("list.json"), S3DataType="ManifestFile")
    job = jobs.run(LIST, ProcessingInputs=[source])
    assert jobs.lines(job["ProcessingJobName"]) == ["a.csv 1", "deep/b.csv 2"]


def test_a_missing_input_fails_the_job_before_it_starts(jobs: Jobs, store: Store) -> None:
    """The reason names the URI, and no program has run."""
    job = jobs.run("print('ran')", ProcessingInputs=[jobs.source(store.uri("nowhere/"))])
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        f'ClientError: No S3 objects found under S3 URL "{store.uri("nowhere/")}"'
    )
    assert "ProcessingStartTime" not in job
    assert jobs.lines(job["ProcessingJobName"]) == []


def test_a_missing_bucket_fails_the_job(jobs: Jobs) -> None:
    """In the same words: the message asks to check that the bucket exists."""
    job = jobs.run("", ProcessingInputs=[jobs.source("s3://no-such-bucket/data")])
    assert "Please ensure that the bucket exists" in job["FailureReason"]


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        (("data/a", "data/a/b"), ("data/a", "no object may be the folder of another")),
        (("data/" + "n" * 300,), ("nnn", "File name too long", "at most 255 bytes")),
    ],
)
def test_a_key_that_makes_no_file_fails_the_job(
    jobs: Jobs, store: Store, keys: tuple[str, ...], named: tuple[str, ...]
) -> None:
    """S3 knows no folders, so its keys need not fit into some; the reason says which does not."""
    for key in keys:
        store.s3.put_object(Bucket=store.bucket, Key=key, Body=b"1")
    job = jobs.run("", ProcessingInputs=[jobs.source(store.uri("data/"))])
    reason = job["FailureReason"]
    assert reason.startswith(f"ClientError: Failed to download {store.uri('data/')}")
    assert all(part in reason for part in named), reason


def test_an_input_that_may_not_be_read_fails_the_job(jobs: Jobs, store: Store) -> None:
    """The reason names the object and what S3 says."""
    store.put(data__a_csv="1")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}
    deny["Resource"] = f"arn:aws:s3:::{store.bucket}/*"
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    store.s3.put_bucket_policy(Bucket=store.bucket, Policy=policy)
    job = jobs.run("", ProcessingInputs=[jobs.source(store.uri("data/"))])
    wanted = f"ClientError: Failed to download {store.uri('data/a.csv')}: An error occurred"
    assert job["FailureReason"].startswith(wanted)


@pytest.mark.parametrize(
    ("manifest", "named"),
    [
        (b'[{"prefix": "s3://no-such-bucket/"}, "a"]', "the bucket exists"),
        (b'[{"prefix": "s3://Bad_Bucket!/"}, "a"]', "its prefix names no bucket"),
        (b'[{"prefix": "s3://bucket/"}, {"a": 1}]', '{"a": 1} is not the name of an object'),
        (b'[{"prefix": 1}, "a"]', "list.json is not a manifest"),
        (b"[]", "list.json is not a manifest"),
        (b'{"prefix": "s3://bucket/"}', "list.json is not a manifest"),
        (b"\xff\xfe", "list.json is not a manifest"),
    ],
)
def test_a_manifest_that_is_none_fails_the_job(
    jobs: Jobs, store: Store, manifest: bytes, named: str
) -> None:
    """In words that say which and why."""
    store.s3.put_object(Bucket=store.bucket, Key="list.json", Body=manifest)
    source = jobs.source(store.uri("list.json"), S3DataType="ManifestFile")
    reason = jobs.run("", ProcessingInputs=[source])["FailureReason"]
    assert reason.startswith("ClientError: ")
    assert named in reason


def test_a_key_cannot_leave_the_inputs_folder(jobs: Jobs, store: Store) -> None:
    """A key with dots in it is refused instead of written elsewhere."""
    manifest = json.dumps([{"prefix": store.uri("")}, "../../../escape.csv"])
    store.s3.put_object(Bucket=store.bucket, Key="list.json", Body=manifest.encode())
    source = jobs.source(store.uri("list.json"), S3DataType="ManifestFile")
    job = jobs.run("", ProcessingInputs=[source])
    assert "outside its LocalPath" in job["FailureReason"]


def test_outputs_are_uploaded_with_their_folders(jobs: Jobs, store: Store) -> None:
    """At the end of the job, below the given prefix."""
    job = jobs.run(
        """
        (PROCESSING / "result/deep").mkdir()
        (PROCESSING / "result/a.csv").write_text("1")
        (PROCESSING / "result/deep/b.csv").write_text("2")
        """,
        ProcessingOutputConfig=jobs.outputs(store.uri("out")),
    )
    assert job["ProcessingJobStatus"] == "Completed"
    assert store.keys("out/") == ["a.csv", "deep/b.csv"]
    assert store.text("out/deep/b.csv") == "2"


def test_an_empty_output_is_no_error(jobs: Jobs, store: Store) -> None:
    """The folder exists for the program; nothing in it means nothing in S3."""
    job = jobs.run(
        "assert (PROCESSING / 'result').is_dir()",
        ProcessingOutputConfig=jobs.outputs(store.uri("out")),
    )
    assert job["ProcessingJobStatus"] == "Completed"
    assert store.keys() == []


def test_continuous_outputs_arrive_while_the_program_runs(
    jobs: Jobs, store: Store, until: Any
) -> None:
    """New and changed files are sent again and again."""
    name = jobs.start(
        """
        file = PROCESSING / "result/progress.txt"
        file.write_text("1")
        print(ML, flush=True)
        while not (ML / "go").exists():
            time.sleep(0.01)
        file.write_text("22")
        time.sleep(600)
        """,
        ProcessingOutputConfig=jobs.outputs(store.uri("out"), "Continuous"),
    )
    (folder,) = until(lambda: jobs.lines(name), "the program to have written")
    until(lambda: store.keys("out/") == ["progress.txt"], "the first upload")
    (Path(folder) / "go").touch()
    until(lambda: store.text("out/progress.txt") == "22", "the second upload")
    assert jobs.describe(name)["ProcessingJobStatus"] == "InProgress"


def test_a_slow_upload_does_not_hold_up_the_time_limit(
    jobs: Jobs, store: Store, tmp_path: Path, until: Any, gone: Callable[[int], bool]
) -> None:
    """The program ends in time; the job ends when the upload does."""
    request = jobs.request(
        """
        (PROCESSING / "result/a.csv").write_text("1")
        print("running", os.getpid(), flush=True)
        time.sleep(600)
        """,
        RoleArn=FOREIGN_ROLE,
        ProcessingOutputConfig=jobs.outputs(store.uri("out"), "Continuous"),
        StoppingCondition={"MaxRuntimeInSeconds": 1},
    )
    world = World(jobs.aws.url, "us-east-1", "123456789012", {"job": jobs.folder}, tmp_path)
    slow, may_go_on = threading.Event(), threading.Event()

    def wait(**_: object) -> None:
        slow.set()
        may_go_on.wait(60)

    world.client("s3").meta.events.register("before-call.s3.PutObject", wait)
    job = Job("arn", "us-east-1", request)
    runner = Runner(world, job, tmp_path / "job")
    runner.start()
    try:
        assert slow.wait(60)
        pid = until(lambda: jobs.pid(job.name), "the program to start")
        until(lambda: gone(pid), "the program to end")
        assert not job.done.is_set()
    finally:
        may_go_on.set()
        runner.join()
    assert job.status == "Stopped"
    world.client("s3").close()
    world.client("logs").close()


def test_a_file_is_sent_as_it_was_when_the_upload_began(store: Store, tmp_path: Path) -> None:
    """A program that writes to it meanwhile neither breaks the upload nor keeps it going."""
    world = World(store.aws.url, "us-east-1", "123456789012", {}, tmp_path)
    file = tmp_path / "out/log.txt"
    file.parent.mkdir()
    file.write_text("whole")
    s3 = world.client("s3")

    def write(**_: object) -> None:
        file.write_text("")

    s3.meta.events.register("before-call.s3.PutObject", write)
    transfer = Transfer(world, FOREIGN_ROLE, "us-east-1")
    assert list(transfer.upload(file.parent, store.uri("out"), None, {})) == [file]
    assert store.text("out/log.txt") == "whole"
    s3.close()


def test_end_of_job_outputs_wait_for_the_end(jobs: Jobs, store: Store, until: Any) -> None:
    """Nothing is in S3 while the program runs."""
    name = jobs.start(
        """
        (PROCESSING / "result/a.csv").write_text("1")
        print(ML, flush=True)
        while not (ML / "go").exists():
            time.sleep(0.01)
        """,
        ProcessingOutputConfig=jobs.outputs(store.uri("out")),
    )
    (folder,) = until(lambda: jobs.lines(name), "the program to have written")
    assert store.keys() == []
    (Path(folder) / "go").touch()
    jobs.end(name)
    assert store.keys("out/") == ["a.csv"]


def test_outputs_of_several_hosts_meet_below_one_prefix(jobs: Jobs, store: Store) -> None:
    """Each host's files under their own names."""
    jobs.run(
        """
        host = json.loads((ML / "config/resourceconfig.json").read_text())["current_host"]
        (PROCESSING / f"result/{host}.csv").write_text(host)
        """,
        ProcessingOutputConfig=jobs.outputs(store.uri("out")),
        ProcessingResources=jobs.cluster(2),
    )
    assert store.keys("out/") == ["algo-1.csv", "algo-2.csv"]


def test_an_output_bucket_that_does_not_exist_fails_the_job(jobs: Jobs) -> None:
    """The reason names the URI."""
    job = jobs.run(
        "(PROCESSING / 'result/a.csv').touch()",
        ProcessingOutputConfig=jobs.outputs("s3://no-such-bucket/out"),
    )
    assert job["ProcessingJobStatus"] == "Failed"
    assert "Failed to upload data to s3://no-such-bucket/out" in job["FailureReason"]


def test_a_failed_upload_does_not_hide_the_exit_code(jobs: Jobs) -> None:
    """Both are in the reason, the program's own first."""
    job = jobs.run(
        "(PROCESSING / 'result/a.csv').touch(); sys.exit(7)",
        ProcessingOutputConfig=jobs.outputs("s3://no-such-bucket/out"),
    )
    wanted = "AlgorithmError: , exit code: 7; ClientError: Failed to upload data to s3://no-such"
    assert job["FailureReason"].startswith(wanted)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("Path(os.fsdecode(b'\\xff.csv')).touch()", r"the file name b'\xff.csv' is not UTF-8"),
        ("Path('a.csv').mkdir() or Path('a.csv/' + 'n' * 250).touch()", "KeyTooLongError"),
    ],
)
def test_an_output_whose_name_is_no_key_fails_the_job(
    jobs: Jobs, store: Store, code: str, named: str
) -> None:
    """The reason says where it was to go, and what is wrong with it."""
    prefix = store.uri("p" * 800)
    job = jobs.run(
        f"os.chdir(PROCESSING / 'result'); {code}", ProcessingOutputConfig=jobs.outputs(prefix)
    )
    assert job["FailureReason"].startswith(f"ClientError: Failed to upload data to {prefix}: ")
    assert named in job["FailureReason"]


def test_a_continuous_upload_that_fails_ends_the_program(jobs: Jobs) -> None:
    """A failed job has no process left."""
    name = jobs.start(
        """
        (PROCESSING / "result/a.csv").touch()
        print(os.getpid(), flush=True)
        time.sleep(600)
        """,
        ProcessingOutputConfig=jobs.outputs("s3://no-such-bucket/out", "Continuous"),
    )
    assert jobs.end(name)["ProcessingJobStatus"] == "Failed"
    (pid,) = jobs.lines(name)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_outputs_carry_the_key_of_the_output_config(jobs: Jobs, store: Store) -> None:
    """KmsKeyId is passed on to S3."""
    outputs = {**jobs.outputs(store.uri("out")), "KmsKeyId": "alias/results"}
    jobs.run("(PROCESSING / 'result/a.csv').touch()", ProcessingOutputConfig=outputs)
    head = store.s3.head_object(Bucket=store.bucket, Key="out/a.csv")
    assert head["ServerSideEncryption"] == "aws:kms"
    assert head["SSEKMSKeyId"].endswith("alias/results")
