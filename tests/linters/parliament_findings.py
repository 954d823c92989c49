"""What parliament finds in policies: names and policies as JSON in, findings as JSON out.

Runs in the linters' own environment, .tools/lint, which is the only one that has parliament.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from parliament import analyze_policy_string


def about(finding: Any) -> str:
    """What a finding is about: actions, a wrong ARN, or nothing more than the policy."""
    if finding.issue == "INVALID_ARN":
        return str(finding.location["string"])
    if isinstance(finding.detail, list):
        return " ".join(one["action"] for one in finding.detail)
    return str(finding.detail).rpartition(" ")[2]


if __name__ == "__main__":
    found = [
        [name, finding.issue, about(finding)]
        for name, policy in json.load(sys.stdin).items()
        for finding in analyze_policy_string(
            json.dumps(policy), include_community_auditors=True
        ).findings
    ]
    json.dump(found, sys.stdout)
