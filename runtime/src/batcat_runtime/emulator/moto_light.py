"""Keep moto from loading services that nobody asked for.

moto's Step Functions engine imports one enum of ``moto.batch``, whose package loads EC2 with
every instance type and image: 80 MB and most of a second, for services not emulated here.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType


def leave_out_ec2() -> None:
    """Make ``moto.batch`` a package whose modules can be imported without its ``__init__``.

    Must run before anything of moto's Step Functions engine is imported.
    """
    import moto

    if "moto.batch" not in sys.modules:
        batch = ModuleType("moto.batch")
        batch.__path__ = [str(Path(str(moto.__file__)).parent / "batch")]
        sys.modules["moto.batch"] = batch
