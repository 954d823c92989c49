"""What all checks look at: the project, who calls, and the clock; each asked for once."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from threading import RLock
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.deploy.project import CONFIG, Project, find_root, load_project
from batcat_runtime.errors import ConfigError

from .finding import NotLooked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TOLD = ("root", "environment", "environments")
_NEEDED = ("project", "purpose", "steps", "region", "result_s3_bucket")


@dataclass(frozen=True)
class Caller:
    """Who calls.

    Attributes:
        arn: as STS says.
        account: twelve digits.
    """

    arn: str
    account: str

    @property
    def partition(self) -> str:
        """Partition that the credentials are of."""
        return self.arn.split(":")[1]


class Seen:
    """What the checks look at.

    Args:
        project: the project, as far as its configuration can be read.
        problem: what is wrong with the configuration; empty when it is right.
        now: tells the time, in UTC.
    """

    def __init__(
        self, project: Project, problem: str = "", now: Callable[[], datetime] | None = None
    ) -> None:
        self.project = project
        self.problem = problem
        self._now = now or (lambda: datetime.now(timezone.utc))
        self._lock = RLock()
        self._answer: Caller | Exception | None = None
        self._skew: float | None = None

    def ask_caller(self) -> Caller:
        """Ask AWS once who calls.

        Raises:
            AccessError: there are no credentials, or AWS refuses them.
        """
        with self._lock:
            if self._answer is None:
                try:
                    self._answer = self._ask()
                except Exception as error:  # noqa: BLE001 - told to everyone who asks
                    self._answer = error
        if isinstance(self._answer, Caller):
            return self._answer
        raise self._answer

    def caller(self) -> Caller:
        """Who calls, for a check that needs to know.

        Raises:
            NotLooked: nobody can be told.
        """
        try:
            return self.ask_caller()
        except Exception as error:
            raise NotLooked("it takes credentials that work; see the check credentials") from error

    def skew(self) -> float:
        """Seconds that this machine's clock is ahead of AWS's.

        Raises:
            NotLooked: AWS has not answered.
        """
        try:
            self.ask_caller()
        except Exception as error:
            if self._skew is None:
                raise NotLooked("AWS has not said what time it is") from error
        if self._skew is None:
            raise NotLooked("AWS has not said what time it is")
        return self._skew

    def _ask(self) -> Caller:
        from botocore.exceptions import ClientError

        sts = aws.client("sts", self.project.region)
        with aws.explained("ask whose credentials these are", "check the region"):
            try:
                answer = sts.get_caller_identity()
            except ClientError as error:
                self._note_time(error.response)
                raise
        self._note_time(answer)
        return Caller(str(answer["Arn"]), str(answer["Account"]))

    def _note_time(self, answer: dict[str, Any]) -> None:
        told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if told:
            self._skew = (self._now() - parsedate_to_datetime(told)).total_seconds()


def look(start: Path | None, environment: str) -> Seen:
    """Read the project as far as that goes, so that one mistake hides no other.

    Args:
        start: the project's folder or any folder inside it.
        environment: ``local`` or a name from the configuration.

    Raises:
        MissingError: there is no project here.
        ConfigError: not even a region can be read.
    """
    try:
        return Seen(load_project(start, environment))
    except ConfigError as error:
        project = _as_far_as_it_goes(find_root(start), environment)
        if project is None:
            raise
        return Seen(project, str(error))


def _as_far_as_it_goes(root: Path, environment: str) -> Project | None:
    """A project of what can be used of a wrong configuration."""
    try:
        config = json.loads((root / CONFIG).read_text(encoding="utf-8-sig"))
        entries = dict(config.get("environments", {}))
        values = {**config, **entries.get(environment, {})}
        aws.partition_of(values["region"])
    except (
        OSError,
        ValueError,
        AttributeError,
        TypeError,
        KeyError,
    ):  # ConfigError is a ValueError
        return None
    kinds: dict[str, type] = {"int": int, "str": str, "bool": bool, "tuple[str, ...]": list}
    usable: dict[str, Any] = {
        field.name: tuple(value) if isinstance(value, list) else value
        for field in fields(Project)
        if field.name not in _TOLD
        and type(value := values.get(field.name)) is kinds.get(str(field.type))
    }
    known = ("local", *(name for name in entries if name != "local"))
    if environment not in known or not all(usable.get(name) for name in _NEEDED):
        return None
    return Project(root=root, environment=environment, environments=known, **usable)
