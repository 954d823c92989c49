"""``batcat doctor``: look at all that a deployment and a run need, and change nothing.

finding     what was found, and what mends it
seen        what all checks look at: project, caller, clock
here        the project's own files
caller      credentials, account, partition, region, clock
actions     what each type of resource takes
needs       what this project takes
rights      what the caller may do, simulated by IAM
role        the role that the configuration names
buckets     of results and artifacts
places      image, registry, quota, logs of steps
examine     every check at once, each with a time limit
"""

from __future__ import annotations

from .examine import examine
from .finding import Finding, Report

__all__ = ["Finding", "Report", "examine"]
