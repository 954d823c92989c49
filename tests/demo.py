"""``make demo``: generate a project with the default answers and run its pipeline on a local AWS.

python tests/demo.py build/demo
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import copier
from copier.errors import DirtyLocalWarning

REPOSITORY = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def say(line: str) -> None:
    """Print a line at once, so that it stands before what it announces."""
    print(line, flush=True)  # noqa: T201 - this is a script for people to watch


def generate(folder: Path) -> None:
    """Render the project anew; only a folder that was generated before is removed.

    Raises:
        SystemExit: the folder holds something else.
    """
    if folder.exists():
        if not (folder / ".copier-answers.yml").exists():
            sys.exit(f"{folder} exists and is no generated project; give another folder")
        shutil.rmtree(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DirtyLocalWarning)  # work in progress is worth a demo too
        copier.run_copy(str(REPOSITORY), folder, defaults=True, quiet=True, vcs_ref="HEAD")


def main(folder: Path) -> int:
    """Generate, train, run.

    Returns:
        The exit code of the first command that failed, or 0.
    """
    shown = os.path.relpath(folder)
    say(f"$ copier copy --defaults . {shown}")
    generate(folder)
    # As in an activated environment: the project's commands are those of this interpreter.
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    say(f"$ cd {shown}")
    for command in (["python", "script/train.py"], ["batcat", "run"]):
        say(f"\n$ {' '.join(command)}")
        program = str(BIN / command[0])
        code = subprocess.run([program, *command[1:]], cwd=folder, env=environment, check=False)
        if code.returncode:
            return code.returncode
    say(f"\nFrom here, the result lies in {shown}/data/result/")
    return 0


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY / "build" / "demo").resolve()
    try:
        sys.exit(main(target))
    except KeyboardInterrupt:
        sys.exit(130)
