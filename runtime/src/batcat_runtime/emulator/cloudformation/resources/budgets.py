"""Budgets."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, ClassVar

from .base import ANY, AlreadyExistsError, Handler, Properties, Task


class Budget(Handler):
    """``AWS::Budgets::Budget``."""

    properties: ClassVar[Properties] = {
        "Budget": {
            "BudgetLimit": ANY,
            "BudgetName": ANY,
            "BudgetType": ANY,
            "CostFilters": ANY,
            "CostTypes": ANY,
            "FilterExpression": ANY,
            "Metrics": ANY,
            "TimePeriod": ANY,
            "TimeUnit": ANY,
        },
        "NotificationsWithSubscribers": [
            {
                "Notification": {
                    "ComparisonOperator": ANY,
                    "NotificationType": ANY,
                    "Threshold": ANY,
                    "ThresholdType": ANY,
                },
                "Subscribers": [{"Address": ANY, "SubscriptionType": ANY}],
            }
        ],
        "ResourceTags": ANY,
    }

    def create(self, task: Task, properties: Properties) -> str:
        """Make the budget with its notifications."""
        client = task.client("budgets")
        budget = _budget(properties["Budget"])
        name = str(budget.get("BudgetName") or task.name(100))
        more = {
            key: properties[key]
            for key in ("NotificationsWithSubscribers", "ResourceTags")
            if properties.get(key)
        }
        budget["BudgetName"] = name
        try:
            client.create_budget(AccountId=task.account, Budget=budget, **more)
        except client.exceptions.DuplicateRecordException:
            raise AlreadyExistsError(name) from None
        task.began(name)
        return name

    def update(self, task: Task, physical_id: str, new: Properties, old: Properties) -> None:
        """Replace the budget and its tags; another notification replaces the resource."""
        client = task.client("budgets")
        budget = {**_budget(new["Budget"]), "BudgetName": physical_id}
        client.update_budget(AccountId=task.account, NewBudget=budget)
        arn = f"arn:{task.partition}:budgets::{task.account}:budget/{physical_id}"
        wanted, present = _tags(new), _tags(old)
        add = [{"Key": k, "Value": v} for k, v in wanted.items() if present.get(k) != v]
        gone = [key for key in present if key not in wanted]
        if add:
            client.tag_resource(ResourceARN=arn, ResourceTags=add)
        if gone:
            client.untag_resource(ResourceARN=arn, ResourceTagKeys=gone)

    def delete(self, task: Task, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Remove the budget."""
        task.client("budgets").delete_budget(AccountId=task.account, BudgetName=physical_id)

    def read(self, task: Task, physical_id: str, properties: Properties) -> dict[str, Any]:  # noqa: ARG002
        """It has no attributes."""
        return {}


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("ResourceTags") or []}


def _budget(given: dict[str, Any]) -> dict[str, Any]:
    """A template writes amounts as numbers, and times as text or seconds."""
    budget = dict(given)
    if "BudgetLimit" in budget:
        budget["BudgetLimit"] = {k: str(v) for k, v in budget["BudgetLimit"].items()}
    if "TimePeriod" in budget:
        budget["TimePeriod"] = {k: _time(str(v)) for k, v in budget["TimePeriod"].items()}
    return budget


def _time(text: str) -> datetime:
    if text.replace(".", "", 1).isdigit():
        return datetime.fromtimestamp(float(text), timezone.utc)
    when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)
