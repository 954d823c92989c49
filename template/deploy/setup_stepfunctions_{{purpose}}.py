"""Set up the workflow in an environment of deploy/config.json, and run it once.

Run it in the project's folder, for example `python deploy/setup_stepfunctions_<purpose>.py dev`.
`batcat deploy` and `batcat run` do the same and show more on the way.
"""

from __future__ import annotations

import os
import sys

import batcat_runtime as bc
from batcat_runtime.deploy import load_project, setup_workflow, test_workflow


def main(environment: str | None) -> None:
    """Set up and run.

    Args:
        environment: a name from deploy/config.json; None takes the variable BATCAT_ENV, and local
            where AWS_ENDPOINT_URL names a local AWS.
    """
    here = load_project(environment=environment or os.environ.get("BATCAT_ENV") or "local")
    workflow = setup_workflow(
        project=here.project,
        purpose=here.purpose,
        workflow_execution_role=here.workflow_execution_role,
        instance_type=here.instance_type,
        environment=environment,
    )
    result = test_workflow(
        workflow,
        project=here.project,
        purpose=here.purpose,
        result_s3_bucket=here.result_s3_bucket,
    )
    bc.get_logger("setup").info("result: %s", result)


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else None)
    except bc.BatCatError as error:
        sys.exit(f"Error: {error}")
