#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The shell scripts are free of what shellcheck knows to go wrong.
set -euo pipefail

cd "$1"
if ! command -v shellcheck >/dev/null; then
  echo "shellcheck is not installed"
  exit 77
fi

{
  printf '%s\0' run .ci/run
  find src data po tests flatpak -name '*.sh' -print0 2>/dev/null || true
} | xargs -0 shellcheck
