"""Files that commands write: all of one or nothing, and never over another unasked."""

import os
import tempfile
from pathlib import Path

from chainrule.errors import InputError


def require_writable(path: Path, force: bool) -> None:
    """Say so before the work is done, not after."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; --output takes a file")
    if path.exists() and not force:
        raise InputError(f"{path} exists; add --force to replace it")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {path.parent}; make it first")


def write_whole(path: Path, content: bytes) -> None:
    """All of it or nothing: a failure leaves what was there before."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".chainrule-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o666 & ~current_umask())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
