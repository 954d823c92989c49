"""Whether the policy of a topic, queue or function lets an AWS service act on it."""

from __future__ import annotations

from dataclasses import dataclass

from .iam import statements
from .iam.decide import Policies, Principal, Request, decide


@dataclass(frozen=True)
class Act:
    """What a service is about to do.

    Attributes:
        service: who, e.g. ``events.amazonaws.com``.
        action: what, e.g. ``sqs:SendMessage``.
        resource: ARN of what it is done to.
        source: ARN of the rule, topic, alarm or bucket that it is done for.
        account: twelve-digit account id of the source.
    """

    service: str
    action: str
    resource: str
    source: str
    account: str

    @property
    def request(self) -> Request:
        """The same, as policies see it."""
        keys = {
            "aws:sourcearn": self.source,
            "aws:sourceaccount": self.account,
            "aws:sourceowner": self.account,
            "aws:securetransport": "true",
            "aws:principalisawsservice": "true",
        }
        context = {key: (value,) for key, value in keys.items()}
        who = Principal(self.service, self.account, service=True)
        return Request(who, self.action, self.resource, context)


def permits(policy: str | None, act: Act) -> bool:
    """Whether a resource's policy allows what a service is about to do.

    Args:
        policy: the policy document, or None when there is none.
        act: who does what for whom.
    """
    if not policy:
        return False
    read = statements.read(f"policy of {act.resource}", policy)
    return decide(act.request, Policies(resource=read)).allowed
