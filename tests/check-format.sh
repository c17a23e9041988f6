#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The C sources are as .clang-format says. Other versions of clang-format break a few lines otherwise, so only the one
# that the tree is formatted with can judge.
set -euo pipefail

version=14
cd "$1"

program=$(command -v clang-format-$version || command -v clang-format || true)
if [ -z "$program" ]; then
  echo "clang-format is not installed"
  exit 77
fi
if ! "$program" --version | grep -q "version $version\."; then
  echo "needs clang-format $version; this is $("$program" --version)"
  exit 77
fi

find src tests -name '*.[ch]' -print0 | xargs -0 "$program" --dry-run -Werror
