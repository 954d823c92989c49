"""The state machine of a generated project, run on the local AWS: what it publishes and reports."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.deploy import apply, load_project, make_plan, names
from batcat_runtime.deploy.stack import deployed_stack
from batcat_runtime.emulator import LocalAws
from batcat_runtime.emulator.stepfunctions.jsonata import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT, PURPOSE = "2026-flow-check", "score"
BUCKET = f"{PROJECT}-us-east-1"
RUN = f"{PROJECT}-{PURPOSE}-"
BLOCKS = re.findall(
    r"```json\n(.*?)```",
    (REPOSITORY / "docs" / "workflow.md").read_text(encoding="utf-8"),
    re.DOTALL,
)
LONG = pytest.mark.long
READ_ALL = """import os, sys
from pathlib import Path
ROOT = Path(os.environ.get("BATCAT_ML_ROOT", "/opt/ml")) / "processing"
STEP = Path(sys.argv[0]).stem
(ROOT / STEP).mkdir(parents=True, exist_ok=True)
for file in sorted((ROOT / "input").rglob("*.csv")):
    (ROOT / STEP / f"{STEP}_{file.name}").write_text(file.read_text() + STEP)
"""


def hurried(definition: dict[str, Any]) -> dict[str, Any]:
    """The workflow, in which nobody waits before a machine is asked for again."""
    text = json.dumps(definition)
    assert "300 * $power" in text
    return dict(json.loads(text.replace("300 * $power", "0 * $power")))


class Flow:
    """A deployed workflow, and what its executions leave."""

    def __init__(self, aws: LocalAws, folder: Path) -> None:
        self.aws, self.folder = aws, folder
        self.s3, self.sfn = aws.client("s3"), aws.client("stepfunctions")
        self.machine, self.messages = "", ""

    def deploy(self) -> None:
        """Deploy the project, and let a queue listen to its topic.

        That its steps are to have no network holds in an account, and is no hindrance here.
        """
        project = replace(load_project(self.folder), max_runtime_seconds=60, network_isolation=True)
        for _ in apply(make_plan(project, change_definition=hurried)):
            pass
        outputs = deployed_stack(project).outputs
        self.machine = outputs["StateMachineArn"]
        if not self.messages:
            sqs = self.aws.client("sqs")
            self.messages = sqs.create_queue(QueueName="messages")["QueueUrl"]
            wanted = ["QueueArn"]
            arn = sqs.get_queue_attributes(QueueUrl=self.messages, AttributeNames=wanted)
            arn = arn["Attributes"]["QueueArn"]
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            sqs.set_queue_attributes(QueueUrl=self.messages, Attributes={"Policy": policy})
            self.aws.client("sns").subscribe(
                TopicArn=outputs["TopicArn"], Protocol="sqs", Endpoint=arn
            )

    def start(self, name: str, **given: Any) -> str:
        """Start a run; gives the execution's ARN."""
        run = f"{RUN}{name}"
        request = {"ProcessingJobName": run, "ResultPath": f"s3://{BUCKET}/{PURPOSE}", **given}
        return str(
            self.sfn.start_execution(
                stateMachineArn=self.machine, name=run, input=json.dumps(request)
            )["executionArn"]
        )

    def run(self, name: str, **given: Any) -> dict[str, Any]:
        """Run to the end; gives how it ended."""
        execution = self.start(name, **given)
        while True:
            ended = self.sfn.describe_execution(executionArn=execution)
            if ended["status"] != "RUNNING":
                return dict(ended)
            time.sleep(0.1)

    def keys(self, name: str) -> list[str]:
        """What a run left, below its own prefix."""
        prefix = f"{PURPOSE}/{RUN}{name}/"
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [one["Key"].removeprefix(prefix) for one in found]

    def text(self, key: str) -> str:
        """An object's text."""
        body = self.s3.get_object(Bucket=BUCKET, Key=f"{PURPOSE}/{RUN}{key}")["Body"]
        return str(body.read().decode())

    def told(self, name: str) -> dict[str, Any]:
        """What the topic was told of a run; it is told of alarms, too."""
        sqs = self.aws.client("sqs")
        while True:
            (message,) = sqs.receive_message(QueueUrl=self.messages, WaitTimeSeconds=10)["Messages"]
            sqs.delete_message(QueueUrl=self.messages, ReceiptHandle=message["ReceiptHandle"])
            said = json.loads(json.loads(message["Body"])["Message"])
            if said.get("Run") == f"{RUN}{name}":
                return dict(said)

    def make_job(self, name: str, execution: str) -> None:
        """Make the first step's job, as an execution would."""
        definition = json.loads(
            self.sfn.describe_state_machine(stateMachineArn=self.machine)["definition"]
        )
        step = definition["States"]["load_it"]["Parameters"]
        resources = {"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 20}
        target = {
            "S3Uri": f"s3://{BUCKET}/{PURPOSE}/{RUN}{name}/load_it/",
            "LocalPath": "/opt/ml/processing/load_it",
            "S3UploadMode": "EndOfJob",
        }
        source = {
            "S3Uri": f"s3://{BUCKET}/{PURPOSE}/input/",
            "LocalPath": "/opt/ml/processing/input/raw",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        }
        self.aws.client("sagemaker").create_processing_job(
            ProcessingJobName=f"{RUN}{name}-load-it",
            RoleArn=step["RoleArn"],
            AppSpecification=step["AppSpecification"],
            Environment={"BATCAT_EXECUTION": execution, "BATCAT_STEP": "load_it"},
            ProcessingInputs=[{"InputName": "raw", "S3Input": source}],
            ProcessingOutputConfig={"Outputs": [{"OutputName": "load_it", "S3Output": target}]},
            ProcessingResources={"ClusterConfig": resources},
        )

    def job(self, name: str) -> dict[str, Any]:
        """The first step's job."""
        jobs = self.aws.client("sagemaker")
        return dict(jobs.describe_processing_job(ProcessingJobName=f"{RUN}{name}-load-it"))

    def jobs(self, name: str) -> dict[str, str]:
        """Each job of a run, by the end of its name, and how it ended; in their order."""
        jobs = self.aws.client("sagemaker").list_processing_jobs(NameContains=f"{RUN}{name}-")
        return {
            one["ProcessingJobName"].removeprefix(f"{RUN}{name}-"): one["ProcessingJobStatus"]
            for one in jobs["ProcessingJobSummaries"]
        }

    def entered(self, execution: str) -> list[str]:
        """The states that an execution entered."""
        history = self.sfn.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        return [
            one["stateEnteredEventDetails"]["name"] for one in history if "Entered" in one["type"]
        ]


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]) -> Iterator[Flow]:
    """A project of two steps, deployed, with input."""
    folder = tmp_path_factory.mktemp("flow") / "project"
    render(folder, project=PROJECT, purpose=PURPOSE, steps="load_it, score", example=False)
    for step in ("load_it", "score"):
        (folder / "script" / f"{step}.py").write_text(READ_ALL, encoding="utf-8")
    patched = pytest.MonkeyPatch()
    with LocalAws(images={f"{PROJECT}-{PURPOSE}": folder}, region="us-east-1") as aws:
        for name, value in aws.environment.items():
            patched.setenv(name, value)
        flow = Flow(aws, folder)
        flow.deploy()
        for name in ("a.csv", "b.csv"):
            flow.s3.put_object(Bucket=BUCKET, Key=f"{PURPOSE}/input/{name}", Body=name.encode())
        yield flow
    patched.undo()


@pytest.fixture
def broken(flow: Flow) -> Iterator[Path]:
    """The last step's script, to be broken; it is mended afterwards."""
    script = flow.folder / "script" / "score.py"
    yield script
    script.write_text(READ_ALL, encoding="utf-8")


def test_a_run_is_published_whole_and_marked_last(flow: Flow) -> None:
    ended = flow.run("whole")
    assert ended["status"] == "SUCCEEDED"
    results = ["score/score_load_it_a.csv", "score/score_load_it_b.csv"]
    assert [key for key in flow.keys("whole") if "load_it/" not in key] == [
        ".success",
        "manifest.json",
        *results,
    ]
    manifest = json.loads(flow.text("whole/manifest.json"))
    assert manifest["Run"] == f"{RUN}whole"
    assert manifest["Execution"] == ended["executionArn"]
    assert manifest["Input"] == f"s3://{BUCKET}/{PURPOSE}/input/"
    assert manifest["Image"].endswith(f"/{PROJECT}-{PURPOSE}:latest")
    assert [one["Step"] for one in manifest["Steps"]] == ["load_it", "score"]
    assert manifest["Steps"][1]["Output"] == f"s3://{BUCKET}/{PURPOSE}/{RUN}whole/score/"
    objects = manifest["Result"]["Objects"]
    assert [one["Key"] for one in objects] == [f"{PURPOSE}/{RUN}whole/{key}" for key in results]
    assert all(one["Size"] and one["ETag"] for one in objects)
    assert manifest["Result"]["HasMore"] is False
    assert manifest["Started"] < manifest["Finished"] < flow.text("whole/.success")
    # Machines are nearly all that a pipeline costs, and are found by the tags of their jobs.
    job = flow.job("whole")["ProcessingJobArn"]
    tags = flow.aws.client("sagemaker").list_tags(ResourceArn=job)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "project": PROJECT,
        "purpose": PURPOSE,
        "environment": "local",
        "owner": "Data Science Team",
        "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
    }


def test_an_empty_result_is_a_result(flow: Flow, broken: Path) -> None:
    broken.write_text("", encoding="utf-8")
    assert flow.run("empty")["status"] == "SUCCEEDED"
    assert json.loads(flow.text("empty/manifest.json"))["Result"]["Objects"] == []
    assert ".success" in flow.keys("empty")


def test_a_failure_is_reported_with_step_cause_and_log_and_publishes_nothing(
    flow: Flow, broken: Path
) -> None:
    broken.write_text("raise SystemExit(7)", encoding="utf-8")
    ended = flow.run("broken")
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    told = flow.told("broken")
    assert told["Step"] == "score"
    assert told["Error"] == "States.TaskFailed"
    assert "exit code: 7" in json.loads(told["Cause"])["FailureReason"]
    assert told["Log"] == (
        "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups"
        "/log-group/$252Faws$252Fsagemaker$252FProcessingJobs$3FlogStreamNameFilter$3D"
        f"{RUN}broken-score"
    )
    assert {key.partition("/")[0] for key in flow.keys("broken")} == {"load_it"}


def test_results_go_to_their_one_place(flow: Flow) -> None:
    ended = flow.run("elsewhere", ResultPath="s3://other/place")
    assert ended["status"] == "FAILED"
    assert f"start it with ResultPath s3://{BUCKET}/{PURPOSE}" in ended["cause"]


@pytest.mark.parametrize(
    ("name", "begins", "after"),
    [
        ("ended", "", "score"),
        pytest.param("goes-on", "import time\ntime.sleep(5)\n", "WaitForJob", marks=LONG),
    ],
    ids=["has ended", "goes on"],
)
def test_a_job_whose_answer_got_lost_is_taken_up_and_not_made_twice(
    flow: Flow, name: str, begins: str, after: str
) -> None:
    script = flow.folder / "script" / "load_it.py"
    script.write_text(begins + READ_ALL, encoding="utf-8")
    execution = flow.machine.replace(":stateMachine:", ":execution:") + f":{RUN}{name}"
    flow.make_job(name, execution)
    while not begins and flow.job(name)["ProcessingJobStatus"] == "InProgress":
        time.sleep(0.1)
    assert flow.run(name)["status"] == "SUCCEEDED"
    script.write_text(READ_ALL, encoding="utf-8")
    assert ".success" in flow.keys(name)
    entered = flow.entered(execution)
    assert entered[:5] == ["Settings", "load_it", "LookAtJob", "HasJobEnded", after]
    assert entered.count("load_it") == 1


def test_a_job_of_another_execution_is_not_taken_for_ones_own(flow: Flow) -> None:
    flow.make_job("foreign", "arn:of:another")
    ended = flow.run("foreign")
    assert (ended["status"], ended["error"]) == ("FAILED", "SageMaker.ResourceInUseException")
    assert flow.told("foreign")["Step"] == "load_it"
    assert ".success" not in flow.keys("foreign")


def test_a_step_without_a_machine_is_tried_again_under_another_name(flow: Flow) -> None:
    flow.aws.lack_machines(2)
    assert flow.run("scarce")["status"] == "SUCCEEDED"
    assert flow.jobs("scarce") == {
        "load-it": "Failed",
        "2load-it": "Failed",
        "3load-it": "Completed",
        "score": "Completed",
    }
    assert flow.keys("scarce") == [
        ".success",
        "load_it/load_it_a.csv",
        "load_it/load_it_b.csv",
        "manifest.json",
        "score/score_load_it_a.csv",
        "score/score_load_it_b.csv",
    ]


def test_a_job_that_was_taken_up_is_tried_again_as_well(flow: Flow) -> None:
    execution = flow.machine.replace(":stateMachine:", ":execution:") + f":{RUN}taken"
    flow.aws.lack_machines(1)
    flow.make_job("taken", execution)
    while flow.job("taken")["ProcessingJobStatus"] == "InProgress":
        time.sleep(0.1)
    assert flow.run("taken")["status"] == "SUCCEEDED"
    assert flow.jobs("taken") == {
        "load-it": "Failed",
        "2load-it": "Completed",
        "score": "Completed",
    }
    assert flow.entered(execution)[1:9] == [
        "load_it",
        "LookAtJob",
        "HasJobEnded",
        "JobFailed",
        "WhyDidItFail",
        "WaitForMachine",
        "TryAgain",
        "load_it",
    ]


def test_a_machine_that_never_comes_is_reported_after_five_jobs(flow: Flow) -> None:
    flow.aws.lack_machines(5)
    ended = flow.run("never")
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    assert list(flow.jobs("never")) == ["load-it", *(f"{n}load-it" for n in range(2, 6))]
    told = flow.told("never")
    assert (told["Step"], told["Tries"]) == ("load_it", 5)
    reason = json.loads(told["Cause"])["FailureReason"]
    assert reason.startswith("CapacityError: ")
    assert "using a different ML instance type" in reason
    assert told["Log"].endswith("never-5load-it")
    assert flow.keys("never") == []


def test_a_step_that_says_capacity_error_itself_is_not_tried_again(
    flow: Flow, broken: Path
) -> None:
    broken.write_text(
        "import os\nfrom pathlib import Path\n"
        "message = Path(os.environ['BATCAT_ML_ROOT'], 'output', 'message')\n"
        "message.parent.mkdir(exist_ok=True)\n"
        """message.write_text('CapacityError: "FailureReason":"CapacityError: it was I')\n"""
        "raise SystemExit(7)",
        encoding="utf-8",
    )
    flow.aws.lack_machines(1)
    assert flow.run("own-words")["status"] == "FAILED"
    told = flow.told("own-words")
    assert '"FailureReason":"CapacityError' in json.loads(told["Cause"])["ExitMessage"]
    assert told["Tries"] == 1
    assert flow.jobs("own-words") == {
        "load-it": "Failed",
        "2load-it": "Completed",
        "score": "Failed",
    }


def written(folder: Path, state: str) -> dict[str, Any]:
    """A state as the project has it."""
    text = (folder / "deploy" / "workflow.asl.json").read_text(encoding="utf-8")
    return dict(json.loads(text)["States"][state])


def test_only_a_name_with_room_for_a_digit_is_tried_again(
    tmp_path: Path, render: Callable[..., Path]
) -> None:
    """A run that the trigger starts has, though its name holds as much of a digest as fits."""
    folder = render(tmp_path / "p", trigger="s3")
    template = (folder / "deploy" / "template.yaml").read_text(encoding="utf-8")
    digest = "f" * int(template.partition('DIGEST_LENGTH: "')[2][0])
    assert digest
    run = f"2026-health-screening-inference-20260131120000-{digest}"
    condition = written(folder, "WhyDidItFail")["Choices"][0]["Condition"].strip("{%} ")
    error = {"Error": "States.TaskFailed", "Cause": '{"FailureReason": "CapacityError: none"}'}
    for name, is_tried in ((run, True), (f"{run}x", False)):
        given = {"Error": error, "ProcessingJobName": name}
        variables = {"states": {"input": given}, "Try": 1, "Step": "preprocess"}
        assert evaluate(condition, variables) is is_tried
        assert (len(f"{name}-2preprocess") <= names.JOB.longest) is is_tried


def test_waits_for_a_machine_grow_and_differ(flow: Flow) -> None:
    wait = written(flow.folder, "WaitForMachine")["Seconds"].strip("{%} ")
    for tries, longest in enumerate([300, 600, 1200, 2400], start=1):
        seconds = [evaluate(wait, {"Try": tries}) for _ in range(20)]
        assert all(longest / 2 <= one <= longest for one in seconds)
        assert len(set(seconds)) > 1
        assert all(isinstance(one, int) for one in seconds)


def test_the_same_name_and_input_are_the_same_execution(flow: Flow) -> None:
    first = flow.start("twice")
    assert flow.start("twice") == first
    flow.run("twice")
    with pytest.raises(flow.sfn.exceptions.ExecutionAlreadyExists):
        flow.start("twice")


def put_in(definition: dict[str, Any], block: str, *replaced: str) -> dict[str, Any]:
    """Follow docs/workflow.md: put states in the place of steps."""
    new = json.loads(block)
    states: dict[str, Any] = {}
    for name, state in definition["States"].items():
        if name in replaced:
            states.update(new)
        else:
            states[name] = state
    rules = [rule for name in ("HasJobEnded", "TryAgain") for rule in states[name]["Choices"]]
    for name in ("HasJobEnded", "TryAgain"):
        kept = [
            rule for rule in states[name]["Choices"] if rule.get("StringEquals") not in replaced
        ]
        states[name]["Choices"] = kept
    for one in (*states.values(), *rules):
        if one.get("Next") in replaced:
            one["Next"] = next(iter(new))
    return {**definition, "States": states}


@pytest.fixture
def remade(flow: Flow, render: Callable[..., Path]) -> Iterator[Callable[..., None]]:
    """Give the project other steps and another workflow; afterwards it is as before."""
    config = flow.folder / "deploy" / "config.json"
    workflow = flow.folder / "deploy" / "workflow.asl.json"
    before = {file: file.read_text(encoding="utf-8") for file in (config, workflow)}

    def change(steps: list[str], block: str, *replaced: str) -> None:
        other = render(
            flow.folder.parent / "-".join(steps),
            project=PROJECT,
            purpose=PURPOSE,
            steps=steps,
            example=False,
        )
        for step in steps:
            (flow.folder / "script" / f"{step}.py").write_text(READ_ALL, encoding="utf-8")
        for file in (config, workflow):
            file.write_bytes((other / "deploy" / file.name).read_bytes())
        definition = json.loads(workflow.read_text(encoding="utf-8"))
        changed = put_in(definition, block, *replaced)
        workflow.write_text(json.dumps(changed), encoding="utf-8")
        flow.deploy()

    yield change
    for file, text in before.items():
        file.write_text(text, encoding="utf-8")
    flow.deploy()


def test_steps_run_side_by_side_as_the_page_says(flow: Flow, remade: Callable[..., None]) -> None:
    remade(["load", "north", "south", "score"], BLOCKS[0], "north", "south")
    assert flow.run("parallel")["status"] == "SUCCEEDED"
    folders = {key.partition("/")[0] for key in flow.keys("parallel")}
    assert folders >= {"north", "south", "score", ".success"}


def test_each_of_many_files_is_a_job_as_the_page_says(
    flow: Flow, remade: Callable[..., None]
) -> None:
    remade(["split", "score"], BLOCKS[1], "score")
    flow.aws.lack_machines(1, name="score-1")
    assert flow.run("map")["status"] == "SUCCEEDED"
    assert {key for key in flow.keys("map") if key.startswith("score/")} == {
        "score/0/score_split_a.csv",
        "score/1/score_split_b.csv",
    }
    assert flow.jobs("map") == {
        "split": "Completed",
        "score-0": "Completed",
        "score-1": "Failed",
        "2score-1": "Completed",
    }


def test_machines_share_the_files_of_a_step(flow: Flow) -> None:
    config = flow.folder / "deploy" / "config.json"
    before = config.read_text(encoding="utf-8")
    config.write_text(before.replace('"instance_count": 1', '"instance_count": 2'))
    flow.deploy()
    assert flow.run("shards")["status"] == "SUCCEEDED"
    assert [key for key in flow.keys("shards") if key.startswith("score/")] == [
        "score/score_load_it_a.csv",
        "score/score_load_it_b.csv",
    ]
    job = flow.aws.client("sagemaker").describe_processing_job(
        ProcessingJobName=f"{RUN}shards-score"
    )
    assert job["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 2
    config.write_text(before)
    flow.deploy()
