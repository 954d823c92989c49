"""Image, registry, quota of the machines, and the group that logs of steps go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.deploy import logs
from batcat_runtime.deploy.image.push import has_image, pushed_uri
from batcat_runtime.deploy.image.repository import ADDRESS
from batcat_runtime.deploy.project import CONFIG
from batcat_runtime.errors import MissingError

from .finding import FAILED, OK, WARNING, Finding, NotLooked

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from .seen import Seen

_SECONDS = 5
_UNAUTHORIZED = 401


def check_image(seen: Seen) -> Iterator[Finding]:
    """The image of the steps is in ECR."""
    project = seen.project
    if project.is_local:
        file = project.root / "deploy" / "docker" / "Dockerfile"
        text = "the local AWS runs the project's folder, and needs no image"
        yield Finding("image", OK, text, str(file.relative_to(project.root)))
        return
    seen.caller()
    push = f"batcat image push{project.option}"
    image = pushed_uri(project)
    if not image and has_image(project):
        text = "the image of the steps as they are now is not there; batcat deploy pushes it"
        yield Finding("image", WARNING, text, project.repository, push)
        return
    image = image or _latest(seen)
    parts = ADDRESS.fullmatch(image)
    if parts is None:
        text = "the image is not in ECR, from where alone SageMaker takes one"
        yield Finding("image", FAILED, text, image, f"{push}, and take image_uri out of {CONFIG}")
        return
    if parts["region"] != project.region:
        text = f"the image is in {parts['region']}, but the jobs run in {project.region}"
        yield Finding("image", FAILED, text, image, push)
        return
    digest = parts["digest"]
    wanted = {"imageDigest": digest} if digest else {"imageTag": parts["tag"] or "latest"}
    details = _image(parts, wanted)
    if details is None:
        yield Finding("image", FAILED, "there is no such image, so no step can start", image, push)
    else:
        pushed = details.get("imagePushedAt")
        since = f" of {pushed:%Y-%m-%d}" if pushed else ""
        yield Finding("image", OK, f"the image{since} is there", image)


def check_registry(seen: Seen) -> Iterator[Finding]:
    """This machine may log in to the registry, and reaches it."""
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    seen.caller()
    if seen.project.is_local:
        yield Finding("registry", OK, "the local AWS pulls no image, and needs no registry")
        return
    with aws.explained("get a login for ECR", "ask for the right"):
        told = aws.client("ecr", seen.project.region).get_authorization_token()
    url = told["authorizationData"][0]["proxyEndpoint"]
    mend = f"let this machine reach {url} (proxy, firewall), or push from one that does"
    try:
        urlopen(f"{url}/v2/", timeout=_SECONDS).close()  # noqa: S310 - the URL is ECR's own
    except HTTPError as error:
        # Source: the Registry API: whoever has not logged in gets 401, and so knows it is one.
        if error.code != _UNAUTHORIZED:
            text = f"the registry answers {error.code}"
            yield Finding("registry", WARNING, text, url, mend)
            return
    except (URLError, OSError) as error:
        text = f"this machine does not reach the registry: {getattr(error, 'reason', error)}"
        yield Finding("registry", WARNING, text, url, mend)
        return
    yield Finding("registry", OK, "gives logins and can be reached", url)


def check_quota(seen: Seen) -> Iterator[Finding]:
    """The account may run as many of these machines as a step takes."""
    project = seen.project
    wanted = f"{project.instance_type} for processing job usage"
    seen.caller()
    if project.is_local:
        raise NotLooked("not emulated: a local AWS runs as many jobs as it is asked to")
    found = _quota(wanted, project.region)
    where = f"{project.instance_type} in {project.region}"
    if found is None:
        text = f"Service Quotas knows no {wanted!r}, so nobody can say whether a job gets one"
        mend = "aws service-quotas list-service-quotas --service-code sagemaker"
        yield Finding("quota", WARNING, text, where, mend)
    elif found["Value"] < project.instance_count:
        text = f"{wanted}: {found['Value']:g}, but a step takes {project.instance_count}"
        mend = (
            "aws service-quotas request-service-quota-increase --service-code sagemaker "
            f"--quota-code {found['QuotaCode']} --desired-value {project.instance_count} "
            f"--region {project.region}"
        )
        yield Finding("quota", FAILED, text, where, mend)
    else:
        yield Finding("quota", OK, f"{wanted}: {found['Value']:g}", where)


def check_logs(seen: Seen) -> Iterator[Finding]:
    """Logs of the steps end some day; their group is the account's, and so no stack's to set."""
    project = seen.project
    seen.caller()
    if project.is_local:
        yield Finding("logs", OK, "the local AWS keeps logs no longer than itself", logs.GROUP)
        return
    with aws.explained(f"look at log group {logs.GROUP}", "ask for the right"):
        told = aws.client("logs", project.region).describe_log_groups(logGroupNamePrefix=logs.GROUP)
    group = next((one for one in told["logGroups"] if one["logGroupName"] == logs.GROUP), None)
    if group and group.get("retentionInDays"):
        text = f"logs of steps are kept for {group['retentionInDays']} days"
        yield Finding("logs", OK, text, logs.GROUP)
        return
    named = f"--log-group-name {logs.GROUP} --region {project.region}"
    days = f"--retention-in-days {project.log_retention_days}"
    mend = f"aws logs put-retention-policy {named} {days}"
    text = "logs of steps are kept for ever: whatever job came first made the group without an end"
    if group is None:
        text = "logs of steps will be kept for ever: the first job makes the group without an end"
        mend = f"aws logs create-log-group {named} && {mend}"
    yield Finding("logs", WARNING, text, logs.GROUP, mend)


def _latest(seen: Seen) -> str:
    """The image that the steps run where nobody names one, as the template puts it together."""
    import botocore.session

    project = seen.project
    account = seen.caller().account
    loader = botocore.session.get_session().get_component("data_loader")
    partition = aws.partition_of(project.region)
    suffixes = {
        one["id"]: one["outputs"]["dnsSuffix"]
        for one in loader.load_data("partitions")["partitions"]
    }
    registry = f"{account}.dkr.ecr.{project.region}.{suffixes[partition]}"
    return f"{registry}/{project.repository}:latest"


def _image(parts: re.Match[str], wanted: dict[str, str]) -> dict[str, Any] | None:
    ecr = aws.client("ecr", parts["region"])
    try:
        with aws.explained(f"look at repository {parts['repository']}", "batcat image push"):
            answer = ecr.describe_images(
                registryId=parts["account"],
                repositoryName=parts["repository"],
                imageIds=[wanted],
            )
    except MissingError:
        return None
    details: list[dict[str, Any]] = answer["imageDetails"]
    return details[0] if details else None


def _quota(name: str, region: str) -> dict[str, Any] | None:
    """A quota by its name, which says more than its code; None when there is none."""
    if region not in _regions("service-quotas", region):
        raise NotLooked(f"there are no Service Quotas in region {region}")
    pages = aws.client("service-quotas", region).get_paginator("list_service_quotas")
    with aws.explained("list the quotas of SageMaker", "ask for the right"):
        for page in pages.paginate(ServiceCode="sagemaker"):
            for quota in page["Quotas"]:
                if quota["QuotaName"] == name:
                    return dict(quota)
    return None


def _regions(service: str, region: str) -> list[str]:
    import botocore.session

    session = botocore.session.get_session()
    return list(session.get_available_regions(service, aws.partition_of(region)))
