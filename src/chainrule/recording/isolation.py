"""What Linux can keep a process from, by system calls that Python does not have.

Each function says whether it worked: a system may lack the call, or forbid it (as containers do).
Elsewhere than on Linux, none works.
"""

import ctypes
import os
import pwd
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# <linux/sched.h>, <linux/mount.h>, <linux/prctl.h>, <linux/capability.h>
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x00020000, 0x08000000, 0x10000000
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 0x1000, 0x4000, 0x40000
MOUNT_ATTR_RDONLY, AT_FDCWD, AT_RECURSIVE, SYS_MOUNT_SETATTR = 1, -100, 0x8000, 442
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAPBSET_DROP = 1, 8, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 36, 38, 47, 2
CAP_DAC_READ_SEARCH, _LINUX_CAPABILITY_VERSION_3 = 2, 0x20080522
NOBODY = 65534


def _call(name: str, *arguments: int | bytes | ctypes.Array[Any] | None) -> bool:
    """One function of the C library that returns a negative number when it fails."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    # A plain int would be passed as 32 bits.
    wide = [ctypes.c_long(part) if isinstance(part, int) else part for part in arguments]
    return int(getattr(library, name)(*wide)) >= 0


def adopt_orphans() -> bool:
    """Become the parent of descendants whose own parent ends, so that none gets out of sight."""
    return _call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(signal: int) -> bool:
    return _call("prctl", PR_SET_PDEATHSIG, signal, 0, 0, 0)


def leave_shared_namespaces() -> bool:
    """No network, and children that see and signal one another alone.

    The next child is process 1 of its world: when it ends, all in it end. Root needs no namespace of
    users, in which it could not become another user; who isn't root cannot do without.
    """
    wanted = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC
    user, group = os.geteuid(), os.getegid()
    if user == 0 and _call("unshare", wanted):
        return True
    if not _call("unshare", wanted | CLONE_NEWUSER):
        return False
    own = Path("/proc/self")
    with suppress(OSError):  # unmapped, the user still owns what it owned
        (own / "setgroups").write_text("deny", "ascii")
        (own / "uid_map").write_text(f"{user} {user} 1", "ascii")
        (own / "gid_map").write_text(f"{group} {group} 1", "ascii")
    return True


def _set_read_only(path: bytes, read_only: bool) -> bool:
    change = [MOUNT_ATTR_RDONLY, 0] if read_only else [0, MOUNT_ATTR_RDONLY]
    attributes = (ctypes.c_uint64 * 4)(*change, 0, 0)
    size = ctypes.sizeof(attributes)
    return _call("syscall", SYS_MOUNT_SETATTR, AT_FDCWD, path, AT_RECURSIVE, attributes, size)


def make_files_read_only(writable: Path, needed: Iterable[str]) -> bool:
    """All files read-only, but those below `writable`, for this process and those it starts.

    /dev/shm becomes a fresh one of 64 MiB, and /run, with the sockets of the system's services, an
    empty one, unless one of `needed` lies there.
    """
    place = os.fsencode(writable)
    if not (
        _call("unshare", CLONE_NEWNS)
        and _call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
    ):
        return False
    done = (
        _call("mount", place, place, None, MS_BIND | MS_REC, None)
        and _set_read_only(b"/", True)
        and _set_read_only(place, False)
    )
    used = [*needed, str(writable)]
    for folder, options in (("/dev/shm", b"size=64m,mode=1777"), ("/run", b"size=4k,mode=755")):
        if Path(folder).is_dir() and not any(path.startswith(f"{folder}/") for path in used):
            kind = b"tmpfs"
            _call("mount", kind, os.fsencode(folder), kind, MS_NOSUID | MS_NODEV, options)
    return done


def mount_own_processes() -> bool:
    """/proc with the processes of this namespace alone."""
    return _call("mount", b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None)


@dataclass(frozen=True)
class User:
    """Whom the script runs as; `reads_all` where it could otherwise not read its interpreter."""

    number: int
    reads_all: bool


def choose_user(needed: Sequence[str]) -> User | None:
    """A user who owns nothing, when this is root; None where there is none to change to.

    Root could do everything that a system lets its users do, and is exempt from the limit on processes.
    That limit counts a user's, hence one that nobody else is. Root's own interpreter often lies
    where no other user can read; the right to read all files then stays, and no other right.
    """
    if os.geteuid() != 0:
        return None
    wanted = {path: os.X_OK if Path(path).is_dir() else os.R_OK for path in needed}
    for number in (2_000_000_000 + os.getpid(), NOBODY):
        with suppress(KeyError):
            if number != NOBODY and pwd.getpwuid(number):
                continue
        try:
            os.setgroups([])
            os.setegid(number)
            os.seteuid(number)
            readable = all(os.access(*item, effective_ids=True) for item in wanted.items())
        except (OSError, NotImplementedError):  # macOS cannot ask for another user's access
            continue
        finally:
            os.seteuid(0)
            os.setegid(0)
        if readable or _may(CAP_DAC_READ_SEARCH):
            return User(number, reads_all=not readable)
    return None


def _may(capability: int) -> bool:
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        return False
    (permitted,) = (line.split()[1] for line in status.splitlines() if line.startswith("CapPrm:"))
    return bool(int(permitted, 16) >> capability & 1)


def give_up_privileges(user: User | None) -> None:
    """Become `user`, for good, and without anything that root may do even where root it stays."""
    reads_all = user is not None and user.reads_all
    kept = {CAP_DAC_READ_SEARCH} if reads_all else set()
    for capability in set(range(64)) - kept:
        _call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if user is None:
        return
    _call("prctl", PR_SET_KEEPCAPS, int(reads_all), 0, 0, 0)
    os.setgroups([])
    os.setgid(user.number)
    os.setuid(user.number)
    if reads_all:
        # Effective, permitted and inheritable, of the first 32 capabilities and of the others.
        bit = 1 << CAP_DAC_READ_SEARCH
        header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)
        _call("capset", header, (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0))
        _call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0)
