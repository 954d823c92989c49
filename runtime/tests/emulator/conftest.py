"""A local AWS for tests, and the few things most of them need in it."""

from __future__ import annotations

import io
import json
import os
import signal
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
ML = "/opt/ml/processing"
DEADLINE = 60.0
_numbers = count(1)


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project folder behind the image ``job``; it has no Dockerfile."""
    return tmp_path_factory.mktemp("image")


@pytest.fixture(scope="session")
def aws(image_folder: Path) -> Iterator[LocalAws]:
    """One local AWS for all tests that do not need one of their own."""
    with LocalAws(images={"job": image_folder}) as running:
        yield running


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Names that no other test uses."""

    def name(prefix: str) -> str:
        return f"{prefix}-{next(_numbers)}"

    return name


@pytest.fixture
def role(aws: LocalAws) -> Callable[[str], str]:
    """ARN of a role that a service may assume, by the service's short name."""
    return lambda service: make_role(aws, service)


@pytest.fixture
def until() -> Callable[[Callable[[], Any], str], Any]:
    """Ask again until an answer is true; fail after a minute, saying what was waited for."""
    return wait_until


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Whether a process is no more, not even waiting for its parent."""
    return is_gone


@pytest.fixture
def daemon() -> str:
    """Python that leaves a process whose parent has ended, in a session of its own.

    It prints ``running`` and the process id. A variable WITH_ENVIRONMENT=no takes the
    environment from that process.
    """
    return dedent(
        """
        import os, subprocess, time
        subprocess.run(
            ["/bin/sh", "-c", "sleep 600 >/dev/null 2>&1 & echo running $!"],
            start_new_session=True,
            env=None if os.environ.get("WITH_ENVIRONMENT") != "no" else {},
        )
        """
    )


@pytest.fixture
def store(aws: LocalAws, unique: Callable[[str], str]) -> Store:
    """A bucket of this test's own."""
    return Store(aws, unique("bucket"))


@dataclass(frozen=True)
class Store:
    """A bucket, with the few things tests do with one."""

    aws: LocalAws
    bucket: str

    def __post_init__(self) -> None:
        """Make the bucket."""
        self.s3.create_bucket(Bucket=self.bucket)

    @property
    def s3(self) -> Any:
        """An S3 client."""
        return self.aws.client("s3")

    def uri(self, prefix: str) -> str:
        """The URI of a prefix."""
        return f"s3://{self.bucket}/{prefix}"

    def put(self, **objects: str) -> None:
        """Put objects, each key's ``__`` meaning a slash and ``_csv`` its suffix."""
        for name, text in objects.items():
            key = name.replace("__", "/").replace("_csv", ".csv")
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())

    def keys(self, prefix: str = "") -> list[str]:
        """Keys below a prefix, without it."""
        pages = self.s3.get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket, Prefix=prefix).search("Contents[].Key")
        return [key.removeprefix(prefix) for key in found if key]

    def text(self, key: str) -> str:
        """Text of an object."""
        return str(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode())


EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
"""Policy of roles whose permissions are not what a test is about."""


def make_role(aws: LocalAws, service: str) -> str:
    """Make a role, once, that a service may assume and that may do everything."""
    iam, name = aws.client("iam"), f"role-for-{service}"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    try:
        found = iam.get_role(RoleName=name)
    except iam.exceptions.NoSuchEntityException:
        found = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=EVERYTHING)
    return str(found["Role"]["Arn"])


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """Ask again until the answer is true, and give it back."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"waited {DEADLINE:.0f} s for {what}")


def is_gone(pid: int) -> bool:
    """Whether a process is no more, not even waiting for its parent."""
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return True
    return False


PRELUDE = """\
import json, os, sys, time
from pathlib import Path
ML = Path(os.environ["BATCAT_ML_ROOT"])
PROCESSING = ML / "processing"
"""


@dataclass
class Jobs:
    """Makes Processing jobs out of a few lines of Python, and waits for them."""

    aws: LocalAws
    folder: Path
    unique: Callable[[str], str]
    made: list[str] = field(default_factory=list)

    @staticmethod
    def cluster(hosts: int) -> dict[str, Any]:
        """ProcessingResources of so many hosts."""
        kind = {"InstanceType": "ml.t3.medium", "VolumeSizeInGB": 1}
        return {"ClusterConfig": {"InstanceCount": hosts, **kind}}

    @staticmethod
    def source(uri: str, name: str = "raw", **more: Any) -> dict[str, Any]:
        """A ProcessingInput."""
        source = {"S3Uri": uri, "LocalPath": f"{ML}/input/{name}", "S3DataType": "S3Prefix"}
        return {"InputName": name, "S3Input": {**source, "S3InputMode": "File", **more}}

    @staticmethod
    def outputs(uri: str, mode: str = "EndOfJob", name: str = "result") -> dict[str, Any]:
        """A ProcessingOutputConfig with one output."""
        target = {"S3Uri": uri, "LocalPath": f"{ML}/{name}", "S3UploadMode": mode}
        return {"Outputs": [{"OutputName": name, "S3Output": target}]}

    def request(self, code: str, *arguments: str, **parameters: Any) -> dict[str, Any]:
        """A CreateProcessingJob request that runs the code on one host."""
        name = self.unique("job")
        script = self.folder / "script" / f"{name.replace('-', '_')}.py"
        script.parent.mkdir(exist_ok=True)
        script.write_text(PRELUDE + dedent(code), encoding="utf-8")
        app: dict[str, Any] = {
            "ImageUri": f"{REGISTRY}/job:latest",
            "ContainerEntrypoint": ["python3", f"script/{script.name}"],
        }
        if arguments:
            app["ContainerArguments"] = list(arguments)
        return {
            "ProcessingJobName": name,
            "RoleArn": make_role(self.aws, "sagemaker"),
            "AppSpecification": app,
            "ProcessingResources": self.cluster(1),
            **parameters,
        }

    def start(self, code: str, *arguments: str, **parameters: Any) -> str:
        """Create a job; returns its name."""
        return self.create(self.request(code, *arguments, **parameters))

    def create(self, request: dict[str, Any]) -> str:
        """Create a job from a whole request."""
        self.aws.client("sagemaker").create_processing_job(**request)
        self.made.append(request["ProcessingJobName"])
        return str(request["ProcessingJobName"])

    def describe(self, name: str) -> dict[str, Any]:
        """The job as it is now."""
        found = self.aws.client("sagemaker").describe_processing_job(ProcessingJobName=name)
        return dict(found)

    def end(self, name: str) -> dict[str, Any]:
        """The job when it has ended."""

        def ended() -> dict[str, Any] | None:
            found = self.describe(name)
            running = found["ProcessingJobStatus"] in ("InProgress", "Stopping")
            return None if running else found

        return dict(wait_until(ended, f"job {name} to end"))

    def run(self, code: str, *arguments: str, **parameters: Any) -> dict[str, Any]:
        """Create a job and wait for its end."""
        return self.end(self.start(code, *arguments, **parameters))

    def streams(self, name: str) -> list[str]:
        """Names of the job's log streams."""
        logs = self.aws.client("logs")
        try:
            found = logs.describe_log_streams(
                logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=f"{name}/"
            )
        except logs.exceptions.ResourceNotFoundException:
            return []  # no job has written anything yet
        return [stream["logStreamName"] for stream in found["logStreams"]]

    def events(self, name: str) -> list[dict[str, Any]]:
        """Log events of all the job's hosts."""
        logs, events = self.aws.client("logs"), []
        for stream in self.streams(name):
            found = logs.get_log_events(
                logGroupName="/aws/sagemaker/ProcessingJobs",
                logStreamName=stream,
                startFromHead=True,
            )
            events += found["events"]
        return events

    def lines(self, name: str) -> list[str]:
        """Log lines of all the job's hosts."""
        return [event["message"] for event in self.events(name)]

    def pid(self, name: str) -> int | None:
        """The process id that the job has printed behind ``running``, once it has."""
        lines = (line.split() for line in self.lines(name))
        return next((int(words[1]) for words in lines if words[0] == "running"), None)


@pytest.fixture
def jobs(aws: LocalAws, image_folder: Path, unique: Callable[[str], str]) -> Iterator[Jobs]:
    """Processing jobs; what still runs at the test's end is stopped."""
    made = Jobs(aws, image_folder, unique)
    yield made
    for name in made.made:
        if made.describe(name)["ProcessingJobStatus"] == "InProgress":
            with suppress(ClientError):  # it may end between the two calls
                aws.client("sagemaker").stop_processing_job(ProcessingJobName=name)


HEAD = "import json, logging, os, sys, time\ndef handler(event, context):\n"


class Functions:
    """Makes functions and calls them."""

    def __init__(self, aws: LocalAws, role: str, unique: Callable[[str], str]) -> None:
        self.aws, self.role, self.unique = aws, role, unique
        self.client = aws.client("lambda")

    @staticmethod
    def zipped(code: str, name: str = "app.py") -> bytes:
        """A deployment package of one module."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(name, code)
        return buffer.getvalue()

    @staticmethod
    def handler(lines: str) -> str:
        """A module whose handler does this."""
        return HEAD + "".join(f"    {line}\n" for line in dedent(lines).strip().splitlines())

    def make(self, code: str, **parameters: Any) -> str:
        """Create a function; returns its name."""
        name = self.unique("function")
        self.client.create_function(
            **{
                "FunctionName": name,
                "Runtime": "python3.12",
                "Role": self.role,
                "Handler": "app.handler",
                "Code": {"ZipFile": self.zipped(code)},
                **parameters,
            }
        )
        return name

    def call(self, name: str, event: Any = None, **parameters: Any) -> tuple[Any, str | None]:
        """Invoke; returns the parsed payload and FunctionError."""
        payload = json.dumps(event if event is not None else {})
        answer = self.client.invoke(FunctionName=name, Payload=payload, **parameters)
        return json.loads(answer["Payload"].read() or "null"), answer.get("FunctionError")

    def lines(self, name: str) -> list[str]:
        """Every line the function has logged."""
        logs, group = self.aws.client("logs"), f"/aws/lambda/{name}"
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            return list(pages.search("events[].message"))
        except logs.exceptions.ResourceNotFoundException:
            return []


@pytest.fixture
def functions(aws: LocalAws, role: Callable[[str], str], unique: Callable[[str], str]) -> Functions:
    """Functions with a role that Lambda may assume."""
    return Functions(aws, role("lambda"), unique)
