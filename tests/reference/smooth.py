#!/usr/bin/python3
"""Writes smooth.jsonl and loss_tails.jsonl: smooth functions of one number, and losses as functions of one prediction or logit, with their
first two derivatives, far out and near 0, for tests/autograd/ops/smooth_test.cpp and tests/nn/losses/tails_test.cpp. Needs Debian's
python3-mpmath.

  smooth.py [FOLDER]   FOLDER is that of this script unless given

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


def log_share(x):
    """The logarithm of the share of x in the softmax of {x, 0}."""
    return -mp.log1p(mp.exp(-x))


def huber(x, delta):
    return x * x / 2 if abs(x) <= delta else delta * (abs(x) - mpf(delta) / 2)


def cosh_of_rest(x):
    return mp.log(mp.cosh(x - mpf("0.75")))


WEIGHTS = (mpf("0.75"), mpf("2.5"))  # of the two classes, and the weight of positives
SMOOTH = mpf("0.125")
PROBABILITY = (1e-30, 1 - 1e-7)
# With a distance at the end, results closer than that to a root are left out: the second derivative of softmax is computed from its result,
# and its root lies where two classes are equally likely.
# Losses of one number, whose target is 0 or as named. Softmax and losses of logits have the logits {x, 0}, or {x, 0, 0} as named.
LOSSES = {
    "mse_loss": (lambda x: x * x, (-1e4, 1e4)),
    "squared_error_loss": (lambda x: x * x, (-1e4, 1e4)),
    "huber_loss": (lambda x: huber(x, mpf("2.25")), (-1e6, 1e6)),
    "smooth_l1_loss": (lambda x: huber(x, mpf("0.3125")) / mpf("0.3125"), (-1e6, 1e6)),
    "log_cosh_loss": (lambda x: mp.log(mp.cosh(x)), (-40.0, 40.0)),
    "log_cosh_loss, target 0.75": (cosh_of_rest, (0.5, 1.0)),
    "poisson_nll_loss, target 2": (lambda x: mp.exp(x) - 2 * x, (-80.0, 80.0)),
    "poisson_nll_loss of rates, target 2": (lambda x: x - 2 * mp.log(x), (1e-15, 1e15)),
    "binary_cross_entropy, target 1": (lambda x: -mp.log(x), PROBABILITY),
    "binary_cross_entropy, target 0": (lambda x: -mp.log1p(-x), PROBABILITY),
    "binary_cross_entropy_with_logits, target 1": (lambda x: -log_share(x), ALL),
    "binary_cross_entropy_with_logits, target 0": (lambda x: -log_share(-x), ALL),
    "binary_cross_entropy_with_logits, target 0.125": (lambda x: -(SMOOTH * log_share(x) + (1 - SMOOTH) * log_share(-x)), ALL),
    "binary_cross_entropy_with_logits, pos_weight 2.5": (lambda x: -WEIGHTS[1] * log_share(x), ALL),
    "softmax of the first": (sigmoid, ALL, 1.03125),
    "softmax of the second": (lambda x: sigmoid(-x), ALL, 1.03125),
    "softmax of the first of three": (lambda x: 1 / (1 + 2 * mp.exp(-x)), ALL, 1.03125),
    "log_softmax of the first": (log_share, ALL),
    "log_softmax of the second": (lambda x: log_share(-x), ALL),
    "logsumexp": (lambda x: x - log_share(x), ALL),
    "logsumexp of three": (lambda x: mp.log(mp.exp(x) + 2), ALL),
    "cross_entropy, label 0": (lambda x: -log_share(x), ALL),
    "cross_entropy, label 1": (lambda x: -log_share(-x), ALL),
    "cross_entropy of three, label 0": (lambda x: mp.log1p(2 * mp.exp(-x)), ALL),
    "cross_entropy of three, label 1": (lambda x: mp.log(mp.exp(x) + 2), ALL),
    "cross_entropy, probabilities {1, 0}": (lambda x: -log_share(x), ALL),
    "cross_entropy, probabilities {0.875, 0.125}": (lambda x: -((1 - SMOOTH) * log_share(x) + SMOOTH * log_share(-x)), ALL),
    "cross_entropy, label 0, label_smoothing 0.25": (lambda x: -((1 - SMOOTH) * log_share(x) + SMOOTH * log_share(-x)), ALL),
    "cross_entropy, label 0, summed with weights": (lambda x: -WEIGHTS[0] * log_share(x), ALL),
    "cross_entropy, label 1, summed with weights": (lambda x: -WEIGHTS[1] * log_share(-x), ALL),
    "nll_loss of log_softmax, label 0": (lambda x: -log_share(x), ALL),
    "softmax_mse_loss, target {1, 0}": (lambda x: sigmoid(-x) ** 2, ALL),
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


def write(path, functions):
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps({"made by": "tests/reference/smooth.py", "ops": len(functions)}, separators=(",", ":")) + "\n")
        for op, (f, (low, high), *distance) in functions.items():
            points = []
            for x in arguments(low, high):
                here = derivatives(f, x)
                inside = [other for other in (x * 0.9, x * 1.1) if low <= other <= high and (abs(other) < 1 or max(abs(low), abs(high)) > 1)]
                inside += [x + sign * d for d in distance for sign in (-1, 1)]
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
    print(f"{path}: {len(functions)} functions, {os.path.getsize(path)} bytes")


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    write(os.path.join(folder, "smooth.jsonl"), FUNCTIONS)
    write(os.path.join(folder, "loss_tails.jsonl"), LOSSES)


if __name__ == "__main__":
    main()
