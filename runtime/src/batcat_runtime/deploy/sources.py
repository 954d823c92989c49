"""What the first step reads: files in S3, and what it queries from Athena or Redshift."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .project import Project

NEEDED = {
    "s3": (),
    "athena": ("athena_database", "athena_workgroup"),
    "redshift": ("redshift_warehouse", "redshift_database", "redshift_secret"),
}
"""The sources there are, and what ``deploy/config.json`` must say of each."""

# Source: Service Authorization Reference, "Amazon Redshift Serverless": the ARN of a workgroup
# ends in its id; botocore, redshift-data ExecuteStatement, WorkgroupName: that id is a UUID.
_WORKGROUP = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def check(values: Mapping[str, Any], file: Path) -> None:
    """Make sure that the sources are known, and where each of them is.

    Args:
        values: the configuration in one environment.
        file: where it comes from, for messages.

    Raises:
        ConfigError: there is no such source, or a value is missing.
    """
    sources = values.get("data_sources", ("s3",))
    unknown = [source for source in sources if source not in NEEDED]
    if unknown or not sources:
        raise ConfigError(
            f"configuration file {file}: data_sources is {list(sources)}; it must be a list of at "
            f'least one of {", ".join(NEEDED)}, for example ["athena"]'
        )
    missing = [name for source in sources for name in NEEDED[source] if not values.get(name)]
    if missing:
        raise ConfigError(
            f"configuration file {file}: {', '.join(missing)} is missing, which data_sources "
            f"{', '.join(sources)} needs; add it"
        )


def parameters(project: Project) -> dict[str, str]:
    """Give the template's parameters that say where the first step finds what it queries."""
    warehouse = project.redshift_warehouse
    is_serverless = bool(_WORKGROUP.fullmatch(warehouse))
    data = project.athena_data or f"{project.result_path}/tables/"
    bucket, _, prefix = data.removeprefix("s3://").partition("/")
    return {
        "AthenaDatabase": project.athena_database,
        "AthenaWorkgroup": project.athena_workgroup,
        "AthenaDataBucket": bucket,
        "AthenaDataPrefix": prefix,
        "RedshiftCluster": "" if is_serverless else warehouse,
        "RedshiftWorkgroup": warehouse if is_serverless else "",
        "RedshiftDatabase": project.redshift_database,
        "RedshiftSecret": project.redshift_secret,
    }
