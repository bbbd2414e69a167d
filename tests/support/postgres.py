"""A PostgreSQL server for one test session: the system's own binaries, an unprivileged user, a socket of its own."""

import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SERVER_SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "'Asia/Shanghai'",  # not UTC: nothing may hang on the server's own zone
}


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl, newest first; None when PostgreSQL's server is not installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in [*installed, *map(Path, os.get_exec_path())]:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            # A link on the PATH leads to the folder that also holds `postgres`.
            return (folder / "initdb").resolve().parent
    return None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock shared by all workers of the test session."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Cluster:
    """A running server. Made by the first test that needs it, shared by all workers, ended with the session."""

    base: Path
    settings: Mapping[str, str] = field(default_factory=lambda: SERVER_SETTINGS)

    @property
    def sockets(self) -> Path:
        return self.base / "postgres"

    @property
    def started(self) -> bool:
        return (self.base / "postgres.started").exists()

    def url(self, database: str) -> str:
        return f"postgresql://dunwell@/{database}?host={self.sockets}"

    def start(self) -> None:
        """Start the server unless it runs already."""
        with locked(self.base / "postgres.lock"):
            if self.started:
                return
            self.sockets.mkdir(mode=0o700)
            if os.geteuid() == 0:
                user = _unprivileged()
                os.chown(self.sockets, user.pw_uid, user.pw_gid)
            data = self.sockets / "data"
            self._run(
                "initdb",
                "--no-sync",
                "--no-locale",
                "--encoding=UTF8",
                "--auth=trust",
                "-U",
                "dunwell",
                "-D",
                str(data),
            )
            with (data / "postgresql.conf").open("a") as settings:
                settings.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
                settings.write(f"unix_socket_directories = '{self.sockets}'\n")
            self._run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(self.sockets / "log"))
            (self.base / "postgres.started").touch()

    def stop(self) -> None:
        """End the server, if it was started and still lives: a killed session's may have died with its machine."""
        if self.started:
            try:
                self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.sockets / "data"))
            except RuntimeError:
                if self._lives():
                    raise
            (self.base / "postgres.started").unlink()

    def _lives(self) -> bool:
        """Whether a server works on this folder: the process its pid file names is a PostgreSQL of ours."""
        try:
            pid = int((self.sockets / "data" / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return False
        said = Path(f"/proc/{pid}/cmdline")
        return not said.exists() or str(self.sockets).encode() in said.read_bytes()

    def _run(self, program: str, *arguments: str) -> None:
        folder = binaries()
        assert folder is not None
        # Run as root, PostgreSQL refuses; as another user it may not be able to enter our working directory.
        user = _unprivileged() if os.geteuid() == 0 else None
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        said = self.base / f"{program}.out"
        # Into a file, not a pipe: the server would inherit the pipe and keep it open.
        with said.open("w") as output:
            done = subprocess.run(
                [str(folder / program), *arguments],
                cwd=self.sockets,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **as_user,  # type: ignore[call-overload]
            )
        if done.returncode:
            raise RuntimeError(f"{program}: {said.read_text()}")


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def remove(base: Path) -> None:
    """End what runs in the session's folder and take the folder away."""
    Cluster(base).stop()
    shutil.rmtree(base, ignore_errors=True)
