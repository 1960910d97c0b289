"""Starts a program from a small process, waits for it, and says what it came to: `measured.py REPORT PROGRAM [ARGUMENT...]`.

Linux counts the peak of whoever starts a program as that of the program too (`ru_maxrss`), so nothing large may start it.
"""

import json
import os
import sys
import time
from pathlib import Path

report, *argv = sys.argv[1:]
start = time.perf_counter()
child = os.posix_spawnp(argv[0], argv, os.environ)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - start
with Path(report).open("w", encoding="utf-8") as file:
    # Linux counts ru_maxrss in KiB.
    json.dump(
        [os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024], file
    )
