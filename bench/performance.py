#!/usr/bin/python3
"""Runs the measurements of docs/performance.md and writes their results between its marks <!-- PART --> and <!-- end -->.

performance.sh builds the programs first. --print prints the results and leaves the page unchanged. The recipes require MNIST, in
$MNIST_DIR or data/mnist; Fashion-MNIST is no substitute.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/performance.md"

RECIPES = {  # accuracy to reach: options
    97: ["--batch", "128", "--epochs", "2", "--learning-rate", "0.007"],
    98: ["--batch", "128", "--epochs", "4", "--learning-rate", "0.007"],
}
SEEDS = range(1, 6)


def output(words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL).stdout


def machine(options):
    cpu = re.search(r"Model name:\s*(.*)", output(["lscpu"]))[1]
    compiler = output(["c++", "--version"]).splitlines()[0]
    name = re.search(r'PRETTY_NAME="(.*)"', Path("/etc/os-release").read_text())[1]
    versions = output(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", "libdnnl-dev", "libhwy-dev", "libsleef-dev", "libtorch-dev"])
    return f"```text\n{cpu}, {os.cpu_count()} processors; {name}, Linux\n{compiler}\n{versions}```\n"


def compare(options):
    return f"```text\n{output(['bench/compare.sh', '--rounds', options.rounds])}```\n"


def recipes(options):
    data = next((folder for folder in (os.environ.get("MNIST_DIR"), "data/mnist") if folder and Path(folder).is_dir()), None)
    if data is None:
        sys.exit("performance.py: MNIST not found; set MNIST_DIR")
    lines = ["| accuracy | options of mnist_train | test accuracy, seeds 1 to 5 (%) | training time (s) |", "|---|---|---|---|"]
    for goal, words in RECIPES.items():
        accuracies, seconds = [], []
        for seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                history = Path(folder) / "history.json"
                output([ROOT / "build/release/apps/mnist_train", "--data", data, *words, "--seed", seed, "--quiet", "--history", history])
                told = json.loads(history.read_text())
            accuracies.append(100 * told["test_accuracy"])
            seconds.append(sum(epoch["train_seconds"] for epoch in told["epochs"]))
        lines.append(f"| {goal} % | `{' '.join(words)}` | {' '.join(f'{a:.2f}' for a in accuracies)}"
                     f" | {statistics.median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f}) |")
    return "\n".join(lines) + "\n"


def ops(options):
    """One row per benchmark of ops_bench: its time, and its bytes or operations per second."""
    told = json.loads(output([ROOT / "build/release/bench/ops_bench", f"--benchmark_repetitions={options.rounds}",
                              "--benchmark_report_aggregates_only=true", "--benchmark_min_time=0.1", "--benchmark_format=json"]))
    lines = ["| job | time | per second |", "|---|---|---|"]
    for run in told["benchmarks"]:
        if run.get("aggregate_name") != "median":
            continue
        time = run["real_time"]
        shown = f"{time:.0f} ns" if time < 1e4 else f"{time / 1e3:.0f} us"
        rate = f"{run['bytes_per_second'] / 1e9:.1f} GB" if "bytes_per_second" in run else f"{run['items_per_second'] / 1e9:.1f} GFLOP"
        lines.append(f"| {run['run_name'].removesuffix('/real_time')} | {shown} | {rate} |")
    return "\n".join(lines) + "\n"


def growth(options):
    printed = output([ROOT / "bench/growth.py", "--rounds", options.rounds, *([] if options.print else ["--plot", "docs/growth.svg"])])
    return printed[printed.index("|"):]


PARTS = {"machine": machine, "compare": compare, "recipes": recipes, "ops": ops, "growth": growth}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds, of which the medians are taken [5]")
    parser.add_argument("--print", action="store_true", help="print the results instead of writing them to the page")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"unknown part {part}, known are {', '.join(PARTS)}")
    for part in options.parts or PARTS:
        figures = PARTS[part](options)
        if options.print:
            print(figures, flush=True)
            continue
        page = PAGE.read_text()
        changed, count = re.subn(rf"(<!-- {part} -->\n).*?(<!-- end -->)", lambda found: found[1] + figures + found[2], page, flags=re.S)
        if count != 1:
            sys.exit(f"performance.py: {PAGE} has {count} marks <!-- {part} -->, expected 1")
        PAGE.write_text(changed)


if __name__ == "__main__":
    main()
