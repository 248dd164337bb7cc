"""Run one program to its end and print what it cost, as JSON.

    python -I -S launch.py SECONDS FOLDER COMMAND...

Its output goes to FOLDER/stdout and FOLDER/stderr. A process of its own, because the kernel
counts the memory of the process that started a program as the program's: this one has little.
"""

import os
import signal
import sys
import time


def main() -> None:
    """Start, wait, tell: exit code, wall and CPU seconds, peak memory in KiB."""
    seconds, folder, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    opened = [
        (os.POSIX_SPAWN_OPEN, number, f"{folder}/{name}", flags, 0o644)
        for number, name in ((1, "stdout"), (2, "stderr"))
    ]
    started = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=opened)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(seconds)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    print(f'{{"code": {code}, "wall": {wall}, "cpu": {cpu}, "kib": {used.ru_maxrss}}}')


main()
