# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that do the same job by turns, and the table of what each took."""

import os
import shutil
import statistics
import tempfile

from measure import cpu_seconds, run_measured

OURS = "ferryctl"
PEERS = ("curl", "curl, sync")

# Of these the memory is not told: it is the shell's that runs them.
IN_SHELL = ("curl, sync",)


class Lost(Exception):
    """Somebody did not do the job; says who."""


def and_sync(command, target):
    """The command, and then what it made is on the disk."""
    return ["sh", "-c", '"$@" && exec sync "$0" "$(dirname "$0")"', target, *command]


class Contest:
    """One job, given by the class made of this:

    command(who, folder)   the program and its arguments; the folder is gone after the turn
    check(who, folder)     raises Lost when the job was not done
    server(who)            processes at the other end, whose time is told too
    """

    peers = PEERS

    def __init__(self, options, env):
        self.options = options
        self.env = env
        self.runs = {who: [] for who in (*self.peers, OURS)}

    def server(self, _who):
        return []

    def turn(self, who):
        folder = tempfile.mkdtemp(prefix="bench-", dir=self.options.folder)
        try:
            # What the last one left unwritten is not this one's burden.
            os.sync()
            before = cpu_seconds(self.server(who))
            run = run_measured(self.command(who, folder), self.env)
            other = cpu_seconds(self.server(who)) - before
            if run.status != 0:
                raise Lost(f"{who} ended with {run.status}: {run.output.strip()}")
            self.check(who, folder)
            self.runs[who].append((run, other))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def hold(self):
        # The first turn of each only warms up.
        for number in range(self.options.runs + 1):
            order = list(self.runs)
            for who in order if number % 2 else reversed(order):
                self.turn(who)
                if number == 0:
                    self.runs[who].clear()
        return {who: summary(runs) for who, runs in self.runs.items()}


def summary(runs):
    return {"wall": statistics.median(run.seconds for run, _ in runs),
            "cpu": statistics.median(run.cpu for run, _ in runs),
            "server": statistics.median(other for _, other in runs),
            "peak": max(run.peak for run, _ in runs)}


def print_table(size, results):
    """results: for each title, what hold() returned. The server's column is there when somebody has one."""
    with_server = any(r["server"] for result in results.values() for r in result.values())
    row = "{:<24}{:>10}{:>10}" + ("{:>12}" if with_server else "{:.0}") + "{:>14}{:>14}"
    print(row.format("", "wall", "CPU", "server CPU", "speed", "peak memory"))
    for title, result in results.items():
        for who, r in result.items():
            print(row.format(f"{title} {who}", f"{r['wall']:.3f} s", f"{r['cpu']:.3f} s", f"{r['server']:.2f} s",
                             f"{size / r['wall'] / (1 << 20):.0f} MiB/s",
                             "" if who in IN_SHELL else f"{r['peak'] / 1e6:.1f} MB"))
        for peer in (who for who in result if who != OURS):
            ours, theirs = result[OURS], result[peer]
            ratio = f"{ours['server'] / theirs['server']:.2f}" if theirs["server"] else ""
            print(row.format(f"{title} ratio to {peer}", f"{ours['wall'] / theirs['wall']:.2f}",
                             f"{ours['cpu'] / theirs['cpu']:.2f}", ratio, "", ""))
