"""Ask AWS's price list, and keep what it said for some days.

Source: AWS Billing User Guide, "Using the AWS Price List Query API": GetProducts returns each
product as JSON text, with ``terms.OnDemand.<offer>.priceDimensions.<rate>``: ``unit``,
``beginRange``, ``endRange`` and ``pricePerUnit``, a mapping of currency to amount.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.deploy.side_by_side import side_by_side
from batcat_runtime.errors import BatCatError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .rates import Rate

KEPT_DAYS = 7
"""How long an answer is used before it is asked for again."""

_FOREVER = "Inf"


class NoPriceError(BatCatError):
    """Something's price cannot be had, and why."""


@dataclass(frozen=True)
class Price:
    """A price as the price list states it.

    Attributes:
        tiers: each as first unit, unit after the last (None for no end), and price of one unit.
        unit: as in the price list, for example ``Hrs``.
        currency: ``USD``, or ``CNY`` in China.
        asked: when the price list said so, in UTC.
    """

    tiers: tuple[tuple[Decimal, Decimal | None, Decimal], ...]
    unit: str
    currency: str
    asked: datetime

    def of(self, quantity: Decimal) -> Decimal:
        """What a month's quantity costs."""
        parts = (
            ((quantity if end is None else min(quantity, end)) - begin) * price
            for begin, end, price in self.tiers
            if quantity > begin
        )
        return sum(parts, Decimal(0))


def read_prices(
    rates: Iterable[Rate],
    region: str,
    *,
    refresh: bool = False,
    seconds: float = 30.0,
    now: datetime | None = None,
) -> dict[Rate, Price | NoPriceError]:
    """Read prices, from the cache where it knows them.

    Args:
        rates: what has a price.
        region: AWS region.
        refresh: ask again for what is in the cache, too.
        seconds: how long to wait for the price list.
        now: the time, in UTC.

    Returns:
        The price of each, or why there is none.
    """
    rates = list(rates)
    moment = now or datetime.now(timezone.utc)
    kept = {} if refresh else _kept(region)
    oldest = moment - timedelta(days=KEPT_DAYS)
    known: dict[Rate, Price | NoPriceError] = {
        rate: kept[_key(rate)]
        for rate in rates
        if _key(rate) in kept and kept[_key(rate)].asked >= oldest
    }
    wanted = {_key(rate): rate for rate in rates if rate not in known}
    if wanted:
        try:
            place = price_region(region)
        except NoPriceError as error:
            return {**dict.fromkeys(wanted.values(), error), **known}
        tasks = {key: partial(_ask, rate, region, place, moment) for key, rate in wanted.items()}
        answers = side_by_side(tasks, seconds)
        for key, rate in wanted.items():
            known[rate] = _price_or_reason(answers.get(key), seconds)
        new = {_key(rate): price for rate, price in known.items() if isinstance(price, Price)}
        _keep(region, {**_kept(region), **new})
    return known


def price_region(region: str) -> str:
    """Name a region where the price list of a region's partition can be asked.

    Raises:
        NoPriceError: the partition has none.
    """
    import botocore.session

    partition = aws.partition_of(region)
    places = botocore.session.get_session().get_available_regions("pricing", partition)
    if not places:
        raise NoPriceError(f"partition {partition} has no price list that can be asked")
    area = region.partition("-")[0]
    return str(min(places, key=lambda one: (one != region, not one.startswith(area), one)))


def _ask(rate: Rate, region: str, place: str, moment: datetime) -> Price:
    pages = aws.client("pricing", place).get_paginator("get_products")
    with aws.explained("ask the price list (pricing:GetProducts)", "look at the region"):
        products = [
            json.loads(text)
            for page in pages.paginate(ServiceCode=rate.service, Filters=rate.filters(region))
            for text in page["PriceList"]
        ]
    found = {
        price for product in products if rate.fits(product) for price in _on_demand(product, moment)
    }
    if not found:
        raise NoPriceError(f"the price list has no {rate.name} in {region}")
    if len(found) > 1:
        raise NoPriceError(f"the price list has {len(found)} prices of {rate.name} in {region}")
    return found.pop()


def _on_demand(product: dict[str, Any], moment: datetime) -> list[Price]:
    offers = product.get("terms", {}).get("OnDemand", {}).values()
    prices = []
    for offer in offers:
        dimensions = list(offer["priceDimensions"].values())
        currency = next(iter(dimensions[0]["pricePerUnit"]))
        tiers = sorted(
            (
                Decimal(one["beginRange"]),
                None if one["endRange"] == _FOREVER else Decimal(one["endRange"]),
                Decimal(one["pricePerUnit"][currency]),
            )
            for one in dimensions
        )
        prices.append(Price(tuple(tiers), dimensions[0]["unit"], currency, moment))
    return prices


def _price_or_reason(answer: Price | Exception | None, seconds: float) -> Price | NoPriceError:
    if isinstance(answer, (Price, NoPriceError)):
        return answer
    if answer is None:
        return NoPriceError(f"the price list did not answer within {seconds:g} s")
    if isinstance(answer, ServiceError):
        return NoPriceError(answer.reason or str(answer))
    return NoPriceError(str(answer))


def _key(rate: Rate) -> str:
    return f"{rate.service} {rate.usage} {dict(rate.attributes)}"


def cache_file(region: str) -> Path:
    """Where a region's prices are kept."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return folder / "batcat" / "prices" / f"{region}.json"


def _kept(region: str) -> dict[str, Price]:
    """What is in the cache; a file that cannot be read holds nothing."""
    try:
        document = json.loads(cache_file(region).read_text(encoding="utf-8"))
        return {
            key: Price(
                tuple(
                    (Decimal(begin), None if end is None else Decimal(end), Decimal(price))
                    for begin, end, price in one["tiers"]
                ),
                one["unit"],
                one["currency"],
                datetime.fromisoformat(one["asked"]),
            )
            for key, one in document.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError, InvalidOperation):
        return {}


def _keep(region: str, prices: dict[str, Price]) -> None:
    document = {
        key: {
            "tiers": [
                [str(begin), None if end is None else str(end), str(price)]
                for begin, end, price in one.tiers
            ],
            "unit": one.unit,
            "currency": one.currency,
            "asked": one.asked.isoformat(),
        }
        for key, one in prices.items()
    }
    file = cache_file(region)
    # A folder that cannot be written to is no reason to show no prices.
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(document, indent=1), encoding="utf-8")
        new.replace(file)
