"""A client is made once for a thread of work, whatever forks meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from typing import Any

import pytest

import batcat_runtime as bc
from batcat_runtime.aws import client


@pytest.mark.usefixtures("s3_environment")
def test_a_client_is_made_once_and_shared() -> None:
    """Also by threads that ask at the same time."""
    found: list[Any] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        found.append(client("sqs"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(one) for one in found}) == 1


def test_a_forked_process_makes_its_own_client() -> None:
    """Two processes that share one connection would read each other's answers."""
    code = """
import multiprocessing as mp
from batcat_runtime.aws import client

def is_shared(queue, parents=client("s3", "us-east-1")):
    queue.put(client("s3", "us-east-1") is parents)

context = mp.get_context("fork")
queue = context.SimpleQueue()
is_shared(queue)
child = context.Process(target=is_shared, args=(queue,))
child.start()
child.join()
print(queue.get(), queue.get())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_a_fork_while_a_client_is_made_leaves_the_child_able_to_make_one() -> None:
    """Of the threads only the one that forks goes on in the child: nobody frees a lock there."""
    code = """
import os, signal, sys, threading
from batcat_runtime.aws import client

begun = threading.Event()

class Signal:
    def find_spec(self, name, *_):
        if name == "botocore.config":  # imported while the client is made
            begun.set()

sys.meta_path.insert(0, Signal())
thread = threading.Thread(target=client, args=("s3", "us-east-1"))
thread.start()
begun.wait()
child = os.fork()
if not child:
    signal.alarm(20)  # ends it where it would wait for ever
    client("s3", "us-east-1")
    client("sqs", "us-east-1")
    os._exit(0)
thread.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]


def test_a_fork_does_not_wait_for_ever_for_a_client() -> None:
    """Making one may ask somebody for a password, for example."""
    code = """
import os, signal, threading
from batcat_runtime import aws

aws._PATIENCE = 0.1
held, free = threading.Event(), threading.Event()

def hold():
    with aws._LOCK:
        held.set()
        free.wait()

thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if not child:
    signal.alarm(20)
    aws.client("sqs", "us-east-1")
    os._exit(0)
free.set()
thread.join()
aws.client("sqs", "us-east-1")
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]


def test_a_traceback_does_not_show_variables_of_aws(nowhere: pytest.MonkeyPatch) -> None:
    """With all local variables, as pytest and rich print them."""
    nowhere.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    nowhere.setenv("AWS_SESSION_TOKEN", "hunter2")
    nowhere.setenv("AWS_ACCESS_KEY_ID", "any")
    with pytest.raises(bc.ConfigError) as caught:
        client("s3", "no region")
    error = caught.value
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    told = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    assert "key = " in "".join(told.format())
    assert "hunter2" not in "".join(told.format())


@pytest.mark.usefixtures("s3_environment")
def test_another_account_endpoint_or_region_gets_another_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program may turn from one account to another."""
    first = client("s3")
    assert client("s3", "eu-central-1") is not first
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    assert client("s3") is not first
