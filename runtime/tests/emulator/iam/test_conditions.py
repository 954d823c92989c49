"""Condition operators, as AWS documents them."""

from __future__ import annotations

from typing import Any

import pytest

from batcat_runtime.emulator.iam import conditions

CONTEXT = {
    "aws:userid": ("AROAX:session",),
    "aws:sourceip": ("203.0.113.7",),
    "aws:currenttime": ("2026-11-21T12:00:00Z",),
    "aws:securetransport": ("true",),
    "aws:principalarn": ("arn:aws:iam::123456789012:role/a/b",),
    "aws:tagkeys": ("project", "owner"),
    "s3:max-keys": ("10",),
    "s3:prefix": ("in/a*b",),
    "x:bytes": ("aGVsbG8=",),
    "aws:principaltag/team": ("red",),
}


def holds(operator: str, key: str, values: Any, **options: Any) -> bool:
    found = conditions.read({operator: {key: values}})
    return all(one.holds(CONTEXT, **options) for one in found)


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        ("StringEquals", "s3:prefix", "in/a*b"),
        ("StringEquals", "S3:Prefix", ["other", "in/a*b"]),
        ("StringNotEquals", "s3:prefix", ["x", "y"]),
        ("StringEqualsIgnoreCase", "s3:prefix", "IN/A*B"),
        ("StringNotEqualsIgnoreCase", "s3:prefix", "IN"),
        ("StringLike", "s3:prefix", "in/?*"),
        ("StringLike", "s3:prefix", "in/a${*}b"),
        ("StringNotLike", "s3:prefix", "out/*"),
        ("StringEquals", "aws:userid", "${aws:userid}"),
        ("StringLike", "aws:userid", "*:${aws:missing, 'session'}"),
        ("NumericLessThanEquals", "s3:max-keys", "10"),
        ("NumericEquals", "s3:max-keys", 10),
        ("NumericNotEquals", "s3:max-keys", "11"),
        ("NumericGreaterThan", "s3:max-keys", "9.5"),
        ("DateGreaterThan", "aws:CurrentTime", "2026-11-21T11:59:59Z"),
        ("DateLessThan", "aws:CurrentTime", "1795348801"),
        ("DateEquals", "aws:CurrentTime", "2026-11-21T13:00:00+01:00"),
        ("Bool", "aws:SecureTransport", True),
        ("Bool", "aws:SecureTransport", "TRUE"),
        ("BinaryEquals", "x:bytes", "aGVsbG8="),
        ("IpAddress", "aws:SourceIp", ["198.51.100.0/24", "203.0.113.0/24"]),
        ("NotIpAddress", "aws:SourceIp", "198.51.100.0/24"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/*"),
        ("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::123456789012:role/a/?"),
        ("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:user/*"),
        ("Null", "aws:missing", "true"),
        ("Null", "s3:prefix", "false"),
        ("StringEqualsIfExists", "aws:missing", "x"),
        ("StringNotEquals", "aws:missing", "x"),
        ("ArnNotEquals", "aws:missing", "arn:aws:iam::1:role/a"),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["project", "owner", "purpose"]),
        ("ForAllValues:StringEquals", "aws:missing", ["x"]),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["owner"]),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["owner"]),
        ("ForAllValues:StringNotLike", "aws:TagKeys", ["x*"]),
    ],
)
def test_a_condition_holds(operator: str, key: str, values: Any) -> None:
    assert holds(operator, key, values)


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        ("StringEquals", "s3:prefix", "in/*"),
        ("StringEquals", "s3:prefix", "IN/A*B"),
        ("StringEquals", "aws:missing", "x"),
        ("StringNotEquals", "s3:prefix", ["x", "in/a*b"]),
        ("StringLike", "s3:prefix", "in"),
        ("StringLike", "s3:prefix", "in/${?}*"),
        ("StringEquals", "aws:userid", "${aws:missing}"),
        ("NumericLessThan", "s3:max-keys", "10"),
        ("NumericEquals", "s3:prefix", "10"),
        ("DateLessThan", "aws:CurrentTime", "never"),
        ("Bool", "aws:SecureTransport", "false"),
        ("BinaryEquals", "x:bytes", "?"),
        ("IpAddress", "aws:SourceIp", "198.51.100.0/24"),
        ("IpAddress", "aws:SourceIp", "nowhere"),
        ("ArnLike", "aws:PrincipalArn", "arn:*"),
        ("Null", "aws:missing", "false"),
        ("StringEqualsIfExists", "s3:prefix", "x"),
        ("ForAllValues:StringEquals", "aws:TagKeys", ["project"]),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ["purpose"]),
        ("ForAnyValue:StringEquals", "aws:missing", ["x"]),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["owner", "project"]),
    ],
)
def test_a_condition_does_not_hold(operator: str, key: str, values: Any) -> None:
    assert not holds(operator, key, values)


def test_variables_mean_nothing_in_policies_of_2008() -> None:
    assert not holds("StringEquals", "aws:userid", "${aws:userid}", variables=False)


def test_a_wildcard_in_a_variables_value_is_none() -> None:
    """Who may choose a session's name must not choose what a policy means."""
    (one,) = conditions.read({"StringLike": {"s3:prefix": "${aws:userid}/x"}})
    assert one.holds({"aws:userid": ("*",), "s3:prefix": ("*/x",)})
    assert not one.holds({"aws:userid": ("*",), "s3:prefix": ("other/x",)})


def test_all_conditions_of_a_statement_must_hold() -> None:
    both = conditions.read(
        {"StringLike": {"s3:prefix": "in/*", "aws:userid": "*"}, "Bool": {"aws:viaawsservice": "1"}}
    )
    assert len(both) == 3
    assert [one.holds(CONTEXT) for one in both] == [True, True, False]
