"""OpenDSM in an environment of its own under build/, made when missing (about 1 GB).

CIVICMETER_BENCH_OPENDSM=0 leaves it out; a path there names the Python of an environment that has
it already, for example of its main branch.
"""

import os
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parent.parent / "build" / "opendsm"
REQUIREMENTS = ("opendsm==1.2.7", "multimethod<2.1", "pandas<3")


def run_opendsm(program: str, *arguments: object, timeout_s: float) -> bool:
    """Run a program text there; false, with the reason printed, where that cannot be."""
    wanted = os.environ.get("CIVICMETER_BENCH_OPENDSM", "")
    if wanted == "0":
        print("OpenDSM left out: CIVICMETER_BENCH_OPENDSM is 0")
        return False
    try:
        python = wanted or str(_made())
        command = [python, "-W", "ignore", "-c", program, *map(str, arguments)]
        subprocess.run(command, check=True, timeout=timeout_s, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"OpenDSM left out: it could not be set up or run ({error})")
        return False
    return True


def _made() -> Path:
    python = HOME / "bin" / "python"
    if not (HOME / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True)
        install = [str(python), "-m", "pip", "install", "-q", *REQUIREMENTS]
        subprocess.run(install, check=True, timeout=900)
        (HOME / "ready").touch()
    return python
