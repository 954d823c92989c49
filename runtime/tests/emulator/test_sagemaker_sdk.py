"""AWS's own SageMaker SDK as a client that knows nothing of this project."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Store

    from batcat_runtime.emulator import LocalAws

PYTHON = Path(__file__).parents[3] / ".tools" / "sagemaker" / "bin" / "python"

SCRIPT = """
import json, sys
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import ProcessingInput, ProcessingOutput
from sagemaker.core.shapes import ProcessingS3Input, ProcessingS3Output

role, image, bucket, code, result = sys.argv[1:]
processor = ScriptProcessor(
    image_uri=image,
    command=["python3"],
    role=role,
    instance_count=1,
    instance_type="ml.m5.large",
    base_job_name="sdk",
    sagemaker_session=Session(default_bucket=bucket),
)
source = ProcessingS3Input(
    s3_uri=f"s3://{bucket}/data/",
    local_path="/opt/ml/processing/input/raw",
    s3_data_type="S3Prefix",
    s3_input_mode="File",
)
target = ProcessingS3Output(
    s3_uri=f"s3://{bucket}/out",
    local_path="/opt/ml/processing/result",
    s3_upload_mode="EndOfJob",
)
error = None
try:
    processor.run(
        code=code,
        inputs=[ProcessingInput(input_name="raw", s3_input=source)],
        outputs=[ProcessingOutput(output_name="result", s3_output=target)],
        arguments=["--rows", "2"],
        logs=True,
        wait=True,
    )
except Exception as failure:
    error = f"{type(failure).__name__}: {failure}"
job = processor.latest_job
found = {"name": job.processing_job_name, "error": error}
open(result, "w").write(json.dumps(found))
"""


@pytest.fixture(scope="module")
def sdk() -> Path:
    """The interpreter of the environment that holds the SDK."""
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing; `make tools` installs the foreign clients")
    return PYTHON


@pytest.fixture
def run_sdk(
    sdk: Path, aws: LocalAws, store: Store, role: Callable[[str], str], tmp_path: Path
) -> Callable[[str], dict[str, Any]]:
    """Runs a script as a Processing job through the SDK; only the environment is exported."""
    store.put(data__a_csv="1\n2\n")

    def run(code: str) -> dict[str, Any]:
        (tmp_path / "step.py").write_text(dedent(code))
        (tmp_path / "client.py").write_text(SCRIPT)
        result = tmp_path / "result.json"
        home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [
                sdk,
                tmp_path / "client.py",
                role("sagemaker"),
                "123456789012.dkr.ecr.us-east-1.amazonaws.com/job:latest",
                store.bucket,
                tmp_path / "step.py",
                result,
            ],
            env={**home, **aws.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(result.read_text())
        return {**found, "output": done.stdout + done.stderr}

    return run


def test_its_processor_runs_a_job_unmodified(
    run_sdk: Callable[[str], dict[str, Any]], store: Store, aws: LocalAws
) -> None:
    """It uploads the script, starts the job, follows its log and finds the output."""
    found = run_sdk(
        """
        import sys
        from pathlib import Path
        import os
        root = Path(os.environ["BATCAT_ML_ROOT"]) / "processing"
        rows = (root / "input/raw/a.csv").read_text().split()
        print("rows read:", len(rows), sys.argv[1:])
        (root / "result/rows.txt").write_text(str(len(rows)))
        """,
    )
    assert found["error"] is None, found["output"]
    job = aws.client("sagemaker").describe_processing_job(ProcessingJobName=found["name"])
    assert job["ProcessingJobStatus"] == "Completed"
    assert store.text("out/rows.txt") == "2"
    assert "rows read: 2 ['--rows', '2']" in found["output"]


def test_it_reports_a_failed_job(run_sdk: Callable[[str], dict[str, Any]], aws: LocalAws) -> None:
    """Its ``run`` raises, and the job says why.

    Which error it raises is the SDK's affair: 3.27 looks for its own exception class in the
    wrong module and ends with an AttributeError.
    """
    found = run_sdk("raise SystemExit(7)")
    assert found["error"] is not None, found["output"]
    job = aws.client("sagemaker").describe_processing_job(ProcessingJobName=found["name"])
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: , exit code: 7"
