"""Put a project into an account, run it there, and take it out again.

project → package → plan → apply puts the stack up; prepare → upload → start → follow → fetch is
one run of it. Each step of both is a module, whose pure part decides and whose thin edge acts.
All of it sees AWS through :mod:`batcat_runtime.aws` only: an account, or whatever
``AWS_ENDPOINT_URL`` names.

    names       what AWS limits            stack       read a stack
    project     deploy/config.json         execution   start, follow, stop
    package     template, local paths      history     what happened, read for people
    artifacts   the bucket of uploads      failure     why it did not succeed
    changes     a change set as rows       single_step one step alone
    plan        decide                     data        input up, results down
    sources     what the first step reads  seed        tables of the local AWS
    apply       act                        run         one run from input to result
    down        take away again            logs, status, workflow
"""

from __future__ import annotations

from .apply import apply
from .down import plan_removal, remove
from .plan import Plan, discard, make_plan
from .project import Project, load_project
from .run import Run
from .run_plan import prepare
from .status import read_status
from .workflow import Workflow, setup_workflow, test_workflow

__all__ = [
    "Plan",
    "Project",
    "Run",
    "Workflow",
    "apply",
    "discard",
    "load_project",
    "make_plan",
    "plan_removal",
    "prepare",
    "read_status",
    "remove",
    "setup_workflow",
    "test_workflow",
]
