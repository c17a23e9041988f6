# SPDX-License-Identifier: GPL-3.0-or-later
"""What a long proof reports: each point that held or did not."""


class Check:
    """Counts what held and what did not, as TAP or in plain lines."""

    def __init__(self, tap):
        self.tap = tap
        self.count = self.failed = 0

    def say(self, text):
        print(f"# {text}" if self.tap else text, flush=True)

    def that(self, held, text):
        self.count += 1
        self.failed += not held
        if self.tap:
            print(f"{'ok' if held else 'not ok'} {self.count} - {text}", flush=True)
        else:
            print(f"{'  held' if held else 'FAILED'}: {text}", flush=True)

    def end(self):
        if self.tap:
            print(f"1..{self.count}")
        return 1 if self.failed or self.count == 0 else 0
