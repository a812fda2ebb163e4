#!/usr/bin/python3
"""Writes the tables of docs/accuracy.md: the worst errors that tests/autograd/ops/smooth_test.cpp, tests/autograd/ops/smooth_sweep_test.cpp
and tests/nn/losses/tails_test.cpp find.

  accuracy.py BUILD   BUILD is the folder of a build by GCC, with autograd_test and nn_test
"""
import os
import re
import subprocess
import sys

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs/accuracy.md")
LINE = re.compile(r"^(\S.*) (float32|float64) (value|first derivative|second derivative): ([\d.e+-]+) ULP", re.M)
RULE = "|---|---|---|---|---|---|---|\n"


def table(program, suite):
    done = subprocess.run([program, f"--run_test={suite}", "--log_level=message", "--color_output=no"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=True)
    errors = {}
    for op, dtype, what, ulp in LINE.findall(done.stdout):
        of_op = errors.setdefault(op, {})
        of_op[dtype, what] = max(float(ulp), of_op.get((dtype, what), 0))
    rows = []
    for op in sorted(errors):
        cells = [f"{errors[op][dtype, what]:.1f}" for dtype in ("float32", "float64") for what in ("value", "first derivative", "second derivative")]
        name = re.sub(r"^(\w+)", r"`\1`", op)
        rows.append(f"| {name} | " + " | ".join(cells) + " |\n")
    return "".join(rows)


def main():
    tests = os.path.join(sys.argv[1], "tests")
    tables = [table(os.path.join(tests, "autograd/autograd_test"), "smooth,smooth_sweep"), table(os.path.join(tests, "nn/nn_test"), "loss_tails")]
    with open(PAGE, encoding="utf-8") as file:
        head, *parts = file.read().split(RULE)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(head + "".join(RULE + rows + re.sub(r"\A(?:\|.*\n)*", "", part) for rows, part in zip(tables, parts, strict=True)))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
