"""What parliament finds in policies: names and policies as JSON in, findings as JSON out.

Runs in the linters' own environment, .tools/lint, which is the only one that has parliament.
"""

from __future__ import annotations

import json
import sys

from parliament import analyze_policy_string

if __name__ == "__main__":
    found = [
        [name, finding.issue, finding.detail]
        for name, policy in json.load(sys.stdin).items()
        for finding in analyze_policy_string(
            json.dumps(policy), include_community_auditors=True
        ).findings
    ]
    json.dump(found, sys.stdout, default=str)
