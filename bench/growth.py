#!/usr/bin/python3
"""Prints and plots the cost per unit of work by problem size: growth.py [--rounds N] [--plot FILE.svg] [batch|width|depth|graph...]

Builds growth_bench and runs it in several rounds; a cell is the median of the rounds. Plots require Debian's python3-matplotlib.
"""

import argparse
import json
import re
import statistics
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNITS = {"batch": "FLOP", "width": "FLOP", "depth": "FLOP", "graph": "op"}


def measure(name, rounds):
    """Nanoseconds per unit, by size."""
    cells = {}
    for _ in range(rounds):
        printed = subprocess.run([ROOT / "build/release/bench/growth_bench", f"--benchmark_filter=^{name}/", "--benchmark_min_time=0.2",
                                  "--benchmark_format=json"], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
        for run in json.loads(printed)["benchmarks"]:
            size = int(re.search(r"/(\d+)", run["name"])[1])
            cells.setdefault(size, []).append(1e9 / run["items_per_second"])
    return {size: statistics.median(values) for size, values in cells.items()}


def plot(tables, path):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "chainrule"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(10, 7), layout="constrained")
    for axis, (name, table) in zip(axes.flat, tables.items()):
        axis.loglog(list(table), list(table.values()), marker="o", base=2)
        axis.set(title=name, xlabel=name, ylabel=f"ns per {UNITS[name]}")
        axis.grid(True, which="both", alpha=0.3)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(UNITS))
    options = parser.parse_args()
    for name in options.names:
        if name not in UNITS:
            parser.error(f"unknown measurement {name}, known are {', '.join(UNITS)}")
    subprocess.run([ROOT / "scripts/build.sh", "release", "growth_bench"], check=True)
    tables = {}
    for name in options.names or UNITS:
        table = tables[name] = measure(name, options.rounds)
        print(f"\n| {name} | ns per {UNITS[name]} | ratio to previous |\n|---|---|---|")
        before = None
        for size, cost in table.items():
            print(f"| {size:,} | {cost:.4g} | {f'{cost / before:.2f}' if before else ''} |", flush=True)
            before = cost
    if options.plot:
        plot(tables, options.plot)


if __name__ == "__main__":
    main()
