"""What was granted, beside what was used."""

from __future__ import annotations

from typing import Any

import pytest

from batcat_runtime.deploy.audit import Audit, Role, join, read_audit
from batcat_runtime.deploy.project import Project
from batcat_runtime.errors import ConfigError

ARN = "arn:aws:iam::123456789012:role/x"


def statement(sid: str, actions: Any, resources: Any = "*", effect: str = "Allow") -> Any:
    return {"Sid": sid, "Effect": effect, "Action": actions, "Resource": resources}


def used(index: int, action: str, *places: str, sid: str = "Read") -> dict[str, Any]:
    named = {"role": ARN, "policy": "p", "statement": index, "sid": sid, "action": action}
    return {**named, "resources": list(places) or ["*"]}


def audit(
    statements: Any, *uses: dict[str, Any], denied: Any = (), reasons: Any = None, **more: Any
) -> Audit:
    role = Role("JobRole", ARN, {"p": {"Statement": statements}}, reasons or {}, **more)
    return join([role], {"used": list(uses), "denied": list(denied)})


READ = statement("Read", ["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::b", "arn:aws:s3:::b/*"])


def test_what_was_used_in_full_is_clean() -> None:
    found = audit(
        [READ],
        used(0, "s3:GetObject", "arn:aws:s3:::b/k"),
        used(0, "s3:ListBucket", "arn:aws:s3:::b"),
    )
    assert [(one.sid, one.state) for one in found.grants] == [("Read", "used")]
    assert found.is_clean


def test_what_nothing_used_is_named() -> None:
    found = audit([READ], used(0, "s3:GetObject", "arn:aws:s3:::b/k"))
    assert found.grants[0].state == "in part"
    assert found.grants[0].unused == ("s3:ListBucket", "arn:aws:s3:::b")
    assert not found.is_clean
    never = audit(READ).grants[0]
    assert (never.state, never.unused) == ("never", ("s3:GetObject", "s3:ListBucket"))


def test_another_statement_role_or_policy_is_no_use() -> None:
    other = {**used(0, "s3:GetObject"), "role": f"{ARN}y"}
    attached = {**used(0, "s3:GetObject"), "policy": "q"}
    found = audit(statement("Read", "s3:GetObject"), used(1, "s3:GetObject"), other, attached)
    assert found.grants[0].state == "never"


def test_what_a_statement_was_before_a_change_is_no_use() -> None:
    found = audit(statement("Read", "s3:GetObject"), used(0, "s3:GetObject", sid="Write"))
    assert found.grants[0].state == "never"


def test_patterns_and_variables_are_used_by_what_they_mean() -> None:
    wide = statement("Read", ["s3:Get*", "S3:putobject"], "arn:aws:s3:::b/${aws:userid}/*")
    found = audit(
        wide,
        used(0, "s3:GetObject", "arn:aws:s3:::b/u/k"),
        used(0, "s3:PutObject", "arn:aws:s3:::b/u/k"),
    )
    assert found.is_clean


@pytest.mark.parametrize(
    ("reasons", "left"),
    [
        ({"Read": "r"}, ()),
        ({"Read/s3:ListBucket": "r"}, ("arn:aws:s3:::b",)),
        ({"Read/s3:ListBucket": "r", "Read/b": "r"}, ()),
        ({"Read/s3:GetObject": "r"}, ("s3:ListBucket", "arn:aws:s3:::b")),
    ],
)
def test_what_is_needed_in_aws_is_explained(reasons: Any, left: tuple[str, ...]) -> None:
    found = audit([READ], used(0, "s3:GetObject", "arn:aws:s3:::b/k"), reasons=reasons)
    assert found.grants[0].unused == left
    assert found.is_clean is (not left)


def test_an_explanation_of_nothing_is_told() -> None:
    reasons = {"Gone": "r", "Read/s3:DeleteObject": "r", "InVpc/ec2:x": "r", "Read": "r"}
    found = audit([READ], reasons=reasons, left_out=frozenset({"InVpc"}))
    assert found.pointless == ("JobRole: Gone", "JobRole: Read/s3:DeleteObject")
    assert not found.is_clean


def test_a_deny_grants_nothing_and_a_denial_is_not_clean() -> None:
    told = {"role": ARN, "action": "s3:PutObject", "resource": "r", "why": "w", "times": 2}
    found = audit([statement("No", "*", effect="Deny")], denied=[told])
    assert found.grants == ()
    assert found.denials[0].times == 2
    assert not found.is_clean


def test_an_account_is_refused_with_what_to_use_there(project: Project) -> None:
    dev = Project(**{**vars(project), "environment": "dev"})
    with pytest.raises(ConfigError, match=r"environment dev is an account.*access advisor"):
        read_audit(dev, "http://127.0.0.1:1")
