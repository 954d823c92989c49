"""The services that are our own, by the name botocore gives them.

Each value is ``module:Class``, imported on the first request. The class takes one
:class:`~batcat_runtime.emulator.world.World` and has one method per operation in snake case:
``create_processing_job(self, request: dict[str, Any]) -> dict[str, Any]``, keys as in the API.
An operation without a method is refused by name.

A handler that must know the request's region or headers reads
:func:`batcat_runtime.emulator.gateway.current_request`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HERE = "batcat_runtime.emulator"

OWN_SERVICES = {
    "athena": f"{_HERE}.athena.service:Athena",
    "budgets": f"{_HERE}.budgets.service:Budgets",
    "cloudformation": f"{_HERE}.cloudformation.service:CloudFormation",
    "cloudwatch": f"{_HERE}.cloudwatch.service:CloudWatch",
    "glue": f"{_HERE}.glue.service:Glue",
    "lambda": f"{_HERE}.lambda_.service:Lambda",
    "redshift": f"{_HERE}.redshift_wire.clusters:Redshift",
    "redshift-data": f"{_HERE}.redshift_data.service:RedshiftData",
    "redshift-serverless": f"{_HERE}.redshift_wire.clusters:RedshiftServerless",
    "resourcegroupstaggingapi": f"{_HERE}.tagging.service:Tagging",
    "sagemaker": f"{_HERE}.sagemaker.service:SageMaker",
    "scheduler": f"{_HERE}.events.scheduler:Scheduler",
}

LOADED_WHEN_ASKED = ("athena", "glue", "redshift", "redshift-data", "redshift-serverless")
"""Services whose models are large and that many projects never call."""


def load(path: str) -> Any:
    """Import what ``module:name`` names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
