"""AWS Budgets: budgets of cost, their notifications and who hears of them."""

from __future__ import annotations

_NAME = "AccountId BudgetName"
_FREE = "nothing here costs anything"


def _notice(name: str) -> str:
    return (
        f"{name}.NotificationType {name}.ComparisonOperator {name}.Threshold {name}.ThresholdType"
    )


def _subscriber(name: str) -> str:
    return f"{name}.SubscriptionType {name}.Address"


def _budget(name: str) -> str:
    return (
        f"{name}.BudgetName {name}.BudgetType=COST {name}.TimePeriod.Start "
        f"{name}.TimeUnit=DAILY|MONTHLY|QUARTERLY|ANNUALLY "
        f"{name}.TimePeriod.End {name}.BudgetLimit.Amount {name}.BudgetLimit.Unit"
    )


def _held(name: str) -> dict[str, str]:
    kinds = (
        *("IncludeTax", "IncludeSubscription", "UseBlended", "IncludeRefund", "IncludeCredit"),
        *("IncludeUpfront", "IncludeRecurring", "IncludeOtherSubscription", "IncludeSupport"),
        *("IncludeDiscount", "UseAmortized"),
    )
    return {
        f"{name}.CostFilters": _FREE,
        f"{name}.Metrics": _FREE,
        **{
            f"{name}.FilterExpression.{kind}.{part}": _FREE
            for kind in ("Tags", "Dimensions", "CostCategories")
            for part in ("Key", "Values", "MatchOptions")
        },
        **{f"{name}.CostTypes.{kind}": _FREE for kind in kinds},
    }


_WITH = "NotificationsWithSubscribers"

EFFECTIVE = {
    "CreateBudget": f"""AccountId {_budget("Budget")} {_notice(f"{_WITH}.Notification")}
        {_subscriber(f"{_WITH}.Subscribers")} ResourceTags.Key ResourceTags.Value""",
    "DescribeBudget": f"{_NAME} ShowFilterExpression",
    "DescribeBudgets": "AccountId MaxResults NextToken ShowFilterExpression",
    "UpdateBudget": f"AccountId {_budget('NewBudget')}",
    "DeleteBudget": _NAME,
    "CreateNotification": f"{_NAME} {_notice('Notification')} {_subscriber('Subscribers')}",
    "DeleteNotification": f"{_NAME} {_notice('Notification')}",
    "DescribeNotificationsForBudget": _NAME,
    "DescribeSubscribersForNotification": f"{_NAME} {_notice('Notification')}",
    "CreateSubscriber": f"{_NAME} {_notice('Notification')} {_subscriber('Subscriber')}",
    "DeleteSubscriber": f"{_NAME} {_notice('Notification')} {_subscriber('Subscriber')}",
    "TagResource": "ResourceARN ResourceTags.Key ResourceTags.Value",
    "UntagResource": "ResourceARN ResourceTagKeys",
    "ListTagsForResource": "ResourceARN",
}

_STATE = {"Notification.NotificationState": "the rest says which notification it is"}

HELD = {
    "CreateBudget": _held("Budget"),
    "UpdateBudget": _held("NewBudget"),
    "DeleteNotification": _STATE,
    "DescribeSubscribersForNotification": _STATE,
    "CreateSubscriber": _STATE,
    "DeleteSubscriber": _STATE,
}
