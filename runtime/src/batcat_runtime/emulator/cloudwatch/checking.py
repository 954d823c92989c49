"""What PutMetricAlarm refuses.

Source: PutMetricAlarm and MetricDataQuery in the CloudWatch API reference.
"""

from __future__ import annotations

from typing import Any

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError
from batcat_runtime.emulator.sending import kind_of

from . import expression, statistics
from .evaluation import COMPARISONS, TREATMENTS

SHORT_PERIODS = (10, 20, 30)
LONGEST = 604_800
"""Longest that an alarm looks back, in seconds: seven days with periods of at least an hour."""

DAY = 86_400
HOUR = 3600
OF_ONE_METRIC = (
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "Dimensions",
)
MOST_ACTIONS = 5
ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")


def check_alarm(request: dict[str, Any]) -> None:
    """Refuse an alarm that AWS would refuse, or that is not emulated.

    Args:
        request: PutMetricAlarm.

    Raises:
        NotEmulated: it watches something that is not emulated.
        ServiceError: it is wrong.
    """
    for name in ("ComparisonOperator", "EvaluationPeriods", "Threshold"):
        if request.get(name) is None:
            raise missing(name)
    if request["ComparisonOperator"] not in COMPARISONS:
        raise NotEmulated(f"cloudwatch anomaly detection ({request['ComparisonOperator']})")
    if request.get("TreatMissingData", "missing") not in TREATMENTS:
        raise invalid(f"TreatMissingData must be one of {', '.join(TREATMENTS)}")
    if request.get("DatapointsToAlarm", 1) > request["EvaluationPeriods"]:
        raise invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    check_actions(request)
    period = _check_queries(request) if request.get("Metrics") else _check_metric(request)
    span = period * request["EvaluationPeriods"]
    if span > (LONGEST if period >= HOUR else DAY):
        raise invalid("Metrics cannot be checked across more than a day (EvaluationPeriods*Period)")


def check_actions(request: dict[str, Any]) -> None:
    """Refuse actions other than notices to topics.

    Raises:
        NotEmulated: another action.
        ServiceError: there are too many.
    """
    for name in ACTIONS:
        given = request.get(name) or []
        if len(given) > MOST_ACTIONS:
            raise invalid(f"{name} must have at most {MOST_ACTIONS} members")
        for arn in given:
            if kind_of(arn) != "sns":
                raise NotEmulated(f"cloudwatch alarm action {arn}", "Use an SNS topic.")


def check_period(period: int) -> None:
    """Refuse a period that no metric has.

    Raises:
        ServiceError: it is neither short nor a multiple of a minute.
    """
    if period not in SHORT_PERIODS and period % 60:
        raise invalid(f"Period {period} must be 10, 20, 30 or a multiple of 60")


def check_queries(queries: list[dict[str, Any]]) -> None:
    """Refuse queries that do not fit together.

    Raises:
        NotEmulated: a function, statistic or account that is not emulated.
        ServiceError: they are wrong.
    """
    ids = [query["Id"] for query in queries]
    if len(set(ids)) < len(ids):
        raise invalid("The values of Id must be unique")
    for query in queries:
        if not query["Id"][0].islower() or not query["Id"].replace("_", "a").isalnum():
            raise invalid(f"Id {query['Id']} must begin with a lowercase letter")
        if bool(query.get("MetricStat")) == bool(query.get("Expression")):
            raise invalid(f"{query['Id']} must have either MetricStat or Expression")
        if query.get("MetricStat"):
            statistics.check(query["MetricStat"]["Stat"])
            check_period(query["MetricStat"]["Period"])
        else:
            unknown = expression.names_in(query["Expression"]) - set(ids)
            if unknown:
                raise invalid(
                    f"{query['Expression']} uses unknown ids: {', '.join(sorted(unknown))}"
                )


def missing(name: str) -> ServiceError:
    """A parameter that must be there."""
    return ServiceError("MissingParameter", f"The parameter {name} is required.")


def invalid(message: str) -> ServiceError:
    """A parameter that is wrong."""
    return ServiceError("ValidationError", message)


def _check_metric(request: dict[str, Any]) -> int:
    for name in ("MetricName", "Namespace", "Period"):
        if not request.get(name):
            raise missing(name)
    if bool(request.get("Statistic")) == bool(request.get("ExtendedStatistic")):
        raise invalid("Exactly one of Statistic and ExtendedStatistic must be specified")
    statistics.check(request.get("Statistic") or request["ExtendedStatistic"])
    check_period(request["Period"])
    return int(request["Period"])


def _check_queries(request: dict[str, Any]) -> int:
    both = [name for name in OF_ONE_METRIC if request.get(name)]
    if both:
        raise invalid(f"{', '.join(both)} must not be set if Metrics is set")
    queries = request["Metrics"]
    check_queries(queries)
    shown = [query for query in queries if query.get("ReturnData", True)]
    if len(shown) != 1:
        raise invalid("Exactly one element of the metrics list should return data.")
    return period_of(queries)


def period_of(queries: list[dict[str, Any]]) -> int:
    """The period of the data points that queries give: the longest of theirs.

    Raises:
        ServiceError: no query has one.
    """
    periods = [q["MetricStat"]["Period"] for q in queries if q.get("MetricStat")]
    periods += [query["Period"] for query in queries if query.get("Period")]
    if not periods:
        raise invalid("Period must be set")
    return int(max(periods))
