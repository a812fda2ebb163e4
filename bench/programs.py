"""Runs the benchmark programs of bench/ and apps/ and parses their output."""

import json
import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "build/release"

STEPS = {  # name: hidden layers, batch size, steps per round
    "step-32": ("128,64", 32, 2000),
    "step-128": ("128,64", 128, 1000),
    "step-512": ("128,64", 512, 400),
    "wide-step-128": ("1024,1024", 128, 150),
}
SMALL = {  # name: name in Google Benchmark, unit of an item
    "chain": ("scalar_chain/1000", "op"),
    "chain-million": ("scalar_chain/1000000", "op"),
    "eleven-nodes": ("eleven_nodes", "graph"),
    "xor": ("xor_step", "step"),
    "iris": ("iris_step", "step"),
    "inference": ("inference", "image"),
}


def run(words, **environment):
    """The output and the peak memory, in bytes, of a program. Raises RuntimeError with its stderr if it fails."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        out.seek(0)
        err.seek(0)
        if status != 0:
            code = os.waitstatus_to_exitcode(status)
            raise RuntimeError(f"{shlex.join(map(str, words))} failed with exit code {code}: {err.read().strip()}")
        return out.read(), usage.ru_maxrss * 1024


def library_step(build, job, steps, threads, data):
    """The command that times training steps of the library; `build` is its build folder, `job` is one of STEPS."""
    layers, batch, _ = STEPS[job]
    return [build / "apps/mnist_train", "--layers", layers, "--batch", batch, "--data", data, "--bench-steps", steps, "--threads", threads,
            "--schedule", "constant", "--quiet"]


def step(words, **environment):
    """The median time of a step in microseconds, and the mean of the last losses."""
    printed, _ = run(words, **environment)
    found = re.search(r"median_us=([\d.]+) .*loss=([\d.]+)", printed)
    if not found:
        raise RuntimeError(f"{shlex.join(map(str, words))} printed {printed.strip()!r}, expected median_us= and loss=")
    return float(found[1]), float(found[2])


def repetitions(program, benchmark, *options):
    """Google Benchmark's results of each repetition of a benchmark, and the program's peak memory in bytes."""
    printed, memory = run([program, f"--benchmark_filter=^{benchmark}$", *options, "--benchmark_format=json"])
    return [entry for entry in json.loads(printed)["benchmarks"] if entry["run_type"] == "iteration"], memory
