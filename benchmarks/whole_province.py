"""`python -m benchmarks.whole_province [INSTITUTIONS]`: the whole province, a month of it.

Not part of `make bench`, which takes the first 1,500 institutions: all 100,000 are a thousand
million readings and keep one core busy for a quarter of an hour. They are made as messages,
with their truth on disk, and thrown away: no network.
"""

import json
import sys
import time

from benchmarks.bench_simulate import generate_province
from simulators.scenarios.city import PROVINCE_INSTITUTIONS


def main(arguments: list[str]) -> None:
    """Make it and print the figures as JSON."""
    most = int(arguments[0]) if arguments else PROVINCE_INSTITUTIONS
    began = time.perf_counter()
    early_mb, peak_mb, readings = generate_province(min(1_500, most), most)
    seconds = time.perf_counter() - began
    figures = {
        "institutions": most,
        "readings": readings,
        "seconds": round(seconds, 1),
        "readings_per_s": round(readings / seconds),
        "peak_mb": round(peak_mb, 1),
        "peak_after_1500_institutions_mb": round(early_mb, 1),
    }
    print(json.dumps(figures, indent=2))


main(sys.argv[1:])
