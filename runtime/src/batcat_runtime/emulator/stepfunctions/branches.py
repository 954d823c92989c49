"""What fails in a branch or an iteration fails the Parallel or Map state with the same error.

moto breaks on every error of the language itself (``States.TaskFailed`` ...), and lets a
distributed Map state succeed with ``null`` for each item that failed. Without a tolerated failure
threshold, which is not emulated, AWS fails such a state as soon as one item has failed:
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
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
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    iteration_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor.distributed_item_processor_worker import (  # noqa: E501 - moto's name
    DistributedItemProcessorWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iterator.distributed_iterator_worker import (  # noqa: E501 - moto's name
    DistributedIteratorWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError, ProgramRunning

from batcat_runtime.emulator.patching import replace

from .fail import name_of

EXPLAINED = "An error occurred while executing the state "


def patch() -> None:
    """Replace how an error leaves a branch, an iteration and a task with a token."""
    for module in (branches_decl, iteration_worker, state_task_service_callback):
        replace(module, CustomErrorName=name_of)
    details_of = FailureEventException.get_execution_failed_event_details

    def get_execution_failed_event_details(self: Any) -> Any:
        details: Any = details_of(self)
        _, cause = self.extract_error_cause_pair() or (None, None)
        if cause and cause.startswith(EXPLAINED):
            details["cause"] = cause  # the branch has said where it was
        return details

    replace(
        FailureEventException,
        get_execution_failed_event_details=get_execution_failed_event_details,
    )
    for worker in (DistributedItemProcessorWorker, DistributedIteratorWorker):
        replace(worker, _eval_job=_failing_with_its_item(worker._eval_job))  # noqa: SLF001 - the patch


def _failing_with_its_item(eval_job: Any) -> Any:
    def eval_distributed_job(self: Any, env: Any, job: Any) -> None:
        eval_job(self, env, job)
        state = env.program_state()
        if isinstance(state, ProgramError):
            error: Any = state.error or {}
            reason = f"{error.get('error')}: {error.get('cause')}"
            job.job_output = _threshold_exceeded(env, job.job_index, reason)
        elif isinstance(state, ProgramRunning):
            reason = "an input that could not be made"
            job.job_output = _threshold_exceeded(env, job.job_index, reason)

    return eval_distributed_job


def _threshold_exceeded(env: Any, index: int, reason: str) -> Exception:
    kind = StatesErrorNameType.StatesExceedToleratedFailureThreshold
    details: Any = {
        "error": kind.to_name(),
        "cause": (
            f"The specified tolerated failure threshold was exceeded: item {index} failed "
            f"with {reason}"
        ),
    }
    event: Any = {"mapRunFailedEventDetails": details}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=kind),
            event_type=HistoryEventType.MapRunFailed,
            event_details=event,
        )
    )
