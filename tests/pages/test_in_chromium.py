"""Pages that the tool writes, looked at in Chromium: `make pages`. The suite reads them without a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.unit.figures.test_figures_told import HOSTILE, figures

from amlmigrate.figures import page, trends

_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next((found for name in _NAMES if (found := shutil.which(name))), "")

pytestmark = [
    pytest.mark.pages,
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium: install it, or name one in CHROMIUM"),
]


def looked_at(folder: Path, *how: str) -> tuple[str, str]:
    """What Chromium writes of the page, and what it complains of."""
    flags = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        f"--user-data-dir={folder}/own",
    )
    done = subprocess.run(
        [CHROMIUM, *flags, *how, (folder / "figures.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def test_a_browser_shows_the_figures_and_obeys_no_name(tmp_path: Path) -> None:
    made = figures(7, waves={f"id{number}": HOSTILE for number in range(9)}, name=HOSTILE)
    text = page.text(made.as_dict(), trends.of(made), made.cost.lines())
    (tmp_path / "figures.html").write_text(text, encoding="utf-8")
    dom, complaints = looked_at(tmp_path, "--dump-dom")
    assert complaints == ""
    assert "<script" not in dom and dom.count("<svg") == text.count("<svg")
    production = made.as_dict()["production"]
    assert re.search(rf'class="big">{production["under_cmk"]} of {production["total"]} production', dom)
    picture = Path("figures.png").absolute() if os.environ.get("MIGRATE_KEEP_PAGES") else tmp_path / "figures.png"
    _, complaints = looked_at(tmp_path, f"--screenshot={picture}", "--window-size=1100,2600")
    assert complaints == ""
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 20_000
    paper = tmp_path / "figures.pdf"
    looked_at(tmp_path, f"--print-to-pdf={paper}")
    assert paper.read_bytes().startswith(b"%PDF")
