"""A price list in the form of GetProducts. EVERY AMOUNT HERE IS MADE UP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

END = "Inf"
Tier = tuple[str, str, str]


def product(
    service: str,
    region: str,
    attributes: dict[str, str],
    *tiers: Tier,
    unit: str = "Units",
    currency: str = "USD",
) -> str:
    """One product; each tier as first unit, last unit and price of one."""
    sku = "A1B2C3D4E5F6G7H8"
    dimensions = {
        f"{sku}.JRTCKXETXF.{number}": {
            "unit": unit,
            "beginRange": begin,
            "endRange": end,
            "description": "made up",
            "rateCode": f"{sku}.JRTCKXETXF.{number}",
            "appliesTo": [],
            "pricePerUnit": {currency: price},
        }
        for number, (begin, end, price) in enumerate(tiers)
    }
    offer = {
        "sku": sku,
        "offerTermCode": "JRTCKXETXF",
        "effectiveDate": "2026-01-01T00:00:00Z",
        "termAttributes": {},
        "priceDimensions": dimensions,
    }
    described = {"regionCode": region, "servicecode": service, **attributes}
    document = {
        "product": {"productFamily": "made up", "attributes": described, "sku": sku},
        "serviceCode": service,
        "terms": {"OnDemand": {f"{sku}.JRTCKXETXF": offer}},
        "version": "20260101000000",
        "publicationDate": "2026-01-01T00:00:00Z",
    }
    return json.dumps(document)


def everything(region: str, code: str = "", currency: str = "USD") -> list[str]:
    """Products of all that a pipeline takes, and some that are easily taken for them.

    Args:
        region: AWS region.
        code: how the region begins a usage type, for example ``EUC1-``.
        currency: of the amounts.
    """

    def one(service: str, usage: str, *tiers: Tier, **attributes: str) -> str:
        named = {"usagetype": f"{code}{usage}", **attributes}
        return product(service, region, named, *tiers, currency=currency)

    def at(price: str) -> Tier:
        return ("0", END, price)

    return [
        one("AmazonSageMaker", "Processing:ml.t3.medium", at("10"), component="Processing"),
        one("AmazonSageMaker", "Processing:ml.t3.medium-x", at("99"), component="Processing"),
        one("AmazonSageMaker", "Processing:ml.t3.medium", at("99"), component="Other"),
        one("AmazonSageMaker", "Processing:VolumeUsage.gp2", at("73")),
        one(
            "AmazonStates",
            "StateTransition",
            ("0", "100", "0"),
            ("100", END, "2"),
            group="SFN-StateTransitions",
        ),
        one("AWSLambda", "Request", at("3"), group="AWS-Lambda-Requests"),
        one("AWSLambda", "Lambda-Edge-Request", at("99"), group="AWS-Lambda-Requests"),
        one("AWSLambda", "Lambda-GB-Second", at("4"), group="AWS-Lambda-Duration"),
        one("AWSEvents", "Schedule", at("5"), invocation="Scheduled Invocation"),
        one("AmazonS3", "TimedStorage-ByteHrs", at("6"), volumeType="Standard"),
        one("AmazonS3", "TimedStorage-ByteHrs", at("99"), volumeType="Tags"),
        one("AmazonECR", "TimedStorage-ByteHrs", at("7")),
        one("AmazonCloudWatch", "DataProcessing-Bytes", at("8"), group="Ingested Logs"),
        one("AmazonCloudWatch", "TimedStorage-ByteHrs", at("9")),
        one("AmazonCloudWatch", "CW:AlarmMonitorUsage", at("11")),
    ]


class PriceList:
    """GetProducts, with its filters and its pages.

    Args:
        products: from :func:`product`.
        page: how many go on a page.
    """

    def __init__(self, products: list[str], page: int = 1) -> None:
        self.products = products
        self._page = page

    def get_products(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        found = list(self._matching(request))
        begin = int(request.get("NextToken", "0"))
        answer: dict[str, Any] = {
            "FormatVersion": "aws_v1",
            "PriceList": found[begin : begin + self._page],
        }
        if begin + self._page < len(found):
            answer["NextToken"] = str(begin + self._page)
        return answer

    def _matching(self, request: dict[str, Any]) -> Iterator[str]:
        for text in self.products:
            attributes = json.loads(text)["product"]["attributes"]
            if attributes["servicecode"] == request["ServiceCode"] and all(
                one["Value"] in attributes.get(one["Field"], "")
                if one["Type"] == "CONTAINS"
                else attributes.get(one["Field"]) == one["Value"]
                for one in request["Filters"]
            ):
                yield text
