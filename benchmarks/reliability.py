"""Break a real server in several ways while clients use it, and watch its memory for half an hour.

Each fault is a real one: `kill -9`, a disk in memory that is filled, a clock that libfaketime shifts, a locked table.
Before, during and after it clients enrol and search; then all that was acknowledged is looked for, in gallery and
audit log. `python benchmarks/reliability.py` writes `benchmarks/results/reliability.json`, a fault at a time
(`--only` measures some again; each says on what it was measured). `--soak-minutes 30` asks about two things a second
for so long instead, and writes `benchmarks/results/soak.json`. Root is needed for the small disk, and
`apt-get install libfaketime` for the clock.
"""

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from server_parts.faults import FAULTS, Pace
from server_parts.soak import soak

from crossreid.training.record import provenance, write_record

RESULTS = Path(__file__).parent / "results"
PACE = Pace()
LONGER = {"pool exhausted": Pace(fault_s=30.0)}
"""Locks are waited for for 20 s, so that this fault has to last longer than that."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="tiny-edge")
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--soak-minutes", type=float, default=0.0)
    parser.add_argument("--per-second", type=float, default=2.0, help="requests, in the soak")
    given = parser.parse_args()
    if given.soak_minutes:
        configuration = {
            "encoder": given.encoder, "minutes": given.soak_minutes, "per_second": given.per_second
        }  # fmt: skip
        told = soak(given.encoder, minutes=given.soak_minutes, per_second=given.per_second)
        write_record(RESULTS / "soak.json", configuration, seed=0, **told)
        return
    file = RESULTS / "reliability.json"
    faults: dict[str, Any] = json.loads(file.read_text())["faults"] if file.exists() else {}
    for name in given.only:
        pace = LONGER.get(name, PACE)
        faults[name] = FAULTS[name](given.encoder, pace) | {"pace": asdict(pace), "measured": provenance()}
        faults[name]["measured"]["load_average"] = os.getloadavg()[0]
        print(name, json.dumps(faults[name], indent=1), flush=True)
        ordered = {each: faults[each] for each in FAULTS if each in faults}
        write_record(file, {"encoder": given.encoder}, seed=0, faults=ordered)


if __name__ == "__main__":
    main()
