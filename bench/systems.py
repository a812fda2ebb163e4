#!/usr/bin/python3
"""Runs the commands of docs/systems.md with seeds 1 to 5 and prints their accuracies: systems.py [--data DIR] [--seeds 1,2] [NAME...]

Builds the release preset first. --data is the directory of MNIST's four files [$MNIST_DIR or data/mnist]; without it, commands that need
MNIST are skipped. Results do not depend on the number of threads.
"""

import argparse
import gzip
import json
import os
import re
import shlex
import statistics
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ROOT / "build/release/apps"

# Name: the command after build/release/apps/. MNIST, FASHION, TRAIN_CSV and TEST_CSV stand for files.
COMMANDS = {
    "s0-truth-table": "xor",
    "s0-iris": "iris_train --splits 50",
    "s0-iris-better": "iris_train --splits 50 --standardize --stratify --epochs 100 --batch 8 --optimizer adam --weight-decay 0.001",
    "s1-full-batch": "mnist_train --csv TRAIN_CSV TEST_CSV --init normal:0.1 --full-batch --epochs 400 --schedule constant",
    "s1-mini-batches": "mnist_train --csv TRAIN_CSV TEST_CSV --init normal:0.1",
    "s2": "mnist_train --data MNIST --layers 128 --activation sigmoid --output sigmoid --init xavier_uniform --loss squared_error"
    " --optimizer sgd --learning-rate 1.5 --batch 32 --schedule constant",
    "s2-better": "mnist_train --data MNIST --layers 128 --dropout 0.2 --epochs 30",
    "s3-softmax": "mnist_train --data MNIST --standardize --layers '' --init xavier_uniform --optimizer sgd --learning-rate 0.01 --batch 32"
    " --epochs 20 --schedule constant",
    "s3-softmax-randn": "mnist_train --data MNIST --standardize --layers '' --init normal:1 --optimizer sgd --learning-rate 0.01 --batch 1"
    " --epochs 20 --schedule constant",
    "s3-10": "mnist_train --data MNIST --standardize --layers 10 --activation sigmoid --init normal:1 --learning-rate 0.01 --batch 32"
    " --schedule constant",
    "s3-10-better": "mnist_train --data MNIST --standardize --layers 10 --batch-norm --learning-rate 0.003 --epochs 40",
    "s3-100": "mnist_train --data MNIST --standardize --layers 100 --activation sigmoid --init xavier_uniform --batch 32 --schedule constant",
    "s3-100-randn": "mnist_train --data MNIST --standardize --layers 100 --activation sigmoid --init normal:1 --batch 32 --schedule constant",
    "s4": "mnist_train --data MNIST --limit-train 1000 --layers 40 --activation tanh --init normal:1 --loss mse --optimizer sgd"
    " --learning-rate 0.1 --batch 1 --epochs 100 --schedule constant",
    "s4-better": "mnist_train --data MNIST --limit-train 1000 --layers 40 --dropout 0.2 --epochs 100",
    "best-mnist": "mnist_train --data MNIST --layers 1024,1024 --batch-norm --dropout 0.3 --input-dropout 0.2 --label-smoothing 0.1"
    " --optimizer adamw --weight-decay 0.02 --learning-rate 0.003 --schedule cosine --batch 256 --epochs 30 --average 0.998",
    "best-fashion": "mnist_train --data FASHION --layers 512,256 --dropout 0.3 --label-smoothing 0.1 --batch 128 --epochs 40",
}
FASHION = Path("/usr/share/datasets/fashion-mnist")


def words_of(command, seed, folder, files):
    words = [files.get(word, word) for word in shlex.split(command)] + ["--seed", str(seed)]
    if words[0] == "mnist_train":
        words += ["--history", str(folder / "history.json")]
    return [str(APPS / words[0])] + words[1:]


def result_of(name, command, seed, files):
    """The accuracy of a run in percent, and further results as text."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(words_of(command, seed, Path(folder), files), stdin=subprocess.DEVNULL, capture_output=True, text=True)
        printed = run.stdout
        if run.returncode != 0 and not command.startswith("xor"):  # exits with 1 if it did not learn the table
            sys.exit(f"systems.py: {name} failed: {run.stderr.strip() or printed.strip()}")
        if command.startswith("mnist_train"):
            history = json.loads((Path(folder) / "history.json").read_text())
            curve = ", ".join(f"{history['epochs'][e - 1]['train_loss']:.4f} at {e}" for e in (1, 20, 30)) if name == "s4" else ""
            return 100 * history["test_accuracy"], f"{history['total_seconds']:.0f} s" + (f", error {curve}" if curve else "")
    if command.startswith("iris_train"):
        found = re.search(r"test accuracy ([\d.]+) % over .*from ([\d.]+) to ([\d.]+) %, in (.*)", printed)
        return float(found[1]), f"from {found[2]} to {found[3]} %, {found[4]}"
    found = re.search(r"(\d) of 4 correct", printed)
    return 25.0 * int(found[1]), ""


def images_and_labels(folder, part):
    def read(kind):
        for path in sorted(folder.glob(f"{part}-{kind}*")):
            return (gzip.open(path) if path.suffix == ".gz" else open(path, "rb")).read()
        sys.exit(f"systems.py: {folder} has no {part}-{kind} file")

    images, labels = read("images"), read("labels")
    count, rows, columns = struct.unpack(">3I", images[4:16])
    size = rows * columns
    return [images[16 + i * size:16 + (i + 1) * size] for i in range(count)], labels[8:]


def write_table(folder, part, path):
    """Writes a table with the columns of S1's: the label, then the pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with open(partial, "w") as table:
        images, labels = images_and_labels(folder, part)
        table.write(",".join(["label"] + [f"pixel{i}" for i in range(len(images[0]))]) + "\n")
        for image, label in zip(images, labels):
            table.write(f"{label}," + ",".join(map(str, image)) + "\n")
    partial.rename(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("MNIST_DIR", ROOT / "data/mnist"))
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(COMMANDS))
    options = parser.parse_args()
    for name in options.names:
        if name not in COMMANDS:
            parser.error(f"unknown run {name}, known are {', '.join(COMMANDS)}")
    subprocess.run([ROOT / "scripts/build.sh", "release", "mnist_train", "iris_train", "xor"], check=True)

    files = {"MNIST": str(options.data), "FASHION": str(FASHION)}
    for name in options.names or COMMANDS:
        command = COMMANDS[name]
        if ("MNIST" in command or "_CSV" in command) and not options.data.is_dir():
            print(f"{name}: skipped, because {options.data} does not exist")
            continue
        for part, word in (("train", "TRAIN_CSV"), ("t10k", "TEST_CSV")):
            if word in command:
                files[word] = str(ROOT / f"build/systems/{part}.csv")
                if not Path(files[word]).exists():
                    write_table(options.data, part, Path(files[word]))
        print(f"{name}: {command}", flush=True)
        reached = []
        for seed in options.seeds.split(","):
            percent, more = result_of(name, command, seed, files)
            reached.append(percent)
            print(f"  seed {seed}: {percent:.2f} %  {more}", flush=True)
        print(f"  median {statistics.median(reached):.2f} %", flush=True)


if __name__ == "__main__":
    main()
