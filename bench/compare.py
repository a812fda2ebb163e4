#!/usr/bin/python3
"""Runs each job with this library, LibTorch and a hand-written baseline, and prints a table of medians and ratios.

compare.sh builds the programs first. Each round runs every side of a job once, one directly after the other. A ratio is the median of the
rounds' ratios, with the least and the greatest. Before the rounds, LibTorch's best numbers of threads are found by trial (its own and its
BLAS's). For a training step the table also gives its share of the processors' peak (ops_bench's peak_flops).
"""

import argparse
import itertools
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from against import JOBS, LEAST_ROUNDS, SLOWER, compare_builds
from programs import RELEASE, ROOT, SMALL, STEPS, library_step, repetitions, run, step

PEERS = ROOT / "build/peers"
IMAGES = [ROOT / (os.environ.get("MNIST_DIR") or "data/mnist"), Path("/usr/share/datasets/fashion-mnist")]
OTHER = ["memory", "allocations", "compile", "build"]


def nanoseconds(program, benchmark):
    """The time per item, and the program's peak memory in bytes."""
    (entry,), memory = repetitions(program, benchmark, "--benchmark_min_time=0.3")
    return 1e9 / entry["items_per_second"], memory


def nanoseconds_one_by_one(program, benchmark, times):
    """The time per item of the first repetition in a process, and the median of the later ones."""
    entries, _ = repetitions(program, benchmark, "--benchmark_min_time=0", f"--benchmark_repetitions={times}")
    each = [1e9 / entry["items_per_second"] for entry in entries]
    return each[0], statistics.median(each[1:])


def ratio_text(ours, theirs):
    ratios = [other / own for own, other in zip(ours, theirs)]
    return f"{statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def line(job, ours, hand, torch, unit):
    def cell(values):
        return f"{statistics.median(values):10.1f} {unit}" if values else " " * (11 + len(unit))

    hand_ratio = f"  by hand {cell(hand)}, ratio {ratio_text(ours, hand)}" if hand else ""
    torch_ratio = f"  LibTorch {cell(torch)}, ratio {ratio_text(ours, torch)}" if torch else ""
    print(f"{job:24} ours {cell(ours)}{hand_ratio}{torch_ratio}", flush=True)


def peak_flops():
    """The peak floating-point operations per second of one processor."""
    (entry,), _ = repetitions(RELEASE / "bench/ops_bench", "peak_flops/real_time", "--benchmark_min_time=0.3")
    return entry["items_per_second"]


def operations(layers, batch):
    """Of a training step: per weight and row two for the forward pass, two for the weight's gradient and two for the input's gradient."""
    sizes = [784, *map(int, layers.split(",")), 10]
    weights = [d_in * d_out for d_in, d_out in itertools.pairwise(sizes)]
    return 2 * batch * (3 * sum(weights) - weights[0])


def torch_threads(own, blas):
    return {"OPENBLAS_NUM_THREADS": str(blas), "OMP_NUM_THREADS": str(max(own, blas))}


def threads_of_torch(job, words):
    """The numbers of threads with which LibTorch is fastest at a job."""
    best = None
    for own, blas in itertools.product((1, os.cpu_count()), repeat=2):
        time_taken, _ = step([*words, "--steps", 100, "--threads", own], **torch_threads(own, blas))
        if best is None or time_taken < best[0]:
            best = (time_taken, own, blas)
    print(f"{job:24} LibTorch is fastest with {best[1]} threads of its own and {best[2]} of its BLAS", flush=True)
    return best[1], best[2]


def compare_step(job, options, torch):
    layers, batch, steps = STEPS[job]
    steps = max(steps // (10 if options.quick else 1), 30)
    network = ["--layers", layers, "--batch", batch, "--data", options.data]
    peer = [PEERS / "libtorch_step", *network]
    own, blas = threads_of_torch(job, peer) if torch else (0, 0)
    for threads in dict.fromkeys((1, os.cpu_count())):
        ours, hand, theirs, losses = [], [], [], []
        options.peak = options.peak or peak_flops()
        for _ in range(options.rounds):
            sides = [
                (ours, library_step(RELEASE, job, steps, threads, options.data), {}),
                (hand, [RELEASE / "bench/hand_step", *network, "--steps", steps, "--threads", threads], {}),
            ]
            if torch:
                sides.append((theirs, [*peer, "--steps", steps, "--threads", own], torch_threads(own, blas)))
            for times, words, environment in sides:
                time_taken, loss = step(words, **environment)
                times.append(time_taken)
                losses.append(loss)
        line(f"{job}, {threads} thread{'s' if threads > 1 else ''}", ours, hand, theirs, "us")
        share = operations(layers, batch) / (statistics.median(ours) * 1e-6) / (threads * options.peak)
        print(f"{'':24} {100 * share:.0f} % of the peak of {options.peak / 1e9:.0f} GFLOP/s per processor", flush=True)
        if max(losses) > 1.5 * min(losses) + 0.05:
            sys.exit(f"compare.py: {job}: the sides learn differently: losses {losses}")


def compare_large_graph(job, options, torch):
    """As compare_small, but the first graph of a process, whose memory comes from the system, has its own line."""
    benchmark, item = SMALL[job]
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(nanoseconds_one_by_one(RELEASE / "bench/small_bench", benchmark, 6))
        if torch:
            theirs.append(nanoseconds_one_by_one(PEERS / "libtorch_small", benchmark, 3))
    for which, name in enumerate((f"{job}, first", f"{job}, repeated")):
        line(name, [times[which] for times in ours], [], [times[which] for times in theirs], f"ns/{item}")


def compare_small(job, options, torch):
    benchmark, item = SMALL[job]
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(nanoseconds(RELEASE / "bench/small_bench", benchmark)[0])
        if torch:
            theirs.append(nanoseconds(PEERS / "libtorch_small", benchmark)[0])
    line(job, ours, [], theirs, f"ns/{item}")


def compare_memory(options, torch):
    programs = {"ours": RELEASE / "bench/small_bench", **({"LibTorch": PEERS / "libtorch_small"} if torch else {})}
    for name, program in programs.items():
        least, most = (nanoseconds(program, f"scalar_chain/{length}")[1] for length in (100, 1000000))
        print(f"memory, chain of a million {name:9} {(most - least) / 1e6:10.0f} bytes per node (peak, including backward())")
    common = ["--batch", 64, "--data", options.data]
    trainers = {"ours": [RELEASE / "apps/mnist_train", *common, "--epochs", 1, "--quiet"],
                **({"LibTorch": [PEERS / "libtorch_step", *common, "--steps", 900]} if torch else {})}
    for name, words in trainers.items():
        print(f"memory, training          {name:9} {run(words)[1] / 1e6:10.0f} MB (peak, an epoch of batches of 64)")


def compare_allocations(options, torch):
    for job in run([RELEASE / "bench/allocations"])[0].splitlines():
        name, count = job.split()
        print(f"allocations, {name:11} ours      {float(count):10.2f} per step, after the first steps")


def compare_compile(options, torch):
    """The compile time of a user's file, and the sizes of the libraries."""
    source = ROOT / "bench/peers/user_program.cpp"
    sides = {"ours": ["-std=c++20", f"-I{ROOT}", "-DCHAINRULE"]}
    if torch:
        sides["LibTorch"] = ["-std=c++17", "-I/usr/include/torch/csrc/api/include"]
    with tempfile.TemporaryDirectory() as folder:
        for name, flags in sides.items():
            times = []
            for _ in range(2):  # the first reads the headers from disk
                start = time.monotonic()
                run(["c++", "-O2", *flags, "-c", source, "-o", Path(folder) / "user_program.o"])
                times.append(time.monotonic() - start)
            print(f"compile a user's file     {name:9} {times[-1]:10.2f} s")
        library = Path(folder) / "libchainrule.a"
        run(["strip", "--strip-unneeded", "-o", library, RELEASE / "libchainrule.a"])
        print(f"library                   ours      {library.stat().st_size / 1e6:10.2f} MB, stripped")
        if torch:
            shared = next(Path("/usr/lib").glob("*/libtorch_cpu.so.*"))
            print(f"library                   LibTorch  {shared.stat().st_size / 1e6:10.2f} MB")


def compare_build():
    """The time of a clean build of the library and mnist_train, without a compiler cache."""
    with tempfile.TemporaryDirectory() as folder:
        run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCHAINRULE_BUILD_TESTS=OFF",
             "-DCHAINRULE_BUILD_BENCH=OFF"])
        start = time.monotonic()
        run(["ninja", "-C", folder, "libchainrule.a", "mnist_train"], CCACHE_DISABLE="1")
        print(f"clean build               ours      {time.monotonic() - start:10.0f} s (library and mnist_train, {os.cpu_count()} processors)")


def images():
    """The folder of the training images."""
    for folder in IMAGES:
        if folder.is_dir():
            return folder
    raise RuntimeError("no images; run scripts/setup.sh")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], allow_abbrev=False)
    parser.add_argument("--rounds", type=int, metavar="N", help=f"number of rounds [5; with --against at least {LEAST_ROUNDS}, the default]")
    parser.add_argument("--quick", action="store_true", help="run a tenth of the steps")
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=", ".join([*STEPS, *SMALL, *OTHER]))
    builds = parser.add_argument_group(
        "two builds of the library",
        "Run the programs of both builds alternately and print the quartiles of the ratio this/that of each job. "
        f"A job is slower if its lower quartile is above {SLOWER}. Exit code: 0 if no job is slower, 1 if any is, 2 after an error.")
    builds.add_argument("--against", type=Path, metavar="BUILD_DIR", help="compare with the build in this folder, of another checkout")
    builds.add_argument("--build", type=Path, metavar="BUILD_DIR", help="the build to compare [build/release, which is built first]")
    builds.add_argument("--jobs", dest="pattern", metavar="REGEX", help=f"only the jobs whose names match [all]: {', '.join(JOBS)}")
    options = parser.parse_args()
    default, least = (LEAST_ROUNDS, LEAST_ROUNDS) if options.against else (5, 1)
    options.rounds = default if options.rounds is None else options.rounds
    if options.rounds < least:
        parser.error(f"--rounds {options.rounds} is too few: at least {least}")
    if options.against:
        if options.jobs or options.quick:
            parser.error("--against takes no JOB and no --quick; use --jobs REGEX")
        try:
            pattern = re.compile(options.pattern or "")
        except re.error as error:
            parser.error(f"--jobs {options.pattern}: {error}")
        return compare_builds(options.build or RELEASE, options.against, pattern, options.rounds, images)
    if options.build or options.pattern is not None:
        parser.error("--build and --jobs require --against")
    for job in options.jobs:
        if job not in {*STEPS, *SMALL, *OTHER}:
            parser.error(f"unknown job {job}, known are {', '.join([*STEPS, *SMALL, *OTHER])}")
    options.data = images()
    options.peak = None
    torch = (PEERS / "libtorch_step").exists()
    here = "" if torch else "; LibTorch is not installed"
    print(f"{os.cpu_count()} processors; images of {options.data.name}; a ratio is their time divided by ours{here}")
    for job in options.jobs or [*STEPS, *SMALL, *OTHER]:
        if job in STEPS:
            compare_step(job, options, torch)
        elif job in SMALL:
            (compare_large_graph if job == "chain-million" else compare_small)(job, options, torch)
        elif job == "memory":
            compare_memory(options, torch)
        elif job == "allocations":
            compare_allocations(options, torch)
        elif job == "build":
            compare_build()
        else:
            compare_compile(options, torch)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, RuntimeError) as error:
        print(f"compare.py: {error}", file=sys.stderr)
        sys.exit(2)
