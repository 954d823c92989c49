"""AWS Budgets: kept and shown.

Why it is ours: moto knows neither subscribers nor changes. API: botocore's model of ``budgets``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from threading import RLock
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.events.clock import clock_of
from batcat_runtime.emulator.paging import page
from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.sending import TARGETS

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

PAGE = 100
MOST_NOTIFICATIONS, MOST_EMAILS, MOST_TOPICS = 10, 10, 1
"""Notification, Budgets API reference; CreateBudget there still speaks of five notifications."""

FAR = datetime(2087, 6, 15, tzinfo=timezone.utc)
"""End of a budget that names none (TimePeriod, Budgets API reference)."""

NO_TOKEN = "InvalidNextTokenException"  # noqa: S105 - an error code
MONTHS = {"ANNUALLY": 12, "QUARTERLY": 3, "MONTHLY": 1}
"""Months of a period that begins with its month; a DAILY one begins with its day."""


@dataclass
class Budget:
    """One budget.

    Attributes:
        shown: as DescribeBudget shows it.
        notices: what is told, and to whom.
        tags: by key.
    """

    shown: dict[str, Any]
    notices: list[tuple[dict[str, Any], list[dict[str, str]]]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)


class Budgets:
    """The budgets of the account.

    Args:
        world: whose account it is.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._budgets: dict[str, Budget] = {}
        self._lock = RLock()

    def create_budget(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a budget with its notifications."""
        self._check_account(request)
        name = request["Budget"]["BudgetName"]
        budget = Budget(self._filled(request["Budget"]))
        for given in request.get("NotificationsWithSubscribers") or []:
            self._add(budget, given["Notification"], given["Subscribers"])
        budget.tags = {tag["Key"]: tag["Value"] for tag in request.get("ResourceTags") or []}
        with self._lock:
            if name in self._budgets:
                raise ServiceError(
                    "DuplicateRecordException",
                    f"Error creating budget: {name} - the budget already exists.",
                )
            self._budgets[name] = budget
        return {}

    def describe_budget(self, request: dict[str, Any]) -> dict[str, Any]:
        """One budget."""
        return {"Budget": _asked_for(self._find(request), request)}

    def describe_budgets(self, request: dict[str, Any]) -> dict[str, Any]:
        """All budgets by name."""
        self._check_account(request)
        found = [_asked_for(budget, request) for _, budget in sorted(self._budgets.items())]
        size = request.get("MaxResults") or PAGE
        shown, following = page(found, size, request.get("NextToken"), NO_TOKEN)
        return {"Budgets": shown, **({"NextToken": following} if following else {})}

    def update_budget(self, request: dict[str, Any]) -> dict[str, Any]:
        """Replace a budget; its notifications stay."""
        given = request["NewBudget"]
        budget = self._find({**request, "BudgetName": given["BudgetName"]})
        budget.shown = self._filled(given)
        return {}

    def delete_budget(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a budget with its notifications."""
        self._find(request)
        del self._budgets[request["BudgetName"]]
        return {}

    def create_notification(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add a notification."""
        self._add(self._find(request), request["Notification"], request["Subscribers"])
        return {}

    def delete_notification(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove a notification."""
        budget = self._find(request)
        budget.notices.remove(self._notice(budget, request["Notification"]))
        return {}

    def describe_notifications_for_budget(self, request: dict[str, Any]) -> dict[str, Any]:
        """What a budget tells."""
        found = [{**notice, "NotificationState": "OK"} for notice, _ in self._find(request).notices]
        return {"Notifications": found}

    def describe_subscribers_for_notification(self, request: dict[str, Any]) -> dict[str, Any]:
        """Whom a notification tells."""
        return {"Subscribers": self._notice(self._find(request), request["Notification"])[1]}

    def create_subscriber(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let one more hear of a notification."""
        subscribers = self._notice(self._find(request), request["Notification"])[1]
        if request["Subscriber"] in subscribers:
            raise ServiceError("DuplicateRecordException", "The subscriber already exists.")
        _check_subscribers([*subscribers, request["Subscriber"]])
        subscribers.append(request["Subscriber"])
        return {}

    def delete_subscriber(self, request: dict[str, Any]) -> dict[str, Any]:
        """Let one no longer hear of a notification."""
        subscribers = self._notice(self._find(request), request["Notification"])[1]
        if request["Subscriber"] not in subscribers:
            raise _missing("the subscriber doesn't exist")
        subscribers.remove(request["Subscriber"])
        return {}

    def tag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add or replace tags."""
        tags = {tag["Key"]: tag["Value"] for tag in request["ResourceTags"]}
        self._tagged(request["ResourceARN"]).tags.update(tags)
        return {}

    def untag_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove tags."""
        for key in request["ResourceTagKeys"]:
            self._tagged(request["ResourceARN"]).tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: dict[str, Any]) -> dict[str, Any]:
        """Tags of a budget."""
        tags = self._tagged(request["ResourceARN"]).tags
        return {"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _check_account(self, request: dict[str, Any]) -> None:
        if request["AccountId"] != self._world.account:
            raise ServiceError(
                "AccessDeniedException",
                f"Account {request['AccountId']} is not {self._world.account}, the caller's.",
            )

    def _find(self, request: dict[str, Any]) -> Budget:
        self._check_account(request)
        budget = self._budgets.get(request["BudgetName"])
        if budget is None:
            raise _missing(f"Unable to get budget: {request['BudgetName']} - it doesn't exist.")
        return budget

    def _tagged(self, arn: str) -> Budget:
        name = arn.rpartition(":budget/")[2]
        return self._find({"AccountId": self._world.account, "BudgetName": name})

    def _filled(self, given: dict[str, Any]) -> dict[str, Any]:
        if set(given["BudgetName"]) & {":", "\\"} or "/action/" in given["BudgetName"]:
            # Its pattern in botocore's model, which Python cannot read.
            raise _invalid("BudgetName must have no : or \\, nor /action/, in it")
        _check_filters(given)
        now = clock_of(self._world).now()
        limit = given.get("BudgetLimit")
        if not limit or float(limit["Amount"]) <= 0:
            raise _invalid("BudgetLimit must have an Amount of more than 0")
        period = {"Start": begun(now, given["TimeUnit"]), "End": FAR}
        period |= given.get("TimePeriod") or {}
        if period["Start"] >= period["End"]:
            raise _invalid("TimePeriod must have a Start before its End")
        return {
            **given,
            "TimePeriod": period,
            "CalculatedSpend": {"ActualSpend": {"Amount": "0.0", "Unit": limit["Unit"]}},
            "LastUpdatedTime": now,
        }

    def _add(
        self, budget: Budget, notice: dict[str, Any], subscribers: list[dict[str, str]]
    ) -> None:
        if len(budget.notices) >= MOST_NOTIFICATIONS:
            raise ServiceError(
                "CreationLimitExceededException",
                f"A budget has at most {MOST_NOTIFICATIONS} notifications.",
            )
        told = {"ThresholdType": "PERCENTAGE", **notice}
        if any(told == other for other, _ in budget.notices):
            raise ServiceError("DuplicateRecordException", "The notification already exists.")
        _check_subscribers(subscribers)
        budget.notices.append((told, list(subscribers)))

    def _notice(
        self, budget: Budget, wanted: dict[str, Any]
    ) -> tuple[dict[str, Any], list[dict[str, str]]]:
        told = {"ThresholdType": "PERCENTAGE", **wanted}
        told.pop("NotificationState", None)
        for notice in budget.notices:
            if notice[0] == told:
                return notice
        raise _missing("the notification doesn't exist")


def begun(now: datetime, unit: str) -> datetime:
    """When the period began that a moment lies in (TimePeriod, Budgets API reference).

    Args:
        now: the moment.
        unit: the budget's TimeUnit.
    """
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    months = MONTHS.get(unit)
    return day.replace(day=1, month=day.month - (day.month - 1) % months) if months else day


def _asked_for(budget: Budget, request: dict[str, Any]) -> dict[str, Any]:
    """The budget as a request wants to see it (ShowFilterExpression, Budgets API reference)."""
    hidden = () if request.get("ShowFilterExpression") else ("FilterExpression",)
    return {name: value for name, value in budget.shown.items() if name not in hidden}


def _check_filters(given: dict[str, Any]) -> None:
    """Filters and metrics of one kind, the new or the old (CreateBudget, Budgets API reference)."""
    new = [name for name in ("FilterExpression", "Metrics") if given.get(name)]
    old = [name for name in ("CostFilters", "CostTypes") if given.get(name)]
    if new and old:
        raise _invalid(f"{new[0]} and {old[0]} cannot be in one budget")
    if new == ["FilterExpression"]:
        raise _invalid("FilterExpression must come with Metrics")


def _check_subscribers(subscribers: list[dict[str, str]]) -> None:
    kinds = [subscriber["SubscriptionType"] for subscriber in subscribers]
    if kinds.count("EMAIL") > MOST_EMAILS or kinds.count("SNS") > MOST_TOPICS:
        raise ServiceError(
            "CreationLimitExceededException",
            f"A notification tells at most {MOST_TOPICS} topic and {MOST_EMAILS} addresses.",
        )
    for subscriber in subscribers:
        address = subscriber["Address"]
        topic = subscriber["SubscriptionType"] == "SNS"
        right = TARGETS["sns"].fullmatch(address) if topic else "@" in address
        if not right:
            raise _invalid(f"{address} is not an address for {subscriber['SubscriptionType']}")


def _missing(message: str) -> ServiceError:
    return ServiceError("NotFoundException", message)


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)
