"""AWS Budgets: one action to see, one to change, whatever the operation is called.

Source: "Actions defined by AWS Budget Service" in the Service Authorization Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .asked import Need

if TYPE_CHECKING:
    from .asked import Asked

PREFIX = "budgets"
RESOURCES: dict[str, str] = {}
SEEING = (
    *("DescribeBudget", "DescribeBudgets", "DescribeNotificationsForBudget"),
    "DescribeSubscribersForNotification",
)
CHANGING = (
    *("CreateBudget", "UpdateBudget", "DeleteBudget", "CreateNotification"),
    *("DeleteNotification", "CreateSubscriber", "DeleteSubscriber"),
)
TAGGING = ("TagResource", "UntagResource", "ListTagsForResource")


def _on_budget(asked: Asked) -> list[Need]:
    name = (
        asked.get("BudgetName")
        or asked.get("Budget", "BudgetName")
        or asked.get("NewBudget", "BudgetName")
        or "*"
    )
    arn = _arn(asked, "budgets", f"budget/{name}")
    if asked.operation in SEEING:
        view = _arn(asked, "billing", "billingview/primary")
        return [Need("budgets:ViewBudget", arn), Need("billing:GetBillingViewData", view)]
    found = [Need("budgets:ModifyBudget", arn)]
    if asked.get("ResourceTags"):
        found.append(Need("budgets:TagResource", arn))
    return found


def _arn(asked: Asked, service: str, resource: str) -> str:
    """Budgets and billing views belong to no region."""
    parts = asked.arn("").split(":")
    return ":".join([*parts[:2], service, "", parts[4], resource])


def _on_tags(asked: Asked) -> list[Need]:
    return [Need(f"budgets:{asked.operation}", str(asked.get("ResourceARN")))]


INSTEAD = {**dict.fromkeys((*SEEING, *CHANGING), _on_budget), **dict.fromkeys(TAGGING, _on_tags)}
