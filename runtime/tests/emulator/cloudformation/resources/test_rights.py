"""Roles and policies have what the template gives them and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime.tests.emulator.cloudformation.resources.looking import ALLOW, missing, one

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


def test_a_role_has_what_it_is_given_and_nothing_more(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    iam, role = aws.client("iam"), unique("role")
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    reading = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"

    def template(**properties: Any) -> dict[str, Any]:
        given = {"RoleName": role, "AssumeRolePolicyDocument": trust, **properties}
        return one("AWS::IAM::Role", given)

    name = stacks.create(
        template(
            Path="/p/",
            Description="first",
            MaxSessionDuration=7200,
            ManagedPolicyArns=[basic],
            PermissionsBoundary=reading,
            Policies=[
                {"PolicyName": "a", "PolicyDocument": ALLOW},
                {"PolicyName": "b", "PolicyDocument": {"Statement": ALLOW["Statement"]}},
            ],
            Tags=[{"Key": "k", "Value": "v"}],
        )
    )["StackName"]
    found = iam.get_role(RoleName=role)["Role"]
    assert (found["Path"], found["Description"], found["MaxSessionDuration"]) == (
        "/p/",
        "first",
        7200,
    )
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == reading
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["a", "b"]
    open_trust = {**trust, "Statement": [{**trust["Statement"][0], "Sid": "Changed"}]}
    stacks.update(
        template(
            Path="/p/",
            Description="second",
            ManagedPolicyArns=[reading],
            Policies=[{"PolicyName": "a", "PolicyDocument": ALLOW}],
            AssumeRolePolicyDocument=open_trust,
            Tags=[{"Key": "other", "Value": "v"}],
        ),
        name,
    )
    found = iam.get_role(RoleName=role)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("second", 3600)
    assert found["AssumeRolePolicyDocument"] == open_trust
    assert found["Tags"] == [{"Key": "other", "Value": "v"}]
    assert "PermissionsBoundary" not in found
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [reading]
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["a"]
    stacks.delete(name)
    assert missing(lambda: iam.get_role(RoleName=role)) == "NoSuchEntity"


def test_policies_of_their_own_are_put_on_roles(
    aws: LocalAws, stacks: Any, unique: Callable[[str], str], trust: Any
) -> None:
    iam, managed = aws.client("iam"), unique("policy")

    def template(action: str, *roles: str) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        on = [{"Ref": role} for role in roles]
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
        return {
            "Resources": {
                "One": role,
                "Two": role,
                "Inline": {
                    "Type": "AWS::IAM::Policy",
                    "Properties": {"PolicyName": "in", "PolicyDocument": document, "Roles": on},
                },
                "Managed": {
                    "Type": "AWS::IAM::ManagedPolicy",
                    "Properties": {
                        "ManagedPolicyName": managed,
                        "PolicyDocument": document,
                        "Roles": on,
                    },
                },
            },
        }

    name = stacks.create(template("s3:GetObject", "One"))["StackName"]
    roles = stacks.physical(name)
    assert iam.list_role_policies(RoleName=roles["One"])["PolicyNames"] == ["in"]
    for number in range(6):  # A policy has at most five versions.
        stacks.update(template(f"s3:Get{number}", "Two"), name)
    assert iam.list_role_policies(RoleName=roles["One"])["PolicyNames"] == []
    inline = iam.get_role_policy(RoleName=roles["Two"], PolicyName="in")["PolicyDocument"]
    assert inline["Statement"][0]["Action"] == "s3:Get5"
    policy = iam.get_policy(PolicyArn=roles["Managed"])["Policy"]
    version = iam.get_policy_version(
        PolicyArn=roles["Managed"], VersionId=policy["DefaultVersionId"]
    )
    assert version["PolicyVersion"]["Document"]["Statement"][0]["Action"] == "s3:Get5"
    attached = iam.list_attached_role_policies(RoleName=roles["Two"])["AttachedPolicies"]
    assert [entry["PolicyName"] for entry in attached] == [managed]
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE"
