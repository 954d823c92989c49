"""``python -m batcat_runtime.emulator``: serve the local AWS until stopped."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .server import Options, serve


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and serve.

    Args:
        arguments: command line without the program's name; None takes the process's own.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m batcat_runtime.emulator")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--account", default="123456789012")
    parser.add_argument("--image", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--state", type=Path, help="folder that keeps S3 objects and job folders")
    parser.add_argument("--parent-pipe", action="store_true", help="stop when stdin ends")
    options = parser.parse_args(arguments)
    images: dict[str, Path] = {}
    for pair in options.image:
        name, _, folder = pair.partition("=")
        if not name or not Path(folder).is_dir():
            parser.error(f"--image {pair}: expected NAME=FOLDER with a folder that exists")
        images[name] = Path(folder).resolve()
    return serve(
        Options(
            port=options.port,
            region=options.region,
            account=options.account,
            images=images,
            state=options.state.resolve() if options.state else None,
            parent_pipe=options.parent_pipe,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
