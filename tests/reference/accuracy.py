#!/usr/bin/python3
"""Writes the table of docs/accuracy.md: the worst errors that tests/autograd/ops/smooth_test.cpp and
tests/autograd/ops/smooth_sweep_test.cpp find.

  accuracy.py PROGRAM   PROGRAM is autograd_test, built by GCC
"""
import os
import re
import subprocess
import sys

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs/accuracy.md")
LINE = re.compile(r"(\w+) (float32|float64) (value|first derivative|second derivative): ([\d.e+-]+) ULP")


def main():
    done = subprocess.run([sys.argv[1], "--run_test=smooth,smooth_sweep", "--log_level=message", "--color_output=no"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=True)
    errors = {}
    for op, dtype, what, ulp in LINE.findall(done.stdout):
        of_op = errors.setdefault(op, {})
        of_op[dtype, what] = max(float(ulp), of_op.get((dtype, what), 0))
    rows = []
    for op in sorted(errors):
        cells = [f"{errors[op][dtype, what]:.1f}" for dtype in ("float32", "float64") for what in ("value", "first derivative", "second derivative")]
        rows.append(f"| `{op}` | " + " | ".join(cells) + " |\n")
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    head, rest = text.split("|---|---|---|---|---|---|---|\n")
    tail = re.sub(r"\A(?:\|.*\n)*", "", rest)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(head + "|---|---|---|---|---|---|---|\n" + "".join(rows) + tail)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
