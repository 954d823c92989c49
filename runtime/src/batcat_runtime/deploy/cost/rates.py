"""What has a price, and how AWS's price list names it.

Sources: AWS Data Exports User Guide, "Product details" (``component``, ``regionCode``,
``invocation``: ``Scheduled Invocation``); Amazon S3 User Guide, "Understanding your AWS billing and
usage reports"; Amazon CloudWatch User Guide, "Analyzing, optimizing, and reducing CloudWatch costs"
(usage types); products as GetProducts returns them, for example
``{"component": "Processing", "usagetype": "USE1-Processing:ml.m5.xlarge"}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# The code of the region comes first, except in us-east-1: "EUC1-Requests-Tier1".
_REGION = r"([A-Z]{2,4}[0-9]{0,2}-)?"


@dataclass(frozen=True)
class Rate:
    """One thing that has a price.

    Attributes:
        name: what it is, for people.
        service: service code in the price list.
        usage: usage type without the code of its region; empty where the attributes say enough.
        attributes: what else must be said of the product.
    """

    name: str
    service: str
    usage: str = ""
    attributes: tuple[tuple[str, str], ...] = ()

    def filters(self, region: str) -> list[dict[str, str]]:
        """Filters of GetProducts that leave few products but this one."""
        found = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}]
        if self.usage:
            found.append({"Type": "CONTAINS", "Field": "usagetype", "Value": self.usage})
        found += [
            {"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in self.attributes
        ]
        return found

    def fits(self, product: dict[str, Any]) -> bool:
        """Whether a product of the price list is this one."""
        said = product.get("product", {}).get("attributes", {})
        usage = said.get("usagetype", "")
        return (
            not self.usage or re.fullmatch(_REGION + re.escape(self.usage), usage) is not None
        ) and all(said.get(name) == value for name, value in self.attributes)


def machine(instance_type: str) -> Rate:
    """An hour of a machine of a Processing job."""
    usage, component = f"Processing:{instance_type}", ("component", "Processing")
    return Rate(f"{instance_type}, hours", "AmazonSageMaker", usage, (component,))


VOLUME = Rate("disks of the machines, GB-months", "AmazonSageMaker", "Processing:VolumeUsage.gp2")
TRANSITIONS = Rate(
    "state transitions",
    "AmazonStates",
    "StateTransition",
    (("group", "SFN-StateTransitions"),),
)
INVOCATIONS = Rate("trigger, requests", "AWSLambda", "Request", (("group", "AWS-Lambda-Requests"),))
MEMORY = Rate(
    "trigger, GB-seconds",
    "AWSLambda",
    "Lambda-GB-Second",
    (("group", "AWS-Lambda-Duration"),),
)
SCHEDULE = Rate(
    "schedule, invocations", "AWSEvents", attributes=(("invocation", "Scheduled Invocation"),)
)
STORAGE = Rate(
    "objects in S3, GB-months", "AmazonS3", "TimedStorage-ByteHrs", (("volumeType", "Standard"),)
)
IMAGES = Rate("images in ECR, GB-months", "AmazonECR", "TimedStorage-ByteHrs")
LOGS = Rate(
    "logs written, GB",
    "AmazonCloudWatch",
    "DataProcessing-Bytes",
    (("group", "Ingested Logs"),),
)
LOG_STORAGE = Rate("logs kept, GB-months", "AmazonCloudWatch", "TimedStorage-ByteHrs")
ALARMS = Rate("alarms", "AmazonCloudWatch", "CW:AlarmMonitorUsage")

NOT_COUNTED = (
    "requests to S3, traffic, dashboards, messages, keys, what queries cost, free allowances that "
    "the price list does not state, tax"
)
