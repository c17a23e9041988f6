# SPDX-License-Identifier: GPL-3.0-or-later
"""A real GNOME Keyring on a bus of its own, on which nothing starts by itself."""

import os
import shutil
import subprocess

import bed

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""


def is_installed():
    return shutil.which('gnome-keyring-daemon') and shutil.which('dbus-daemon')


class Keyring:
    """Unlocked, and empty; case.env leads to it."""

    def __init__(self, case):
        self.folder = case.path('keyring')
        os.mkdir(self.folder, 0o700)
        config = os.path.join(self.folder, 'bus.conf')
        with open(config, 'w', encoding='ascii') as file:
            file.write(CONFIG.format(folder=self.folder))
        self.bus = subprocess.Popen(['dbus-daemon', f'--config-file={config}', '--nofork', '--nopidfile', '--print-address=1'],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.daemon = None
        case.addCleanup(self.close)
        case.env['DBUS_SESSION_BUS_ADDRESS'] = self.bus.stdout.readline().strip()
        env = dict(case.env, HOME=self.folder, XDG_DATA_HOME=self.folder, XDG_RUNTIME_DIR=self.folder)
        self.daemon = subprocess.Popen(['gnome-keyring-daemon', '--foreground', '--components=secrets', '--unlock',
                                        f'--control-directory={self.folder}/control'], env=env,
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.daemon.stdin.write(b'password')
        self.daemon.stdin.close()
        bed.wait_until(lambda: self.is_there(env), 'the keyring is there')

    def is_there(self, env):
        done = subprocess.run(['gdbus', 'call', '--session', '-d', 'org.freedesktop.DBus', '-o', '/org/freedesktop/DBus',
                               '-m', 'org.freedesktop.DBus.NameHasOwner', 'org.freedesktop.secrets'],
                              env=env, capture_output=True, text=True)
        return 'true' in done.stdout

    def close(self):
        for process in (self.daemon, self.bus):
            if process is not None:
                process.terminate()
                process.wait(timeout=bed.PATIENCE)
        self.bus.stdout.close()
