"""What whoever deploys and runs a project must be allowed.

CloudFormation makes a stack's resources with the rights of its caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batcat_runtime.deploy import cfn_yaml, names
from batcat_runtime.deploy.artifacts import Account
from batcat_runtime.deploy.image.push import has_image
from batcat_runtime.deploy.logs import GROUP

from .actions import ARTIFACTS, IMAGE, LOG_KEY, NO_RESOURCE, OF_TYPE, PASSED_TO, STACK

if TYPE_CHECKING:
    from batcat_runtime.deploy.project import Project


_SAM = "transform/Serverless-2016-10-31"
TRUTH = ("true", "false")
"""Values of condition keys that are compared as such, and not as text."""
_KEPT = 24
"""What CloudFormation keeps of a stack's name in that of a resource which may not be long: seen in
the names of roles in public issue threads; it documents only that it shortens them."""


@dataclass(frozen=True)
class Need:
    """Some actions on some resources.

    Attributes:
        why: what they are for.
        actions: for example ``s3:GetObject``.
        resources: ARNs.
        context: condition keys and their values.
        only_down: whether nothing but ``batcat down`` takes it.
    """

    why: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: dict[str, str] = field(default_factory=dict)
    only_down: bool = False


def needs(
    project: Project, account: str, partition: str, *, makes_bucket: bool = True
) -> list[Need]:
    """What deploying, running and removing the project takes.

    Args:
        project: the project in its environment.
        account: twelve digits.
        partition: of the account.
        makes_bucket: whether the bucket of results is the stack's to make.
    """
    resources = cfn_yaml.load(project.template).get("Resources") or {}
    types = {one.get("Type", "") for one in resources.values()}
    types -= _unasked(project, makes_bucket=makes_bucket)
    places = _Places(project, account, partition)
    found = _of_verbs(project, places)
    if has_image(project):
        place = (places.of_type("AWS::ECR::Repository"),)
        remove = ("ecr:BatchDeleteImage", "ecr:ListImages")
        found += [
            Need("push the image", tuple(f"ecr:{one}" for one in IMAGE), place),
            Need("log in to ECR", ("ecr:GetAuthorizationToken",), NO_RESOURCE),
            Need("remove images", remove, place, only_down=True),
        ]
    found += [
        Need(f"make, change and delete {kind}", OF_TYPE[kind], (places.of_type(kind),))
        for kind in sorted(types & set(OF_TYPE))
    ]
    if project.kms_key:
        groups = (places.of_type("AWS::Logs::LogGroup"),)
        found += [
            Need("encrypt the logs", LOG_KEY, groups),
            Need("encrypt data", ("kms:Decrypt", "kms:GenerateDataKey"), (project.kms_key,)),
        ]
    for kind in sorted(types & set(PASSED_TO)):
        is_workflow = kind.endswith("StateMachine")
        named = project.workflow_execution_role if is_workflow else project.trigger_role
        role = named or places.of_type("AWS::IAM::Role")
        passed = {"iam:PassedToService": PASSED_TO[kind]}
        found.append(Need(f"hand {kind} its role", ("iam:PassRole",), (role,), passed))
    return found


def _unasked(project: Project, *, makes_bucket: bool) -> set[str]:
    """Types of which the template makes none for this project."""
    made = {
        "AWS::Budgets::Budget": project.monthly_budget,
        "AWS::IAM::Role": not (project.workflow_execution_role and project.trigger_role),
        "AWS::S3::Bucket": makes_bucket,
        "AWS::S3::BucketPolicy": makes_bucket,
        "AWS::SNS::Subscription": project.alarm_email,
    }
    return {kind for kind, is_made in made.items() if not is_made}


def _of_verbs(project: Project, places: _Places) -> list[Need]:
    """What the verbs of ``batcat`` do themselves."""
    artifacts, results = places.artifacts, places.results
    machine = places.of_type("AWS::Serverless::StateMachine")
    return [
        Need(
            "plan and change the stack",
            tuple(f"cloudformation:{one}" for one in STACK),
            (places.arn("cloudformation", f"stack/{project.stack}/*"),),
        ),
        Need(
            "let SAM expand the template",
            ("cloudformation:CreateChangeSet",),
            (places.sam,),
        ),
        Need("have a bucket of artifacts", ARTIFACTS, (artifacts,)),
        Need(
            "upload artifacts",
            ("s3:GetObject", "s3:PutObject"),
            (f"{artifacts}/{project.stack}/*",),
        ),
        Need("find inputs and results", ("s3:ListBucket",), (results,)),
        Need(
            "upload inputs and fetch results",
            ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
            (f"{results}/{project.purpose}/*",),
        ),
        Need("start and find runs", ("states:ListExecutions", "states:StartExecution"), (machine,)),
        Need(
            "follow and stop runs",
            ("states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"),
            (places.arn("states", f"execution:{project.state_machine}:*"),),
        ),
        Need(
            "follow and stop jobs",
            ("sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"),
            (places.arn("sagemaker", f"processing-job/{project.project}-{project.purpose}-*"),),
        ),
        Need(
            "read the log of a step",
            ("logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"),
            (places.arn("logs", f"log-group:{GROUP}:*"),),
        ),
        Need(
            "look for what is left",
            ("logs:DescribeLogGroups", "sagemaker:ListProcessingJobs", "tag:GetResources"),
            NO_RESOURCE,
            only_down=True,
        ),
    ]


class _Places:
    """Where what the project needs lies, as ARNs."""

    def __init__(self, project: Project, account: str, partition: str) -> None:
        self._project, self._account, self._partition = project, account, partition
        self.artifacts = f"arn:{partition}:s3:::{Account(account, project.region).artifact_bucket}"
        self.sam = f"arn:{partition}:cloudformation:{project.region}:aws:{_SAM}"
        self.results = f"arn:{partition}:s3:::{project.result_s3_bucket}"

    def arn(self, service: str, resource: str) -> str:
        return f"{self._everywhere(service, self._project.region)}:{resource}"

    def of_type(self, kind: str) -> str:
        """Resources of a type, by the names that the template or CloudFormation gives them."""
        project = self._project
        made = f"{project.stack}-*"
        short = f"{project.stack[:_KEPT]}*"
        named = f"{project.project}-{project.purpose}-{project.environment}"
        function = names.trigger_function(project.project, project.purpose)
        return {
            "AWS::Budgets::Budget": f"{self._everywhere('budgets')}:budget/{named}",
            "AWS::CloudWatch::Alarm": self.arn("cloudwatch", f"alarm:{made}"),
            "AWS::CloudWatch::Dashboard": f"{self._everywhere('cloudwatch')}:dashboard/{named}",
            "AWS::ECR::Repository": self.arn("ecr", f"repository/{project.repository}"),
            "AWS::Events::Rule": self.arn("events", f"rule/{short}"),
            "AWS::IAM::Role": f"{self._everywhere('iam')}:role/{short}",
            "AWS::Logs::LogGroup": self.arn("logs", f"log-group:/aws/lambda/{function}:*"),
            "AWS::S3::Bucket": self.results,
            "AWS::S3::BucketPolicy": self.results,
            "AWS::SNS::Subscription": self.arn("sns", made),
            "AWS::SNS::Topic": self.arn("sns", made),
            "AWS::SQS::Queue": self.arn("sqs", short),
            "AWS::Scheduler::Schedule": self.arn("scheduler", f"schedule/default/{short}"),
            "AWS::Serverless::Function": self.arn("lambda", f"function:{function}"),
            "AWS::Serverless::StateMachine": self.arn(
                "states", f"stateMachine:{project.state_machine}"
            ),
        }[kind]

    def _everywhere(self, service: str, region: str = "") -> str:
        return f"arn:{self._partition}:{service}:{region}:{self._account}"


def condition(need: Need) -> dict[str, Any] | None:
    """The condition that a statement for a need has."""
    found: dict[str, dict[str, str]] = {}
    for key, value in need.context.items():
        found.setdefault("Bool" if value in TRUTH else "StringEquals", {})[key] = value
    return found or None
