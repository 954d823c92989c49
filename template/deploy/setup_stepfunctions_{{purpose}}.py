"""Set up the workflow in an environment of deploy/config.json, and run it once.

Run it in the project's folder, for example `python deploy/setup_stepfunctions_<purpose>.py dev`.
`batcat deploy` and `batcat run` do the same and show more on the way.
"""

from __future__ import annotations

import sys

import batcat_runtime as bc
from batcat_runtime.deploy import setup_workflow, test_workflow


def main(environment: str | None) -> None:
    """Set up and run.

    Args:
        environment: a name from deploy/config.json; None takes the variable BATCAT_ENV.
    """
    config = bc.get_config("deploy/config.json")
    config |= config["environments"].get(environment, {})
    workflow = setup_workflow(
        project=config["project"],
        purpose=config["purpose"],
        workflow_execution_role=config.get("workflow_execution_role"),
        instance_type=config["instance_type"],
        environment=environment,
    )
    result = test_workflow(
        workflow,
        project=config["project"],
        purpose=config["purpose"],
        result_s3_bucket=config["result_s3_bucket"],
    )
    bc.get_logger("setup").info("result: %s", result)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
