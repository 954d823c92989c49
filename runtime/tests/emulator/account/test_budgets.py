"""Budgets are kept with those who shall hear of them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from batcat_runtime.emulator.budgets.service import begun

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws

NOTICE = {
    "NotificationType": "ACTUAL",
    "ComparisonOperator": "GREATER_THAN",
    "Threshold": 80.0,
    "ThresholdType": "PERCENTAGE",
}
MAIL = {"SubscriptionType": "EMAIL", "Address": "team@example.com"}


def budget(name: str, amount: str = "50") -> dict[str, Any]:
    """A monthly budget of cost."""
    return {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": amount, "Unit": "USD"},
        "CostFilters": {"TagKeyValue": ["user:project$x"]},
    }


def of_tag(key: str, value: str) -> dict[str, Any]:
    """What carries a tag."""
    return {"Tags": {"Key": key, "Values": [value]}}


@pytest.fixture
def named(aws: LocalAws, unique: Callable[[str], str]) -> dict[str, str]:
    """Account and name of a budget with one notification."""
    name = unique("budget")
    aws.client("budgets").create_budget(
        AccountId=aws.account,
        Budget=budget(name),
        NotificationsWithSubscribers=[{"Notification": NOTICE, "Subscribers": [MAIL]}],
        ResourceTags=[{"Key": "owner", "Value": "me"}],
    )
    return {"AccountId": aws.account, "BudgetName": name}


def test_a_budget_is_kept_changed_and_removed(aws: LocalAws, named: dict[str, str]) -> None:
    client = aws.client("budgets")
    found = client.describe_budget(**named)["Budget"]
    assert found["BudgetLimit"] == {"Amount": "50", "Unit": "USD"}
    assert found["CalculatedSpend"]["ActualSpend"]["Amount"] == "0.0"
    assert found["TimePeriod"]["Start"].day == 1
    changed = budget(named["BudgetName"], "70")
    client.update_budget(AccountId=aws.account, NewBudget=changed)
    listed = client.describe_budgets(AccountId=aws.account)["Budgets"]
    assert ("70", named["BudgetName"]) in [
        (one["BudgetLimit"]["Amount"], one["BudgetName"]) for one in listed
    ]
    arn = f"arn:aws:budgets::{aws.account}:budget/{named['BudgetName']}"
    tags = client.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]
    assert tags == [{"Key": "owner", "Value": "me"}]
    client.delete_budget(**named)
    with pytest.raises(client.exceptions.NotFoundException):
        client.describe_budget(**named)


def test_a_filter_of_several_tags_is_shown_to_who_asks(
    aws: LocalAws, unique: Callable[[str], str]
) -> None:
    client, name = aws.client("budgets"), unique("budget")
    named = {"AccountId": aws.account, "BudgetName": name}
    wanted = {"And": [of_tag("project", "x"), {"Not": of_tag("purpose", "y")}]}
    given = {**budget(name), "FilterExpression": wanted, "Metrics": ["UnblendedCost"]}
    del given["CostFilters"]
    client.create_budget(AccountId=aws.account, Budget=given)
    shown = client.describe_budget(**named, ShowFilterExpression=True)
    assert shown["Budget"]["FilterExpression"] == wanted
    assert shown["Budget"]["Metrics"] == ["UnblendedCost"]
    assert "FilterExpression" not in client.describe_budget(**named)["Budget"]
    client.delete_budget(**named)


def test_notifications_and_their_subscribers(aws: LocalAws, named: dict[str, str]) -> None:
    client = aws.client("budgets")
    found = client.describe_notifications_for_budget(**named)["Notifications"]
    assert found == [{**NOTICE, "NotificationState": "OK"}]
    other = {"SubscriptionType": "EMAIL", "Address": "b@example.com"}
    client.create_subscriber(**named, Notification=NOTICE, Subscriber=other)
    hears = client.describe_subscribers_for_notification(**named, Notification=found[0])
    assert hears["Subscribers"] == [MAIL, other]
    with pytest.raises(client.exceptions.DuplicateRecordException):
        client.create_notification(**named, Notification=NOTICE, Subscribers=[MAIL])
    client.delete_notification(**named, Notification=NOTICE)
    assert client.describe_notifications_for_budget(**named)["Notifications"] == []


@pytest.mark.parametrize(
    ("unit", "start"),
    [("DAILY", "11-21"), ("MONTHLY", "11-01"), ("QUARTERLY", "10-01"), ("ANNUALLY", "01-01")],
)
def test_a_budget_begins_with_its_period(unit: str, start: str) -> None:
    now = datetime(2026, 11, 21, 12, 30, tzinfo=timezone.utc)
    assert begun(now, unit).isoformat() == f"2026-{start}T00:00:00+00:00"


def test_a_notification_tells_as_many_as_in_aws(aws: LocalAws, named: dict[str, str]) -> None:
    """Ten notifications, each with ten addresses."""
    client = aws.client("budgets")

    def tell(percent: float) -> None:
        notice = {**NOTICE, "Threshold": percent}
        client.create_notification(**named, Notification=notice, Subscribers=[MAIL])

    def hear(name: int) -> None:
        one = {"SubscriptionType": "EMAIL", "Address": f"{name}@example.com"}
        client.create_subscriber(**named, Notification=NOTICE, Subscriber=one)

    for number in range(1, 10):
        tell(float(number))
        hear(number)
    with pytest.raises(client.exceptions.CreationLimitExceededException):
        tell(99.0)
    with pytest.raises(client.exceptions.CreationLimitExceededException):
        hear(99)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"BudgetLimit": {"Amount": "0", "Unit": "USD"}}, "BudgetLimit"),
        ({"BudgetType": "USAGE"}, "NotEmulated.*BudgetType=USAGE"),
        ({"BudgetName": "a:b"}, "BudgetName"),
        ({"TimePeriod": {"Start": "2026-01-02", "End": "2026-01-01"}}, "Start before"),
        ({"FilterExpression": of_tag("k", "v")}, "FilterExpression and CostFilters cannot be"),
        ({"Metrics": ["UnblendedCost"]}, "Metrics and CostFilters cannot be in one budget"),
        ({"FilterExpression": of_tag("k", "v"), "CostFilters": {}}, "must come with Metrics"),
        (
            {"FilterExpression": {"Not": {"ProductAttributes": {"Key": "k"}}}},
            "NotEmulated.*FilterExpression.ProductAttributes.Key",
        ),
        ({"TimeUnit": "CUSTOM"}, "NotEmulated.*TimeUnit=CUSTOM"),
    ],
    ids=[
        "limit",
        "type",
        "name",
        "period",
        "both filters",
        "both costs",
        "no metrics",
        "attributes",
        "unit",
    ],
)
def test_wrong_budgets_are_refused(aws: LocalAws, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        aws.client("budgets").create_budget(
            AccountId=aws.account, Budget={**budget("wrong"), **changed}
        )
