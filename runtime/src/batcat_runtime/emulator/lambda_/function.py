"""One function: its configuration as the API describes it, its code on disk."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

if TYPE_CHECKING:
    from pathlib import Path

    from batcat_runtime.emulator.world import World

DEFAULTS: dict[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "PackageType": "Zip",
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "TracingConfig": {"Mode": "PassThrough"},
    "SnapStart": {"ApplyOn": "None"},
}
"""Values that AWS fills in (API reference, CreateFunction)."""

RESERVED = (
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
)
"""Environment variables a function may not set (Developer Guide, environment variables)."""

UNZIPPED_BYTES = 262_144_000
ENVIRONMENT_BYTES = 4096
TIMEOUT_SECONDS = 900
"""Quotas of the Developer Guide."""


@dataclass
class Function:
    """A function and its permissions.

    Attributes:
        arn: unqualified ARN.
        region: where it lives.
        settings: configuration members, as in the API.
        code: folder with the unpacked code.
        sha: CodeSha256.
        size: bytes of the zip.
        later: settings of asynchronous invocations.
    """

    arn: str
    region: str
    settings: dict[str, Any]
    code: Path
    sha: str = ""
    size: int = 0
    revision: str = ""
    modified: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    later: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The function's name."""
        return str(self.settings["FunctionName"])

    def touch(self) -> None:
        """Give it a new revision and time."""
        self.revision = str(uuid4())
        now = datetime.now(timezone.utc)
        self.modified = now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03}+0000"

    def configuration(self) -> dict[str, Any]:
        """FunctionConfiguration of the API."""
        group = self.settings.get("LoggingConfig", {}).get("LogGroup")
        return {
            **DEFAULTS,
            **self.settings,
            "FunctionArn": self.arn,
            "CodeSize": self.size,
            "CodeSha256": self.sha,
            "LastModified": self.modified,
            "RevisionId": self.revision,
            "Version": "$LATEST",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": group or f"/aws/lambda/{self.name}"},
        }


def check_settings(request: dict[str, Any]) -> None:
    """Refuse what AWS would refuse, and what is not emulated.

    Args:
        request: CreateFunction or UpdateFunctionConfiguration.

    Raises:
        NotEmulated: another Runtime than Python.
        ServiceError: InvalidParameterValueException.
    """
    runtime = request.get("Runtime")
    if runtime and not runtime.startswith("python3."):
        raise NotEmulated(f"lambda Runtime {runtime}", "Use python3.x.")
    if request.get("Timeout", 0) > TIMEOUT_SECONDS:
        raise invalid(f"Timeout must be at most {TIMEOUT_SECONDS} seconds.")
    _check_environment(request.get("Environment", {}).get("Variables", {}))


def _check_environment(variables: dict[str, str]) -> None:
    reserved = sorted(set(variables) & set(RESERVED))
    if reserved:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            "variables you have provided contains reserved keys that are currently not supported "
            f"for modification. Reserved keys used in this request: {', '.join(reserved)}",
        )
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > ENVIRONMENT_BYTES:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment "
            f"variables you have provided exceeded the {ENVIRONMENT_BYTES // 1024}KB limit.",
        )


def fetch_code(world: World, code: dict[str, Any], region: str, key: str) -> bytes:
    """The zip file that a request gives or points at.

    Args:
        world: makes the client.
        code: of the request.
        region: where the function lives.
        key: access key of the caller, with whose rights Lambda reads the file.

    Raises:
        ServiceError: there is no such file, or the caller may not read it (message:
            github.com/binxio/cfn-lb-ip-address-provider issue 4).
    """
    if code.get("ZipFile"):
        return bytes(code["ZipFile"])
    if not code.get("S3Bucket") or not code.get("S3Key"):
        raise invalid("Please provide a source for function code.")
    from botocore.exceptions import ClientError

    version = {"VersionId": code["S3ObjectVersion"]} if code.get("S3ObjectVersion") else {}
    try:
        found = world.client("s3", region, key).get_object(
            Bucket=code["S3Bucket"], Key=code["S3Key"], **version
        )
    except ClientError as error:
        problem = error.response["Error"]
        if problem["Code"] == "AccessDenied":
            raise ServiceError(
                "AccessDeniedException",
                "Your access has been denied by S3, please make sure your request credentials have "
                f"permission to GetObject for {code['S3Bucket']}/{code['S3Key']}. "
                f"S3 Error Code: AccessDenied. S3 Error Message: {problem['Message']}",
                403,
            ) from error
        raise invalid(
            f"Error occurred while GetObject. S3 Error Code: {problem['Code']}. "
            f"S3 Error Message: {problem['Message']}",
        ) from error
    body: bytes = found["Body"].read()
    return body


def install_code(function: Function, body: bytes, folder: Path) -> None:
    """Unpack a zip file and make it the function's code."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except zipfile.BadZipFile:
        raise invalid(
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ) from None
    with archive:
        if sum(entry.file_size for entry in archive.infolist()) > UNZIPPED_BYTES:
            raise invalid(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
        target = folder / uuid4().hex
        target.mkdir(parents=True)
        archive.extractall(target)
    old, function.code = function.code, target
    function.sha = base64.b64encode(hashlib.sha256(body).digest()).decode()
    function.size = len(body)
    if old != target:
        shutil.rmtree(old, ignore_errors=True)


def invalid(message: str) -> ServiceError:
    """InvalidParameterValueException."""
    return ServiceError("InvalidParameterValueException", message)
