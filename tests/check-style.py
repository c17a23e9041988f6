#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""House rules that no compiler knows: see RULES below. Prints TAP, one point for each rule."""

import os
import re
import sys

FOLDERS = ("src", "data", "po", "tests", "flatpak")
CODE = (".c", ".h")
TEXT = (".c", ".h", ".py", ".sh", ".build", ".ui", ".md", ".in", ".xml", ".css")
FILE_LINES = 700
FUNCTION_LINES = 60
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)


def is_code(path):
    return path.endswith(CODE)


def is_header(path):
    return path.endswith(".h")


def licence(path, text):
    if path.endswith((*CODE, ".py", ".sh", "meson.build")):
        head = "\n".join(text.split("\n", 2)[:2])
        if "SPDX-License-Identifier: GPL-3.0-or-later" not in head:
            yield 1, "the licence is not named in the first lines"


def blanks(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if is_code(path) and "\t" in line:
            yield number, "a tab"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "no end of line at the end of the file"


def length(path, text):
    if is_code(path) and text.count("\n") > FILE_LINES:
        yield FILE_LINES, f"longer than {FILE_LINES} lines"


def no_goto(path, text):
    if is_code(path):
        bare = COMMENT.sub(lambda m: "\n" * m[0].count("\n"), text)
        for number, line in enumerate(bare.split("\n"), 1):
            if re.search(r"\bgoto\b", line):
                yield number, "goto"


def functions(path, text):
    """A body starts with a brace in the first column and ends with one, as clang-format writes it."""
    # Tables of cases make tests long, not hard to read.
    if not path.endswith(".c") or "/tests/" in path:
        return
    start = None
    for number, line in enumerate(text.split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            if number - start - 1 > FUNCTION_LINES:
                yield start, f"a function of {number - start - 1} lines"
            start = None


def once(path, text):
    if is_header(path) and "#pragma once" not in text.split("\n", 3)[:3]:
        yield 2, "no #pragma once"


RULES = {
    "every source names its licence": licence,
    "no tabs, no blanks at the end of lines": blanks,
    f"no source of more than {FILE_LINES} lines": length,
    f"no function of more than {FUNCTION_LINES} lines": functions,
    "no goto": no_goto,
    "every header has #pragma once": once,
}


def sources(root):
    for folder in FOLDERS:
        for at, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if name.endswith(TEXT):
                    yield os.path.join(at, name)


def main():
    root = sys.argv[1]
    texts = {}
    for path in sources(root):
        with open(path, encoding="utf-8") as f:
            texts[path] = f.read()
    failed = 0
    for number, (name, rule) in enumerate(RULES.items(), 1):
        found = [f"{os.path.relpath(path, root)}:{line}: {what}"
                 for path, text in texts.items() for line, what in rule(path, text)]
        # Without a source to look at, nothing is proven.
        held = not found and bool(texts)
        failed += not held
        print(f"{'ok' if held else 'not ok'} {number} - {name}")
        for line in found:
            print(f"# {line}")
    print(f"1..{len(RULES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
