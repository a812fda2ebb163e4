"""Compares two builds of the library: compare.sh --against BUILD_DIR."""

import functools
import re
import statistics
import sys
import time

from programs import SMALL, STEPS, library_step, repetitions, run, step

LEAST_ROUNDS = 15
SLOWER = 1.03  # a job is slower if the lower quartile of the ratio of this build's time to the other's is above
TRAINER = "apps/mnist_train"
OPS = ["add/1024", "add_row/1024", "sum/1024", "softmax/1024", "tanh/1024", "tanh_step/4194304", "matmul/64", "matmul_step/256",
       *(f"{name}_step/1024/{axis}" for name in ("prod", "var", "gather") for axis in (0, 1)), "index_select_step/1024"]
JOBS = {  # name: program and what it times, which is a step of STEPS with a number of threads or a benchmark
    **{f"{name}-{threads}-thread{'s' if threads > 1 else ''}": (TRAINER, (name, threads)) for name in STEPS for threads in (1, 2)},
    **{name: ("bench/small_bench", benchmark) for name, (benchmark, _) in SMALL.items()},
    **{name: ("bench/ops_bench", f"{name}/real_time") for name in OPS},
}


def check_build(folder):
    """Raises RuntimeError if `folder` is not a build folder of chainrule."""
    cache = folder / "CMakeCache.txt"
    if not cache.is_file():
        raise RuntimeError(f"{folder} is not a build folder: it has no CMakeCache.txt; expected one such as ../before/build/release")
    project = re.search(r"^CMAKE_PROJECT_NAME:\w+=(.*)$", cache.read_text(), re.M)
    if not project or project[1] != "chainrule":
        raise RuntimeError(f"{folder} is a build folder of {project[1] if project else 'no project'}, expected chainrule")


def build_type(folder):
    found = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", (folder / "CMakeCache.txt").read_text(), re.M)
    return found[1] if found and found[1] else "no build type"


@functools.cache
def benchmarks(program):
    return run([program, "--benchmark_list_tests=true"])[0].split()


def lacking(builds, job):
    """Why a job cannot run on both builds, or None."""
    program, timed = JOBS[job]
    for side, build in builds.items():
        if not (build / program).is_file():
            return f"{side} build has no program {program}"
        if program != TRAINER and timed not in benchmarks(build / program):
            return f"{side} build's {program} has no benchmark {timed}"
    return None


def measure(build, job, data):
    """Nanoseconds: the median of some training steps, or the least of five repetitions of a benchmark.

    The least excludes the first graph of a million nodes, whose memory comes from the system. For steps on two threads the least would be
    luck, so their median is taken.
    """
    program, timed = JOBS[job]
    if program == TRAINER:
        name, threads = timed
        return 1e3 * step(library_step(build, name, STEPS[name][2] // 4, threads, data))[0]
    entries, _ = repetitions(build / program, timed, "--benchmark_repetitions=5", "--benchmark_min_time=0.04")
    return min(entry["real_time"] for entry in entries)


def alternate(builds, jobs, rounds, data):
    """The times of each job by side. Every other round takes the sides in reverse order, so that a drift of the machine cancels out."""
    times = {job: {side: [] for side in builds} for job in jobs}
    for number in range(1, rounds + 1):
        start = time.monotonic()
        for job in jobs:
            for side in list(builds)[:: 1 if number % 2 else -1]:
                times[job][side].append(measure(builds[side], job, data))
        print(f"compare.py: round {number} of {rounds} took {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return times


def quartiles(this, that):
    """Lower quartile, median and upper quartile of the rounds' ratios this/that."""
    return statistics.quantiles([mine / other for mine, other in zip(this, that)], n=4, method="inclusive")


def time_text(nanoseconds):
    unit, scale = next(((unit, scale) for unit, scale in (("ms", 1e6), ("us", 1e3)) if nanoseconds >= scale), ("ns", 1))
    return f"{nanoseconds / scale:8.4g} {unit}"


def compare_builds(this, that, pattern, rounds, images):
    """Prints a table and which jobs are slower. Returns whether any is; raises RuntimeError if no job can be compared."""
    builds = {"this": this, "that": that}
    for folder in builds.values():
        check_build(folder)
    jobs = [job for job in JOBS if pattern.search(job)]
    if not jobs:
        raise RuntimeError(f"no job matches {pattern.pattern}; there are {', '.join(JOBS)}")
    missing = {job: why for job in jobs if (why := lacking(builds, job))}
    jobs = [job for job in jobs if job not in missing]
    for job, why in missing.items():
        print(f"{job:25} not compared: {why}", flush=True)
    if not jobs:
        raise RuntimeError("no job can be compared")
    times = alternate(builds, jobs, rounds, images() if any(JOBS[job][0] == TRAINER for job in jobs) else None)

    for side, folder in builds.items():
        print(f"{side} build: {folder} ({build_type(folder)})")
    print(f"{rounds} rounds; ratio is this/that: above 1 this build is slower")
    print(f"{'job':25} {'this':>11} {'that':>11}  lower quartile, median, upper quartile of the ratio")
    slower = []
    for job in jobs:
        medians = [time_text(statistics.median(times[job][side])) for side in builds]
        lower, median, upper = quartiles(**times[job])
        if lower > SLOWER:
            slower.append(f"{job} ({median:.2f})")
        print(f"{job:25} {' '.join(medians)}  {lower:6.3f} {median:6.3f} {upper:6.3f}{'  slower' if lower > SLOWER else ''}")
    print(f"slower, lower quartile above {SLOWER}: {', '.join(slower)}" if slower else f"none of {len(jobs)} compared jobs is slower")
    if missing:
        print(f"not compared: {', '.join(missing)}")
    return bool(slower)
