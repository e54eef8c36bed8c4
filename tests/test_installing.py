"""The native engine is optional, and is built for other processors than this one too."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REQUIRED = bool(os.environ.get("CHAINRULE_REQUIRE_ALL"))
ARM_COMPILER = shutil.which("aarch64-linux-gnu-g++")


def test_without_a_compiler_chainrule_installs_and_computes_and_says_so(tmp_path: Path) -> None:
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--target", str(site), str(ROOT)],
        check=True, capture_output=True, env=os.environ | {"CC": "/nowhere/cc", "CXX": "/nowhere/c++"},
    )  # fmt: skip
    assert not list(site.glob("chainrule/engine/core*.so"))
    # Of the folders in PYTHONPATH no .pth file is read: this is the copy above, with the packages of here.
    packages = sysconfig.get_path("purelib")
    run = subprocess.run(
        [sys.base_prefix + "/bin/python3", "-m", "chainrule", "train", "--epochs", "10"],
        check=False, capture_output=True, text=True, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{site}{os.pathsep}{packages}"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("Epoch")
    assert run.stderr.count("the native engine is not built here") == 1


@pytest.mark.skipif(
    ARM_COMPILER is None and not REQUIRED, reason="there is no aarch64-linux-gnu-g++"
)
@pytest.mark.parametrize("source", ["core.cpp", "kernel.cpp"])
def test_the_engine_compiles_for_arm(source: str, tmp_path: Path) -> None:
    assert ARM_COMPILER is not None, "CHAINRULE_REQUIRE_ALL is set, and there is no ARM compiler"
    compiled = subprocess.run(
        [ARM_COMPILER, "-std=c++17", "-O1", "-c", "-Wall", "-Wextra", "-Werror", "-Wno-psabi", "-fno-strict-aliasing",
         "-DCHAINRULE_INSTRUCTIONS=plain", "-DCHAINRULE_BYTES=16", str(ROOT / "src/core" / source),
         "-o", str(tmp_path / "object.o")],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stderr
