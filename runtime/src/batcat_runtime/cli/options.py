"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

Environment = Annotated[
    str,
    typer.Option(
        "--env", metavar="NAME", help="Environment from deploy/config.json; local needs no account."
    ),
]
ProjectFolder = Annotated[
    Path | None,
    typer.Option(
        "--project",
        metavar="DIR",
        help="The project's folder; by default the one you are in.",
        exists=True,
        file_okay=False,
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document; everything else to stderr.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Debug = Annotated[
    bool,
    typer.Option("--debug", envvar="BATCAT_DEBUG", help="Show the traceback of an error."),
]
