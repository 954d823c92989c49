"""The image is there, or comes; the quotas admit the machines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from runtime.tests.deploy.answering import Answering, Refusal
from runtime.tests.deploy.doctor.findings import ACCOUNT, found, levels

from batcat_runtime.deploy.doctor.seen import Seen

if TYPE_CHECKING:
    from batcat_runtime.deploy import Project
    from batcat_runtime.emulator import LocalAws

DIGEST = f"sha256:{'5' * 64}"
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"


def test_an_image_that_is_there_and_one_that_is_not(dev: Project, services: Answering) -> None:
    services.answers["DescribeImages"] = describe_images
    (there,) = found(Seen(dev), "image")
    assert (there.level, there.where) == ("ok", f"{REGISTRY}/2026-demo-rain-forecast:latest")
    pinned = replace(dev, image_uri=f"{REGISTRY}/rain@{DIGEST}")
    assert levels(Seen(pinned), "image") == ["ok"]
    assert services.asked[-1][1]["imageIds"] == [{"imageDigest": DIGEST}]
    (absent,) = found(Seen(replace(dev, image_uri=f"{REGISTRY}/rain:old")), "image")
    assert (absent.level, absent.mend) == ("failed", "batcat image push --env dev")
    (elsewhere,) = found(
        Seen(replace(dev, image_uri=f"{REGISTRY.replace('us-east-1', 'eu-west-1')}/rain")), "image"
    )
    assert "is in eu-west-1" in elsewhere.text
    (foreign,) = found(Seen(replace(dev, image_uri="docker.io/library/python:3.12")), "image")
    assert foreign.level == "failed"


def test_an_image_that_a_deployment_will_push_is_only_a_warning(dev: Project) -> None:
    """Else each change of a script would fail until it is deployed."""
    docker = dev.root / "deploy" / "docker"
    docker.mkdir()
    (docker / "Dockerfile").write_text("ARG BASE=python:3.12-slim\n", encoding="utf-8")
    (finding,) = found(Seen(dev), "image")
    assert (finding.level, finding.mend) == ("warning", "batcat image push --env dev")


def describe_images(request: dict[str, Any]) -> dict[str, Any]:
    if request["imageIds"] == [{"imageTag": "old"}]:
        raise Refusal("ImageNotFoundException", "The image with imageId … does not exist")
    return {"imageDetails": [{"imageDigest": DIGEST, "imagePushedAt": 1767225600.0}]}


def test_a_registry_that_gives_a_login_but_cannot_be_reached_is_a_warning(
    dev: Project, services: Answering
) -> None:
    with Answering({}).serving() as registry:
        registry.answers["/v2/"] = unauthorized
        there = registry.url
        services.answers["GetAuthorizationToken"] = lambda _: {
            "authorizationData": [
                {"authorizationToken": "QVdTOnNlY3JldA==", "proxyEndpoint": there}
            ]
        }
        assert levels(Seen(dev), "registry") == ["ok"]
    (finding,) = found(Seen(dev), "registry")
    assert finding.level == "warning"
    assert "QVdTOnNlY3JldA" not in repr(finding)


def unauthorized(_: dict[str, Any]) -> Any:
    raise Refusal("UNAUTHORIZED", status=401)


def quotas(value: float) -> dict[str, Any]:
    """The answer to ListServiceQuotas; the numbers are made up."""
    other = {"QuotaName": "ml.t3.medium for endpoint usage", "QuotaCode": "L-1", "Value": 0.0}
    name = "ml.t3.medium for processing job usage"
    return {"Quotas": [other, {"QuotaName": name, "QuotaCode": "L-2", "Value": value}]}


def test_a_quota_is_found_by_its_name_and_held_against_the_machines(
    dev: Project, services: Answering
) -> None:
    services.answers["ListServiceQuotas"] = lambda _: quotas(2.0)
    assert levels(Seen(dev), "quota") == ["ok"]
    (finding,) = found(Seen(replace(dev, instance_count=3)), "quota")
    assert finding.level == "failed"
    assert "--quota-code L-2 --desired-value 3 --region us-east-1" in finding.mend
    (unknown,) = found(Seen(replace(dev, instance_type="ml.t9.huge")), "quota")
    assert (unknown.level, "'ml.t9.huge for processing job usage'" in unknown.text) == (
        "warning",
        True,
    )


def test_quotas_that_may_not_be_read_are_a_warning(dev: Project, services: Answering) -> None:
    def refuse(_: dict[str, Any]) -> Any:
        raise Refusal("AccessDeniedException", "no servicequotas:ListServiceQuotas")

    services.answers["ListServiceQuotas"] = refuse
    (finding,) = found(Seen(dev), "quota")
    assert (finding.level, "servicequotas:ListServiceQuotas" in finding.text) == ("warning", True)


def test_logs_of_steps_that_are_kept_for_ever_are_told_of_and_the_mend_mends(
    dev: Project, project: Project, account: LocalAws
) -> None:
    seen, client = Seen(replace(dev, log_retention_days=14)), account.client("logs")
    group = {"logGroupName": "/aws/sagemaker/ProcessingJobs"}
    assert levels(Seen(project), "logs") == ["ok"]
    if client.describe_log_groups(logGroupNamePrefix=group["logGroupName"])["logGroups"]:
        client.delete_log_group(**group)
    (missing,) = found(seen, "logs")
    named = f"--log-group-name {group['logGroupName']} --region {dev.region}"
    put = f"aws logs put-retention-policy {named} --retention-in-days 14"
    assert missing.mend == f"aws logs create-log-group {named} && {put}"
    client.create_log_group(logGroupName=f"{group['logGroupName']}Too")
    client.create_log_group(**group)
    (endless,) = found(seen, "logs")
    assert (missing.level, endless.level, endless.mend) == ("warning", "warning", put)
    client.put_retention_policy(**group, retentionInDays=14)
    (mended,) = found(seen, "logs")
    assert (mended.level, mended.text) == ("ok", "logs of steps are kept for 14 days")
    client.delete_log_group(logGroupName=f"{group['logGroupName']}Too")
    client.delete_retention_policy(**group)
