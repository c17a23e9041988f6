# SPDX-License-Identifier: GPL-3.0-or-later
"""What bench, soak and demo share: sizes in words, test files, programs with their time and memory."""

import contextlib
import dataclasses
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from nginx import die_with_parent  # noqa: E402

MIB = 1 << 20
UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
SOURCE_TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def parse_size(text):
    """ "2GiB", "64 MiB" or a number of bytes; for argparse."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", text.strip())
    if not match or match[2] not in UNITS or float(match[1]) <= 0:
        raise ValueError(f"not a size: {text}")
    return int(float(match[1]) * UNITS[match[2]])


def format_size(size):
    for unit in ("GiB", "MiB", "KiB"):
        if size >= UNITS[unit]:
            return f"{size / UNITS[unit]:.4g} {unit}"
    return f"{size} B"


def make_file(path, size):
    """Bytes that never repeat, dated well in the past so that the date alone identifies them."""
    digest = hashlib.sha256()
    with open(path, "wb") as f:
        while size > 0:
            block = os.urandom(min(size, 4 * MIB))
            digest.update(block)
            f.write(block)
            size -= len(block)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    return digest.hexdigest()


def sha256_of(stream):
    digest = hashlib.sha256()
    while block := stream.read(MIB):
        digest.update(block)
    return digest.hexdigest()


def file_sha256(path):
    with open(path, "rb") as f:
        return sha256_of(f)


def file_system_of(folder):
    done = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True)
    return done.stdout.strip()


@contextlib.contextmanager
def private_environment():
    """Folders of its own for a program, so that it sees and touches nothing of the person's."""
    with tempfile.TemporaryDirectory(prefix="ferry-home-") as home:
        env = dict(os.environ)
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
            env.pop(name, None)
        for name in [n for n in env if n.lower().endswith("_proxy")]:
            env.pop(name)
        env.update(HOME=home, LC_ALL="C.UTF-8", GIO_USE_NETWORK_MONITOR="base", GIO_USE_VFS="local")
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            env[f"XDG_{name}_HOME"] = os.path.join(home, name.lower())
        env["XDG_RUNTIME_DIR"] = os.path.join(home, "run")
        for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            os.mkdir(env[f"XDG_{name}"], 0o700)
        yield env


def peak_memory(pid):
    """The most memory that a running process has held, in bytes. ru_maxrss would count the Python that forked it; VmHWM
    starts anew with the program."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1]) * 1024


class PeakMemory(threading.Thread):
    """peak_memory() of a process that may end at any time."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.bytes = 0
        self.start()

    def sample(self):
        # One that has ended, and nobody has waited for, has no memory to tell of.
        with contextlib.suppress(OSError, TypeError):
            self.bytes = max(self.bytes, peak_memory(self._pid))

    def run(self):
        while not self._over.wait(0.02):
            self.sample()

    def end(self):
        self.sample()
        self._over.set()
        self.join()
        return self.bytes


def cpu_seconds(pids):
    """What running processes have used so far, user and system, threads that ended included."""
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Run:
    status: int  # exit status, negative: the signal that ended it
    seconds: float
    cpu: float  # seconds, user and system
    peak: int  # bytes
    output: str


def run_measured(arguments, env=None):
    """Runs a program to its end."""
    with tempfile.TemporaryFile("w+") as output:
        begun = time.monotonic()
        process = subprocess.Popen(arguments, env=env, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=output, preexec_fn=die_with_parent)
        memory = PeakMemory(process.pid)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        peak = memory.end()
        output.seek(0)
        return Run(process.returncode, seconds, usage.ru_utime + usage.ru_stime, peak, output.read())
