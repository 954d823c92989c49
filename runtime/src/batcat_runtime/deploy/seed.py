"""Tables for the local Athena and Redshift: a CSV file of the sample is a table of its name.

Only environment ``local`` is ever filled, through the same services that an account has: objects
in S3 and the Glue Data Catalog for Athena, a connection to Redshift and a secret to log in with.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from batcat_runtime import aws
from batcat_runtime.columns.series import type_of
from batcat_runtime.errors import ConfigError, MissingError
from batcat_runtime.formats.csv_read import read_csv
from batcat_runtime.redshift import save_df_to_redshift
from batcat_runtime.s3.tables import save_to_bucket
from batcat_runtime.steps import content_of

from .data import input_files

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from .project import Project

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Source: Amazon Athena User Guide, "Data types in Amazon Athena", as CREATE TABLE writes them.
_IN_GLUE = {"integer": "bigint", "float": "double", "boolean": "boolean", "date": "date"}
_FORMAT = "org.apache.hadoop.hive.ql.io.parquet"
_PARQUET = {
    "InputFormat": f"{_FORMAT}.MapredParquetInputFormat",
    "OutputFormat": f"{_FORMAT}.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": f"{_FORMAT}.serde.ParquetHiveSerDe"},
}


def fill(project: Project, sample: Path) -> list[str]:
    """Fill the local sources that the project's first step queries.

    Args:
        project: the project in environment ``local``, deployed.
        sample: a CSV file, or the folder with them; a table that is there is replaced.

    Returns:
        Names of the tables.

    Raises:
        ConfigError: the project is in another environment; its tables are never written.
        MissingError: the sample holds no CSV file.
        DataError: a file is malformed; the message names the line.
        MissingExtraError: what fills a source is not installed.
    """
    if not project.is_local:
        raise ConfigError(
            f"environment {project.environment} has tables of its own, which are never written; "
            "only the local AWS is filled from a sample"
        )
    tables = read_tables(sample)
    if "redshift" in project.queried:
        _keep_secret(project)
    for name, table in tables.items():
        if "athena" in project.queried:
            _into_athena(project, name, table)
        if "redshift" in project.queried:
            _into_redshift(project, name, table)
    return list(tables)


def read_tables(sample: Path) -> dict[str, pd.DataFrame]:
    """Read the CSV files of a sample as a database would hold them.

    Args:
        sample: a CSV file, or the folder with them.

    Returns:
        Name of the table to its rows. Names are in small letters, with an underscore for all that
        is no letter or digit; texts that are all days (``2026-01-31``) are dates.

    Raises:
        MissingError: there is no CSV file.
        DataError: a file is malformed; the message names the line.
    """
    found = input_files(sample)
    files = {name: at for name, at in found.items() if name.lower().endswith((".csv", ".csv.gz"))}
    if not files:
        raise MissingError(
            f"no CSV file in {sample}, and the local tables are made from them; put one there, "
            "named after the table that the query reads"
        )
    tables = {}
    for name, file in files.items():
        table = read_csv(content_of(file, name), name)
        table.columns = table.columns.map(_plain)
        for column in table.columns:
            table[column] = _with_days(table[column])
        tables[_plain(file.name.lower().removesuffix(".gz").removesuffix(".csv"))] = table
    return tables


def _plain(name: object) -> str:
    return re.sub(r"\W+", "_", str(name).strip().lower())


def _with_days(column: pd.Series[Any]) -> pd.Series[Any]:
    """Take texts for dates when each of them is one."""
    import pandas as pd

    texts = column.dropna()
    if texts.empty or not all(isinstance(one, str) and _DAY.fullmatch(one) for one in texts):
        return column
    days = pd.to_datetime(column, format="%Y-%m-%d", errors="coerce")
    return column if days.isna().sum() > column.isna().sum() else days.dt.date.where(days.notna())


def _into_athena(project: Project, name: str, table: pd.DataFrame) -> None:
    """Store a table's rows, and say in the Data Catalog what they are."""
    folder = f"{project.purpose}/tables/{name}/"  # as the template's AthenaDataPrefix
    save_to_bucket(table, project.result_s3_bucket, f"{folder}{name}.parquet")
    columns = [
        {"Name": column, "Type": _IN_GLUE.get(type_of(table[column], column).kind, "string")}
        for column in table.columns
    ]
    place = {"Location": f"s3://{project.result_s3_bucket}/{folder}", "Columns": columns}
    described = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": {**place, **_PARQUET},
    }
    database = project.athena_database
    glue = aws.client("glue", project.region)
    there = glue.exceptions.AlreadyExistsException
    with aws.explained(f"fill table {database}.{name}", "it is only made on the local AWS"):
        with suppress(there):
            glue.create_database(DatabaseInput={"Name": database})
        try:
            glue.create_table(DatabaseName=database, TableInput=described)
        except there:
            glue.update_table(DatabaseName=database, TableInput=described)


def _into_redshift(project: Project, name: str, table: pd.DataFrame) -> None:
    """Store a table's rows; every identifier leads to the one local warehouse."""
    save_df_to_redshift(
        table,
        None,
        None,
        database=project.redshift_database,
        table_name=name,
        if_exists="replace",
        index=False,
        cluster="local",
        region=project.region,
    )


def _keep_secret(project: Project) -> None:
    """Make the secret, in the form of Redshift's own; the local warehouse checks no password."""
    told = {"username": "awsuser", "password": "local"}
    manager = aws.client("secretsmanager", project.region)
    with (
        aws.explained(f"make the secret {project.redshift_secret}", "it is only made locally"),
        suppress(manager.exceptions.ResourceExistsException),
    ):
        manager.create_secret(Name=project.redshift_secret, SecretString=json.dumps(told))
