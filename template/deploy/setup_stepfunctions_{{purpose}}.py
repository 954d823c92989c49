"""Set up the workflow in an environment and run it once.

python deploy/setup_stepfunctions_<purpose>.py          on a local AWS
python deploy/setup_stepfunctions_<purpose>.py dev      in the account of that environment

`batcat deploy` and `batcat run` do the same and show more on the way.
"""

from __future__ import annotations

from pathlib import Path

import batcat_runtime as bc
from batcat_runtime.deploy import setup_workflow, test_workflow

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Set up and run."""
    config = bc.get_config(str(ROOT / "deploy" / "config.json"))
    workflow = setup_workflow(
        project=config["project"],
        purpose=config["purpose"],
        workflow_execution_role=config.get("workflow_execution_role", ""),
    )
    test_workflow(
        workflow,
        project=config["project"],
        purpose=config["purpose"],
        result_s3_bucket=config["result_s3_bucket"],
    )


if __name__ == "__main__":
    main()
