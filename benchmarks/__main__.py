"""`python -m benchmarks [NAME …]`: run all or some benchmarks, write build/bench.json.

Each runs in a process of its own, so that one's memory and threads are not another's. A
benchmark that cannot run here says why and is left out; one that fails is named at the end
and makes the exit code 1. A partial run keeps the other figures of an earlier one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "build" / "bench.json"
_CHILD = (
    "import importlib, json, sys; "
    "figures = importlib.import_module('benchmarks.' + sys.argv[1]).run(); "
    "open(sys.argv[2], 'w').write(json.dumps(figures))"
)


def main(wanted: list[str]) -> int:
    """Run the wanted benchmarks (all when empty) and write the file."""
    names = sorted(p.stem for p in Path(__file__).parent.glob("bench_*.py"))
    unknown = [w for w in wanted if f"bench_{w}" not in names]
    if unknown:
        known = ", ".join(n.removeprefix("bench_") for n in names)
        print(f"no benchmark {unknown[0]!r}; there are: {known}", file=sys.stderr)
        return 2
    OUTPUT.parent.mkdir(exist_ok=True)
    figures = json.loads(OUTPUT.read_text()) if wanted and OUTPUT.exists() else {}
    failed = []
    for name in [f"bench_{w}" for w in wanted] or names:
        print(f"# {name}", flush=True)
        answer = OUTPUT.with_name(f"{name}.json")
        answer.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, name, str(answer)], cwd=ROOT, env=dict(os.environ)
        )
        if done.returncode or not answer.exists():
            failed.append(name)
            continue
        figures.update(json.loads(answer.read_text()))
        OUTPUT.write_text(json.dumps(dict(sorted(figures.items())), indent=2) + "\n")
    for key, value in sorted(figures.items()):
        print(f"{key:45} {value:12.4g}")
    if failed:
        print("failed: " + ", ".join(failed), file=sys.stderr)
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
