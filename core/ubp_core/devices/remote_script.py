"""Shell text that runs on the phone. Every name that comes from outside is quoted here; nothing is run here.

The rules come from trials on Android's own shell and tools (mksh, toybox 0.8.9):
- only `trap '' HUP; timeout -k` ends a program in every case, and a reader of standard input notices that the host
  has gone;
- `timeout` returns 127 at random where its program ends at once, so a shell inside it reports the exit code;
- `timeout` may end that shell alone, so what is left of the session is killed afterwards;
- `pkill -9 -s` does nothing where `pgrep -s` finds.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ubp_core.numerals import read_count

ROOT = "/data/local/tmp/ubp-tui"
"""Everything we put on a phone is below this folder."""
KILL_AFTER_S = 1

_RUN = """\
trap '' HUP
echo ubp-start-{nonce} $$
exec 3<&0
end_all() {{ for process in $(pgrep -s $$); do [ $process != $1 ] && kill -9 $process; done; }}
(
    while read -r line; do :; done
    end_all $BASHPID
) <&3 >/dev/null 2>&1 &
timeout -k {kill_after} {limit} sh -c {inner} sh {command} </dev/null
code=$?
end_all $$ 2>/dev/null
echo
echo ubp-end-{nonce} $code
exit $code
"""
_INNER = """\
"$@"
code=$?
echo
echo ubp-code-{nonce} $code
exit $code
"""


def run_script(argv: Sequence[str], limit_s: float, nonce: str) -> str:
    """Runs a program under a limit that holds whatever becomes of the link.

    Prints `ubp-start-NONCE SESSION`, the program's output, `ubp-code-NONCE CODE` (missing where the program was ended
    after its time), and `ubp-end-NONCE CODE`. When its standard input ends (the host has gone, or cancelled),
    everything in its session is killed.
    """
    return _RUN.format(
        nonce=nonce,
        kill_after=KILL_AFTER_S,
        limit=max(1, round(limit_s)),
        inner=shlex.quote(_INNER.format(nonce=nonce)),
        command=shlex.join(argv),
    )


def kill_script(session: int) -> str:
    """Kills what is left of a session and prints the processes that are still there; called until it prints none."""
    return f"kill -9 $(pgrep -s {session:d}) 2>/dev/null; pgrep -s {session:d}"


LEFTOVER_SCRIPT = f"pgrep -f '^([^ ]* )?{ROOT}/'"
"""Prints the processes that run from our folder (as program, or as an interpreter's first argument)."""

PREPARE_SCRIPT = f"""
mkdir -p {ROOT}/cache && chmod 700 {ROOT} || exit 1
find {ROOT}/cache -name 'part-*' -mmin +60 -exec rm -f {{}} \\;
df -k {ROOT} | tail -n 1
"""
"""Makes our folder, removes what lost pushes left, and prints the line of df for it."""

CLEAN_SCRIPT = f"""
for process in $({LEFTOVER_SCRIPT}); do kill -9 $process 2>/dev/null; done
du -sk {ROOT} 2>/dev/null
rm -rf {ROOT}
[ ! -e {ROOT} ]
"""
"""Ends what runs from our folder, prints its size and removes it; exit 0 where it is gone."""


def settle_script(temporary: str, final: str, mode: str, sha1: str) -> str:
    """Gives a pushed file its mode and its name; exit 3 where its content is not what was sent.

    SHA-1, because Android 7 has no sha256sum; it guards against accidents, not against attackers.
    """
    source, target = shlex.quote(temporary), shlex.quote(final)
    check = f"case $(sha1sum {source}) in {sha1}*) ;; *) rm -f {source}; exit 3;; esac"
    return f"chmod {mode} {source} || exit 1\n{check}\nmv -f {source} {target}"


def free_bytes(df_line: str) -> int | None:
    """Free space in a line of `df -k`; None where it can't be read."""
    fields = df_line.split()
    for index, field in enumerate(fields):
        blocks = read_count(fields[index - 1]) if field.endswith("%") and index >= 1 else None
        if blocks is not None:
            return blocks * 1024
    return None
