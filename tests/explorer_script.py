"""Runs the page's modules outside a page: under node where there is one, else in Chromium."""

import json
import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chainrule.explorer.bundle import bundle

NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

needs_javascript = pytest.mark.skipif(
    NODE is None and CHROMIUM is None and not os.environ.get("CHAINRULE_REQUIRE_ALL"),
    reason="neither node nor Chromium here; .ci/run installs Chromium",
)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CHAINRULE_REQUIRE_ALL"),
    reason="no Chromium here; .ci/run installs one",
)

# Numbers that JSON has no word for.
REVIVE = """
const revive = (key, value) => ({ Infinity: Infinity, "-Infinity": -Infinity, NaN: NaN })[value] ?? value;
const plain = (key, value) => typeof value === "number" && !Number.isFinite(value) ? String(value)
  : ArrayBuffer.isView(value) ? Array.from(value) : value;
"""


def run_script(modules: tuple[str, ...], body: str, given: Any) -> Any:
    """What `body`, a function of `given`, returns; the modules are at hand by their names."""
    names = ", ".join(f"{name}: {name}_module" for name in modules)
    script = f"{bundle(*modules)}\n{REVIVE}\nconst work = (given, {{ {', '.join(modules)} }}) => {{{body}}};\n"
    call = f"JSON.stringify(work(JSON.parse(TEXT, revive), {{ {names} }}), plain)"
    text = json.dumps(given, default=as_list).replace("NaN", '"NaN"')
    text = text.replace("-Infinity", '"-Infinity"').replace(" Infinity", ' "Infinity"')
    if NODE is not None:
        read = 'const TEXT = require("fs").readFileSync(0, "utf8");\n'
        finished = subprocess.run(
            [NODE, "-e", f"'use strict';\n{read}{script}process.stdout.write({call});"],
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert finished.returncode == 0, finished.stderr[-3000:]
        answer = finished.stdout
    else:
        from playwright.sync_api import sync_playwright

        assert CHROMIUM is not None, "CHAINRULE_REQUIRE_ALL is set, and there is no Chromium"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            answer = browser.new_page().evaluate(f"TEXT => {{ {script} return {call}; }}", text)
            browser.close()
    return json.loads(answer, object_hook=with_numbers)


def as_list(value: Any) -> Any:
    return value.tolist()


def with_numbers(found: dict[str, Any]) -> dict[str, Any]:
    return {key: as_number(value) for key, value in found.items()}


def as_number(value: Any) -> Any:
    if isinstance(value, list):
        return [as_number(entry) for entry in value]
    words = {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}
    return words.get(value, value) if isinstance(value, str) else value


def page_file(folder: Path, html: str, name: str = "page.html") -> str:
    path = folder / name
    path.write_text(html, encoding="utf-8")
    return path.as_uri()
