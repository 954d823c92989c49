"""Athena: queries, their results, workgroups, and the catalog as Athena shows it."""

from __future__ import annotations

_PAGED = "NextToken MaxResults"
_TABLES = "CatalogName DatabaseName WorkGroup"
_RESULT = " ".join(
    f"{{0}}.{name}"
    for name in (
        "OutputLocation",
        "EncryptionConfiguration.EncryptionOption=SSE_S3|SSE_KMS",
        "EncryptionConfiguration.KmsKey",
        "ExpectedBucketOwner",
    )
)
_GROUP = " ".join(
    f"{{0}}.{name}"
    for name in (
        "EnforceWorkGroupConfiguration",
        "RequesterPaysEnabled=false",
        "BytesScannedCutoffPerQuery",
        "EngineVersion.SelectedEngineVersion",
    )
)
EFFECTIVE = {
    "StartQueryExecution": f"""QueryString ClientRequestToken QueryExecutionContext.Database
        QueryExecutionContext.Catalog {_RESULT.format("ResultConfiguration")} WorkGroup
        ExecutionParameters ResultReuseConfiguration.ResultReuseByAgeConfiguration.Enabled
        ResultReuseConfiguration.ResultReuseByAgeConfiguration.MaxAgeInMinutes""",
    "GetQueryExecution": "QueryExecutionId",
    "BatchGetQueryExecution": "QueryExecutionIds",
    "StopQueryExecution": "QueryExecutionId",
    "GetQueryResults": f"QueryExecutionId QueryResultType=DATA_ROWS {_PAGED}",
    "ListQueryExecutions": f"WorkGroup {_PAGED}",
    "CreateWorkGroup": f"""Name Description {_GROUP.format("Configuration")}
        {_RESULT.format("Configuration.ResultConfiguration")}""",
    "UpdateWorkGroup": f"""WorkGroup Description State {_GROUP.format("ConfigurationUpdates")}
        ConfigurationUpdates.RemoveBytesScannedCutoffPerQuery
        {_RESULT.format("ConfigurationUpdates.ResultConfigurationUpdates")}
        ConfigurationUpdates.ResultConfigurationUpdates.RemoveOutputLocation
        ConfigurationUpdates.ResultConfigurationUpdates.RemoveEncryptionConfiguration""",
    "DeleteWorkGroup": "WorkGroup RecursiveDeleteOption",
    "GetWorkGroup": "WorkGroup",
    "ListWorkGroups": _PAGED,
    "ListDataCatalogs": f"WorkGroup {_PAGED}",
    "GetDatabase": _TABLES,
    "ListDatabases": f"CatalogName WorkGroup {_PAGED}",
    "GetTableMetadata": f"{_TABLES} TableName",
    "ListTableMetadata": f"{_TABLES} Expression {_PAGED}",
}

_METRICS = "no metrics are published"
HELD = {
    "CreateWorkGroup": {"Configuration.PublishCloudWatchMetricsEnabled": _METRICS},
    "UpdateWorkGroup": {"ConfigurationUpdates.PublishCloudWatchMetricsEnabled": _METRICS},
}
