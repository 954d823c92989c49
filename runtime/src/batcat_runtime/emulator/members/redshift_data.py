"""The Redshift Data API: statements, their results, and the catalog."""

from __future__ import annotations

_LOGIN = "ClusterIdentifier WorkgroupName SecretArn DbUser Database"
_PAGED = "NextToken MaxResults"
_SUBMITTED = f"""{_LOGIN} StatementName Parameters.name Parameters.value ClientToken
    WaitTimeSeconds ResultFormat=JSON WithEvent=false"""
EFFECTIVE = {
    "ExecuteStatement": f"Sql {_SUBMITTED}",
    "BatchExecuteStatement": f"Sqls ExecutionMode=TRANSACTION {_SUBMITTED}",
    "DescribeStatement": "Id WaitTimeSeconds",
    "GetStatementResult": "Id NextToken WaitTimeSeconds",
    "CancelStatement": "Id",
    "ListStatements": f"StatementName Status Database ClusterIdentifier WorkgroupName {_PAGED}",
    "ListDatabases": f"{_LOGIN} {_PAGED}",
    "ListSchemas": f"{_LOGIN} SchemaPattern {_PAGED}",
    "ListTables": f"{_LOGIN} SchemaPattern TablePattern {_PAGED}",
    "DescribeTable": f"{_LOGIN} Schema Table {_PAGED}",
}

HELD = {"ListStatements": {"RoleLevel": "there is one identity, so its role's are all there are"}}
