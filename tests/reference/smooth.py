#!/usr/bin/python3
"""Writes smooth.jsonl: smooth functions of one number with their first two derivatives, far out and near 0, for
tests/autograd/ops/smooth_test.cpp. Needs Debian's python3-mpmath.

  smooth.py [FILE]   FILE is smooth.jsonl beside this script unless given

A line is an op and a list of points [x, value, first, second]. Each x is a float32 number, so that both dtypes compute at the same point. A
number is null where it is 0 because the function has a root near x: there a tiny error of x is a large relative one of the result. Numbers
are rounded from 60 digits.
"""
import json
import math
import os
import random
import struct
import sys

from mpmath import mp, mpf

mp.dps = 60
RANDOM = random.Random(20240607)


def single(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def normal_cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def gelu_tanh(x):
    return x * sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))


SELU_SCALE, SELU_ALPHA = mpf("1.0507009873554804934193349852946"), mpf("1.6732632423543772848170429916717")


def elu(x):
    return x if x > 0 else mp.expm1(x)


ALL = (-700.0, 700.0)
# The function, and the range of its arguments.
FUNCTIONS = {
    "exp": (mp.exp, (-700.0, 700.0)),
    "expm1": (mp.expm1, (-700.0, 700.0)),
    "log": (mp.log, (1e-30, 1e30)),
    "log1p": (mp.log1p, (-0.999, 1e30)),
    "sqrt": (mp.sqrt, (1e-30, 1e30)),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), (1e-20, 1e20)),
    "square": (lambda x: x * x, (-1e15, 1e15)),
    "reciprocal": (lambda x: 1 / x, (-1e10, 1e10)),
    "sin": (mp.sin, (-100.0, 100.0)),
    "cos": (mp.cos, (-100.0, 100.0)),
    "tan": (mp.tan, (-1.57, 1.57)),
    "asin": (mp.asin, (-0.999999, 0.999999)),
    "acos": (mp.acos, (-0.999999, 0.999999)),
    "atan": (mp.atan, (-1e9, 1e9)),
    "sinh": (mp.sinh, ALL),
    "cosh": (mp.cosh, ALL),
    "tanh": (mp.tanh, (-340.0, 340.0)),
    "erf": (mp.erf, (-26.0, 26.0)),
    "sigmoid": (sigmoid, ALL),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), ALL),
    "log_sigmoid": (lambda x: -mp.log1p(mp.exp(-x)), ALL),
    "gelu": (lambda x: x * normal_cdf(x), (-37.0, 37.0)),
    "gelu_tanh": (gelu_tanh, (-14.0, 14.0)),
    "silu": (lambda x: x * sigmoid(x), ALL),
    "mish": (lambda x: x * mp.tanh(mp.log1p(mp.exp(x))), (-340.0, 340.0)),
    "softsign": (lambda x: x / (1 + abs(x)), (-1e9, 1e9)),
    "elu": (elu, ALL),
    "selu": (lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * mp.expm1(x)), ALL),
}
# Common arguments, and where functions begin to saturate in either dtype.
EDGES = [0.1, 0.25, 0.5, 0.75, 0.999, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 8.5, 9.0, 10.0, 12.0, 15.0, 16.5, 17.5, 18.5, 19.5, 20.5, 22.0, 26.0, 30.0,
         36.5, 37.5, 40.0, 50.0, 80.0, 87.0, 100.0, 300.0, 600.0]


def arguments(low, high):
    largest = max(abs(low), abs(high))
    # Far beyond float32's range of results only float64 has one; the test leaves out what the dtype cannot hold.
    magnitudes = EDGES + [largest * 10 ** -RANDOM.uniform(0, 12) for _ in range(25)] + [10 ** -RANDOM.uniform(0, 3) * 10 for _ in range(25)]
    # Near the ends of a bounded range.
    if largest < 1:
        magnitudes += [1 - 10.0**-k for k in range(1, 7)]
    points = {single(sign * x) for x in magnitudes for sign in (1, -1)}
    return sorted(x for x in points if low <= x <= high and x != 0)


def derivatives(f, x):
    """By differences with so many digits that even the smallest result in float64 keeps 60 of them."""
    with mp.workdps(900):
        x = mpf(x)
        step = abs(x) * mpf(10) ** -100
        at = [f(x + k * step) for k in (-2, -1, 0, 1, 2)]
        first = (at[0] - 8 * at[1] + 8 * at[3] - at[4]) / (12 * step)
        second = (-at[0] + 16 * at[1] - 30 * at[2] + 16 * at[3] - at[4]) / (12 * step**2)
        return at[2], first, second


def written(value, neighbours):
    """None at a root: where the sign changes within 10 % of x, or where the value is exactly 0 by its formula."""
    if value == 0 or any(mp.sign(value) != mp.sign(other) for other in neighbours):
        return None
    number = float(value)
    return number if math.isfinite(number) and abs(number) > 1e-290 else None


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "smooth.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps({"made by": "tests/reference/smooth.py", "ops": len(FUNCTIONS)}, separators=(",", ":")) + "\n")
        for op, (f, (low, high)) in FUNCTIONS.items():
            points = []
            for x in arguments(low, high):
                here = derivatives(f, x)
                inside = [other for other in (x * 0.9, x * 1.1) if low <= other <= high and (abs(other) < 1 or max(abs(low), abs(high)) > 1)]
                around = [derivatives(f, other) for other in inside]
                numbers = []
                for k in range(3):
                    value = here[k]
                    # What numerical differentiation leaves of an exact 0.
                    if abs(value) < mpf(10) ** -320:
                        value = mpf(0)
                    numbers.append(written(value, [other[k] for other in around]))
                points.append([x, *numbers])
            file.write(json.dumps({"op": op, "points": points}, separators=(",", ":")) + "\n")
    print(f"{len(FUNCTIONS)} ops, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
