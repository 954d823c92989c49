"""CodePipeline's stages: their phases run with the roles that deploy/ci.yaml makes for them.

What the services' roles need is AWS's: how-to-custom-role.html, action-reference-CodeBuild.html
and action-reference-CodestarConnectionSource.html of CodePipeline's user guide, and
setting-up-service-role.html of CodeBuild's. A project that hands nothing on needs no s3:PutObject,
as in AWS's own CDK (CodeBuildAction).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, StringShape, StructureShape

from batcat_runtime.deploy import cfn_yaml

from .accounts import ACCOUNT, REGIONS, accounts
from .builds import ARTIFACT, Builds, session
from .pipelines import read
from .test_roles import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CONNECTION = f"arn:aws:codeconnections:us-east-1:{ACCOUNT}:connection/{'0' * 8}-0000"
CLONING = {"codeconnections:UseConnection", "codestar-connections:UseConnection"}
BUILDING = {
    *CLONING,
    *("logs:CreateLogStream", "logs:PutLogEvents"),
    *("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetObject", "s3:GetObjectVersion"),
}
NEEDS = {
    "PipelineRole": {
        *CLONING,
        *("s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"),
        *("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectAcl"),
        *("codebuild:BatchGetBuilds", "codebuild:StartBuild"),
    },
    "CheckRole": BUILDING,
    "DevRole": {*BUILDING, "sts:AssumeRole"},
    "ProdRole": {*BUILDING, "sts:AssumeRole"},
}
STAGES = ("Check", "Dev", "Prod")


@pytest.fixture(scope="module")
def builds(
    trained: Callable[..., Path],
    commit: Callable[..., None],
    git: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Builds]:
    """A repository, and the roles that its pipeline takes."""
    folder = tmp_path_factory.mktemp("codepipeline")
    root = trained(folder, ci="codepipeline")
    with accounts(root, folder) as made:
        git(root, "init", "--quiet", "--initial-branch=main")
        commit(root, "Start")
        values = {"Repository": "octo/screening", "Connection": CONNECTION}
        values |= {"DevAccount": ACCOUNT, "ProdAccount": ACCOUNT}
        made.prepare("dev", **values)
        made.prepare("prod", **values)
        yield Builds(made, git)


def test_a_commit_goes_through_the_stages(
    builds: Builds, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each stage has what the source action left, and nothing of the stage before it."""
    folders = {stage: tmp_path_factory.mktemp(stage.lower()) for stage in STAGES}
    builds.release()
    assert builds.build("Check", folders["Check"], is_run=False) == (0, "")
    checked = replace(builds.accounts, root=folders["Check"] / "sources")
    assert checked.push("dev") == checked.push("prod")
    for stage in STAGES[1:]:
        code, said = builds.build(stage, folders[stage])
        assert code == 0, said
    images = builds.accounts.images()
    assert images["dev"] == images["prod"]
    roles = {value for name, value in builds.made.items() if ":role/" in value}
    roles.add(builds.accounts.outputs["prod"]["DeployRoleArn"])
    assert len(roles) == 7
    assert builds.accounts.denied(*roles) == []


@pytest.mark.parametrize("role", NEEDS)
def test_a_services_role_has_what_aws_asks_for_and_no_more(builds: Builds, role: str) -> None:
    """Decided on what it is for, and on another one's."""
    granted: set[str] = set()
    for one in statements(builds.accounts.root, role):
        granted |= {one["Action"]} if isinstance(one["Action"], str) else set(one["Action"])
    assert granted == NEEDS[role]

    prefix = f"arn:aws:codebuild:{REGIONS['dev']}:{ACCOUNT}:project/"
    name = cfn_yaml.load(builds.accounts.root / "deploy/ci.yaml")["Resources"]["Dev"]
    bucket, logs = builds.made["PipelineBucket"], builds.made["DevLogs"]
    places = {
        "codebuild": (prefix + name["Properties"]["Name"], prefix + "other"),
        "codeconnections": (CONNECTION, CONNECTION + "1"),
        "codestar-connections": (CONNECTION, CONNECTION + "1"),
        "logs": tuple(
            f"arn:aws:logs:{REGIONS['dev']}:{ACCOUNT}:log-group:{one}:log-stream:dev/1"
            for one in (logs, logs + "-other")
        ),
        "s3": tuple(f"arn:aws:s3:::{one}" for one in (bucket, bucket + "-other")),
    }
    iam = builds.accounts.client("iam", "dev")
    for action in sorted(granted - {"sts:AssumeRole"}):
        service, _, verb = action.partition(":")
        ours, others = places[service]
        below = "/" + ARTIFACT if service == "s3" and "Bucket" not in verb else ""
        told = iam.simulate_principal_policy(
            PolicySourceArn=builds.made[f"{role[:-4]}Role"],
            ActionNames=[action],
            ResourceArns=[ours + below, others + below],
        )["EvaluationResults"]
        assert [one["EvalDecision"] for one in told] == ["allowed", "implicitDeny"], action


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_connection_is_used_for_its_repository_alone_and_to_read(
    builds: Builds, service: str
) -> None:
    """A call that says what it is for is held to it; a connection reaches more than a project."""
    calls = {
        ("FullRepositoryId", "octo/screening"): "allowed",
        ("FullRepositoryId", "octo/other"): "implicitDeny",
        ("ProviderPermissionsRequired", "read_only"): "allowed",
        ("ProviderPermissionsRequired", "read_write"): "implicitDeny",
    }
    iam = builds.accounts.client("iam", "dev")
    for (name, value), decision in calls.items():
        key = {"ContextKeyName": f"{service}:{name}", "ContextKeyType": "string"}
        (told,) = iam.simulate_principal_policy(
            PolicySourceArn=builds.made["CheckRole"],
            ActionNames=[f"{service}:UseConnection"],
            ResourceArns=[CONNECTION],
            ContextEntries=[{**key, "ContextKeyValues": [value]}],
        )["EvaluationResults"]
        assert told["EvalDecision"] == decision, (name, value)


def test_no_stage_gets_what_is_another_ones(builds: Builds) -> None:
    """Nothing takes prod's role before the approval; a request's code takes none at all."""
    roles = {
        "dev": builds.made["DeployRoleArn"],
        "image": builds.made["ProdDEVIMAGEROLEARN"],
        "prod": builds.accounts.outputs["prod"]["DeployRoleArn"],
    }
    may: dict[str, set[str]] = {"Check": set(), "Dev": {"dev"}, "Prod": {"image", "prod"}}
    iam = builds.accounts.client("iam", "dev")
    for stage, names in may.items():
        own = builds.made[f"{stage}Role"]
        for name, role in roles.items():
            trust = iam.get_role(RoleName=role.rpartition("/")[2])["Role"]
            (statement,) = trust["AssumeRolePolicyDocument"]["Statement"]
            assert (statement["Principal"] == {"AWS": own}) == (name in names)
            (told,) = iam.simulate_principal_policy(
                PolicySourceArn=own, ActionNames=["sts:AssumeRole"], ResourceArns=[role]
            )["EvaluationResults"]
            assert (told["EvalDecision"] == "allowed") == (name in names)
        s3 = builds.accounts.client(
            "s3", "dev", **session(builds.accounts, own, "codebuild").keys()
        )
        with pytest.raises(ClientError, match="s3:PutObject"):
            s3.put_object(Bucket=builds.made["PipelineBucket"], Key=ARTIFACT, Body=b"{}")


# ---- What the pipelines are -----------------------------------------------------------------


@pytest.fixture(scope="module")
def resources(builds: Builds) -> dict[str, Any]:
    """What deploy/ci.yaml makes."""
    found: dict[str, Any] = cfn_yaml.load(builds.accounts.root / "deploy/ci.yaml")["Resources"]
    return found


def properties(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The properties of each resource of a type."""
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == kind}


def test_pipelines_are_as_the_service_takes_them(resources: dict[str, Any]) -> None:
    """CloudFormation hands on what CodePipeline's own model has, each value one that it allows."""
    model = ServiceModel(Loader().load_service_model("codepipeline", "service-2"))
    declaration = model.shape_for("PipelineDeclaration")
    pipelines = properties(resources, "AWS::CodePipeline::Pipeline")
    assert len(pipelines) == 2
    for made in pipelines.values():
        assert wrong({key: made[key] for key in made if key != "Tags"}, declaration) == []


def wrong(value: Any, shape: Any, at: str = "") -> list[str]:
    """What the service's model does not know or allow of a value."""
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        members = {name[0].upper() + name[1:]: one for name, one in shape.members.items()}
        needed = {name[0].upper() + name[1:] for name in shape.required_members}
        found = [f"{at}: lacks {name}" for name in sorted(needed - value.keys())]
        for name, one in value.items():
            if name not in members:
                found.append(f"{at}: no {name}")
            else:
                found += wrong(one, members[name], f"{at}.{name}")
        return found
    if isinstance(value, list) and isinstance(shape, ListShape):
        return [text for one in value for text in wrong(one, shape.member, at)]
    if isinstance(value, str) and isinstance(shape, StringShape) and shape.enum:
        return [] if value in shape.enum else [f"{at}: {value} is none of {shape.enum}"]
    return []


def test_each_stage_gets_what_an_earlier_one_leaves(
    builds: Builds, resources: dict[str, Any]
) -> None:
    """A reference to a commit is for CodeBuild alone, which must not be promised artefacts more."""
    projects = properties(resources, "AWS::CodeBuild::Project")
    for pipeline in properties(resources, "AWS::CodePipeline::Pipeline").values():
        left: dict[str, str] = {}
        (source,), *later = [stage["Actions"] for stage in pipeline["Stages"]]
        configuration = source["Configuration"]
        for one in source["OutputArtifacts"]:
            left[one["Name"]] = configuration["OutputArtifactFormat"]
        assert left == {"repository": "CODEBUILD_CLONE_REF"}
        for action in [action for actions in later for action in actions]:
            given = [one["Name"] for one in action.get("InputArtifacts", [])]
            assert set(given) <= left.keys()
            if action["ActionTypeId"]["Provider"] == "Manual":
                continue
            assert action["ActionTypeId"]["Provider"] == "CodeBuild"
            assert given == ["repository"]
            project = projects[action["Configuration"]["ProjectName"]["Ref"]]
            assert project["Source"]["Type"] == project["Artifacts"]["Type"] == "CODEPIPELINE"
            spec = read(builds.accounts.root, project["Source"]["BuildSpec"])
            assert "artifacts" not in spec
            assert "OutputArtifacts" not in action


def test_a_request_is_checked_and_what_is_merged_waits_between_dev_and_prod(
    resources: dict[str, Any],
) -> None:
    pipelines = properties(resources, "AWS::CodePipeline::Pipeline")
    stages = {name: [stage["Name"] for stage in one["Stages"]] for name, one in pipelines.items()}
    assert stages == {
        "Requests": ["Source", "Check"],
        "Pipeline": ["Source", "Check", "Dev", "Approval", "Prod"],
    }
    modes = {"Requests": "PARALLEL", "Pipeline": "QUEUED"}
    for name, one in pipelines.items():
        assert (one["PipelineType"], one["ExecutionMode"]) == ("V2", modes[name])
        (trigger,) = one["Triggers"]
        git = trigger["GitConfiguration"]
        (source,) = one["Stages"][0]["Actions"]
        assert git["SourceActionName"] == source["Name"]
        assert source["Configuration"]["DetectChanges"] == "false"
        assert set(git) == {"SourceActionName", "Push" if name == "Pipeline" else "PullRequest"}
    (approval,) = pipelines["Pipeline"]["Stages"][3]["Actions"]
    assert approval["ActionTypeId"]["Category"] == "Approval"
