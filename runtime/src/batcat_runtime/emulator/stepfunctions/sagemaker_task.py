"""Task states that run Processing jobs: ``sagemaker:createProcessingJob`` and ``.sync``.

What AWS documents (https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html):
request-response and ``.sync`` are supported, ``.waitForTaskToken`` is not. A ``.sync`` state's
output is the job's description, its times as milliseconds since 1970; a job that does not
complete is ``States.TaskFailed`` with that description as Cause. An error of the API itself is
``SageMaker.<Code>``, in which whatever is not an exception of the SageMaker model comes as
``SageMaker.AmazonSageMakerException``. When the execution stops or the state times out, Step
Functions stops the job
(https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync).
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_factory,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (  # noqa: E501 - moto's name
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NOT_EMULATED

from .tasks import pause

RUNNING = ("InProgress", "Stopping")
MANAGED = {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
"""Tag that Step Functions gives each job, which is why its role needs ``sagemaker:AddTags`` (AWS
documentation of the integration's policies; github.com/aws/aws-cdk issues 26012 and 32294)."""

MODELLED_EXCEPTIONS = ("Conflict", "ResourceInUse", "ResourceLimitExceeded", "ResourceNotFound")
"""Exceptions in botocore's SageMaker model; the AWS SDK for Java names any other after itself."""


def patch() -> None:
    """Make the engine run ``sagemaker`` Task states with :class:`ProcessingJobTask`."""
    other = state_task_service_factory.state_task_service_for

    def state_task_service_for(service_name: str) -> Any:
        return ProcessingJobTask() if service_name == "sagemaker" else other(service_name)

    replace(state_task_factory, state_task_service_for=state_task_service_for)


def error_name(code: str) -> str:
    """Name under which Step Functions shows an error code of SageMaker's API."""
    if code == NOT_EMULATED:
        return code  # no Retry for a service's own errors shall repeat it
    bare = code.removesuffix("Exception")
    if bare in MODELLED_EXCEPTIONS:
        return f"SageMaker.{bare}Exception"
    return "SageMaker.AmazonSageMakerException"


def as_output(description: dict[str, Any]) -> dict[str, Any]:
    """A description of a job as a state's output: times are milliseconds since 1970."""
    return {
        key: int(value.timestamp() * 1000) if isinstance(value, datetime) else value
        for key, value in description.items()
        if key != "ResponseMetadata"
    }


class ProcessingJobTask(StateTaskServiceCallback):
    """Runs one Processing job and, with ``.sync``, waits for its end."""

    def __init__(self) -> None:
        patterns: Any = {ResourceCondition.Sync}
        super().__init__(supported_integration_patterns=patterns)

    def _validate_service_integration_is_supported(self) -> None:
        # asl.py has checked the Resource, in words that name what is not emulated.
        return

    def _eval_service_task(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        if not env.is_running():
            raise RuntimeError("the execution ended before the job was created")
        region = resource_runtime_part.region
        client = boto_client.boto_client_for(region, "sagemaker", state_credentials)
        tags = [*normalised_parameters.get("Tags", []), MANAGED]
        answer = client.create_processing_job(**{**normalised_parameters, "Tags": tags})
        env.stack.append(as_output(answer))

    def _eval_integration_pattern(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        env.stack.pop()
        region = resource_runtime_part.region
        client = boto_client.boto_client_for(region, "sagemaker", state_credentials)
        name = normalised_parameters["ProcessingJobName"]
        started = time.monotonic()
        while env.is_running():
            description = as_output(client.describe_processing_job(ProcessingJobName=name))
            if description["ProcessingJobStatus"] == "Completed":
                env.stack.append(description)
                return
            if description["ProcessingJobStatus"] not in RUNNING:
                raise FailureEventException(self._job_failed(env, description))
            pause(env, started)
        # Timed out or stopped: nobody waits for this thread any more, but the job must end.
        with suppress(ClientError, BotoCoreError):
            client.stop_processing_job(ProcessingJobName=name)
        env.stack.append(None)

    def _from_error(self, env: Any, ex: Exception) -> Any:
        if isinstance(ex, ClientError):
            error, metadata = ex.response["Error"], ex.response["ResponseMetadata"]
            cause = (
                f"{error['Message']} (Service: AmazonSageMaker; Status Code: "
                f"{metadata['HTTPStatusCode']}; Error Code: {error['Code']}; "
                f"Request ID: {metadata.get('RequestId')}; Proxy: null)"
            )
            name = error_name(error["Code"])
            return self._failure(env, CustomErrorName(name), name, cause)
        if isinstance(ex, BotoCoreError):
            # What AWS refuses as a badly formed request, botocore refuses before it is sent.
            name = error_name("ValidationException")
            return self._failure(env, CustomErrorName(name), name, str(ex))
        return super()._from_error(env=env, ex=ex)

    def _job_failed(self, env: Any, description: dict[str, Any]) -> Any:
        kind = StatesErrorNameType.StatesTaskFailed
        return self._failure(
            env, StatesErrorName(typ=kind), kind.to_name(), to_json_str(description, (",", ":"))
        )

    def _failure(self, env: Any, error_name: Any, error: str, cause: str) -> Any:
        details: Any = {
            "error": error,
            "cause": cause,
            "resource": self._get_sfn_resource(),
            "resourceType": self._get_sfn_resource_type(),
        }
        event: Any = {"taskFailedEventDetails": details}
        return FailureEvent(
            env=env,
            error_name=error_name,
            event_type=HistoryEventType.TaskFailed,
            event_details=event,
        )
