"""Every answer is either refused with a reason and a valid value, or can be lived with."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

Ask = Callable[..., Mapping[str, Any]]
REPOSITORY = Path(__file__).resolve().parents[1]
ROLE = "arn:aws:iam::123456789012:role/team/workflow"
ORDER = [
    "project",
    "description",
    "author",
    "purpose",
    "steps",
    "data_sources",
    "partition",
    "region",
    "result_bucket",
    "workflow_execution_role",
    "trigger",
    "schedule_expression",
    "python_version",
    "package_index_url",
    "ci",
    "licence",
    "example",
    "runtime_version",
]
quick = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def refused(ask: Ask, **answers: Any) -> str:
    """The message with which answers are refused."""
    with pytest.raises(ValueError, match=r"Validation error|Invalid choice") as caught:
        ask(**answers)
    return str(caught.value)


def answered(ask: Ask, **answers: Any) -> Mapping[str, Any]:
    """All answers, or none when they are refused with a valid value."""
    try:
        return ask(**answers)
    except ValueError as error:
        if "Valid: " not in str(error):
            raise
        return {}


def test_questions_come_in_reading_order() -> None:
    document = yaml.safe_load((REPOSITORY / "copier.yml").read_text(encoding="utf-8"))
    asked = [
        name
        for name, question in document.items()
        if not name.startswith("_") and question.get("when") is not False
    ]
    assert asked == ORDER
    assert all(document[name].get("help") for name in asked)


def test_the_template_needs_no_trust() -> None:
    document = yaml.safe_load((REPOSITORY / "copier.yml").read_text(encoding="utf-8"))
    assert not {"_tasks", "_migrations", "_jinja_extensions"} & set(document)


def test_every_default_is_a_valid_answer(ask: Ask) -> None:
    answers = ask()
    assert answers["step_names"] == ["preprocess", "inference"]
    assert answers["result_bucket"] == "2026-health-screening-us-east-1"
    assert ask(**{name: answers[name] for name in ORDER})["scripts"] == answers["scripts"]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("project", "My Project"),
        ("project", "2026-health"),
        ("project", "2026-Health-Screening"),
        ("project", "2026-health_screening"),
        ("project", "2026-health--screening"),
        ("project", "2026-health-screening\n"),
        ("project", "\uff12\uff10\uff12\uff16-health-screening"),
        ("project", "2026-gesundheit-prüfung"),
        ("project", "2026-health-$(id)"),
        ("project", "2026-health-" + "x" * 200),
        ("description", ""),
        ("description", "two\nlines"),
        ("description", "a\u2028b"),
        ("description", "x" * 201),
        ("author", "   "),
        ("author", "\x1b[31mred"),
        ("author", "x" * 101),
        ("purpose", "Inference"),
        ("purpose", "batch_scoring"),
        ("purpose", "1st"),
        ("purpose", "a" * 64),
        ("purpose", "a b"),
        ("purpose", "../x"),
        ("steps", []),
        ("steps", 3),
        ("steps", None),
        ("steps", {"a": 1}),
        ("steps", [1, 2]),
        ("steps", ["preprocess", None]),
        ("steps", ["json"]),
        ("steps", ["class"]),
        ("steps", ["match"]),
        ("steps", ["pandas"]),
        ("steps", ["lambda_function"]),
        ("steps", ["deploy"]),
        ("steps", ["trigger"]),
        ("steps", ["bottleneck"]),
        ("steps", ["train"]),
        ("steps", ["Preprocess"]),
        ("steps", ["pre-process"]),
        ("steps", ["pre process"]),
        ("steps", ["_private"]),
        ("steps", ["a__b"]),
        ("steps", ["größe"]),
        ("steps", ["test_it"]),
        ("steps", ["a", "a"]),
        ("steps", ["stepone", "step_one"]),
        ("steps", "a,,b"),
        ("steps", ["a" * 200]),
        ("steps", [f"s{n}" for n in range(21)]),
        ("data_sources", []),
        ("data_sources", ""),
        ("data_sources", None),
        ("data_sources", 3),
        ("data_sources", {"s3": True}),
        ("data_sources", "atena"),
        ("data_sources", ["s3", "mysql"]),
        ("data_sources", ["s3", None]),
        ("data_sources", ["S3"]),
        ("data_sources", "athena,,redshift"),
        ("data_sources", ["athena", "athena"]),
        ("partition", "aws-iso"),
        ("region", "us-moon-1"),
        ("result_bucket", "ab"),
        ("result_bucket", "a" * 64),
        ("result_bucket", "My-Bucket"),
        ("result_bucket", "my_bucket"),
        ("result_bucket", "my.bucket"),
        ("result_bucket", "-bucket"),
        ("result_bucket", "bucket-"),
        ("result_bucket", "xn--bucket"),
        ("result_bucket", "bucket-s3alias"),
        ("result_bucket", "bucket--x-s3"),
        ("workflow_execution_role", "workflow"),
        ("workflow_execution_role", "arn:aws-cn:iam::123456789012:role/workflow"),
        ("workflow_execution_role", "arn:aws:iam::123456789012:user/ada"),
        ("workflow_execution_role", 'arn:aws:iam::123456789012:role/"x"'),
        ("trigger", "never"),
        ("python_version", "3.9"),
        ("package_index_url", "packages.example.org"),
        ("package_index_url", "https://user:secret@mirror.example/simple"),
        ("package_index_url", "https://mirror.example/simple; rm -rf /"),
        ("package_index_url", "https://mirror.example/$(id)"),
        ("licence", "WTFPL"),
        ("runtime_version", "latest"),
        ("runtime_version", "1.0 --pre"),
    ],
)
def test_a_wrong_answer_is_refused_with_a_valid_one(ask: Ask, question: str, value: Any) -> None:
    message = refused(ask, **{question: value})
    assert question in message
    assert "Valid: " in message or "is not in [" in message


@pytest.mark.parametrize(
    ("answers", "too_many"),
    [
        ({"project": "2026-domain-" + "x" * 33}, 1),
        ({"project": "2026-domain-" + "x" * 30, "purpose": "abcd"}, 1),
        ({"steps": ["preprocess", "a" * 17]}, 1),
        ({"steps": ["preprocess", "a" * 18]}, 2),
        ({"result_bucket": "a" * 66}, 3),
    ],
)
def test_a_name_that_aws_would_refuse_says_how_many_characters_are_too_many(
    ask: Ask, answers: dict[str, Any], too_many: int
) -> None:
    assert re.search(rf"\b{too_many} characters? too long", refused(ask, **answers))


def test_the_longest_names_that_aws_takes_are_taken(ask: Ask) -> None:
    answers = ask(project="2026-domain-" + "x" * 20, purpose="purpose", steps=["abcdef"])
    job = f"{answers['project']}-{answers['purpose']}-20260131120000-abcdef"
    assert len(job) <= 63
    assert len(answers["trigger_function"]) <= 64
    assert len(answers["state_machine"]) <= 80
    assert len(answers["result_bucket"]) <= 63


@quick
@given(st.text(max_size=70))
def test_any_project_is_refused_or_names_everything(ask: Ask, project: str) -> None:
    answers = answered(ask, project=project, purpose="p", steps=["s"])
    if answers:
        assert re.fullmatch(r"[0-9]{4}(-[a-z0-9]+){2,}", answers["project"])


@quick
@given(
    st.from_regex(r"\A20[0-9]{2}(-[a-z0-9]{1,12}){2,4}\Z"),
    st.from_regex(r"\A[a-z][a-z0-9]{0,12}(-[a-z0-9]{1,6})?\Z"),
    st.lists(st.from_regex(r"\A[a-z][a-z0-9]{0,9}(_[a-z0-9]{1,6})?\Z"), max_size=4),
)
def test_names_that_are_taken_fit_the_limits_of_aws(
    ask: Ask, project: str, purpose: str, steps: list[str]
) -> None:
    answers = answered(ask, project=project, purpose=purpose, steps=steps)
    for step in answers.get("step_names", []):
        job = f"{project}-{purpose}-20260131120000-{step}".replace("_", "-")
        assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", job)
        assert step.isidentifier()
        assert not keyword.iskeyword(step)
        assert step not in sys.stdlib_module_names


@quick
@given(st.one_of(st.text(max_size=80), st.lists(st.text(max_size=12), max_size=4)))
def test_any_steps_are_refused_or_are_modules(ask: Ask, steps: Any) -> None:
    if isinstance(steps, str):
        try:
            yaml.safe_load(steps)
        except (yaml.YAMLError, ValueError):
            reject()  # Copier itself says what YAML does not allow
    names = answered(ask, steps=steps).get("step_names", [])
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


@pytest.mark.parametrize("steps", ["clean, score", "clean,score", ["clean", "score"]])
def test_steps_are_a_list_or_names_with_commas(ask: Ask, steps: Any) -> None:
    assert ask(steps=steps)["step_names"] == ["clean", "score"]


@pytest.mark.parametrize(
    ("given", "sources"),
    [
        ("s3", ["s3"]),
        ("redshift,athena", ["athena", "redshift"]),
        ("redshift, s3", ["s3", "redshift"]),
        (["athena", "s3"], ["s3", "athena"]),
    ],
)
def test_sources_are_a_list_or_names_with_commas(ask: Ask, given: Any, sources: list[str]) -> None:
    answers = ask(data_sources=given)
    assert answers["sources"] == sources
    assert answers["queried"] == [one for one in sources if one != "s3"]


def test_a_source_that_is_none_is_named_beside_those_that_are(ask: Ask) -> None:
    message = refused(ask, data_sources=["s3", "mysql"])
    assert '"mysql" is not a source; known are s3, athena, redshift' in message
    assert "It is empty" in refused(ask, data_sources=[])


def test_the_example_needs_two_steps(ask: Ask) -> None:
    assert "there is only one" in refused(ask, steps=["score"], example=True)
    assert ask(steps=["score"])["example"] is False


def test_a_role_belongs_to_the_partition(ask: Ask) -> None:
    assert ask(workflow_execution_role=ROLE)["workflow_execution_role"] == ROLE
    message = refused(ask, partition="aws-cn", workflow_execution_role=ROLE)
    assert "belongs to the partition aws, not to aws-cn" in message


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_codepipeline_is_offered_where_it_reaches_a_repository(ask: Ask, partition: str) -> None:
    """Through CodeConnections, whose endpoints botocore knows by its older name."""
    known = boto3.Session().get_available_regions("codestar-connections", partition_name=partition)
    if known:
        assert ask(partition=partition, ci="codepipeline")["ci"] == "codepipeline"
    else:
        said = refused(ask, partition=partition, ci="codepipeline")
        assert "CodeConnections is in no region. Valid: gitlab" in said


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_regions_are_those_of_the_partition_in_botocore(ask: Ask, partition: str) -> None:
    words = (REPOSITORY / "template" / "_parts" / "words.txt").read_text(encoding="utf-8")
    listed = set(re.findall(r"\b[a-z]{2}(?:-[a-z]+)+-[0-9]\b", words))
    known = boto3.Session().get_available_regions("sagemaker", partition_name=partition)
    others = listed - set(known)
    assert set(known) <= listed
    assert ask(partition=partition)["region"] in known
    for region in known[:1] + known[-1:]:
        assert ask(partition=partition, region=region)["region"] == region
    assert "is not in [" in refused(ask, partition=partition, region=min(others))


def test_no_step_can_hide_a_module_of_python() -> None:
    words = (REPOSITORY / "template" / "_parts" / "words.txt").read_text(encoding="utf-8").split()
    public = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    assert public <= set(words)
    python_words = {name.lower() for name in (*keyword.kwlist, *keyword.softkwlist)} - {"_"}
    assert python_words <= set(words)
