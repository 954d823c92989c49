"""What a run and a month would cost. EVERY PRICE HERE IS MADE UP (price_list.py)."""

from __future__ import annotations

import re
import time
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from batcat_runtime.cli import deploy as cli_deploy
from batcat_runtime.cli.main import application
from batcat_runtime.deploy import Run, prepare
from batcat_runtime.deploy.cost import Assumed, Estimate, estimate
from batcat_runtime.deploy.cost import rates as known
from batcat_runtime.deploy.cost.prices import (
    KEPT_DAYS,
    NoPriceError,
    Price,
    cache_file,
    price_region,
    read_prices,
)

from .answering import Refusal
from .price_list import PriceList, everything, product

if TYPE_CHECKING:
    from pathlib import Path

    from batcat_runtime.deploy import Project

    from .answering import Answering

NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)
MACHINE = known.machine("ml.t3.medium")
ALL = (
    MACHINE,
    known.VOLUME,
    known.TRANSITIONS,
    known.INVOCATIONS,
    known.MEMORY,
    known.SCHEDULE,
    known.STORAGE,
    known.IMAGES,
    known.LOGS,
    known.LOG_STORAGE,
    known.ALARMS,
)


@pytest.fixture
def shop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, project: Project, answering: Answering
) -> Answering:
    """A price list on loopback, and an empty cache."""
    del project
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    answering.answers["GetProducts"] = PriceList(everything("us-east-1")).get_products
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", answering.url)
    return answering


def amount(price: Price | NoPriceError) -> Decimal:
    assert isinstance(price, Price), price
    return price.of(Decimal(1000))


@pytest.mark.parametrize(
    ("region", "code", "currency"),
    [
        ("us-east-1", "", "USD"),
        ("us-east-1", "USE1-", "USD"),
        ("eu-central-1", "EUC1-", "USD"),
        ("eu-west-1", "EU-", "USD"),
        ("cn-north-1", "CNN1-", "CNY"),
    ],
)
def test_each_price_is_found_among_those_that_are_like_it(
    shop: Answering, region: str, code: str, currency: str
) -> None:
    shop.answers["GetProducts"] = PriceList(everything(region, code, currency)).get_products
    found = read_prices(ALL, region, now=NOW)
    assert [amount(found[rate]) for rate in ALL] == [
        *(10_000, 73_000, 1_800, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 11_000)
    ]
    assert {one.currency for one in found.values() if isinstance(one, Price)} == {currency}


def test_prices_are_kept_for_some_days_and_asked_again_when_told_to(shop: Answering) -> None:
    def asked(days: int, *, refresh: bool = False) -> int:
        shop.asked.clear()
        moment = NOW + timedelta(days=days)
        price = read_prices([known.LOGS], "us-east-1", refresh=refresh, now=moment)[known.LOGS]
        assert amount(price) == 8_000
        return len(shop.asked)

    assert asked(0) == 1
    assert asked(1) == 0
    assert asked(1, refresh=True) == 1
    assert asked(1 + KEPT_DAYS) == 0
    assert asked(2 + KEPT_DAYS) == 1


def test_a_cache_that_cannot_be_read_is_none(shop: Answering) -> None:
    file = cache_file("us-east-1")
    file.parent.mkdir(parents=True)
    for text in ("{", "[]", '{"x": {"tiers": [["a"]]}}'):
        file.write_text(text, encoding="utf-8")
        shop.asked.clear()
        assert amount(read_prices([known.LOGS], "us-east-1", now=NOW)[known.LOGS]) == 8_000
        assert len(shop.asked) == 1


def test_what_has_no_price_says_so_and_is_asked_again(shop: Answering) -> None:
    unknown = known.machine("ml.t9.huge")
    for _ in range(2):
        found = read_prices([unknown, known.LOGS], "us-east-1", now=NOW)
        assert str(found[unknown]) == "the price list has no ml.t9.huge, hours in us-east-1"
        assert isinstance(found[known.LOGS], Price)
    assert len(shop.asked) == 3


def test_two_prices_of_one_thing_are_no_price(shop: Answering) -> None:
    again = product(
        "AmazonECR", "us-east-1", {"usagetype": "TimedStorage-ByteHrs"}, ("0", "Inf", "8")
    )
    shop.answers["GetProducts"] = PriceList([*everything("us-east-1"), again]).get_products
    found = read_prices([known.IMAGES], "us-east-1", now=NOW)[known.IMAGES]
    assert "2 prices of images in ECR" in str(found)


def test_a_partition_without_a_price_list_is_named() -> None:
    with pytest.raises(NoPriceError, match="partition aws-us-gov has no price list"):
        price_region("us-gov-west-1")
    found = read_prices([known.LOGS], "us-gov-west-1", now=NOW)[known.LOGS]
    assert "aws-us-gov" in str(found)


@pytest.mark.parametrize(
    ("region", "asked"),
    [
        ("us-west-2", "us-east-1"),
        ("eu-west-3", "eu-central-1"),
        ("ap-south-1", "ap-south-1"),
        ("cn-north-1", "cn-northwest-1"),
    ],
)
def test_the_price_list_is_asked_where_botocore_knows_one(region: str, asked: str) -> None:
    assert price_region(region) == asked


def lines(found: Estimate) -> dict[str, tuple[Decimal | None, Decimal]]:
    return {line.name: (line.run, line.month) for line in found.lines}


def test_what_has_not_run_is_assumed_and_each_assumption_is_told(
    project: Project, shop: Answering
) -> None:
    del shop
    fresh = replace(project, project="2026-demo-other", result_s3_bucket="nobody-has-this")
    found = estimate(fresh, now=NOW)
    # Two steps of an hour at most, thirty times.
    assert lines(found)["ml.t3.medium, hours"] == (Decimal(2), Decimal(60))
    told = " ".join(found.usage.assumed)
    for words in ("--runs", "--hours", "--stored-gb", "time limit of 3600 s"):
        assert words in told
    assert found.currency == "USD"
    by_name = {line.name: line for line in found.lines}
    assert by_name["ml.t3.medium, hours"].month_cost == 600
    assert by_name["ml.t3.medium, hours"].run_cost == 20
    # 20 GB for 2 of 730 hours, thirty times, at 73.
    disks = by_name["disks of the machines, GB-months"].month_cost
    assert disks is not None
    assert disks.quantize(Decimal("0.001")) == 120
    # The first hundred cost nothing.
    states = by_name["state transitions"]
    assert states.month_cost == (states.month - 100) * 2
    assert found.month_cost == sum(line.month_cost or 0 for line in found.lines)


def test_what_the_user_says_is_taken_and_told(project: Project, shop: Answering) -> None:
    del shop
    given = Assumed(hours=Decimal("0.5"), runs=4, stored_gb=Decimal(100))
    found = estimate(project, given, now=NOW)
    assert lines(found)["ml.t3.medium, hours"] == (Decimal("0.5"), Decimal(2))
    assert lines(found)["objects in S3, GB-months"] == (None, Decimal(100))
    assert {
        "4 runs a month, as you say",
        "0.5 machine hours a run, as you say",
        "100 GB in S3, as you say",
    } <= set(found.usage.assumed)


def test_what_has_run_is_measured(deployed: Project, shop: Answering) -> None:
    del shop
    with closing(Run(prepare(deployed))) as run:
        run.upload()
        run.start()
        for _ in run.follow():
            pass
    found = estimate(deployed)
    assert found.usage.runs >= 1
    told = " ".join(found.usage.measured)
    for words in ("runs in the last 30 days", "on ml.t3.medium", "state transitions", "lies in S3"):
        assert words in told
    hours = found.usage.hours
    assert 0 < hours < 1
    assert found.usage.transitions >= 2
    assert found.usage.stored_gb > 0


def test_the_rest_is_shown_where_a_price_is_missing(project: Project, shop: Answering) -> None:
    only = [one for one in everything("us-east-1") if "AmazonSageMaker" not in one]
    shop.answers["GetProducts"] = PriceList(only).get_products
    found = estimate(project, now=NOW)
    assert set(found.reasons) == {
        "the price list has no ml.t3.medium, hours in us-east-1",
        "the price list has no disks of the machines, GB-months in us-east-1",
    }
    assert found.priced
    assert found.month_cost > 0


def refuse(_: dict[str, Any]) -> Any:
    raise Refusal("AccessDeniedException", "not authorized to perform: pricing:GetProducts")


def test_who_may_not_ask_learns_it_with_the_right_that_is_missing(
    project: Project, shop: Answering
) -> None:
    shop.answers["GetProducts"] = refuse
    found = estimate(project, now=NOW)
    assert not found.priced
    (reason,) = found.reasons
    assert "pricing:GetProducts" in reason
    assert len(found.reasons[reason]) == len(found.lines)


def test_the_local_aws_has_no_prices_and_says_so_by_name(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = estimate(project)
    assert list(found.reasons) == ["service pricing is not emulated by batcat local."]


def deploy_to_dev(monkeypatch: pytest.MonkeyPatch, project: Project) -> str:
    """What ``batcat deploy --env dev`` says to nobody; the local AWS stands for the account."""
    monkeypatch.setattr(cli_deploy, "reached", lambda *_: nullcontext(False))
    text = project.template.read_text(encoding="utf-8")
    new = text.replace("\nResources:\n", "\nResources:\n  New: {Type: AWS::SNS::Topic}\n")
    project.template.write_text(new, encoding="utf-8")
    asked = ["deploy", "--env", "dev", "--project", str(project.root)]
    said = CliRunner().invoke(application, asked)
    assert "say --yes if you agree" in said.stderr
    return said.output


def test_a_deployment_says_what_it_would_cost_before_it_asks(
    project: Project, shop: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    del shop
    said = deploy_to_dev(monkeypatch, project)
    assert re.search(
        r"Cost: about [\d.]+ USD a month for \d+ runs?; see: batcat cost --env dev", said
    )
    assert said.index("Cost: ") < said.index("Apply these changes")


def test_a_deployment_says_why_its_cost_is_not_known(
    project: Project, shop: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.answers["GetProducts"] = refuse
    said = deploy_to_dev(monkeypatch, project)
    assert re.search("Cost: not known: .*pricing:GetProducts.*; see: batcat cost --env dev", said)
    assert "Apply these changes" in said


def test_a_price_list_that_hangs_is_not_waited_for(shop: Answering) -> None:
    never = Event()

    def hang(_: dict[str, Any]) -> dict[str, Any]:
        never.wait()
        return {"PriceList": []}

    shop.answers["GetProducts"] = hang
    begin = time.monotonic()
    found = read_prices([known.LOGS], "us-east-1", seconds=0.3, now=NOW)[known.LOGS]
    assert time.monotonic() - begin < 5
    never.set()
    assert str(found) == "the price list did not answer within 0.3 s"
