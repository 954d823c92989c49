"""Where packages come from: this machine's index, handed to a build without staying in it.

An index may carry credentials, and its certificate may be an organisation's own. Both reach the
build as secrets, which are there while packages are installed and in no layer afterwards.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SETTINGS = {
    "index-url": ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL"),
    "trusted-host": ("PIP_TRUSTED_HOST", "UV_INSECURE_HOST"),
    "timeout": ("PIP_DEFAULT_TIMEOUT",),
}
_CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_LINE = re.compile(r"^\s*(?:--index-url|-i)[ =]+(\S+)", re.MULTILINE)
_INSIDE = "/run/secrets/certificates"


@dataclass(frozen=True)
class Index:
    """How pip is set up on this machine, as far as an image can use it.

    Attributes:
        settings: pip's settings by name; they may hold credentials.
        certificates: bundle of certificates to trust; None for those of the base.
    """

    settings: dict[str, str]
    certificates: Path | None = None

    def __repr__(self) -> str:
        """Say nothing that could be a credential."""
        return f"Index({', '.join(self.settings)})"

    @property
    def environment(self) -> dict[str, str]:
        """What makes uv use the same index."""
        names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_EXTRA_INDEX_URL"}
        names["trusted-host"] = "UV_INSECURE_HOST"
        found = {names[key]: value for key, value in self.settings.items() if key in names}
        return {**found, **({"SSL_CERT_FILE": str(self.certificates)} if self.certificates else {})}

    def secrets(self, folder: Path) -> list[str]:
        """Write the settings down for a build.

        Args:
            folder: a folder that only this user reads.

        Returns:
            Values of the option ``--secret``.
        """
        lines = [f"{key} = {value}" for key, value in self.settings.items()]
        secrets = []
        if self.certificates is not None:
            lines.append(f"cert = {_INSIDE}")
            secrets.append(f"id=certificates,src={self.certificates}")
        file = folder / "pip.conf"
        file.write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
        return [f"id=pip.conf,src={file}", *secrets]


def index_of(root: Path) -> Index:
    """Read where this machine gets packages from.

    Variables come first, then what the project says in ``requirements.txt``, then pip's own
    configuration. Folders and ``file:`` addresses of this machine are no use in an image.

    Args:
        root: the project's folder.
    """
    configured = _configured()
    requirements = root / "requirements.txt"
    text = requirements.read_text(encoding="utf-8") if requirements.is_file() else ""
    said = _LINE.findall(text)
    settings = {}
    for key, names in _SETTINGS.items():
        value = next((os.environ[name] for name in names if os.environ.get(name)), "")
        value = value or (said[-1] if said and key == "index-url" else "")
        value = " ".join((value or configured.get(key, "")).split())
        kept = [part for part in value.split() if not part.startswith(("file:", "/"))]
        if kept:
            settings[key] = " ".join(kept)
    bundle = next((os.environ[name] for name in _CERTIFICATES if os.environ.get(name)), "")
    bundle = bundle or configured.get("cert", "")
    return Index(settings, Path(bundle) if bundle and Path(bundle).is_file() else None)


def _configured() -> dict[str, str]:
    """What pip's configuration files say; nothing where there is no pip."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {
        name.rpartition(".")[2]: value.strip("'\"").replace("\\n", " ")
        for name, _, value in pairs
        if name.startswith(("global.", "install."))
    }
