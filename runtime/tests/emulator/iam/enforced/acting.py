"""Roles with policies, clients that act for them, and the refusals they get."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


ACCOUNT = "123456789012"
ANY: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def allow(*actions: str, **parts: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **parts}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Acting:
    """A role with policies, and clients that act as it."""

    def __init__(self, aws: LocalAws, name: str, *statements: dict[str, Any], **more: Any) -> None:
        self.aws, self.name = aws, name
        services = ["sagemaker", "lambda", "states", "scheduler", "events", "cloudformation"]
        principal = {"Service": [f"{one}.amazonaws.com" for one in services], "AWS": ACCOUNT}
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        self.iam = aws.client("iam")
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust), **more)
        self.arn = made["Role"]["Arn"]
        self.session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/s1"
        self.may(*statements)

    def may(self, *statements: dict[str, Any]) -> None:
        """Let it do this and nothing else."""
        if statements:
            self.iam.put_role_policy(
                RoleName=self.name, PolicyName="p", PolicyDocument=document(*statements)
            )

    def client(self, service: str, **session: Any) -> Any:
        """A client that acts as it."""
        sts = self.aws.client("sts")
        made = sts.assume_role(RoleArn=self.arn, RoleSessionName="s1", **session)["Credentials"]
        return self.aws.client(
            service,
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
        )

    def decided(self, kind: str) -> list[dict[str, Any]]:
        """What the server has recorded of it."""
        with urlopen(f"{self.aws.url}/_batcat/decisions") as answer:  # noqa: S310 - this machine
            return [one for one in json.load(answer)[kind] if one["role"] == self.arn]


def refused(call: Callable[[], Any]) -> tuple[str, str, int]:
    """Code, message and status of a refusal."""
    with pytest.raises(ClientError) as caught:
        call()
    told = caught.value.response
    error = told["Error"]
    return error["Code"], error["Message"], told["ResponseMetadata"]["HTTPStatusCode"]
