#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each layer sees only what is below it: tries, with the flags the build uses, that a wrong include
does not compile, and that nobody reaches for a library by a path that always works."""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

SOUP, GTK, ADWAITA = "libsoup/soup.h", "gtk/gtk.h", "adwaita.h"
ENGINE, BASE, RECEIVER = "ferry-engine.h", "ferry-state.h", "ferry-receiver.h"

# Layer: what must compile there (or the refusals prove nothing), what must not.
LAYERS = {
    "base": (("gio/gio.h", "sqlite3.h", BASE), (SOUP, GTK, ADWAITA, ENGINE, RECEIVER)),
    "engine": ((BASE, ENGINE, SOUP), (GTK, ADWAITA, RECEIVER)),
    "app": ((BASE, ENGINE, RECEIVER, GTK, ADWAITA), (SOUP,)),
    "cli": ((BASE, ENGINE), (SOUP, GTK, ADWAITA, RECEIVER)),
    "receiver": ((BASE, RECEIVER, SOUP), (GTK, ADWAITA, ENGINE)),
}

# Headers that stand in /usr/include itself, so that flags cannot keep them out.
ANYWHERE = {"sqlite3.h": ("base", "engine", "receiver"), "gnutls/": ("base", "engine", "receiver")}


def flags_of(build, layer):
    """The compiler and its flags for a file of the layer, and the folder they hold in."""
    with open(os.path.join(build, "compile_commands.json")) as f:
        commands = json.load(f)
    for entry in commands:
        path = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        if f"/src/{layer}/" in path and path.endswith(".c"):
            words = shlex.split(entry["command"])
            keep = [w for w in words[1:] if w.startswith(("-I", "-D", "-std", "-isystem", "-pthread"))]
            return words[0].split()[-1:] if words[0] != "ccache" else [words[1]], keep, entry["directory"]
    sys.exit(f"no source of src/{layer} is in the build")


def compiles(build, layer, header):
    compiler, flags, folder = flags_of(build, layer)
    with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
        source.write(f"#include <{header}>\n")
        source.flush()
        done = subprocess.run([*compiler, *flags, "-w", "-fsyntax-only", source.name], cwd=folder,
                              capture_output=True, text=True)
    return done.returncode == 0, done.stderr


def includes_of(folder):
    for name in sorted(os.listdir(folder)):
        if name.endswith((".c", ".h")):
            with open(os.path.join(folder, name)) as f:
                for header in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', f.read(), re.MULTILINE):
                    yield name, header


class Report:
    def __init__(self):
        self.count = self.failed = 0

    def that(self, held, text, detail=""):
        self.count += 1
        self.failed += not held
        print(f"{'ok' if held else 'not ok'} {self.count} - {text}")
        for line in detail.splitlines()[:8] if not held else []:
            print(f"# {line}")


def main():
    source, build = sys.argv[1:]
    report = Report()
    for layer, (right, wrong) in LAYERS.items():
        for header in right:
            held, detail = compiles(build, layer, header)
            report.that(held, f"{layer} may include {header}", detail)
        for header in wrong:
            report.that(not compiles(build, layer, header)[0], f"{layer} cannot include {header}")
        reached = [f"{name} includes {header}"
                   for name, header in includes_of(os.path.join(source, "src", layer))
                   for start, layers in ANYWHERE.items()
                   if header.startswith(start) and layer not in layers]
        report.that(not reached, f"{layer} keeps to its libraries", "\n".join(reached))
    print(f"1..{report.count}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
