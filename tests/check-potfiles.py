#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source with words for people is in po/POTFILES, and nothing else; every language of
po/LINGUAS has all of them. Usage: check-potfiles.py SOURCE-ROOT"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MARKS = {
    '.c': re.compile(r'(?<![A-Za-z0-9_])(?:N?C?_|g_dn?gettext|g_dpgettext2?)\s*\('),
    '.h': re.compile(r'(?<![A-Za-z0-9_])(?:N?C?_|g_dn?gettext|g_dpgettext2?)\s*\('),
    '.ui': re.compile(r'translatable="(?:yes|true)"'),
}
# These hold words whenever they are there.
ALWAYS = ('.desktop.in', '.metainfo.xml.in', '.gschema.xml')


def has_words(path):
    if path.name.endswith(ALWAYS):
        return True
    mark = MARKS.get(path.suffix)
    return mark is not None and mark.search(path.read_text(encoding='utf-8')) is not None


def entries(path):
    lines = path.read_text(encoding='utf-8').splitlines()
    return [line for line in lines if line and not line.startswith('#')]


def incomplete(root, catalogue):
    """What msgfmt and a fresh extraction find wrong with a catalogue."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / 'fresh.pot'
        subprocess.run(
            ['xgettext', '--from-code=UTF-8', '--add-comments', '--files-from=po/POTFILES',
             '--keyword=_', '--keyword=N_', '--keyword=C_:1c,2', '--keyword=NC_:1c,2',
             '--keyword=g_dcgettext:2', '--keyword=g_dngettext:2,3', '--keyword=g_dpgettext2:2c,3',
             f'--output={fresh}'],
            cwd=root, check=True, capture_output=True)
        merged = Path(folder) / 'merged.po'
        subprocess.run(['msgmerge', '--quiet', '--no-fuzzy-matching', f'--output={merged}',
                        catalogue, fresh], check=True, capture_output=True)
        check = subprocess.run(['msgfmt', '--check', '--statistics', '--output=/dev/null', merged],
                               capture_output=True, text=True, env={'LC_ALL': 'C', 'PATH': '/usr/bin:/bin'})
        report = check.stderr.strip()
        if check.returncode != 0 or 'untranslated' in report or 'fuzzy' in report:
            return report
    return None


def main():
    root = Path(sys.argv[1])
    found = {str(path.relative_to(root)) for folder in ('src', 'data')
             for path in (root / folder).rglob('*') if path.is_file() and has_words(path)}
    listed = entries(root / 'po' / 'POTFILES')
    problems = [f'{name} has words and is not listed' for name in sorted(found - set(listed))]
    problems += [f'{name} is listed and has none' for name in sorted(set(listed) - found)]
    if listed != sorted(listed):
        problems.append('the list is not sorted')

    languages = entries(root / 'po' / 'LINGUAS')
    print(f'1..{1 + len(languages)}')
    for problem in problems:
        print(f'# po/POTFILES: {problem}')
    print('not ok 1 - POTFILES' if problems else 'ok 1 - POTFILES')

    failed = bool(problems)
    for number, language in enumerate(languages, 2):
        if shutil.which('xgettext') is None:
            print(f'ok {number} - {language} # SKIP gettext is not installed')
            continue
        report = None if problems else incomplete(root, root / 'po' / f'{language}.po')
        if report is None:
            print(f'ok {number} - {language}')
            continue
        failed = True
        print(f'# po/{language}.po: {report}')
        print(f'not ok {number} - {language}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
