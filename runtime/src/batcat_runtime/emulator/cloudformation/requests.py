"""Read what requests share: the template, the tags, the capabilities, what is not honoured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from .errors import ValidationError
from .template import transforms

if TYPE_CHECKING:
    from .model import Model

IAM_NAMES = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": "",
}
"""Types that need a capability, and the property that makes it CAPABILITY_NAMED_IAM.

Source: CreateStack, Capabilities, in the CloudFormation API reference.
"""
BODY_LIMIT = 51_200
OBJECT_LIMIT = 1_048_576
"""Template sizes in bytes; source: CloudFormation quotas."""


def only(request: dict[str, Any], *honoured: str) -> None:
    """Refuse any other parameter that asks for something.

    Raises:
        NotEmulated: names the parameter.
    """
    for name, value in request.items():
        if name == "DeploymentConfig" and value == {"Mode": "STANDARD"}:
            continue
        if value and name not in honoured:
            raise NotEmulated(f"CloudFormation's parameter {name}")


def template_body(request: dict[str, Any], s3: Any) -> str:
    """The template's text, from the request or from S3.

    Raises:
        ValidationError: both, none, too large, or not to be had.
    """
    body, url = request.get("TemplateBody"), request.get("TemplateURL")
    if bool(body) == bool(url):
        raise ValidationError("Either Template URL or Template Body must be specified.")
    if body:
        if len(body.encode()) > BODY_LIMIT:
            raise ValidationError(
                "1 validation error detected: Value at 'templateBody' failed to satisfy "
                f"constraint: Member must have length less than or equal to {BODY_LIMIT}"
            )
        return str(body)
    return _download(str(url), s3)


def _download(url: str, s3: Any) -> str:
    bucket, key, version = bucket_and_key(url)
    from botocore.exceptions import ClientError

    try:
        answer = s3.get_object(
            Bucket=bucket, Key=key, **({"VersionId": version} if version else {})
        )
    except ClientError as error:
        raise ValidationError(f"S3 error: {error.response['Error']['Message']}") from error
    content: bytes = answer["Body"].read(OBJECT_LIMIT + 1)
    if len(content) > OBJECT_LIMIT:
        raise ValidationError(f"Template size exceeds the limit of {OBJECT_LIMIT} bytes")
    return content.decode()


def bucket_and_key(url: str) -> tuple[str, str, str]:
    """Bucket, key and version of an S3 address in path or virtual-host style."""
    parts = urlsplit(url)
    path = unquote(parts.path.lstrip("/"))
    version = parse_qs(parts.query).get("versionId", [""])[0]
    host = parts.hostname or ""
    if ".s3." in host or ".s3-" in host:
        bucket, key = host.split(".s3", 1)[0], path
    else:
        bucket, _, key = path.partition("/")
    if parts.scheme not in ("http", "https") or not bucket or not key:
        raise ValidationError(
            "TemplateURL must be a supported URL: https://<bucket>.s3.<region>.amazonaws.com/<key>"
        )
    return bucket, key, version


def tags(entries: list[dict[str, str]]) -> dict[str, str]:
    """Tags by key."""
    return {entry["Key"]: entry["Value"] for entry in entries}


def capabilities_of(resources: list[tuple[str, dict[str, Any]]]) -> tuple[list[str], str]:
    """Capabilities that resources, as (type, properties), need; and the reason, in AWS's words."""
    used = [(kind, properties) for kind, properties in resources if kind in IAM_NAMES]
    kinds = ", ".join(sorted({kind for kind, _ in used}))
    named = any(IAM_NAMES[kind] in properties for kind, properties in used if IAM_NAMES[kind])
    needed = [f"CAPABILITY_{'NAMED_' if named else ''}IAM"] if used else []
    return needed, f"The following resource(s) require capabilities: [{kinds}]"


def check_capabilities(request: dict[str, Any], model: Model, *, directly: bool) -> None:
    """Refuse a template that may do more than the caller acknowledged.

    Args:
        request: with its Capabilities.
        model: what is asked for.
        directly: whether there is no change set to look at first; a transform then needs
            CAPABILITY_AUTO_EXPAND.

    Raises:
        ServiceError: InsufficientCapabilitiesException.
    """
    given = set(request.get("Capabilities") or [])
    kinds = [(r["Type"], r.get("Properties") or {}) for r in model.resources.values()]
    needed = [
        capability
        for capability in capabilities_of(kinds)[0]
        if capability not in given and "CAPABILITY_NAMED_IAM" not in given
    ]
    if directly and transforms(model.original) and "CAPABILITY_AUTO_EXPAND" not in given:
        needed.append("CAPABILITY_AUTO_EXPAND")
    if needed:
        raise ServiceError(
            "InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(needed)}]"
        )


def page(items: list[Any], token: str | None, size: int = 100) -> tuple[list[Any], dict[str, str]]:
    """One page of a list, and the NextToken of the next one."""
    try:
        start = int(token or 0)
    except ValueError:
        raise ValidationError(f"NextToken {token} is not one of this server's") from None
    following = {"NextToken": str(start + size)} if start + size < len(items) else {}
    return items[start : start + size], following
