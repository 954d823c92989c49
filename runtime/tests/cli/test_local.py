"""A local AWS that belongs to the command, or that serves until Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batcat_runtime.cli.deploy import confirm
from batcat_runtime.cli.reached import is_loopback
from batcat_runtime.cli.screen import Screen
from batcat_runtime.deploy import load_project, make_plan, plan_removal, remove
from batcat_runtime.deploy.polling import pauses
from batcat_runtime.deploy.stack import find_stack
from batcat_runtime.errors import ConfigError

if TYPE_CHECKING:
    import subprocess

    from batcat_runtime.emulator import LocalAws

    from .conftest import User


def children(process: subprocess.Popen[str]) -> list[int]:
    """Every process that descends from one."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text(encoding="utf-8")
            except OSError:
                continue  # it has ended meanwhile
            parents[int(folder.name)] = int(text.rpartition(")")[2].split()[1])
    found, new = [], [process.pid]
    while new:
        new = [pid for pid, parent in parents.items() if parent in new]
        found += new
    return found


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_with_nothing_exported_run_brings_its_own_local_aws(newcomer: User) -> None:
    said = newcomer.batcat("run")
    assert said.code == 0, said.err
    assert "Deploying" in said.out
    assert "Result: data/result/" in said.out


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process table there")
def test_ctrl_c_leaves_no_process_behind(newcomer: User) -> None:
    (newcomer.folder / "data" / "raw" / "fault").write_text("hang", encoding="utf-8")
    with newcomer.start("run") as process:
        assert process.stdout
        next(line for line in process.stdout if " started " in line)
        for _ in pauses(20):
            below = children(process)
            if len(below) >= 2:
                break  # the local AWS and the job
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert [pid for pid in below if is_running(pid)] == []


def test_local_serves_what_it_prints_until_ctrl_c(newcomer: User) -> None:
    with newcomer.start("local") as process:
        assert process.stdout
        exports: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                exports[name] = value
            if "Ctrl-C" in line:
                break
        assert set(exports) >= {"AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID"}
        other = type(newcomer)(newcomer.folder, {**newcomer.environment, **exports})
        assert "not deployed" in other.batcat("status").out
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130


def test_local_as_json_and_on_a_port_of_choice(newcomer: User) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with newcomer.start("local", "--json", "--port", str(port)) as process:
        assert process.stdout
        text = ""
        for line in process.stdout:
            text += line
            if line == "}\n":
                break
        document = json.loads(text)
        assert document["url"] == f"http://127.0.0.1:{port}"
        assert document["environment"]["AWS_ENDPOINT_URL"] == document["url"]
        taken = newcomer.batcat("local", "--port", str(port))
        assert taken.code == 1
        assert f"127.0.0.1:{port}" in taken.err
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 130


def test_logs_of_a_local_aws_that_is_gone_say_how_to_keep_one(newcomer: User) -> None:
    said = newcomer.batcat("logs")
    assert said.code == 2
    assert "keep one with: batcat local" in said.err


def test_only_this_machine_counts_as_local() -> None:
    assert is_loopback("http://127.0.0.1:4566")
    assert is_loopback("http://localhost:4566")
    assert is_loopback("http://[::1]:4566")
    assert not is_loopback("https://s3.eu-central-1.amazonaws.com")
    assert not is_loopback("http://192.168.0.7:4566")
    assert not is_loopback("http://127.0.0.1.example.com")
    assert not is_loopback("")


def test_an_account_is_not_changed_unless_somebody_agrees(
    folder: Path, local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody at the terminal and no --yes, the plan is thrown away."""
    for name, value in local_aws.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    account = load_project(folder, "dev")
    for _ in remove(plan_removal(account, delete_data=True)):
        pass
    plan = make_plan(account)
    with pytest.raises(ConfigError, match=r"account 123456789012, region us-east-1.*--yes"):
        confirm(account, plan, Screen(as_json=False), yes=False)
    assert find_stack(account.stack, account.region) is None
    confirm(account, plan, Screen(as_json=False), yes=True)
    confirm(load_project(folder), plan, Screen(as_json=False), yes=False)


def test_a_mistake_in_the_project_is_found_before_an_image_is_built(
    newcomer: User, local_aws: LocalAws, tmp_path: Path
) -> None:
    """In an account, where an image is; it would have been asked for and built for nothing."""
    docker = newcomer.folder / "deploy" / "docker"
    docker.mkdir()
    (docker / "Dockerfile").write_text(
        "ARG BASE=python:3.12-slim\nFROM ${BASE}\n", encoding="utf-8"
    )
    (tmp_path / "config").write_text(f"[default]\nendpoint_url = {local_aws.url}\n")
    newcomer.environment |= {
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
    }
    assert "say --yes if you agree" in newcomer.batcat("deploy", "--env", "dev").err
    (newcomer.folder / "deploy" / "workflow.asl.json").write_text("{", encoding="utf-8")
    said = newcomer.batcat("deploy", "--env", "dev")
    assert "workflow.asl.json is not valid JSON" in " ".join(said.err.split())
