"""Where a clinic that was started with `make run` keeps what it writes, and who may read it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clinic import processes

SHARED = Path("/var/lib/clinic-queue")
# PostgreSQL appends `/primary/.s.PGSQL.5432`; the address of a socket holds 103 bytes on a Mac.
LONGEST_SOCKET_FOLDER = 75
FIRST_START_NEEDS = 400_000_000  # bytes: two new PostgreSQL servers, and their programs when started as root
LATER_START_NEEDS = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    home: Path
    #: holds the data of each engine, 0700, and their programs when `user` cannot reach ours
    engines: Path
    #: sockets of the engines, 0700, with a short name
    sockets: Path
    #: who runs the engines; None: whoever started the clinic
    user: pwd.struct_passwd | None

    def data(self, name: str) -> Path:
        folder = self.engines / name
        make(folder, mode=0o700, user=self.user)
        return folder

    @property
    def log(self) -> Path:
        return self.home / "log"


def prepare(home: Path) -> Folders:
    """Make the folders that are missing. Never changes the mode of one it did not make.

    :raises CannotStart: if one cannot be made, or belongs to somebody else
    """
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    (home / "log").mkdir(mode=0o700, exist_ok=True)
    engines = find_engines(home, user)
    refuse_full_disk(home, engines)
    make(sockets(engines), mode=0o700, user=user)
    return Folders(home=home, engines=engines, sockets=sockets(engines), user=user)


def find_engines(home: Path, user: pwd.struct_passwd | None) -> Path:
    """Beside everything else, or, where the engines' user could not reach that, in a shared place.

    PostgreSQL refuses to run as root, and opening the folders above `home` to another user would open them to
    everybody. The link keeps the data found when `home` is renamed.
    """
    link = home / "engines"
    if link.is_symlink() and not link.exists():
        raise processes.CannotStart(
            f"{link} leads to {link.readlink()}, which is gone with the clinic's data:"
            " bring it back, or remove the link to begin with an empty clinic."
        )
    if not link.exists() and user and not reachable(home):
        make(SHARED, mode=0o755)
        make(shared_folder(home), mode=0o711)
        link.symlink_to(shared_folder(home))
    engines = link.resolve()
    make(engines, mode=0o711 if user else 0o700)
    return engines


def reachable(folder: Path) -> bool:
    """Whether every user of this machine may pass through all folders down to this one."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (folder, *folder.parents))


def shared_folder(home: Path) -> Path:
    return SHARED / f"{home.name[:20]}-{digest(home)}"


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def sockets(engines: Path) -> Path:
    """Beside the data, or, where that name is too long for a socket, in the temporary folder."""
    beside = engines / "run"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_FOLDER:
        return beside
    return Path(tempfile.gettempdir()) / f"clinic-queue-{digest(engines)}"


def make(folder: Path, *, mode: int, user: pwd.struct_passwd | None = None) -> None:
    """Make a folder that belongs to `user` (or to us) alone, or make sure that it is one.

    :raises CannotStart: if it is somebody else's: in a temporary folder anybody can make it first
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        folder.chmod(mode)
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
    owner = user.pw_uid if user else os.geteuid()
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & ~mode & 0o777:
        raise processes.CannotStart(
            f"{folder} must be a folder of the user {pwd.getpwuid(owner).pw_name} with mode {mode:o}, and is not:"
            " start the clinic as the user who made it, or choose another folder with CLINIC_HOME."
        )


def refuse_full_disk(home: Path, engines: Path) -> None:
    needed = LATER_START_NEEDS if (engines / "replica").exists() else FIRST_START_NEEDS
    for folder in (home, engines):
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise processes.CannotStart(
                f"The disk of {folder} is full: {free // 1_000_000} MB are free, and the clinic needs"
                f" {needed // 1_000_000} MB to start."
            )


def write_private(path: Path, text: str) -> None:
    """Complete and readable by us alone from the moment that it has its name."""
    fd, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(fd, "w") as file:
        file.write(text)
    Path(unfinished).replace(path)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other `runclinic` out of this folder, also when this one is killed and leaves the file.

    :raises CannotStart: if one is in there already
    """
    # Not for others to open: whoever can open it can hold it.
    with os.fdopen(os.open(folder / "lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600), "a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise processes.CannotStart(
                f"Another clinic already runs in {folder}: stop it, or choose another folder with CLINIC_HOME."
            ) from None
        yield
