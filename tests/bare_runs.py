"""Runs of a sandbox in a process of its own, where the system keeps a script from less than it does here.

here    as it is
bare    no namespaces can be made, as in many containers
alone   nor is there another user to become
"""

import base64
import ctypes
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from chainrule.recording.sandbox import Limits, Outcome, run_limited

CLONE_NEWUSER = 0x10000000
DRIVER = [sys.executable, __file__]


def run_elsewhere(mode: str, script: Path, limits: Limits) -> Outcome | None:
    """The outcome; None where the system does not let itself be restricted like this."""
    driver = subprocess.run(
        [*DRIVER, mode, str(script), json.dumps(asdict(limits))],
        capture_output=True,
        text=True,
        check=False,
    )
    if driver.stderr.startswith("no "):
        return None
    assert driver.returncode == 0, driver.stderr
    outcome = json.loads(driver.stdout)
    for name in ("result", "output"):
        outcome[name] = outcome[name] if outcome[name] is None else base64.b64decode(outcome[name])
    outcome["left_out"] = tuple(outcome["left_out"])
    return Outcome(**outcome)


def forbid_namespaces(users: int) -> None:
    """Enter a namespace with so many users, in which no further namespace can be made."""
    waiting, ready = os.pipe()
    driver, user, group = os.getpid(), os.getuid(), os.getgid()
    mapper = os.fork()
    if not mapper:
        os.close(ready)
        if not os.read(waiting, 1):
            os._exit(1)
        place = Path(f"/proc/{driver}")
        if users == 1:
            (place / "setgroups").write_text("deny")
        (place / "uid_map").write_text(f"0 {user} {users}")
        (place / "gid_map").write_text(f"0 {group} {users}")
        os._exit(0)
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER):
        sys.exit("no namespace of users")
    os.write(ready, b"!")
    if os.waitpid(mapper, 0)[1]:
        sys.exit("no map of users")
    for kind in ("user", "pid", "net", "ipc", "mnt"):
        Path(f"/proc/sys/user/max_{kind}_namespaces").write_text("0")


def main(mode: str, script: str, limits: str) -> None:
    if mode != "here":
        # Only root may map more users than itself.
        forbid_namespaces(1 if mode == "alone" or os.getuid() else 65536)
    outcome = asdict(run_limited(Path(script), [sys.executable], Limits(**json.loads(limits))))
    for name in ("result", "output"):
        outcome[name] = None if outcome[name] is None else base64.b64encode(outcome[name]).decode()
    print(json.dumps(outcome))


if __name__ == "__main__":
    main(*sys.argv[1:])
