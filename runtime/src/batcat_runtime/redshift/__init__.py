"""Read from Redshift and write to it: with a password, with IAM, serverless, or with a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from batcat_runtime.hiding import hidden
from batcat_runtime.sql.limit import LIMIT, check_limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from batcat_runtime.sql.binding import Date, Params

__all__ = ["read_data_from_redshift", "read_data_from_redshift_by_secret", "save_df_to_redshift"]


def read_data_from_redshift(  # noqa: PLR0913, PLR0917 - the first eight are a contract
    query: str,
    host: str | None = None,
    password: str | None = None,
    port: int = 5439,
    database: str = "dev",
    user: str = "awsuser",
    date_start: Date | None = None,
    date_end: Date | None = None,
    *,
    params: Params | None = None,
    cluster: str | None = None,
    workgroup: str | None = None,
    db_user: str | None = None,
    region: str | None = None,
    ssl: bool | None = None,
    timeout: float | None = LIMIT,
    case_sensitive: bool | None = None,
    staging: str | None = None,
    iam_role: str | None = None,
    kms_key_id: str | None = None,
) -> pd.DataFrame:
    """Read the result of a query from Redshift, with its exact types.

    Nothing that the query changes is kept.

    Args:
        query: SQL; ``'{}'`` are places for the dates, ``:name`` or ``?`` for ``params``.
        host: address of the endpoint; with ``cluster`` or ``workgroup`` it is looked up.
        password: of the user; None for temporary credentials from IAM.
        port: of the endpoint.
        database: name of the database.
        user: database user.
        date_start: fills the first ``'{}'``, bound and checked.
        date_end: fills the next one.
        params: values of ``:name`` (a dictionary) or ``?`` (a list).
        cluster: identifier of a cluster, for IAM.
        workgroup: name of a serverless workgroup, for IAM.
        db_user: database user for IAM; by default the one that belongs to the IAM identity.
        region: AWS region, for IAM.
        ssl: encrypt the connection and verify the server; by default always, but to this machine.
        timeout: seconds that the query may take; then it is cancelled. None for no limit.
        case_sensitive: whether names in double quotes keep capital letters
            (enable_case_sensitive_identifier); None for what the server is set to.
        staging: ``s3://bucket/folder/`` to read a large result through: UNLOAD to Parquet, and
            many requests at a time. What lies there in between is removed.
        iam_role: ARN of the role with which Redshift reaches it, or ``default``.
        kms_key_id: key to encrypt it with; by default as the bucket says.

    Returns:
        DataFrame of shape ``(n_rows, n_columns)``; also an empty one has all columns and types
        (``batcat_runtime.columns.types`` lists them).

    Raises:
        ConfigError: arguments do not fit together, or values and places do not.
        AccessError: no way in, no right to read, or the connection broke; nothing is returned.
        MissingError: a table, column, database or cluster does not exist.
        DataError: the query gives no table, or a value that pandas cannot hold.
        ExecutionError: the query failed, was cancelled, or took longer than ``timeout``.
        MissingExtraError: redshift_connector, pandas or (for staging) pyarrow is not installed.
    """
    from batcat_runtime.redshift import read
    from batcat_runtime.redshift import staging as places
    from batcat_runtime.sql.binding import bind

    from .login import Iam, log_in

    check_limit(timeout)
    password = hidden(password)
    place = places.plan(staging, iam_role, kms_key_id)
    text, values = bind(query, params, date_start, date_end, "redshift")
    iam = Iam(cluster, workgroup, db_user, region)
    login = log_in(host, password, port, database, user, iam, ssl)
    return read.read(text, values, login, timeout, case_sensitive, place)


def read_data_from_redshift_by_secret(  # noqa: PLR0913, PLR0917 - the first six are a contract
    secret_name: str,
    region: str | None,
    query: str,
    date_start: Date | None = None,
    date_end: Date | None = None,
    delay: float = 100,
    *,
    params: Params | None = None,
    database: str | None = None,
    cluster: str | None = None,
    workgroup: str | None = None,
    timeout: float | None = LIMIT,
) -> pd.DataFrame:
    """Read the result of a query through the Redshift Data API, with its exact types.

    Args:
        secret_name: name or ARN of the secret in Secrets Manager.
        region: AWS region.
        query: SQL; ``'{}'`` are places for the dates, ``:name`` or ``?`` for ``params``.
        date_start: fills the first ``'{}'``, bound and checked.
        date_end: fills the next one.
        delay: seconds between two looks whether it has ended, at most; they begin with 0.05 and
            grow to 5.
        params: values of ``:name`` (a dictionary) or ``?`` (a list).
        database: name of the database; by default what the secret says, or ``dev``.
        cluster: identifier of the cluster; by default what the secret says.
        workgroup: name of a serverless workgroup.
        timeout: seconds that the query may take; then it is cancelled. None for the service's own
            limit.

    Returns:
        DataFrame of shape ``(n_rows, n_columns)``: every page, counted; also an empty one has all
        columns and types.

    Raises:
        ConfigError: arguments do not fit together, or the secret does not say which cluster.
        AccessError: no way in, or no right to read.
        MissingError: the secret, a table or a column does not exist.
        DataError: the query gives no table, rows are missing, or a value cannot be read.
        ExecutionError: the query failed, was cancelled, or took longer than ``timeout``.
    """
    from batcat_runtime.redshift import data_api
    from batcat_runtime.sql.binding import bind

    check_limit(timeout)
    text, parameters = bind(query, params, date_start, date_end, "data_api")
    where = data_api.by_secret(secret_name, region, database, cluster, workgroup)
    return data_api.read(text, parameters, where, delay, timeout)


def save_df_to_redshift(  # noqa: PLR0913, PLR0917 - the first 13 are a contract
    df: pd.DataFrame,
    host: str | None,
    password: str | None,
    port: int = 5439,
    database: str = "dev",
    user: str = "awsuser",
    table_name: str = "",
    schema: str = "public",
    if_exists: Literal["fail", "replace", "append", "delete_rows"] = "append",
    index: bool = True,
    index_label: str | Sequence[str] | None = None,
    chunksize: int | None = None,
    dtype: Mapping[str, Any] | Any = None,
    method: Literal["multi"] | None = None,
    *,
    staging: str | None = None,
    iam_role: str | None = None,
    kms_key_id: str | None = None,
    cluster: str | None = None,
    workgroup: str | None = None,
    db_user: str | None = None,
    region: str | None = None,
    ssl: bool | None = None,
    timeout: float | None = LIMIT,
) -> int:
    """Write a DataFrame to a table of Redshift: all rows or none.

    Everything happens in one transaction, also when a table is replaced: until the end the old one
    stays. With ``staging`` and many rows it goes through Parquet in S3 and COPY, otherwise through
    INSERT of many rows a statement.

    NULL is what pandas holds for missing: None, NaT, ``pd.NA``, and NaN in numpy's columns; in a
    nullable Float64, NaN is a value. A value that the column of a table cannot hold exactly is an
    error, and never rounded or cut.

    Args:
        df: rows to write, shape ``(n_rows, n_columns)``.
        host: address of the endpoint; None to look it up by ``cluster`` or ``workgroup``.
        password: of the user; None for temporary credentials from IAM.
        port: of the endpoint.
        database: name of the database.
        user: database user.
        table_name: name of the table, as it shall be written: reserved words, blanks and capital
            letters are kept, as are those of columns.
        schema: name of its schema.
        if_exists: ``append`` adds the rows to the columns of those names, ``fail`` is an error,
            ``replace`` drops the table and makes it anew, ``delete_rows`` empties it first.
        index: write the index as columns, too.
        index_label: names of these columns; by default those of the index, or ``index``.
        chunksize: rows at most of a statement, or of an object in ``staging``.
        dtype: types of new columns by name, or one for all, for example ``{"price":
            "decimal(10, 2)", "note": "varchar(2000)"}``; types of SQLAlchemy work, too.
        method: ``multi`` for INSERT, whatever the number of rows.
        staging: ``s3://bucket/folder/`` in the region of the cluster; what lies there in between
            is removed.
        iam_role: ARN of the role with which Redshift reaches it, or ``default``.
        kms_key_id: key to encrypt it with; by default as the bucket says.
        cluster: identifier of a cluster, for IAM.
        workgroup: name of a serverless workgroup, for IAM.
        db_user: database user for IAM; by default the one that belongs to the IAM identity.
        region: AWS region, for IAM.
        ssl: encrypt the connection and verify the server; by default always, but to this machine.
        timeout: seconds that one statement may take; then it is cancelled. None for no limit.

    Returns:
        Number of rows written.

    Raises:
        ConfigError: arguments do not fit together, or the table exists and must not.
        DataError: a value or column does not fit the table, or COPY rejects rows; the message
            names them, and nothing was written.
        AccessError: no way in, no right to write, or the connection broke.
        MissingError: the schema, database, cluster or bucket does not exist.
        ExecutionError: a statement failed, was cancelled, or took longer than ``timeout``.
        MissingExtraError: redshift_connector, pandas or (for staging) pyarrow is not installed.
    """
    from batcat_runtime.redshift import staging as places
    from batcat_runtime.redshift import write

    from .login import Iam, log_in

    check_limit(timeout)
    password = hidden(password)
    place = places.plan(staging, iam_role, kms_key_id)
    job = write.plan(
        df, schema, table_name, if_exists, index, index_label, chunksize, dtype, method, place
    )
    iam = Iam(cluster, workgroup, db_user, region)
    login = log_in(host, password, port, database, user, iam, ssl)
    return write.write(job, login, timeout)
