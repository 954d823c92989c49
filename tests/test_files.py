"""A project holds exactly the files that its answers ask for, under the names users know."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Files = Callable[[Path], set[str]]

FOLDERS = {
    f"{folder}/.gitkeep"
    for folder in (
        *(f"data/{name}" for name in ("raw", "train", "test", "result", "tmp")),
        *("deploy/docker/lock", "deploy/docker/wheels", "log", "model", "notebook", "report"),
    )
}
ALWAYS = FOLDERS | {
    ".copier-answers.yml",
    ".gitignore",
    ".pre-commit-config.yaml",
    "README.md",
    "deploy/config.json",
    "deploy/config.schema.json",
    "deploy/docker/Dockerfile",
    "deploy/docker/Dockerfile.dockerignore",
    "deploy/docker/requirements.txt",
    "deploy/requirements.txt",
    "deploy/setup_docker.sh",
    "deploy/template.yaml",
    "deploy/workflow.asl.json",
    "docs/README.md",
    "pyproject.toml",
    "requirements.txt",
    "script/config.json",
    "test/conftest.py",
    "test/data/measurements.csv",
    "test/test_deploy.py",
    "test/test_trigger.py",
}


def of_steps(*names: str) -> set[str]:
    """The files of steps."""
    return {f"script/{name}.py" for name in names} | {f"test/test_{name}.py" for name in names}


def of_names(project: str = "2026-health-screening", purpose: str = "inference") -> set[str]:
    """The files that are named after project and purpose."""
    return {
        f"deploy/setup_stepfunctions_{purpose}.py",
        f"deploy/{project}-{purpose}-trigger/lambda_function.py",
    }


DEFAULT = ALWAYS | of_steps("preprocess", "inference", "train") | of_names() | {"LICENSE"}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, DEFAULT),
        ({"licence": "Apache-2.0"}, DEFAULT),
        ({"licence": "none"}, DEFAULT - {"LICENSE"}),
        ({"example": False}, DEFAULT - of_steps("train")),
        ({"trigger": "s3"}, DEFAULT),
        ({"trigger": "schedule"}, DEFAULT),
        ({"ci": "github"}, DEFAULT | {".github/workflows/pipeline.yml", "deploy/ci.yaml"}),
        ({"ci": "gitlab"}, DEFAULT | {".gitlab-ci.yml", "deploy/ci.yaml"}),
        (
            {"ci": "codepipeline"},
            DEFAULT
            | {"deploy/ci.yaml"}
            | {f"deploy/buildspec-{stage}.yml" for stage in ("check", "dev", "prod")},
        ),
        ({"data_sources": "s3"}, DEFAULT),
        ({"data_sources": "athena"}, DEFAULT | {"script/athena.sql"}),
        (
            {"data_sources": ["s3", "redshift", "athena"], "example": False},
            DEFAULT - of_steps("train") | {"script/athena.sql", "script/redshift.sql"},
        ),
        (
            {"steps": ["score"]},
            DEFAULT - of_steps("preprocess", "inference", "train") | of_steps("score"),
        ),
        ({"steps": "preprocess, add_features, inference"}, DEFAULT | of_steps("add_features")),
        ({"purpose": "batch-scoring"}, DEFAULT - of_names() | of_names(purpose="batch-scoring")),
        ({"project": "2027-a-b-c"}, DEFAULT - of_names() | of_names(project="2027-a-b-c")),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_answers_decide_exactly_which_files_there_are(
    copie: Any, template: Path, files: Files, answers: dict[str, Any], expected: set[str]
) -> None:
    result = copie.copy(extra_answers=answers, template_dir=template)
    assert result.exception is None
    assert result.exit_code == 0
    assert files(result.project_dir) == expected


def test_the_template_itself_stays_readable(template: Path) -> None:
    suffixed = [path for path in template.rglob("*.jinja") if "test" not in path.parts]
    assert len(suffixed) <= 10
    for part in (template / "template" / "_parts").glob("*.py"):
        first_line = part.read_text(encoding="utf-8").splitlines()[0]
        assert first_line.startswith('"""')


def test_nothing_is_left_over_from_what_was_not_chosen(
    render: Callable[..., Path], files: Files, tmp_path: Path
) -> None:
    project = render(tmp_path / "p", example=False, licence="none", trigger="manual")
    words = ("scikit", "sklearn", "joblib", "malignan", "tumour", "breast", "Schedul")
    sources = (
        "athena",
        "glue",
        "redshift",
        "queried",
        ".sql",
        "measured_on",
        "sample",
        "batcat_region",
    )
    for name in files(project) - {".gitignore", "data/train/.gitkeep", "docs/README.md"}:
        text = (project / name).read_text(encoding="utf-8")
        assert not [word for word in words if word in text], name
        assert not [word for word in sources if word in text.lower()], name
        assert "train.py" not in text, name


@pytest.mark.parametrize(
    ("trigger", "resources"),
    [
        ("manual", set[str]()),
        ("schedule", {"ScheduleRole", "Schedule"}),
        ("s3", {"UploadRule", "UploadPermission"}),
    ],
)
def test_a_trigger_brings_exactly_its_resources(
    render: Callable[..., Path], tmp_path: Path, trigger: str, resources: set[str]
) -> None:
    lines = (render(tmp_path / "p", trigger=trigger) / "deploy" / "template.yaml").read_text()
    optional = {"ScheduleRole", "Schedule", "UploadRule", "UploadPermission"}
    assert {name for name in optional if f"\n  {name}:\n" in lines} == resources
    assert ("EventBridgeEnabled" in lines) == (trigger == "s3")


STATEMENTS = {
    "athena": {
        "QueryAthena",
        "LookUpTables",
        "HaveDefaultDatabase",
        "FindBuckets",
        "FindDataOfTables",
        "ReadDataOfTables",
        "FindResultsOfQueries",
        "TidyResultsOfQueries",
    },
    "redshift": {"QueryRedshift", "FollowOwnQueries", "LogInToRedshift"},
}
PARAMETERS = {
    "athena": {"AthenaDatabase", "AthenaWorkgroup", "AthenaDataBucket", "AthenaDataPrefix"},
    "redshift": {
        "RedshiftCluster",
        "RedshiftWorkgroup",
        "RedshiftDatabase",
        "RedshiftSecret",
    },
}
KEYS = {
    "athena": {"athena_database", "athena_workgroup", "athena_data"},
    "redshift": {"redshift_warehouse", "redshift_database", "redshift_secret"},
}
EXTRAS = {"athena": {"athena", "athena-local"}, "redshift": {"redshift", "redshift-local"}}


@pytest.mark.parametrize(
    "sources",
    [["s3"], ["athena"], ["redshift"], ["s3", "athena"], ["s3", "athena", "redshift"]],
    ids="-".join,
)
@pytest.mark.parametrize("example", [True, False], ids=["example", "bare"])
def test_a_source_brings_exactly_what_it_needs(
    render: Callable[..., Path], tmp_path: Path, sources: list[str], example: bool
) -> None:
    """Statements, parameters, keys, variables and extras, and none of a source not chosen."""
    project = render(tmp_path / "p", data_sources=sources, example=example)
    template = (project / "deploy" / "template.yaml").read_text(encoding="utf-8")
    schema = json.loads((project / "deploy" / "config.schema.json").read_text())
    config = json.loads((project / "deploy" / "config.json").read_text())
    states = json.loads((project / "deploy" / "workflow.asl.json").read_text())["States"]
    first, second = (states[step]["Parameters"] for step in config["steps"])
    laptop = (project / "requirements.txt").read_text(encoding="utf-8")
    script = (project / "script" / "preprocess.py").read_text(encoding="utf-8")

    sids = set(re.findall(r"- Sid: (\w+)", template))
    for source, needed in STATEMENTS.items():
        chosen = source in sources
        assert sids & needed == (needed if chosen else set())
        assert {f"  {one}:\n" in template for one in PARAMETERS[source]} == {chosen}
        within = schema["properties"]["environments"]["additionalProperties"]["properties"]
        for known in (schema["properties"], within, schema["definitions"]):
            assert KEYS[source] & set(known) == (KEYS[source] if chosen else set())
        assert any(key.startswith(f"{source}_") for key in config) == chosen
        variables = {name for name in first["Environment"] if source in name.lower()}
        assert {name for name in variables if name not in script} == set()
        assert bool(variables) == (f"def read_{source}" in script) == chosen
        extras = set(re.findall(r"^batcat-runtime\[(.*?)\]", laptop, re.MULTILINE)[0].split(","))
        assert extras & EXTRAS[source] == (EXTRAS[source] if chosen else set())
    reads_files = "InputPath" in states["Settings"]["Output"]
    assert ("ProcessingInputs" in first) == reads_files == ("s3" in sources)
    assert ("data_sources" in config) == (sources != ["s3"])
    one_machine = first["ProcessingResources"]["ClusterConfig"].get("InstanceCount") == 1
    assert one_machine == (sources != ["s3"])  # each machine would get all rows of a query
    assert "InstanceCount" not in second["ProcessingResources"]["ClusterConfig"]
    assert not {"BATCAT_REGION"} & set(second["Environment"])
