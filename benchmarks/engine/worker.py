"""A contender in a process of its own: it prepares every workload, then answers with the time of each run asked for.

    python worker.py CONTENDER THREADS

Reads "WORKLOAD" lines, writes the seconds of one run; "check WORKLOAD" writes the parameters after 3 steps as JSON.
"""

import json
import os
import sys
import time

CONTENDER, THREADS = sys.argv[1], int(sys.argv[2])
# Before anything that counts processors is imported.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(THREADS)

from contenders import CONTENDERS, SLOW_ON_W1  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

CHECKED_STEPS = 3


def main() -> None:
    runs, steps = {}, {}
    for name, workload in WORKLOADS.items():
        run = CONTENDERS[CONTENDER](workload, workload.arrays(), THREADS)
        if run is None:
            continue
        runs[name] = run
        steps[name] = workload.steps // (SLOW_ON_W1.get(CONTENDER, 1) if name == "W1" else 1)
        run(steps[name])  # compiles, and warms the caches
        run(steps[name])
    print(json.dumps(steps), flush=True)
    for line in sys.stdin:
        command, _, name = line.strip().rpartition(" ")
        if command == "check":
            parameters = runs[name](CHECKED_STEPS)
            print(
                json.dumps({key: value.tolist() for key, value in parameters.items()}), flush=True
            )
            continue
        start = time.perf_counter()
        runs[name](steps[name])
        print(time.perf_counter() - start, flush=True)


main()
