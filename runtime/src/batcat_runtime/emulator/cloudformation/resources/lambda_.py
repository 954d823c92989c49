"""Lambda functions and who may invoke them."""

from __future__ import annotations

import io
import zipfile
from typing import Any, ClassVar

from .base import ANY, AlreadyExistsError, Handler, Properties, Task, changed_tags, pick, tags_of

CONFIGURATION = (
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)
DEFAULTS: dict[str, Any] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {},
    "EphemeralStorage": {"Size": 512},
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
"""Values of the Lambda API for what a template leaves out (CreateFunction, API reference)."""


class Function(Handler):
    """``AWS::Lambda::Function``."""

    properties: ClassVar[Properties] = {
        "Architectures": ANY,
        "Code": {"S3Bucket": ANY, "S3Key": ANY, "S3ObjectVersion": ANY, "ZipFile": ANY},
        "DeadLetterConfig": ANY,
        "Description": ANY,
        "Environment": ANY,
        "EphemeralStorage": ANY,
        "FunctionName": ANY,
        "Handler": ANY,
        "LoggingConfig": {"LogFormat": ANY, "LogGroup": ANY},
        "MemorySize": ANY,
        "PackageType": ANY,
        "Role": ANY,
        "Runtime": ANY,
        "Tags": ANY,
        "Timeout": ANY,
        "TracingConfig": ANY,
        "VpcConfig": {"SecurityGroupIds": ANY, "SubnetIds": ANY},
    }
    attributes = frozenset({"Arn"})

    def refused(self, properties: Properties) -> str | None:
        """Only zip files of Python run here."""
        if properties.get("PackageType", "Zip") != "Zip":
            return "PackageType Image"
        runtime = properties.get("Runtime")
        if isinstance(runtime, str) and not runtime.startswith("python3."):
            return f"Runtime {runtime}"
        return None

    def create(self, task: Task, properties: Properties) -> str:
        """Make the function from its code."""
        name = str(properties.get("FunctionName") or task.name(64))
        given = pick(properties, (*CONFIGURATION, "Architectures", "PackageType"))
        if properties.get("Tags"):
            given["Tags"] = tags_of(properties)
        task.client("lambda").create_function(FunctionName=name, Code=_code(properties), **given)
        task.began(name)
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Change code, configuration and tags that differ."""
        client = task.client("lambda")
        code_keys = ("Code", "Architectures")
        if pick(new, code_keys) != pick(old, code_keys):
            client.update_function_code(
                FunctionName=physical_id, **_code(new), **pick(new, ("Architectures",))
            )
        if pick(new, CONFIGURATION) != pick(old, CONFIGURATION):
            logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{physical_id}"}
            defaults = {**DEFAULTS, "LoggingConfig": logging}
            client.update_function_configuration(
                FunctionName=physical_id, **{**defaults, **pick(new, CONFIGURATION)}
            )
        add, remove = changed_tags(new, old)
        arn = self.read(task, physical_id, new)["Arn"]
        if add:
            client.tag_resource(Resource=arn, Tags=add)
        if remove:
            client.untag_resource(Resource=arn, TagKeys=remove)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the function."""
        task.client("lambda").delete_function(FunctionName=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """Its ARN."""
        return {"Arn": task.arn("lambda", f"function:{physical_id}")}


class EventInvokeConfig(Handler):
    """``AWS::Lambda::EventInvokeConfig``."""

    properties: ClassVar[Properties] = {
        "DestinationConfig": {
            "OnFailure": {"Destination": ANY},
            "OnSuccess": {"Destination": ANY},
        },
        "FunctionName": ANY,
        "MaximumEventAgeInSeconds": ANY,
        "MaximumRetryAttempts": ANY,
        "Qualifier": ANY,
    }

    def create(self, task: Task, properties: Properties) -> str:
        """Set how the function is invoked; one that has such settings is an error."""
        client = task.client("lambda")
        name, qualifier = properties["FunctionName"], properties["Qualifier"]
        physical_id = f"{name}|{qualifier}"
        try:
            client.get_function_event_invoke_config(FunctionName=name, Qualifier=qualifier)
        except client.exceptions.ResourceNotFoundException:
            self.update(task, physical_id, properties, {})
        else:
            raise AlreadyExistsError(physical_id)
        task.began(physical_id)
        return physical_id

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:  # noqa: ARG002
        """Replace all settings."""
        task.client("lambda").put_function_event_invoke_config(**new)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Invoke the function as by default."""
        task.client("lambda").delete_function_event_invoke_config(
            FunctionName=properties["FunctionName"], Qualifier=properties["Qualifier"]
        )

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """It has no attributes."""
        return {}


class Permission(Handler):
    """``AWS::Lambda::Permission``; every property is fixed at creation, so it has no update."""

    properties: ClassVar[Properties] = {
        "Action": ANY,
        "FunctionName": ANY,
        "Principal": ANY,
        "SourceAccount": ANY,
        "SourceArn": ANY,
    }

    def create(self, task: Task, properties: Properties) -> str:
        """Add one statement to the function's policy."""
        statement = task.name(100)
        task.client("lambda").add_permission(StatementId=statement, **properties)
        task.began(statement)
        return statement

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:
        """Remove the statement."""
        task.client("lambda").remove_permission(
            FunctionName=properties["FunctionName"], StatementId=physical_id
        )

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """It has no attributes here."""
        return {}


def _code(properties: Properties) -> dict[str, Any]:
    code = dict(properties["Code"])
    if "ZipFile" in code:
        code["ZipFile"] = _zipped(code["ZipFile"], properties.get("Runtime", ""))
    return code


def _zipped(source: str, runtime: str) -> bytes:
    """Inline code as CloudFormation packs it: one file named ``index``."""
    name = "index.py" if runtime.startswith("python") else "index.js"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # A fixed date, so that the same source always has the same hash.
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), source)
    return packed.getvalue()
