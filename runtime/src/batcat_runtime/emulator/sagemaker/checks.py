"""What CreateProcessingJob checks before it accepts a job.

Sources of the rules: botocore's model of SageMaker and its documentation strings (the API
reference), the AWS documentation of Processing, and messages quoted in public issue trackers.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.iam.assumable import assumable
from batcat_runtime.emulator.iam.guard import guard_of
from batcat_runtime.emulator.images import ImageError
from batcat_runtime.emulator.needs import Need
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError
from batcat_runtime.emulator.s3.names import is_bucket
from batcat_runtime.emulator.world import partition_of

from .job import SESSION
from .transfer import split

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

ML_PREFIX = "/opt/ml/processing/"
"""LocalPath "must begin with /opt/ml/processing/" (API reference, ProcessingS3Input)."""

ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)")
PULLING = ("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")
SAGEMAKER_PRINCIPAL = "sagemaker.amazonaws.com"


def check_job(world: World, request: dict[str, Any]) -> None:
    """Refuse what AWS would refuse, and what is not emulated.

    Raises:
        ServiceError: ValidationException, as AWS.
        NotEmulated: AWS would do it, this server does not.
    """
    for entry in request.get("ProcessingInputs", []):
        _check_input(entry)
    for entry in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
        _check_output(entry)
    _check_names(request)
    _check_cluster(request["ProcessingResources"]["ClusterConfig"])
    _check_role(world, request["RoleArn"])


def check_pull(world: World, request: dict[str, Any]) -> None:
    """Refuse an image that the job's role may not pull from ECR.

    Which actions that takes: SageMaker Developer Guide, "SageMaker AI execution roles",
    CreateProcessingJob. The message is the one of endpoints (github.com/aws/sagemaker-python-sdk
    issue 2002).

    Raises:
        ImageError: names the image and the action.
    """
    uri, role = request["AppSpecification"]["ImageUri"], request["RoleArn"]
    found = ECR.match(uri)
    if found is None:
        return
    account, region, repository = found.groups()
    arn = f"arn:{partition_of(region)}:ecr:{region}:{account}:repository/{repository}"
    guard = guard_of(world)
    wanted = [("GetAuthorizationToken", "*"), *((action, arn) for action in PULLING)]
    for action, resource in wanted:
        if not guard.may(role, Need(f"ecr:{action}", resource), region, SESSION):
            raise ImageError(
                f"The role '{role}' does not have {action} permission for the image: '{uri}'."
            )


def _check_input(entry: dict[str, Any]) -> None:
    source = entry.get("S3Input")
    if source is None:
        raise _invalid(f"ProcessingInput {entry['InputName']} has no S3Input.")
    _check_path(entry["InputName"], source.get("LocalPath"))
    _check_uri(entry["InputName"], source["S3Uri"])


def _check_output(entry: dict[str, Any]) -> None:
    target = entry.get("S3Output")
    if target is None:
        raise _invalid(f"ProcessingOutput {entry['OutputName']} has no S3Output.")
    _check_path(entry["OutputName"], target.get("LocalPath"))
    _check_uri(entry["OutputName"], target["S3Uri"])


def _check_path(name: str, path: str | None) -> None:
    if not path:
        raise _invalid(f"{name} needs a LocalPath.")
    if not f"{path}/".startswith(ML_PREFIX):
        raise _invalid(f"LocalPath of {name} must begin with {ML_PREFIX}, not {path}.")
    if ".." in path.split("/"):
        raise _invalid(f"LocalPath of {name} must not contain '..': {path}.")


def _check_uri(name: str, uri: str) -> None:
    if not uri.startswith("s3://"):
        raise NotEmulated(f"S3Uri {uri}", "Write it as s3://bucket/prefix.")
    bucket = split(uri)[0]
    if not is_bucket(bucket):
        raise _invalid(f"S3Uri {uri} of {name}: {bucket!r} is not the name of a bucket.")


def _check_names(request: dict[str, Any]) -> None:
    """Names are unique, and no two entries share a folder; one may lie inside another."""
    inputs = request.get("ProcessingInputs", [])
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    for kind, names in (
        ("InputName", [entry["InputName"] for entry in inputs]),
        ("OutputName", [entry["OutputName"] for entry in outputs]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise _invalid(f"{kind} must be unique within a job; given twice: {', '.join(twice)}.")
    paths = [PurePosixPath(entry["S3Input"]["LocalPath"]) for entry in inputs]
    paths += [PurePosixPath(entry["S3Output"]["LocalPath"]) for entry in outputs]
    for path in paths:
        if paths.count(path) > 1:
            raise _invalid(f"LocalPath {path} is that of another input or output, too.")


def _check_cluster(cluster: dict[str, Any]) -> None:
    for name in ("InstanceType", "InstanceCount"):
        if name not in cluster:
            raise _invalid(f"ProcessingResources.ClusterConfig needs {name}.")


def _check_role(world: World, arn: str) -> None:
    if not assumable(world, arn, SAGEMAKER_PRINCIPAL):
        raise _invalid(
            f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
            f"'{SAGEMAKER_PRINCIPAL}' to assume the role.",
        )


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
