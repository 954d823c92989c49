"""Credentials, account, region, clock and bucket are the project's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from runtime.tests.deploy.answering import Answering
from runtime.tests.deploy.doctor.findings import ACCOUNT, found, identity, levels

from batcat_runtime.deploy import apply, make_plan
from batcat_runtime.deploy.doctor import examine
from batcat_runtime.deploy.doctor.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from batcat_runtime.deploy import Project
    from batcat_runtime.emulator import LocalAws


def test_without_credentials_there_is_one_failure_and_the_rest_is_unknown(
    dev: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    report = examine(Seen(dev))
    by_level = {one.check: one.level for one in report.findings}
    assert [check for check, level in by_level.items() if level == "failed"] == ["credentials"]
    assert by_level["bucket"] == by_level["rights"] == by_level["clock"] == "unknown"
    (finding,) = [one for one in report.findings if one.check == "credentials"]
    assert finding.mend.startswith("aws configure sso")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ExpiredToken", "the credentials have expired"),
        ("InvalidClientTokenId", "InvalidClientTokenId"),
    ],
)
def test_credentials_that_aws_refuses(
    dev: Project, monkeypatch: pytest.MonkeyPatch, code: str, text: str
) -> None:
    """And no secret is printed, even where AWS echoes it."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    body = (
        f"<ErrorResponse><Error><Code>{code}</Code>"
        "<Message>your hush-hush is no good</Message></Error></ErrorResponse>"
    )
    answering = Answering({"GetCallerIdentity": lambda _: body})
    answer = answering.answer
    answering.answer = lambda *asked: (403, answer(*asked)[1])  # type: ignore[method-assign]
    with answering.serving():
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", answering.url)
        report = examine(Seen(dev))
    (finding,) = [one for one in report.findings if one.check == "credentials"]
    assert finding.level == "failed"
    assert text in finding.text
    assert "hush" not in repr(report)
    # AWS says what time it is even then.
    assert [one.level for one in report.findings if one.check == "clock"] == ["ok"]


def test_credentials_of_another_account_fail_and_no_account_is_a_warning(dev: Project) -> None:
    assert levels(Seen(replace(dev, account=ACCOUNT)), "account") == ["ok"]
    (other,) = found(Seen(replace(dev, account="999999999999")), "account")
    assert (other.level, "AWS_PROFILE" in other.mend) == ("failed", True)
    (none,) = found(Seen(dev), "account")
    assert none.level == "warning"
    assert none.mend == f'add under environments.dev: "account": "{ACCOUNT}"'


def test_a_region_of_another_partition_fails(dev: Project) -> None:
    (finding,) = found(Seen(replace(dev, partition="aws-cn")), "partition")
    assert finding.level == "failed"
    assert finding.mend.startswith('say "partition": "aws"')


@pytest.mark.parametrize(
    ("minutes", "level"), [(0, "ok"), (-4, "ok"), (6, "warning"), (-14, "warning"), (16, "failed")]
)
def test_the_clock_is_held_against_that_of_aws(project: Project, minutes: int, level: str) -> None:
    seen = Seen(project, now=lambda: datetime.now(timezone.utc) + timedelta(minutes=minutes))
    (finding,) = found(seen, "clock")
    assert finding.level == level
    if minutes:
        assert ("ahead of" if minutes > 0 else "behind") in finding.text


def test_a_bucket_of_ours_is_well_and_one_of_another_account_is_not(
    dev: Project, account: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.client("s3").create_bucket(Bucket="rain-of-ours")
    project = replace(dev, result_s3_bucket="rain-of-ours")
    assert levels(Seen(project), "bucket") == ["ok", "warning", "ok"]
    with Answering({}).serving() as sts:
        sts.answers["GetCallerIdentity"] = lambda _: identity("999999999999")
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        first, _ = found(Seen(project), "bucket")
    assert first.level == "failed"
    assert "another account" in first.text
    assert "result_s3_bucket" in first.mend


@pytest.fixture
def bare(account: LocalAws) -> Iterator[str]:
    """A bucket that nobody has set up."""
    name = "rain-of-somebody"
    account.client("s3").create_bucket(Bucket=name)
    yield name
    account.client("s3").delete_bucket(Bucket=name)


def test_a_bucket_that_was_there_is_told_what_it_lacks_and_its_mends_mend(
    dev: Project, account: LocalAws, bare: str
) -> None:
    text = dev.template.read_text(encoding="utf-8")
    rule = "{Type: AWS::Events::Rule, Properties: {EventPattern: {source: [aws.s3]}}}"
    dev.template.write_text(text.replace("Resources:\n", f"Resources:\n  Objects: {rule}\n"))
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"
    seen = Seen(replace(dev, result_s3_bucket=bare, kms_key=key))
    s3 = account.client("s3")

    _, events, tls, encryption, _ = found(seen, "bucket")
    assert (events.level, "so none starts a run" in events.text) == ("failed", True)
    assert (tls.level, "without TLS" in tls.text) == ("warning", True)
    assert (encryption.level, "not encrypted with kms_key" in encryption.text) == ("warning", True)

    def written(mend: str) -> Any:
        return json.loads(mend[mend.index("{") : mend.rindex("}") + 1])

    s3.put_bucket_notification_configuration(
        Bucket=bare, NotificationConfiguration=written(events.mend)
    )
    policy = {"Version": "2012-10-17", "Statement": [written(tls.mend)]}
    s3.put_bucket_policy(Bucket=bare, Policy=json.dumps(policy))
    s3.put_bucket_encryption(
        Bucket=bare, ServerSideEncryptionConfiguration=written(encryption.mend)
    )
    assert levels(seen, "bucket") == ["ok", "ok"]


def test_a_bucket_of_the_stack_is_left_to_the_next_deployment(alone: Project) -> None:
    """Which is what a pipeline that asks the doctor first is about to do."""
    for _ in apply(make_plan(alone)):
        pass
    rule = "{Type: AWS::Events::Rule, Properties: {EventPattern: {source: [aws.s3]}}}"
    text = alone.template.read_text(encoding="utf-8")
    alone.template.write_text(
        text.replace("Resources:\n", f"Resources:\n  Objects: {rule}\n"), encoding="utf-8"
    )
    assert levels(Seen(alone), "bucket") == ["ok", "ok"]
