"""Our routes: each writes a case, reads it again, and says what became of it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import batcat_runtime as bc
from batcat_runtime.columns import texts
from batcat_runtime.columns.types import Type, parse
from batcat_runtime.redshift import write as writing

from .cases import COLUMN
from .verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

    from batcat_runtime.emulator import LocalAws

    from .cases import Case

REGION = "us-east-1"
BUCKET = "fidelity"
DATABASE = "fidelity"
STAGING = f"s3://{BUCKET}/athena/"
SECRET = "fidelity"  # noqa: S105 - its name
_MANY = 400  # times that a row is asked for, so that Athena's rows come from its CSV
_TRUST = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
"Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"""
_FILES = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
"Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"], "Resource": "*"}]}"""


@dataclass
class Routes:
    """All routes to one local AWS, whose environment must be set.

    Args:
        aws: it.

    Attributes:
        login: what leads to its Redshift.
        sources: for each case that was written, its table of Athena.
        tables: and its table of Redshift.
    """

    aws: LocalAws
    login: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    _through: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make a bucket, a database, a secret and a role."""
        self.aws.client("s3").create_bucket(Bucket=BUCKET)
        iam = self.aws.client("iam")
        role = iam.create_role(RoleName=BUCKET, AssumeRolePolicyDocument=_TRUST)
        iam.put_role_policy(RoleName=BUCKET, PolicyName="files", PolicyDocument=_FILES)
        found = self.aws.client("redshift").describe_clusters(ClusterIdentifier="any")["Clusters"]
        port = found[0]["Endpoint"]["Port"]
        self.login = {"host": "127.0.0.1", "port": port, "password": "any", "database": "dev"}
        self.login["user"] = "awsuser"
        told = {"username": "awsuser", "password": "any", "dbClusterIdentifier": "any"}
        secrets = self.aws.client("secretsmanager")
        secrets.create_secret(Name=SECRET, SecretString=json.dumps(told))
        self._through = {"staging": f"s3://{BUCKET}/between/", "iam_role": role["Role"]["Arn"]}
        bc.read_data_from_athena(f"create database {DATABASE}", REGION, STAGING)

    @property
    def all(self) -> dict[str, Callable[[Case], pd.DataFrame]]:
        """The routes by name."""
        return {
            "CSV": self._csv,
            "JSON lines": self._json_lines,
            "Parquet": self._parquet,
            "Athena rows": lambda case: self._athena(case, "csv"),
            "Athena CSV": lambda case: self._athena(case, "csv", _MANY),
            "Athena UNLOAD": lambda case: self._athena(case, "unload"),
            "Redshift": self._redshift,
            "Redshift COPY, UNLOAD": self._redshift_through_s3,
            "Redshift Data API": self._data_api,
        }

    def cell(self, route: str, case: Case) -> str:
        """Run a case on a route.

        Returns:
            As ``verdict``; or ``refused: `` and the message, if it names a column.
        """
        expected = case.expected
        if route == "Athena CSV":
            expected = expected.loc[expected.index.repeat(_MANY)].reset_index(drop=True)
        try:
            found = self.all[route](case)
        except bc.BatCatError as error:
            return f"refused: {error}"
        if route.startswith("Redshift") and parse(case.types.get(COLUMN, "null")).items:
            return _as_json(verdict(expected, _parsed(found, case)))
        return verdict(expected, found)

    def _csv(self, case: Case) -> pd.DataFrame:
        bc.save_to_bucket(case.frame, BUCKET, "x.csv", null=r"\N")
        return bc.read_csv_from_bucket(BUCKET, "x.csv", types=case.types, null=r"\N")

    def _json_lines(self, case: Case) -> pd.DataFrame:
        bc.save_to_bucket(case.frame, BUCKET, "x.jsonl")
        return bc.read_json_lines_from_bucket(BUCKET, "x.jsonl", types=case.types)

    def _parquet(self, case: Case) -> pd.DataFrame:
        bc.save_to_bucket(case.frame, BUCKET, "x.parquet", types=case.types)
        return bc.read_parquet_from_bucket(BUCKET, "x.parquet")

    def _athena(self, case: Case, mode: str, times: int = 1) -> pd.DataFrame:
        query = f"select t.* from {self.source(case)}"  # noqa: S608 - ours
        query += f" cross join unnest(sequence(1, {times})) as u(i)"
        if mode == "csv":
            return bc.read_data_from_athena(f"{query} order by number", REGION, STAGING, mode=mode)
        return _sorted(bc.read_data_from_athena(query, REGION, STAGING, mode=mode))

    def source(self, case: Case) -> str:
        """Make a table of Athena over Parquet of ours; or values, where no table holds them."""
        if case.athena:
            rows = ", ".join(f"({place}, {one})" for place, one in enumerate(case.athena))
            return f"(values {rows}) as t(number, {COLUMN})"
        if case.name not in self.sources:
            name = f"case_{len(self.sources)}"
            types = {
                one: parse("varchar" if kind == "null" else kind)
                for one, kind in case.types.items()
            }
            bc.save_to_bucket(case.frame, BUCKET, f"{name}/x.parquet", types=types)
            columns = ", ".join(f"`{one}` {hive(kind)}" for one, kind in types.items())
            made = f"create external table {DATABASE}.{name} ({columns}) stored as parquet "
            place = f"location 's3://{BUCKET}/{name}/'"
            bc.read_data_from_athena(made + place, REGION, STAGING)
            self.sources[case.name] = name
        return f"{DATABASE}.{self.sources[case.name]} as t"

    def known(self, case: Case) -> dict[str, str]:
        """Where a case lies that was written, for others to read."""
        found = {}
        if case.athena or case.name in self.sources:
            found["athena"] = self.source(case)
        if case.name in self.tables:
            found["redshift"] = self.tables[case.name]
        return found

    def _save(self, case: Case, **how: Any) -> str:
        """Write a case; the query that reads it. Objects without a value have no type but said."""
        table = f"fidelity_{re.sub('[^a-z0-9]', '_', case.name.lower())}"
        options: dict[str, Any] = {"table_name": table, "index": False, "if_exists": "replace"}
        frame = case.frame
        unknown = [
            one for one in case.types if frame[one].dtype == object and frame[one].isna().all()
        ]
        said = {one: case.types[one] for one in unknown if case.types[one] != "null"}
        bc.save_df_to_redshift(frame, **self.login, **options, dtype=said or None, **how)
        self.tables[case.name] = table
        return f"select * from {table} order by number"  # noqa: S608 - ours

    def _redshift(self, case: Case) -> pd.DataFrame:
        return bc.read_data_from_redshift(self._save(case), **self.login)

    def _redshift_through_s3(self, case: Case) -> pd.DataFrame:
        with _always_copy():
            query = self._save(case, **self._through)
        return _sorted(bc.read_data_from_redshift(query, **self.login, **self._through))

    def _data_api(self, case: Case) -> pd.DataFrame:
        return bc.read_data_from_redshift_by_secret(SECRET, REGION, self._save(case))


def _sorted(found: pd.DataFrame) -> pd.DataFrame:
    """Put rows in order that came in any."""
    rows: pd.DataFrame = found.sort_values("number", ignore_index=True)
    return rows


@contextmanager
def _always_copy() -> Iterator[None]:
    """Send a few rows the way of many."""
    before, writing.COPY_FROM = writing.COPY_FROM, 1
    try:
        yield
    finally:
        writing.COPY_FROM = before


def hive(kind: Type) -> str:
    """Name a type as tables of Athena do (source: Athena User Guide, "Data types")."""
    inside = [hive(item) for item in kind.items]
    if kind.kind == "struct":
        named = (f"{name}:{item}" for name, item in zip(kind.names, inside, strict=True))
        return f"struct<{','.join(named)}>"
    if inside:
        return f"{kind.kind}<{','.join(inside)}>"
    plain = {"text": "string", "binary": "binary", "timestamp": "timestamp"}
    return plain.get(kind.kind, str(kind))


def _parsed(found: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Read SUPER, which comes as the text of its JSON, as the type that it had."""
    if str(found[COLUMN].dtype) != "string":
        return found
    cells = [one if isinstance(one, str) else None for one in found[COLUMN]]
    read: pd.DataFrame = found.assign(**{COLUMN: texts.read(cells, parse(case.types[COLUMN]))})
    return read


def _as_json(told: str) -> str:
    return "equal, as JSON in string" if told == "equal" else told
