"""Names that AWS limits, each made by one pure function.

A name that does not fit raises ConfigError here, before anything is created; nothing is cut off in
silence, because the template writes the same names and the two must agree.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timezone

from batcat_runtime.errors import ConfigError

TIMESTAMP = "%Y%m%d%H%M%S"
"""How a run's name ends, in UTC."""


@dataclass(frozen=True)
class Limit:
    """What AWS allows a kind of name to be.

    Attributes:
        what: kind of name, as users say it.
        longest: most characters.
        pattern: regular expression that the whole name fits.
        allowed: the pattern in words.
        shortest: fewest characters.
    """

    what: str
    longest: int
    pattern: str
    allowed: str
    shortest: int = 1

    def check(self, name: str) -> str:
        """Return the name when AWS allows it.

        Raises:
            ConfigError: it is too long, too short or holds what is not allowed.
        """
        if len(name) > self.longest:
            raise ConfigError(
                f"{self.what} {name!r} has {len(name)} characters; AWS allows {self.longest}: "
                "shorten project, purpose or step in deploy/config.json",
            )
        if len(name) < self.shortest or not re.fullmatch(self.pattern, name, re.ASCII):
            raise ConfigError(f"{self.what} {name!r} is not allowed; it must be {self.allowed}")
        return name


# Source: AWS Step Functions API Reference, CreateStateMachine: name, 1 to 80 characters.
STATE_MACHINE = Limit("state machine", 80, r"[A-Za-z0-9_-]+", "letters, digits, - and _")
# Source: AWS CloudFormation API Reference, CreateStack: StackName, up to 128 characters.
STACK = Limit("stack", 128, r"[A-Za-z][A-Za-z0-9-]*", "a letter, then letters, digits and -")
# Source: AWS CloudFormation API Reference, CreateChangeSet: ChangeSetName, 1 to 128 characters.
CHANGE_SET = Limit("change set", 128, r"[A-Za-z][A-Za-z0-9-]*", STACK.allowed)
# Source: Amazon SageMaker API Reference, CreateProcessingJob: ProcessingJobName.
JOB = Limit(
    "Processing job",
    63,
    r"[A-Za-z0-9](-*[A-Za-z0-9])*",
    "letters, digits and -, beginning and ending with a letter or digit",
)
# Source: AWS Step Functions API Reference, StartExecution: name, 1 to 80 characters.
EXECUTION = Limit("execution", 80, r"[A-Za-z0-9_-]+", "letters, digits, - and _")
# Source: AWS Lambda API Reference, CreateFunction: a function's name has up to 64 characters.
FUNCTION = Limit("Lambda function", 64, r"[A-Za-z0-9_-]+", "letters, digits, - and _")
# Source: Amazon S3 User Guide, "General purpose bucket naming rules".
BUCKET = Limit(
    "bucket",
    63,
    r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]*[a-z0-9]",
    "3 to 63 lower-case letters, digits, - and ., beginning and ending with a letter or digit",
    shortest=3,
)
# Source: Amazon ECR API Reference, CreateRepository: repositoryName, 2 to 256 characters.
REPOSITORY = Limit(
    "ECR repository",
    256,
    r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*",
    "lower-case letters and digits, separated by -, _, . or /",
    shortest=2,
)


def state_machine(project: str, purpose: str) -> str:
    """Name the state machine: ``WORKFLOW-<PROJECT>-<PURPOSE>``."""
    return STATE_MACHINE.check(f"WORKFLOW-{project}-{purpose}".upper())


def step_state_machine(project: str, purpose: str, step: str, run: str) -> str:
    """Name the temporary state machine that runs one step.

    It belongs to this tool alone, so a name that would be too long ends in a hash of the whole.
    """
    whole = f"{state_machine(project, purpose)}-{step}-{run}".upper()
    if len(whole) > STATE_MACHINE.longest:
        digest = hashlib.sha256(whole.encode()).hexdigest()[:16].upper()
        whole = f"{whole[: STATE_MACHINE.longest - len(digest) - 1]}-{digest}"
    return STATE_MACHINE.check(whole)


def stack(project: str, purpose: str) -> str:
    """Name the stack: ``batcat-<project>-<purpose>``."""
    return STACK.check(f"batcat-{project}-{purpose}")


def change_set(when: datetime) -> str:
    """Name a change set by its moment, to the microsecond."""
    return CHANGE_SET.check(f"batcat-{when:%Y%m%d%H%M%S%f}")


def run(project: str, purpose: str, when: datetime) -> str:
    """Name a run: ``<project>-<purpose>-<YYYYmmddHHMMSS>``.

    It is the execution's name and the front of the name of each of its Processing jobs.

    Args:
        project: the project's name.
        purpose: the purpose's name.
        when: moment of the start, in UTC.

    Returns:
        The name.

    Raises:
        ConfigError: AWS would not allow it.
    """
    return EXECUTION.check(f"{project}-{purpose}-{when.strftime(TIMESTAMP)}")


def moment(run_name: str) -> datetime:
    """When a run of :func:`run` began, to the second, in UTC."""
    return datetime.strptime(run_name[-14:], TIMESTAMP).replace(tzinfo=timezone.utc)


def job(run_name: str, step: str) -> str:
    """Name the Processing job of a step: ``<run>-<step>``, with ``-`` for each ``_``."""
    return JOB.check(f"{run_name}-{step}".replace("_", "-"))


def trigger_function(project: str, purpose: str) -> str:
    """Name the Lambda function that starts executions: ``<project>-<purpose>-trigger``."""
    return FUNCTION.check(f"{project}-{purpose}-trigger")


def repository(project: str, purpose: str) -> str:
    """Name the ECR repository of the project's image: ``<project>-<purpose>``."""
    return REPOSITORY.check(f"{project}-{purpose}".lower())


def artifact_bucket(account: str, region: str) -> str:
    """Name the bucket that holds what deployments upload, one per account and region."""
    return BUCKET.check(f"batcat-artifacts-{account}-{region}")
