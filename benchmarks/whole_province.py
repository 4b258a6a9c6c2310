"""`python -m benchmarks.whole_province [HOURS]`: all 100,000 institutions of the province.

Not part of `make bench`, which takes the first 1,500 institutions. Each institution's month is
simulated, its truth kept on disk, and its first HOURS (all of it: a thousand million readings)
are made into messages and thrown away: no network. It keeps one core busy for a quarter of an
hour, or for half of that with a day of messages.
"""

import json
import sys
import time

from benchmarks.bench_simulate import generate_province
from simulators.scenarios.city import PROVINCE_INSTITUTIONS


def main(arguments: list[str]) -> None:
    """Make it and print the figures as JSON."""
    hours = float(arguments[0]) if arguments else None
    began, cpu = time.perf_counter(), time.process_time()

    def told(institutions: int, readings: int) -> None:
        print(f"{institutions:,} institutions, {readings:,} readings", file=sys.stderr)

    early_mb, peak_mb, readings = generate_province(1_500, PROVINCE_INSTITUTIONS, hours, told)
    figures = {
        "institutions": PROVINCE_INSTITUTIONS,
        "hours": hours,
        "readings": readings,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_mb": round(peak_mb, 1),
        "peak_after_1500_institutions_mb": round(early_mb, 1),
    }
    print(json.dumps(figures, indent=2))


main(sys.argv[1:])
