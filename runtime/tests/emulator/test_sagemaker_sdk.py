"""AWS's own SageMaker SDK as a client that knows nothing of this project."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
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

role, image, bucket, folder = sys.argv[1:]
source = ProcessingS3Input(
    s3_uri=f"s3://{bucket}/data/",
    local_path="/opt/ml/processing/input",
    s3_data_type="S3Prefix",
    s3_input_mode="File",
)
target = ProcessingS3Output(
    s3_uri=f"s3://{bucket}/out",
    local_path="/opt/ml/processing/result",
    s3_upload_mode="EndOfJob",
)
found = {}
for name in ("good", "bad"):
    processor = ScriptProcessor(
        image_uri=image,
        command=["python3"],
        role=role,
        instance_count=1,
        instance_type="ml.m5.large",
        base_job_name=name,
        sagemaker_session=Session(default_bucket=bucket),
    )
    error = None
    try:
        processor.run(
            code=f"{folder}/{name}.py",
            inputs=[ProcessingInput(input_name="raw", s3_input=source)],
            outputs=[ProcessingOutput(output_name="result", s3_output=target)],
            arguments=["--rows", "2"],
            logs=True,
            wait=True,
        )
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
    found[name] = {"job": processor.latest_job.processing_job_name, "error": error}
open(f"{folder}/result.json", "w").write(json.dumps(found))
"""


GOOD = """
import os, sys
from pathlib import Path
root = Path(os.environ["BATCAT_ML_ROOT"]) / "processing"
rows = (root / "input/a.csv").read_text().split()
print("rows read:", len(rows), sys.argv[1:])
(root / "result/rows.txt").write_text(str(len(rows)))
"""

BAD = "raise SystemExit(7)\n"


@pytest.fixture
def outcome(
    aws: LocalAws, store: Store, role: Callable[[str], str], tmp_path: Path
) -> dict[str, Any]:
    """What the SDK says of a job that ends well and of one that does not.

    Both go through one process of the SDK's own environment, to which nothing but the local
    AWS's variables is exported.
    """
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing; `make setup` installs it")
    store.put(data__a_csv="1\n2\n")
    for name, text in (("client", SCRIPT), ("good", GOOD), ("bad", BAD)):
        (tmp_path / f"{name}.py").write_text(text)
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/job:latest"
    done = subprocess.run(
        [PYTHON, tmp_path / "client.py", role("sagemaker"), image, store.bucket, tmp_path],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], **aws.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((tmp_path / "result.json").read_text())
    return {**found, "output": done.stdout + done.stderr}


def test_its_processor_runs_jobs_unmodified(
    outcome: dict[str, Any], store: Store, aws: LocalAws
) -> None:
    """It uploads the script, starts the job, follows its log, and learns how it ended.

    Which error it raises for a failed job is the SDK's affair: 3.27 looks for its own exception
    class in the wrong module and ends with an AttributeError.
    """
    sagemaker = aws.client("sagemaker")
    assert outcome["good"]["error"] is None, outcome["output"]
    good = sagemaker.describe_processing_job(ProcessingJobName=outcome["good"]["job"])
    assert good["ProcessingJobStatus"] == "Completed"
    assert store.text("out/rows.txt") == "2"
    assert "rows read: 2 ['--rows', '2']" in outcome["output"]

    assert outcome["bad"]["error"] is not None, outcome["output"]
    bad = sagemaker.describe_processing_job(ProcessingJobName=outcome["bad"]["job"])
    assert bad["ProcessingJobStatus"] == "Failed"
    assert bad["FailureReason"] == "AlgorithmError: , exit code: 7"
