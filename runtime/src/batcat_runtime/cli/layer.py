"""``batcat layer``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from batcat_runtime.deploy.layer import DIRECT, LIMIT, ROOMY, Layer, build_layer

from .errors import reported
from .options import AsJson, Debug
from .screen import Screen

EXAMPLES = """
batcat layer                                     layer.zip for a function on x86_64
batcat layer --python 3.13 --arch arm64          for another function
batcat layer --output build/parquet.zip --force  elsewhere, and again
"""

_OLDEST = (3, 12)  # what batcat's own functions run on at least; Lambda phases older ones out


@reported
def layer(  # noqa: PLR0913 - typer makes an option of each argument
    *,
    output: Annotated[
        Path, typer.Option("--output", metavar="FILE", help="The zip file to write.")
    ] = Path("layer.zip"),
    python: Annotated[
        str | None,
        typer.Option(
            "--python", metavar="X.Y", help="The function's; by default this one, at least 3.12."
        ),
    ] = None,
    arch: Annotated[
        str, typer.Option("--arch", metavar="NAME", help="The function's: x86_64 or arm64.")
    ] = "x86_64",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    as_json: AsJson = False,
    debug: Debug = False,  # noqa: ARG001 - read by reported()
) -> None:
    """Build a Lambda layer that reads and writes Parquet.

    It holds this batcat-runtime, boto3, pandas and pyarrow, without what Parquet and CSV do not
    need. The packages come from wherever pip or uv gets them here.
    """
    screen = Screen(as_json=as_json)
    python = python or "{}.{}".format(*max(sys.version_info[:2], _OLDEST))
    with screen.busy(f"Building a layer for Python {python} on {arch} …"):
        built = build_layer(output, python=python, architecture=arch, force=force)
    _describe(screen, built)
    screen.answer(
        {
            "layer": str(built.path),
            "python": built.python,
            "architecture": built.architecture,
            "zipped": built.zipped,
            "unzipped": built.unzipped,
            "packages": built.packages,
        }
    )


def _describe(screen: Screen, built: Layer) -> None:
    screen.say(
        f"{built.path}: a layer for Python {built.python} on {built.architecture}, "
        f"{_megabytes(built.zipped)} zipped, {_megabytes(built.unzipped)} unzipped"
    )
    screen.say(", ".join(f"{name} {version}" for name, version in built.packages.items()))
    room = f"{_megabytes(LIMIT - built.unzipped)} of Lambda's {_megabytes(LIMIT)} are left"
    if built.unzipped > ROOMY:
        screen.say(f"Little room: {room} for the function and its other layers")
    else:
        screen.say(f"Room: {room} for the function and its other layers")
    if built.zipped > DIRECT:
        screen.say(f"Publish it through S3: it is larger than {_megabytes(DIRECT)}")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
