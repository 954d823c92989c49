"""A stack makes the provider whose tokens its role trusts, as continuous integration needs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Stacks

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Federated": "${Arn}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {"${Server}:aud": "https://${Server}"}},
        }
    ],
}
"""Keys of conditions cannot be made but in a text."""


def template(*ids: str, **more: Any) -> dict[str, Any]:
    """A provider, and a role that trusts it."""
    trust = {"Fn::Sub": [json.dumps(TRUST), {"Arn": {"Ref": "Provider"}}]}
    return {
        "Parameters": {"Server": {"Type": "String"}},
        "Resources": {
            "Provider": {
                "Type": "AWS::IAM::OIDCProvider",
                "Properties": {
                    "Url": {"Fn::Sub": "https://${Server}"},
                    "ClientIdList": list(ids),
                    **more,
                },
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"AssumeRolePolicyDocument": trust},
            },
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": "Provider.Arn"}}},
    }


def test_a_provider_is_changed_where_it_is(stacks: Stacks, unique: Callable[[str], str]) -> None:
    iam, account = stacks.aws.client("iam"), stacks.aws.account
    first, second = (f"{unique('idp')}.example" for _ in range(2))
    arn = {host: f"arn:aws:iam::{account}:oidc-provider/{host}" for host in (first, second)}

    def changed(host: str, *ids: str, **more: Any) -> dict[str, Any]:
        parameters = [{"ParameterKey": "Server", "ParameterValue": host}]
        made = stacks.update(template(*ids, **more), name, Parameters=parameters)
        assert made["StackStatus"] == "UPDATE_COMPLETE", stacks.events(name)
        return dict(iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn[host]))

    name = stacks.create(
        template("a", "b", Tags=[{"Key": "k", "Value": "v"}]),
        Parameters=[{"ParameterKey": "Server", "ParameterValue": first}],
    )["StackName"]
    there = stacks.physical(name)
    assert there["Provider"] == arn[first] == stacks.describe(name)["Outputs"][0]["OutputValue"]
    trust = iam.get_role(RoleName=there["Role"])["Role"]["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"Federated": arn[first]}
    made = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn[first])
    told = changed(first, "b", "c", ThumbprintList=["0" * 40], Tags=[{"Key": "l", "Value": "w"}])
    assert (told["ClientIDList"], told["ThumbprintList"]) == (["b", "c"], ["0" * 40])
    assert told["Tags"] == [{"Key": "l", "Value": "w"}]
    assert told["CreateDate"] == made["CreateDate"], "nothing is replaced"
    assert changed(first)["ClientIDList"] == []
    assert changed(second, "c")["ClientIDList"] == ["c"]
    left = {one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]}
    assert left & set(arn.values()) == {arn[second]}, "another address is another provider"
    stacks.delete(name)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn[second])
