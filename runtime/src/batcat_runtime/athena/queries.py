"""Queries of Athena under way: started, watched, and cancelled when nobody waits any more."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from batcat_runtime.aws import client, explained
from batcat_runtime.errors import ConfigError, ExecutionError
from batcat_runtime.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from typing_extensions import Self

_FIRST_PAUSE, _LONGEST_PAUSE, _SHARE = 0.05, 3.0, 0.1  # seconds, and share of the time waited
_MB = 1024 * 1024
_LEAST_MB, _MB_PER_TB = 10, _MB  # source: Amazon Athena pricing
_PRICE = "BATCAT_ATHENA_PRICE_PER_TB"


class Queries:
    """Queries of one call; an error or Ctrl-C cancels those that have not ended.

    Args:
        region: AWS region; None for the environment's.
        settings: members of StartQueryExecution that all have in common; None is left out.
        limit: seconds until those that have not ended are cancelled; None for no limit.
        price: what a scanned terabyte costs, if known.
    """

    def __init__(
        self, region: str | None, settings: dict[str, Any], limit: float | None, price: float | None
    ) -> None:
        self._region = region
        self._settings = {name: value for name, value in settings.items() if value}
        self._limit = limit
        self._price = _price(price)
        self._begin = time.monotonic()
        self._running: list[str] = []

    @property
    def region(self) -> str | None:
        """Where they run."""
        return self._region

    def start(self, text: str, arguments: list[str], reuse: int = 0) -> str:
        """Start a query.

        Args:
            text: SQL.
            arguments: literals for its question marks.
            reuse: minutes for which a result may be taken again.

        Returns:
            Its id.
        """
        request = {"QueryString": text, "ClientRequestToken": str(uuid.uuid4()), **self._settings}
        if arguments:
            request["ExecutionParameters"] = arguments
        if reuse:
            by_age = {"Enabled": True, "MaxAgeInMinutes": reuse}
            request["ResultReuseConfiguration"] = {"ResultReuseByAgeConfiguration": by_age}
        with self._explained("run the query"):
            try:
                answer = self._client.start_query_execution(**request)
            except BaseException as error:
                if not isinstance(error, Exception):  # Ctrl-C: it may run, and its id is not known
                    with suppress(Exception):
                        again = self._client.start_query_execution(**request)
                        self._running.append(again["QueryExecutionId"])
                raise
        identity: str = answer["QueryExecutionId"]
        self._running.append(identity)
        return identity

    def wait(self, identity: str) -> dict[str, Any]:
        """Wait for the end of a query, and log what it scanned.

        Returns:
            What Athena says of it, succeeded or failed.

        Raises:
            ExecutionError: it has not ended within the limit, or was cancelled.
        """
        for waited in _pauses(self._begin, self._limit):
            with self._explained(f"look after query {identity}"):
                answer = self._client.get_query_execution(QueryExecutionId=identity)
            execution: dict[str, Any] = answer["QueryExecution"]
            state = execution["Status"]["State"]
            if state in {"SUCCEEDED", "FAILED", "CANCELLED"}:
                self._running.remove(identity)
                self._log(identity, execution)
                break
            if self._limit is not None and waited >= self._limit:
                raise ExecutionError(
                    f"Athena query {identity} has not ended within {self._limit:g} s and is "
                    f"cancelled (it was {state}); give timeout= more seconds, or scan less: "
                    "partitions, fewer columns",
                )
        if state == "CANCELLED":
            reason = execution["Status"].get("StateChangeReason", "no reason is given")
            raise ExecutionError(
                f"Athena query {identity} was cancelled: {reason}; run it again, or ask who "
                "cancelled it",
            )
        return execution

    @staticmethod
    def check(identity: str, execution: dict[str, Any]) -> None:
        """Raise an error if a query failed."""
        status = execution["Status"]
        if status["State"] != "SUCCEEDED":
            why = status.get("StateChangeReason", "no reason is given")
            raise ExecutionError(f"Athena query {identity} failed: {why}")

    def results(self, identity: str, **more: Any) -> dict[str, Any]:
        """Get a page of rows."""
        with self._explained(f"read the rows of query {identity}"):
            found: dict[str, Any] = self._client.get_query_results(
                QueryExecutionId=identity, **more
            )
        return found

    def stop(self) -> None:
        """Cancel all that have not ended."""
        while self._running:
            identity = self._running.pop()
            try:
                self._client.stop_query_execution(QueryExecutionId=identity)
            except Exception as failure:  # noqa: BLE001 - an error before this is the one to tell
                get_logger("batcat_runtime").warning(
                    "Athena query %s could not be cancelled: %s", identity, failure
                )

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel all that have not ended."""
        self.stop()

    @property
    def _client(self) -> Any:
        return client("athena", self._region)

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        from botocore.exceptions import ClientError

        with explained(f"{doing} on Athena", "check the workgroup and the region"):
            try:
                yield
            except ClientError as error:
                told = error.response.get("Error", {})
                if told.get("Code") != "InvalidRequestException":
                    raise
                raise ConfigError(
                    f"cannot {doing} on Athena: {told.get('Message')}; check the query, "
                    "s3_staging_dir and workgroup",
                ) from error

    def _log(self, identity: str, execution: dict[str, Any]) -> None:
        statistics = execution.get("Statistics", {})
        scanned = statistics.get("DataScannedInBytes", 0)
        reused = statistics.get("ResultReuseInformation", {}).get("ReusedPreviousResult", False)
        billed = max(_LEAST_MB, -(-scanned // _MB)) if scanned else 0
        cost = "" if self._price is None else f", costs {billed / _MB_PER_TB * self._price:.6f}"
        get_logger("batcat_runtime").info(
            "Athena query %s: %s, %.1f s, %.1f MB scanned%s%s",
            identity,
            execution["Status"]["State"].lower(),
            statistics.get("TotalExecutionTimeInMillis", 0) / 1000,
            scanned / _MB,
            cost,
            ", result reused" if reused else "",
        )


def _pauses(begin: float, limit: float | None) -> Iterator[float]:
    """Sleep a little longer at each step, not far beyond the limit.

    Yields:
        Seconds since the beginning.
    """
    first = time.monotonic()
    while True:
        passed = time.monotonic() - begin
        yield passed
        pause = min(max(_FIRST_PAUSE, (time.monotonic() - first) * _SHARE), _LONGEST_PAUSE)
        left = pause if limit is None else max(limit - passed, _FIRST_PAUSE)
        time.sleep(min(pause, left))


def _price(given: float | None) -> float | None:
    told = os.environ.get(_PRICE)
    if given is not None or not told:
        return given
    try:
        return float(told)
    except ValueError as error:
        raise ConfigError(
            f"{_PRICE} is {told!r}; give what a scanned TB costs: a number"
        ) from error
