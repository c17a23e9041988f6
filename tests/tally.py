#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the meson tests of a build folder and counts what they really reported.

A test that speaks TAP counts once for each of its points, any other once. One that ended badly without
a failed point (it crashed, hung or broke off) counts as one failure more. The numbers are added as a
line "PASSED FAILED SKIPPED" to a file.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys

POINT = re.compile(r"^(not )?ok\b[^#]*(?:#\s*(\w+)\S*\s*(.*))?$")
BAD = ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS")


def suites_of(test):
    return {suite.rpartition(":")[2] for suite in test["suite"]}


def select(folder, options):
    """Names of the tests to run: of the chosen suites, and with one of the given names in theirs."""
    listed = subprocess.run(["meson", "introspect", "--tests", folder], check=True,
                            capture_output=True, text=True)
    chosen = {}
    for test in json.loads(listed.stdout):
        suites, name = suites_of(test), test["name"]
        if options.suites and not suites & options.suites or suites & options.without:
            continue
        if not options.names or any(n in name or n in suites for n in options.names):
            chosen[name] = test["protocol"]
    return chosen


def fixed_addresses():
    """AddressSanitizer's shadow may lie where a kernel that randomises more bits than it knows puts a
    library; the program then dies before main ()."""
    command = ["setarch", "--addr-no-randomize"]
    works = shutil.which("setarch") and subprocess.run([*command, "true"], capture_output=True)
    return command if works and works.returncode == 0 else []


def count(entry, protocol):
    """(passed, failed, [why each skipped one was]) of one test in the log."""
    passed, failed, skipped = 0, 0, []
    name = entry["name"]
    if protocol == "tap":
        for line in entry.get("stdout", "").splitlines():
            point = POINT.match(line)
            if not point:
                continue
            if (point[2] or "").upper() == "SKIP":
                skipped.append(f"{name}: {line.partition('#')[2].strip()}")
            elif point[1]:
                failed += 1
            else:
                passed += 1
    elif entry["result"] == "OK":
        passed = 1
    if entry["result"] in BAD and failed == 0:
        failed = 1
    if entry["result"] == "SKIP" and not skipped:
        skipped.append(f"{name}: {entry.get('stdout', '').strip()[:200] or 'gives no reason'}")
    return passed, failed, skipped


def read_log(folder, protocols):
    passed, failed, skipped, seen = 0, 0, [], 0
    with open(os.path.join(folder, "meson-logs", "testlog.json"), errors="replace") as f:
        for line in f:
            entry = json.loads(line)
            name = entry["name"].rpartition(" / ")[2].strip()
            one = count(entry, protocols.get(name, "exitcode"))
            passed, failed, skipped = passed + one[0], failed + one[1], skipped + one[2]
            seen += 1
    # A test that was chosen and is not in the log did not run: that is no success.
    return passed, failed + max(0, len(protocols) - seen), skipped


def parse_options():
    def words(text):
        return set(text.split(","))

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="build folder")
    parser.add_argument("counts", help="file the numbers are added to")
    parser.add_argument("--suites", type=words, default=set(), help="only these")
    parser.add_argument("--without", type=words, default=set(), help="all but these")
    parser.add_argument("--timeout-multiplier", default="1")
    parser.add_argument("--fixed-addresses", action="store_true",
                        help="without random addresses, where the kernel allows that")
    parser.add_argument("names", nargs="*", help="parts of the names of tests, or suites")
    return parser.parse_intermixed_args()


def main():
    options = parse_options()
    protocols = select(options.folder, options)
    if not protocols:
        return
    log = os.path.join(options.folder, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    wrapper = fixed_addresses() if options.fixed_addresses else []
    status = subprocess.run([*wrapper, "meson", "test", "-C", options.folder, "--no-rebuild", "--print-errorlogs",
                             "--timeout-multiplier", options.timeout_multiplier, *protocols]).returncode
    passed, failed, skipped = read_log(options.folder, protocols) if os.path.exists(log) else (0, 1, [])
    if status != 0 and failed == 0:
        failed = 1
    for reason in skipped:
        print(f"skipped: {reason}")
    with open(options.counts, "a") as f:
        f.write(f"{passed} {failed} {len(skipped)}\n")


if __name__ == "__main__":
    sys.exit(main())
