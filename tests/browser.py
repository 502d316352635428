"""What tests in a browser share.

DENSE_KERAS_CHROMIUM names a browser to use in place of the one that is found; DENSE_KERAS_SCREENSHOTS a folder
where pictures of what was seen stay.
"""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import pytest

OWN = ("file", "data", "blob", "about")
"""Schemes of addresses that do not leave the machine."""


@contextmanager
def started_chromium():
    """Headless Chromium; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    path = os.environ.get("DENSE_KERAS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium was found: install it, or name it in DENSE_KERAS_CHROMIUM")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@contextmanager
def quiet(page):
    """Within it a page, and what it frames, must neither complain nor ask another machine for anything."""
    told, left = [], []
    page.on("console", lambda message: told.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: left.append(request.url) if urlparse(request.url).scheme not in OWN else None)
    yield page
    assert not told and not left


def picture(page, name, wait=300, **settings):
    """Keep a picture of a page, where one is asked for. wait: milliseconds, for what still moves."""
    if folder := os.environ.get("DENSE_KERAS_SCREENSHOTS"):
        page.wait_for_timeout(wait)
        page.screenshot(path=Path(folder) / f"{name}.png", **settings)
