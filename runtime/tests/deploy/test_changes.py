"""A change set becomes rows that say what is at stake."""

from __future__ import annotations

from typing import Any

import pytest

from batcat_runtime.deploy.changes import Change, change_rows


def one(action: str, **more: Any) -> dict[str, Any]:
    """A change as DescribeChangeSet answers it."""
    change = {"Action": action, "LogicalResourceId": "Thing", "ResourceType": "AWS::S3::Bucket"}
    return {"Type": "Resource", "ResourceChange": {**change, **more}}


@pytest.mark.parametrize(
    ("change", "action"),
    [
        (one("Add"), "added"),
        (one("Import"), "added"),
        (one("Remove", PhysicalResourceId="thing"), "removed"),
        (one("Modify", Replacement="False"), "changed"),
        (one("Modify", Replacement="True"), "replaced"),
        (one("Modify", Replacement="Conditional"), "replaced"),
    ],
)
def test_every_action_has_one_word(change: dict[str, Any], action: str) -> None:
    assert [row.action for row in change_rows([change])] == [action]


def test_a_row_says_why_and_where_the_cause_comes_from() -> None:
    details = [
        {"Target": {"Attribute": "Properties", "Name": "BucketName"}, "CausingEntity": "Name"},
        {"Target": {"Attribute": "Properties", "Name": "BucketName"}, "CausingEntity": "Name"},
        {"Target": {"Attribute": "Tags"}},
    ]
    (row,) = change_rows(
        [one("Modify", Replacement="Conditional", PhysicalResourceId="x", Details=details)]
    )
    assert row == Change(
        action="replaced",
        type="AWS::S3::Bucket",
        logical="Thing",
        physical="x",
        why=("Properties.BucketName (from Name)", "Tags"),
        conditional=True,
    )


def test_a_resource_that_aws_keeps_is_marked() -> None:
    (row,) = change_rows([one("Remove", PolicyAction="Retain")])
    assert row.kept


def test_the_most_dangerous_rows_come_first() -> None:
    changes = [one("Add"), one("Modify", Replacement="False"), one("Remove"), one("Modify")]
    changes[3]["ResourceChange"]["Replacement"] = "True"
    assert [row.action for row in change_rows(changes)] == [
        "removed",
        "replaced",
        "changed",
        "added",
    ]
