"""Load moto's interpreter once, patched, and make moto's API use it."""

from __future__ import annotations

import logging
from threading import RLock
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

_lock = RLock()
_loaded: list[Any] = []

SMALLEST = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'


def prepare(world: World) -> None:
    """Make every request of moto's Step Functions API wait for the patched engine.

    Args:
        world: the server the executions run in.
    """
    from moto.stepfunctions import responses

    from . import executions, history, machines

    def backend(account: str, region: str) -> Any:
        return load(world)[account][region]

    replace(responses, get_backend=backend)
    executions.patch_api(responses.StepFunctionResponse)
    history.patch_api(responses.StepFunctionResponse)
    machines.patch_api(responses.StepFunctionResponse, world)


def load(world: World) -> Any:
    """The engine's backends by account and region.

    The first call imports the engine (1-2 s) and patches it; later calls are free.

    Args:
        world: the server the executions run in.
    """
    with _lock:
        if not _loaded:
            _loaded.append(_load(world))
        return _loaded[0]


def _load(world: World) -> Any:
    # The engine logs each failed state as an error of its own; a failed state is an answer here.
    logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)
    # First of all: whoever else imports the engine at this moment enters by the same module.
    from moto.stepfunctions.parser import models
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    from . import (
        branches,
        child_task,
        choice,
        clients,
        comparisons,
        context,
        errors,
        executions,
        fail,
        history,
        intrinsics,
        jsonata,
        literals,
        logs,
        metrics,
        paths,
        result_path,
        sagemaker_task,
        sdk_task,
        tasks,
        wildcard,
    )

    clients.patch(world)
    language: tuple[Any, ...] = (choice, comparisons, context, jsonata)
    texts: tuple[Any, ...] = (intrinsics, literals, paths, result_path)
    failures: tuple[Any, ...] = (branches, errors, fail, wildcard)
    api: tuple[Any, ...] = (executions, history)
    services: tuple[Any, ...] = (tasks, sagemaker_task, sdk_task, child_task)
    for module in (*language, *texts, *failures, *api, *services):
        module.patch()
    logs.patch(world)
    metrics.patch(world)
    AmazonStateLanguageParser.parse(SMALLEST)
    return models.stepfunctions_parser_backends
