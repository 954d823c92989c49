"""The server process: it starts, stands beside others, and ends without a trace."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from batcat_runtime.emulator import LocalAws
from batcat_runtime.errors import DeployError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Jobs

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
LOGGING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}],
    }
)
ENDLESS = "import os, time; print('running', os.getpid(), flush=True); time.sleep(600)"


def start_endless_job(aws: LocalAws | _Known, code: str = ENDLESS) -> None:
    """A job that prints a process id and goes on for ever."""
    iam = aws.client("iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="r", PolicyName="logs", PolicyDocument=LOGGING)
    kind = {"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
    aws.client("sagemaker").create_processing_job(
        ProcessingJobName="endless",
        RoleArn=role["Role"]["Arn"],
        AppSpecification={
            "ImageUri": "job",
            "ContainerEntrypoint": ["python", "-c", f"exec({code!r})"],
        },
        ProcessingResources={"ClusterConfig": kind},
    )


def process_of_job(aws: LocalAws | _Known) -> int | None:
    """The process id that the endless job has logged."""
    logs, group = aws.client("logs"), "/aws/sagemaker/ProcessingJobs"
    try:
        events = logs.filter_log_events(logGroupName=group)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return None
    return int(events[0]["message"].split()[1]) if events else None


def serve(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    """The server as a user starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "batcat_runtime.emulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_it_says_where_it_is_in_one_line_of_json() -> None:
    """Url, region and account; then it serves until SIGTERM and exits 0."""
    with serve("--region", "eu-central-1", "--account", "210987654321") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=30)
    assert ready["region"] == "eu-central-1"
    assert ready["account"] == "210987654321"
    assert ready["url"].startswith("http://127.0.0.1:")
    assert (process.returncode, rest, errors) == (0, "", "")


def test_control_c_stops_it() -> None:
    """SIGINT, quietly."""
    with serve() as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")


def test_it_listens_on_loopback_only(aws: LocalAws) -> None:
    """Not on this machine's other addresses."""
    port = urlsplit(aws.url).port
    assert urlsplit(aws.url).hostname == "127.0.0.1"
    with socket.socket() as other:
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", port)) != 0


def test_two_stand_side_by_side_and_share_nothing() -> None:
    """Each on a port, with an account and a region of its own."""
    with LocalAws() as one, LocalAws(region="cn-north-1", account="210987654321") as two:
        one.client("s3").create_bucket(Bucket="only-here")
        assert two.client("s3").list_buckets()["Buckets"] == []
        arns = [aws.client("sts").get_caller_identity()["Arn"] for aws in (one, two)]
    assert arns[0].startswith("arn:aws:sts::123456789012:")
    assert arns[1].startswith("arn:aws-cn:sts::210987654321:")


def test_a_port_that_is_taken_is_said_so(aws: LocalAws) -> None:
    """With the port, and without a traceback."""
    port = int(urlsplit(aws.url).port or 0)
    with pytest.raises(DeployError, match=rf"cannot listen on 127\.0\.0\.1:{port}") as caught:
        LocalAws(port=port)
    assert "Traceback" not in str(caught.value)


def test_an_image_folder_must_exist(tmp_path: Path) -> None:
    """A typing mistake is found at the start, not in a job."""
    with pytest.raises(DeployError, match="expected NAME=FOLDER with a folder that exists"):
        LocalAws(images={"repo": tmp_path / "nowhere"})


def test_a_proxy_is_not_asked_for_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the server's own clients, nor by those that use ``environment``."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:8080")
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    with LocalAws() as aws:
        assert aws.environment["NO_PROXY"] == "intranet.example,127.0.0.1"
        assert aws.client("s3").list_buckets()["Buckets"] == []
        role = aws.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
        kind = {"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
        aws.client("sagemaker").create_processing_job(
            ProcessingJobName="behind-a-proxy",
            RoleArn=role["Role"]["Arn"],
            AppSpecification={"ImageUri": "nobody"},
            ProcessingResources={"ClusterConfig": kind},
        )


def test_the_environment_points_every_client_at_it(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exporting ``environment`` is all it takes, whatever the machine has configured."""
    import boto3

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    client = boto3.session.Session().client("sts")
    assert client.get_caller_identity()["Account"] == aws.account
    client.close()


def test_stopping_ends_jobs_and_leaves_nothing_behind(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    until: Any,
    gone: Callable[[int], bool],
    daemon: str,
) -> None:
    """No process, not even a daemon, no file, no folder; stopping twice is no mistake."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "image").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    aws = LocalAws(images={"job": tmp_path / "image"})
    start_endless_job(aws, daemon + "time.sleep(600)")
    pid = until(lambda: process_of_job(aws), "the job to start")
    aws.stop()
    aws.stop()
    until(lambda: gone(pid), "the job to end")
    assert gone(aws.pid)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_it_ends_when_the_process_that_started_it_is_killed(
    tmp_path: Path, until: Any, gone: Callable[[int], bool]
) -> None:
    """With its jobs: nothing is left over from a test run that crashed."""
    script = dedent(
        """
        import sys, time
        from batcat_runtime.emulator import LocalAws
        aws = LocalAws(images={"job": sys.argv[1]})
        print(aws.url, aws.pid, flush=True)
        time.sleep(600)
        """
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    url, pid = parent.stdout.readline().split()
    aws = _Known(url)
    start_endless_job(aws)
    job = until(lambda: process_of_job(aws), "the job to start")
    parent.kill()
    parent.communicate()
    until(lambda: gone(job), "the job to end")
    until(lambda: gone(int(pid)), "the server to end")
    for client in aws.clients.values():
        client.close()


def test_state_is_kept_when_asked_for(tmp_path: Path) -> None:
    """Buckets, bodies, content types and metadata come back; job folders stay."""
    state, image = tmp_path / "state", tmp_path / "image"
    image.mkdir()
    with LocalAws(images={"job": image}, state=state) as aws:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="kept")
        s3.create_bucket(
            Bucket="far", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        s3.put_object(
            Bucket="kept",
            Key="a b/ü.csv",
            Body=b"\x00\x01",
            ContentType="text/csv",
            Metadata={"my_key": "x"},
        )
        s3.put_object(Bucket="kept", Key="gone", Body=b"")
        s3.delete_object(Bucket="kept", Key="gone")
        start_endless_job(aws)
        with pytest.raises(DeployError, match="another local AWS keeps its state"):
            LocalAws(state=state)
    assert (state / "jobs/us-east-1/endless/algo-1").is_dir()
    with LocalAws(state=state) as aws:
        s3 = aws.client("s3")
        found = s3.get_object(Bucket="kept", Key="a b/ü.csv")
        assert found["Body"].read() == b"\x00\x01"
        assert (found["ContentType"], found["Metadata"]) == ("text/csv", {"my_key": "x"})
        assert s3.list_objects_v2(Bucket="kept")["KeyCount"] == 1
        assert s3.get_bucket_location(Bucket="far")["LocationConstraint"] == "eu-central-1"
        assert aws.client("sagemaker").list_processing_jobs()["ProcessingJobSummaries"] == []


def test_a_jobs_folder_is_removed_with_the_job(jobs: Jobs) -> None:
    """Without a state folder nothing of a job stays on disk, not even until the end."""
    job = jobs.run("print(ML)")
    (folder,) = jobs.lines(job["ProcessingJobName"])
    assert not Path(folder).exists()


class _Known:
    """A server that another process started."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A client of it."""
        import boto3

        if service not in self.clients:
            self.clients[service] = boto3.session.Session().client(
                service,
                endpoint_url=self.url,
                region_name="us-east-1",
                aws_access_key_id="x",
                aws_secret_access_key="x",
            )
        return self.clients[service]
