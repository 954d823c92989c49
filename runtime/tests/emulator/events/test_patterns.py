"""Event patterns match what AWS documents, and everything else is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batcat_runtime.emulator.events.patterns import PatternError, matches, parse

EVENT = {
    "source": "aws.s3",
    "detail-type": "Object Created",
    "resources": ["arn:aws:s3:::b", "arn:aws:s3:::c"],
    "detail": {
        "bucket": {"name": "b"},
        "object": {"key": "in/a.CSV", "size": 5, "none": None, "ok": True},
        "ip": "10.0.0.7",
        "list": [{"n": 1}, {"n": 2}],
    },
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.s3"]}, True),
        ({"source": ["aws.ec2", "aws.s3"]}, True),
        ({"source": ["aws.ec2"]}, False),
        ({"source": ["aws.s3"], "detail-type": ["Object Deleted"]}, False),
        ({"resources": ["arn:aws:s3:::c"]}, True),
        ({"detail": {"bucket": {"name": ["b"]}}}, True),
        ({"detail": {"object": {"size": [5]}}}, True),
        ({"detail": {"object": {"size": ["5"]}}}, False),
        ({"detail": {"object": {"none": [None]}}}, True),
        ({"detail": {"object": {"ok": [1]}}}, False),
        ({"detail": {"object": {"ok": [True]}}}, True),
        ({"detail": {"object": {"key": [{"prefix": "in/"}]}}}, True),
        ({"detail": {"object": {"key": [{"prefix": "out/"}]}}}, False),
        ({"detail": {"object": {"key": [{"prefix": {"equals-ignore-case": "IN/"}}]}}}, True),
        ({"detail": {"object": {"key": [{"suffix": ".csv"}]}}}, False),
        ({"detail": {"object": {"key": [{"suffix": {"equals-ignore-case": ".csv"}}]}}}, True),
        ({"detail": {"object": {"key": [{"equals-ignore-case": "IN/A.csv"}]}}}, True),
        ({"detail": {"object": {"key": [{"wildcard": "in/*.CSV"}]}}}, True),
        ({"detail": {"object": {"key": [{"wildcard": "*b*"}]}}}, False),
        ({"detail": {"object": {"key": [{"wildcard": "in/\\*"}]}}}, False),
        ({"detail": {"object": {"size": [{"numeric": [">", 0, "<=", 5]}]}}}, True),
        ({"detail": {"object": {"size": [{"numeric": [">", 5]}]}}}, False),
        ({"detail": {"object": {"key": [{"numeric": ["=", 5]}]}}}, False),
        ({"detail": {"object": {"size": [{"exists": True}]}}}, True),
        ({"detail": {"object": {"nope": [{"exists": False}]}}}, True),
        ({"detail": {"object": {"size": [{"exists": False}]}}}, False),
        ({"detail": {"nope": {"size": [{"exists": False}]}}}, True),
        ({"source": [{"anything-but": "aws.ec2"}]}, True),
        ({"source": [{"anything-but": ["aws.ec2", "aws.s3"]}]}, False),
        ({"source": [{"anything-but": {"prefix": "aws."}}]}, False),
        ({"source": [{"anything-but": {"suffix": [".x", ".y"]}}]}, True),
        ({"nope": [{"anything-but": "x"}]}, False),
        ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}}, False),
        ({"detail": {"list": {"n": [2]}}}, True),
        ({"$or": [{"source": ["x"]}, {"detail-type": ["Object Created"]}]}, True),
        ({"$or": [{"source": ["x"]}, {"detail-type": ["y"]}]}, False),
    ],
)
def test_a_pattern_matches_what_it_describes(pattern: dict[str, Any], expected: bool) -> None:
    assert matches(parse(json.dumps(pattern)), EVENT) is expected


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        ("{}", "at least one field"),
        ('{"a": "b"}', "a must be an object or an array"),
        ('{"a": []}', "a: empty arrays"),
        ('{"a": {"b": {}}}', "a.b: empty objects"),
        ('{"a": [["b"]]}', "array in an array"),
        ('{"a": [{"like": "x"}]}', "unrecognized match type like"),
        ('{"a": [{"prefix": 1}]}', "not right for prefix"),
        ('{"a": [{"numeric": ["~", 1]}]}', "not right for numeric"),
        ('{"a": [{"numeric": [">"]}]}', "not right for numeric"),
        ('{"a": [{"exists": "yes"}]}', "not right for exists"),
        ('{"a": [{"cidr": "x"}]}', "not right for cidr"),
        ('{"a": [{"wildcard": "a**b"}]}', "not right for wildcard"),
        ('{"a": [{"anything-but": []}]}', "not right for anything-but"),
        ('{"a": [{"anything-but": {"numeric": [1]}}]}', "not right for anything-but"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', "one operator per rule"),
        ('{"$or": [{"a": ["b"]}]}', "at least two patterns"),
    ],
)
def test_what_is_not_a_pattern_is_refused_with_the_place(pattern: str, why: str) -> None:
    with pytest.raises(PatternError, match=r".+") as raised:
        parse(pattern)
    assert why in str(raised.value)
