# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what must come true, and not for ever."""

import time

PATIENCE = 60


def wait_until(condition, what, seconds=PATIENCE):
    """Until condition () is true; its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError('it did not come true: ' + what)
