"""The local warehouse, and AWS's own driver as a client that knows nothing of this project."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runtime.tests.emulator.conftest import Store

    from batcat_runtime.emulator import LocalAws


@pytest.fixture(scope="session")
def aws(local_s3: LocalAws) -> LocalAws:
    """The local AWS that the tests of the data modules use, too: PostgreSQL starts once."""
    return local_s3


@pytest.fixture(scope="session")
def endpoint(aws: LocalAws) -> dict[str, Any]:
    """Where drivers connect to, as DescribeClusters tells."""
    (cluster,) = aws.client("redshift").describe_clusters(ClusterIdentifier="any")["Clusters"]
    return dict(cluster["Endpoint"])


@pytest.fixture
def connect(endpoint: dict[str, Any]) -> Iterator[Callable[..., Any]]:
    """Makes connections of redshift_connector, all closed at the end."""
    import redshift_connector

    made = []

    def open_one(**options: Any) -> Any:
        login = {"user": "awsuser", "password": "any", "database": "dev", **options}
        made.append(
            redshift_connector.connect(
                host=endpoint["Address"], port=endpoint["Port"], ssl=False, **login
            )
        )
        return made[-1]

    yield open_one
    for connection in made:
        connection.close()


@dataclass
class Session:
    """A connection, and the few things tests do with one."""

    connection: Any
    table: str
    store: Store

    def run(self, sql: str, *values: Any) -> list[list[Any]]:
        """Run a statement; its rows if it has any. ``{t}`` is the test's own table."""
        cursor = self.connection.cursor()
        cursor.execute(sql.replace("{t}", self.table), values or None)
        described = cursor.ps and cursor.ps["row_desc"]
        return [list(row) for row in cursor.fetchall()] if described else []

    def error(self, sql: str) -> dict[str, str]:
        """Fields of the error that a statement gets; its transaction is rolled back."""
        from redshift_connector.error import ProgrammingError

        with pytest.raises(ProgrammingError) as caught:
            self.run(sql)
        self.connection.rollback()
        return dict(caught.value.args[0])

    def put(self, key: str, body: str | bytes) -> str:
        """Put an object; its address."""
        data = body.encode() if isinstance(body, str) else body
        self.store.s3.put_object(Bucket=self.store.bucket, Key=key, Body=data)
        return self.store.uri(key)

    def put_parquet(self, key: str, table: Any) -> str:
        """Put a table of Arrow's as a Parquet object; its address."""
        from pyarrow import parquet as pq

        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        return self.put(key, buffer.getvalue())

    def body(self, key: str) -> bytes:
        """An object's content."""
        found = self.store.s3.get_object(Bucket=self.store.bucket, Key=key)
        return bytes(found["Body"].read())


@pytest.fixture
def session(connect: Callable[..., Any], store: Store, unique: Callable[[str], str]) -> Session:
    """A connection with a table's name of its own, not yet made."""
    return Session(connect(), unique("table").replace("-", "_"), store)
