"""A definition is checked before anything runs; every problem has a code and a path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batcat_runtime.emulator.stepfunctions.asl import check

JOB = "arn:aws:states:::sagemaker:createProcessingJob.sync"


def problems(definition: Any, region: str = "us-east-1") -> list[str]:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    return [str(problem) for problem in check(text, region)]


def state(**fields: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"End": True, **fields}}}


def test_a_right_definition_has_no_problems() -> None:
    definition = {
        "Comment": "all types",
        "StartAt": "P",
        "TimeoutSeconds": 60,
        "States": {
            "P": {"Type": "Pass", "Result": {"n": 1}, "ResultPath": "$.p", "Next": "C"},
            "C": {
                "Type": "Choice",
                "Choices": [
                    {
                        "And": [
                            {"Variable": "$.p.n", "NumericEquals": 1},
                            {"Not": {"Variable": "$.x", "IsPresent": True}},
                        ],
                        "Next": "W",
                    }
                ],
                "Default": "F",
            },
            "W": {"Type": "Wait", "Seconds": 0, "Next": "B"},
            "B": {
                "Type": "Parallel",
                "Branches": [{"StartAt": "B1", "States": {"B1": {"Type": "Succeed"}}}],
                "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 0}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "F"}],
                "Next": "M",
            },
            "M": {
                "Type": "Map",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "M1",
                    "States": {"M1": {"Type": "Pass", "End": True}},
                },
                "Next": "S",
            },
            "S": {"Type": "Succeed"},
            "F": {"Type": "Fail", "Error": "E", "Cause": "C"},
        },
    }
    assert problems(definition) == []


def test_json_that_is_not_json_is_named_with_line_and_column() -> None:
    (problem,) = problems('{"StartAt": }')
    assert problem.startswith("INVALID_JSON_DESCRIPTION")
    assert "line 1 column 13" in problem
    (problem,) = problems('{"States": ' + "[" * 100_000)
    assert problem.startswith("INVALID_JSON_DESCRIPTION")


def test_a_next_that_leads_nowhere_and_what_nobody_reaches_are_named() -> None:
    definition = {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Next": "Z"}, "B": {"Type": "Pass", "End": True}},
    }
    assert problems(definition) == [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/A/Next",
        'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B',
    ]


def test_targets_of_choices_defaults_and_catchers_are_looked_up() -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "X"}],
                "Default": "B",
            },
            "B": {
                "Type": "Parallel",
                "Branches": [{"StartAt": "C", "States": {"C": {"Type": "Succeed"}}}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Y"}],
                "End": True,
            },
        },
    }
    assert [problem.rpartition(" at ")[2] for problem in problems(definition)] == [
        "/States/A/Choices[0]/Next",
        "/States/B/Catch[0]/Next",
    ]


def test_a_loop_without_end_is_named() -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}
    assert problems(definition) == ["MISSING_END_STATE: No terminal state is defined at /States"]


def test_state_names_are_unique_in_the_whole_machine_and_at_most_80_long() -> None:
    branch = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    found = problems(state(Type="Parallel", Branches=[branch]))
    assert found == [
        'DUPLICATE_STATE_NAME: Duplicate state name: "A" at /States/A/Branches[0]/States/A'
    ]
    name = "x" * 81
    (found_long,) = problems({"StartAt": name, "States": {name: {"Type": "Succeed"}}})
    assert "1 to 80 characters" in found_long


@pytest.mark.parametrize(
    ("definition", "path"),
    [
        ({}, "/"),
        ([], "/"),
        ({"StartAt": "A", "States": {}}, "/States"),
        ({**state(Type="Pass"), "Foo": 1}, "/Foo"),
        ({**state(Type="Pass"), "TimeoutSeconds": 0}, "/TimeoutSeconds"),
        ({**state(Type="Pass"), "Version": "2.0"}, "/Version"),
        ({**state(Type="Pass"), "QueryLanguage": "SQL"}, "/QueryLanguage"),
        (state(Type="Nope"), "/States/A/Type"),
        (state(Type="Pass", Foo=1), "/States/A/Foo"),
        (state(Type="Pass", Next="A"), "/States/A"),
        (state(Type="Pass", End=False), "/States/A/End"),
        (state(Type="Task"), "/States/A"),
        (state(Type="Wait"), "/States/A"),
        (state(Type="Wait", Seconds=1, Timestamp="2026-01-01T00:00:00Z"), "/States/A"),
        (state(Type="Wait", Seconds="1"), "/States/A/Seconds"),
        (state(Type="Pass", ResultPath="x"), "/States/A/ResultPath"),
        (state(Type="Pass", ResultPath="$.l[*]"), "/States/A/ResultPath"),
        (state(Type="Pass", ResultPath="$$.Task"), "/States/A/ResultPath"),
        (state(Type="Pass", Parameters={"a.$": "x"}), "/States/A/Parameters/a.$"),
        (state(Type="Pass", Parameters={"a": [{"b.$": 1}]}), "/States/A/Parameters/a[0]/b.$"),
        (state(Type="Pass", Parameters={"a.$": "$.x["}), "/States/A/Parameters/a.$"),
        (state(Type="Pass", Parameters={"a.$": "States.Nope(1)"}), "/States/A/Parameters/a.$"),
        (state(Type="Pass", Parameters={"a.$": "States.Format('x'"}), "/States/A/Parameters/a.$"),
        (state(Type="Pass", OutputPath="$.a b"), "/States/A/OutputPath"),
        (state(Type="Map", MaxConcurrency=-1), "/States/A/MaxConcurrency"),
        (state(Type="Parallel", Branches=[]), "/States/A/Branches"),
    ],
)
def test_what_does_not_belong_is_named_by_its_path(definition: Any, path: str) -> None:
    assert path in [problem.rpartition(" at ")[2] for problem in problems(definition)]


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ({"Retry": [{}]}, "/States/A/Retry[0]/ErrorEquals"),
        ({"Retry": [{"ErrorEquals": ["E"], "Foo": 1}]}, "/States/A/Retry[0]/Foo"),
        ({"Retry": [{"ErrorEquals": ["E"], "BackoffRate": 0.5}]}, "/States/A/Retry[0]/BackoffRate"),
        (
            {"Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 0}]},
            "/States/A/Retry[0]/IntervalSeconds",
        ),
        (
            {"Retry": [{"ErrorEquals": ["E"], "JitterStrategy": "SOME"}]},
            "/States/A/Retry[0]/JitterStrategy",
        ),
        ({"Retry": [{"ErrorEquals": ["States.ALL", "E"]}]}, "/States/A/Retry[0]/ErrorEquals"),
        ({"Catch": [{"ErrorEquals": ["E"]}]}, "/States/A/Catch[0]"),
        (
            {"Catch": [{"ErrorEquals": ["E"], "Next": "A", "ResultPath": "$..e"}]},
            "/States/A/Catch[0]/ResultPath",
        ),
        (
            {
                "Catch": [
                    {"ErrorEquals": ["States.ALL"], "Next": "A"},
                    {"ErrorEquals": ["E"], "Next": "A"},
                ]
            },
            "/States/A/Catch[0]/ErrorEquals",
        ),
        ({"HeartbeatSeconds": 5, "TimeoutSeconds": 5}, "/States/A/HeartbeatSeconds"),
    ],
)
def test_retriers_catchers_and_limits_are_checked(rules: dict[str, Any], path: str) -> None:
    resource = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    definition = state(Type="Task", Resource=resource, Parameters={"FunctionName": "f"}, **rules)
    assert [problem.rpartition(" at ")[2] for problem in problems(definition)] == [path]


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"Variable": "$.x", "NumericEquals": "1"}, "NumericEquals"),
        ({"Variable": "$.x", "BooleanEquals": 1}, "BooleanEquals"),
        ({"Variable": "$.x", "IsPresent": "yes"}, "IsPresent"),
        ({"Variable": "$.x", "StringEqualsPath": "y"}, "StringEqualsPath"),
        ({"Variable": "$.x", "StringLooksLike": "y"}, "StringLooksLike"),
        ({"Variable": "x", "IsNull": True}, "Variable"),
        ({"And": []}, "And"),
    ],
)
def test_choice_rules_are_checked(rule: dict[str, Any], path: str) -> None:
    definition = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Choice", "Choices": [{**rule, "Next": "B"}]},
            "B": {"Type": "Succeed"},
        },
    }
    assert [problem.rpartition("/")[2] for problem in problems(definition)] == [path]


def test_fields_of_the_other_query_language_are_refused() -> None:
    (found,) = problems(state(Type="Pass", Output="{% 1 %}"))
    assert 'Field "Output" belongs to JSONata' in found
    jsonata = {**state(Type="Pass", Parameters={}), "QueryLanguage": "JSONata"}
    (found,) = problems(jsonata)
    assert 'Field "Parameters" belongs to JSONPath' in found


def test_a_jsonpath_state_cannot_be_part_of_a_jsonata_machine() -> None:
    definition = {**state(Type="Pass", QueryLanguage="JSONPath"), "QueryLanguage": "JSONata"}
    (found,) = problems(definition)
    assert found.endswith("/States/A/QueryLanguage")


@pytest.mark.parametrize("expression", ["{% 1 + %}", "{% 1", "{% $f( %}"])
def test_jsonata_that_does_not_parse_is_refused(expression: str) -> None:
    definition = {**state(Type="Pass", Output={"a": [expression]}), "QueryLanguage": "JSONata"}
    (found,) = problems(definition)
    assert found.endswith("/States/A/Output/a[0]")


def job(**parameters: Any) -> dict[str, Any]:
    document = {
        "ProcessingJobName.$": "$.name",
        "RoleArn": "r",
        "AppSpecification": {"ImageUri": "i"},
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.t3.medium",
                "VolumeSizeInGB": 1,
            }
        },
        **parameters,
    }
    return state(Type="Task", Resource=JOB, Parameters=document)


def test_parameters_the_api_does_not_have_are_named_however_deep() -> None:
    found = problems(
        job(
            Foo=1,
            ProcessingInputs=[{"InputName": "x", "S3Input": {"S3Url.$": "$.x"}}],
            Environment={"ANY": "name"},
        )
    )
    assert found == [
        (
            'SCHEMA_VALIDATION_FAILED: The field "Foo" is not supported by Step Functions '
            "at /States/A/Parameters/Foo"
        ),
        (
            'SCHEMA_VALIDATION_FAILED: The field "S3Url" is not supported by Step Functions '
            "at /States/A/Parameters/ProcessingInputs[0]/S3Input/S3Url.$"
        ),
    ]


def test_parameters_the_api_requires_are_named() -> None:
    found = problems(state(Type="Task", Resource=JOB, Parameters={"RoleArn": "r"}))
    missing = ["ProcessingJobName", "ProcessingResources", "AppSpecification"]
    assert all(any(f'"{name}" is required' in problem for problem in found) for name in missing)


@pytest.mark.parametrize(
    "resource",
    [
        "nonsense",
        "arn:aws:states:::sagemaker:createProcessingJob.waitForTaskToken",
        "arn:aws:states:::aws-sdk:s3:noSuchThing",
        "arn:aws:states:::aws-sdk:s3:PutObject",
        "arn:aws:states:::nosuchservice:doIt",
        "arn:aws:lambda:us-east-1:123456789012:layer:f",
        "arn:aws-cn:states:::sagemaker:createProcessingJob.sync",
    ],
)
def test_a_resource_that_aws_does_not_know_is_refused(resource: str) -> None:
    found = problems(state(Type="Task", Resource=resource))
    assert f"The resource provided {resource} is not recognized." in found[0]


@pytest.mark.parametrize(
    ("partition", "region"),
    [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1"), ("aws", "eu-central-1")],
)
def test_the_partition_of_a_resource_is_that_of_the_region(partition: str, region: str) -> None:
    definition = job()
    definition["States"]["A"]["Resource"] = JOB.replace("arn:aws:", f"arn:{partition}:")
    assert problems(definition, region) == []


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"ItemBatcher": {"MaxItemsPerBatch": 2}}, "ItemBatcher"),
        ({"ToleratedFailurePercentage": 5}, "ToleratedFailurePercentage"),
        ({"ToleratedFailureCount": 5}, "ToleratedFailureCount"),
        ({"ResultWriter": {"Resource": "x"}}, "ResultWriter"),
        (
            {
                "ItemReader": {
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": {"InputType": "JSONL"},
                }
            },
            "InputType JSONL",
        ),
    ],
)
def test_what_only_aws_can_do_is_refused_by_name(fields: dict[str, Any], name: str) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    }
    (found,) = problems(state(Type="Map", ItemProcessor=processor, **fields))
    assert found.startswith("NOT_EMULATED")
    assert f"{name} is not emulated by batcat local" in found


def test_an_express_map_is_refused_by_name_and_an_inline_one_reads_nothing() -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    }
    (found,) = problems(state(Type="Map", ItemProcessor=processor))
    assert found.startswith("NOT_EMULATED: ExecutionType EXPRESS")
    processor["ProcessorConfig"] = {"Mode": "INLINE"}
    (found,) = problems(state(Type="Map", ItemProcessor=processor, Label="x"))
    assert 'Field "Label" needs ProcessorConfig.Mode DISTRIBUTED' in found


@pytest.mark.parametrize(
    ("resource", "fields", "name"),
    [
        ("arn:aws:states:::athena:startQueryExecution.sync", {}, "athena:startQueryExecution"),
        ("arn:aws:states:us-east-1:123456789012:activity:a", {}, "An activity"),
        ("arn:aws:states:::aws-sdk:dynamodb:getItem", {}, "service dynamodb"),
        (JOB, {"HeartbeatSeconds": 5}, "HeartbeatSeconds without .waitForTaskToken"),
        (
            "arn:aws:states:::lambda:invoke",
            {"Parameters": {"FunctionName": "f", "InvocationType": "Event"}},
            "Parameter InvocationType",
        ),
        (
            "arn:aws:states:::lambda:invoke",
            {"Parameters": {"FunctionName": "f"}, "Credentials": {"RoleArn": "r"}},
            "Credentials",
        ),
    ],
)
def test_tasks_that_only_aws_can_run_are_refused_by_name(
    resource: str, fields: dict[str, Any], name: str
) -> None:
    definition = job() if resource == JOB else state(Type="Task", Resource=resource)
    definition["States"]["A"].update(fields)
    (found,) = problems(definition)
    assert found.startswith("NOT_EMULATED")
    assert name in found
