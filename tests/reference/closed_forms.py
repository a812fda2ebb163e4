#!/usr/bin/python3
"""Writes closed_forms.jsonl: cases for tests/autograd/ops/reference_test.cpp by formulas, in the format of ops.jsonl (see make_reference.py).

  closed_forms.py [FILE]   FILE is closed_forms.jsonl beside this script unless given

For ops whose values and derivatives are a line each, computed with 50 digits and rounded once: no other library is needed.
"""
import itertools
import json
import math
import os
import random
import sys
from decimal import Decimal, getcontext

getcontext().prec = 50
RANDOM = random.Random(20240607)
PAIRS = [((), ()), ((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 2)), ((3, 1), ()), ((1, 1), (2, 2)), ((0, 3), (1, 3)),
         ((2, 1, 2), (3, 1))]
GRIDS = [("ij", [(2,), (3,)]), ("xy", [(2,), (3,)]), ("ij", [(4,)]), ("xy", [(2,), (), (3,)]), ("xy", [(0,), (2,)]),
         ("ij", [(2,), (1,), (2,), (3,)])]


def hypot(a, b):
    """The value, and the derivatives for a, b, aa, ab and bb."""
    h = (a * a + b * b).sqrt()
    return h, a / h, b / h, b * b / h**3, -a * b / h**3, a * a / h**3


def logaddexp(a, b):
    p = 1 / (1 + (b - a).exp())
    return (a.exp() + b.exp()).ln(), p, 1 - p, p * (1 - p), -p * (1 - p), p * (1 - p)


def draw(shape):
    return [Decimal(RANDOM.choice([-1, 1]) * RANDOM.randint(50, 2000)) / 1000 for _ in range(math.prod(shape))]


def broadcast(a, b):
    longest = max(len(a), len(b))
    wide = [(1,) * (longest - len(shape)) + shape for shape in (a, b)]
    return tuple(n if m == 1 else m for m, n in zip(*wide))


def offset(shape, at):
    """Where the element lies that broadcasts to a position."""
    result = 0
    for size, i in zip(shape, at[len(at) - len(shape):]):
        result = result * size + (i if size > 1 else 0)
    return result


def written(shape, values):
    return [list(shape), [float(x) for x in values]]


def case(op, formula, shape_a, shape_b):
    a, b, shape = draw(shape_a), draw(shape_b), broadcast(shape_a, shape_b)
    weights, along_a, along_b = draw(shape), draw(shape_a), draw(shape_b)
    outputs = []
    gradients, second = [[Decimal(0)] * len(a), [Decimal(0)] * len(b)], [[Decimal(0)] * len(a), [Decimal(0)] * len(b)]
    for weight, at in zip(weights, itertools.product(*map(range, shape))):
        i, j = offset(shape_a, at), offset(shape_b, at)
        value, da, db, daa, dab, dbb = formula(a[i], b[j])
        outputs.append(value)
        gradients[0][i] += weight * da
        gradients[1][j] += weight * db
        # Of the sum of each gradient times its direction.
        second[0][i] += weight * (along_a[i] * daa + along_b[j] * dab)
        second[1][j] += weight * (along_a[i] * dab + along_b[j] * dbb)
    pair = lambda x, y: [written(shape_a, x), written(shape_b, y)]
    return {"op": op, "args": [], "inputs": pair(a, b), "outputs": [written(shape, outputs)], "weights": [written(shape, weights)],
            "gradients": pair(*gradients), "directions": pair(along_a, along_b), "second": pair(*second)}


def meshgrid_case(indexing, shapes):
    inputs = [draw(shape) for shape in shapes]
    # The axis of the results along which each input lies.
    axes = list(range(len(shapes)))
    if indexing == "xy" and len(shapes) > 1:
        axes[:2] = 1, 0
    shape = [0] * len(shapes)
    for values, axis in zip(inputs, axes):
        shape[axis] = len(values)
    places = list(itertools.product(*map(range, shape)))
    outputs, weights = [[values[at[axis]] for at in places] for values, axis in zip(inputs, axes)], [draw(shape) for _ in shapes]
    gradients = [[sum((weight for weight, at in zip(own, places) if at[axis] == i), Decimal(0)) for i in range(len(values))]
                 for own, values, axis in zip(weights, inputs, axes)]
    of_inputs = lambda lists: [written(own, values) for own, values in zip(shapes, lists)]
    of_outputs = lambda lists: [written(shape, values) for values in lists]
    return {"op": "meshgrid", "args": [indexing], "inputs": of_inputs(inputs), "outputs": of_outputs(outputs), "weights": of_outputs(weights),
            "gradients": of_inputs(gradients), "directions": of_inputs([draw(own) for own in shapes]),
            "second": of_inputs([[Decimal(0)] * len(values) for values in inputs])}


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "closed_forms.jsonl")
    cases = [case(formula.__name__, formula, *pair) for formula in (hypot, logaddexp) for pair in PAIRS]
    cases += [meshgrid_case(*grid) for grid in GRIDS]
    with open(path, "w", encoding="utf-8") as file:
        version = {"made by": "tests/reference/closed_forms.py", "cases": len(cases)}
        for line in [version] + cases:
            file.write(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n")


if __name__ == "__main__":
    main()
