"""Step Functions that execute: moto's engine, with what it lacks added.

moto 5.2.5 brings a complete interpreter of the Amazon States Language
(``moto.stepfunctions.parser``). Each module here adds one thing to it::

    engine         loads the interpreter once, in the background, and applies the patches
    clients        the interpreter's own AWS calls go to this server
    sagemaker_task Task states that run Processing jobs, and stop them
    sdk_task       Task states that call any AWS API (datetimes, bodies, errors)
    jsonata        the JSONata query language
    child_task     Task states that start another state machine, and stop it
    tasks          timeouts and StopExecution end a Task state at once
    literals       texts and numbers of a definition are what JSON says
    paths          a JSONPath to one value gives the value, not a list
    result_path    ResultPath puts a result where it says, or fails by name
    branches       a branch's error comes through a Parallel or Map state
    intrinsics     intrinsic functions, read by intrinsic_calls
    choice         a Choice state without a match, or with a path to nothing, fails by name
    comparisons    the comparisons of a Choice rule, and timestamps
    fail           a Fail state passes on the error that was caught
    wildcard       States.ALL does not match what AWS lets nobody catch
    context        the context object, complete and with times as AWS writes them
    errors         the engine's errors under their names
    executions     StartExecution, StopExecution, DescribeExecution, ListExecutions
    history        GetExecutionHistory, and the end of a history
    logs           execution logs in CloudWatch Logs
    metrics        metrics and events of executions
    machines       Create, Update, Describe, Delete and Validate of state machines
    asl            pure check of a definition: every problem with its JSON path
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World


def install(world: World) -> None:
    """Make moto's Step Functions execute; the engine is loaded by the first request or by warm().

    Args:
        world: the server the executions run in.
    """
    from . import engine

    engine.prepare(world)


def warm(world: World) -> None:
    """Load the engine now: its generated parser takes a second or two to import."""
    from . import engine

    engine.load(world)
