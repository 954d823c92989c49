"""Credentials, account, partition, region and clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batcat_runtime import aws
from batcat_runtime.deploy.project import CONFIG
from batcat_runtime.errors import AccessError

from .finding import FAILED, OK, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .seen import Seen

SERVICES = (
    "cloudformation",
    "ecr",
    "lambda",
    "logs",
    "s3",
    "sagemaker",
    "scheduler",
    "stepfunctions",
)
"""What a pipeline is made of, by the names of boto3."""

ROUNDED = 1
"""Seconds that a clock seems to be wrong because AWS says whole ones."""

REFUSED_BY_SOME = 300
REFUSED_BY_ALL = 900
"""Seconds that a clock may be wrong before AWS refuses what it signs."""
# Sources: AWS IAM User Guide, "Elements of an AWS API request signature": a request must reach AWS
# within five minutes of its time stamp; Amazon S3's error RequestTimeTooSkewed and the message
# "Signature expired … (… - 15 min.)" of others name fifteen.

_EXPIRED = ("ExpiredToken", "RequestExpired", "TokenRefreshRequired", "expired")


def check_credentials(seen: Seen) -> Iterator[Finding]:
    """There are credentials, AWS takes them, and whose they are."""
    try:
        caller = seen.ask_caller()
    except AccessError as error:
        told = str(error)
        if "locate credentials" in told:
            text, mend = "there are no credentials", "aws configure sso, then aws sso login"
        elif any(sign in told for sign in _EXPIRED):
            text, mend = "the credentials have expired", "aws sso login"
        else:
            text, mend = told, "aws sts get-caller-identity, with another AWS_PROFILE"
        yield Finding("credentials", FAILED, text, mend=mend)
        return
    if caller.arn.endswith(":root"):
        text = "these are the credentials of the account's root user, who may do all and more"
        mend = "make a role for people in IAM Identity Center: aws configure sso"
        yield Finding("credentials", WARNING, text, caller.arn, mend)
    else:
        yield Finding("credentials", OK, "AWS takes them", caller.arn)


def check_account(seen: Seen) -> Iterator[Finding]:
    """The credentials are of the account that the environment names."""
    project, caller = seen.project, seen.caller()
    if project.account and caller.account != project.account:
        text = (
            f"the credentials are of account {caller.account}, but environment "
            f"{project.environment} is account {project.account}"
        )
        mend = f"choose a profile of {project.account}: export AWS_PROFILE=<name>"
        yield Finding("account", FAILED, text, caller.arn, mend)
    elif not project.account and not project.is_local:
        text = f"environment {project.environment} names no account, so it takes any"
        mend = f'add under environments.{project.environment}: "account": "{caller.account}"'
        yield Finding("account", WARNING, text, str(CONFIG), mend)
    else:
        yield Finding("account", OK, f"account {caller.account}")


def check_partition(seen: Seen) -> Iterator[Finding]:
    """Region, configuration and credentials are of one partition."""
    project, caller = seen.project, seen.caller()
    of_region = aws.partition_of(project.region)
    for what, found in ((f"region {project.region}", of_region), (caller.arn, caller.partition)):
        if found != project.partition:
            text = f"{what} is of partition {found}, but the configuration says {project.partition}"
            mend = f'say "partition": "{found}", or take another region or profile'
            yield Finding("partition", FAILED, text, str(CONFIG), mend)
            return
    yield Finding("partition", OK, f"partition {project.partition}")


def check_region(seen: Seen) -> Iterator[Finding]:
    """The region has every service that a pipeline takes."""
    import botocore.session

    project = seen.project
    session = botocore.session.get_session()
    partition = aws.partition_of(project.region)
    lacking = [
        service
        for service in SERVICES
        if project.region not in session.get_available_regions(service, partition)
    ]
    if lacking:
        text = f"botocore knows no {', '.join(lacking)} in region {project.region}"
        mend = "pip install -U boto3 if the region is new; else take another region"
        yield Finding("region", WARNING, text, project.region, mend)
    else:
        yield Finding("region", OK, "has every service that the pipeline takes", project.region)


def check_clock(seen: Seen) -> Iterator[Finding]:
    """This machine's clock agrees with AWS's."""
    skew = seen.skew()
    text = f"this machine's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} AWS's"
    if abs(skew) <= ROUNDED:
        text = "this machine's clock agrees with AWS's"
    mend = "let the system set its clock from the network: timedatectl set-ntp true"
    if abs(skew) > REFUSED_BY_ALL:
        yield Finding("clock", FAILED, f"{text}; AWS refuses what it signs", mend=mend)
    elif abs(skew) > REFUSED_BY_SOME:
        yield Finding("clock", WARNING, f"{text}; some services refuse what it signs", mend=mend)
    else:
        yield Finding("clock", OK, text)
