#!/usr/bin/python3
"""Writes ops.jsonl, PyTorch's results of the ops of autograd/ops, with which tests/autograd/ops/reference_test.cpp compares.

  make_reference.py [FILE]       FILE is ops.jsonl beside this script unless given; needs Debian 12's python3-torch (1.13.1)

The first line names the version. Each further line is a case: op, args, inputs, outputs; with gradients, also the weights (the gradient
of each output) and the gradients; with second gradients, the directions v (one for each input) and the gradients of sum(v · gradients).
A tensor is [shape, values], an integer one [shape, values, "int64"]. All else is float64. Random inputs have few digits, so that the file
is small and both sides read the same numbers. Where chainrule departs on purpose, `departs` says why and what it gives stands in
`gradients` in place of PyTorch's, which are kept as `theirs`.
"""
import itertools
import json
import math
import os
import random
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
RANDOM = random.Random(20230219)
CASES = []
INF, NAN = math.inf, math.nan

# Far out, at kinks and at both zeros. At NaN only values are compared: PyTorch's gradients there follow from how each loop is written.
EDGES = [-INF, -1e4, -100.0, -30.0, -6.0, -3.0, -2.0, -1.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 6.0, 20.0, 30.0, 100.0, 1e4, INF]
SHAPES = [(), (1,), (1, 5), (5, 1), (2, 0), (7,), (2, 3), (2, 1, 3)]
PAIRS = [((), ()), ((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 2)), ((3, 1), ()), ((1, 1), (2, 2)), ((0, 3), (1, 3)),
         ((2, 1, 2), (3, 1))]


def draw(shape, low=-2.0, high=2.0, avoid=()):
    """Random numbers of three digits, not within 0.02 of the points to avoid, no two of them equal if there are not too many."""
    count, values, seen = math.prod(shape), [], set()
    while len(values) < count:
        x = round(RANDOM.uniform(low, high), 3)
        if x in seen and count < 100 or any(abs(x - point) < 0.02 for point in avoid):
            continue
        seen.add(x)
        values.append(x)
    return torch.tensor(values).reshape(shape)


def number(x):
    if math.isnan(x):
        return "nan"
    if math.isinf(x):
        return "inf" if x > 0 else "-inf"
    return int(x) if x == int(x) and abs(x) < 1e15 and not (x == 0 and math.copysign(1, x) < 0) else x


def written(tensor):
    if torch._is_zerotensor(tensor):
        tensor = torch.zeros(tensor.shape)
    if tensor.dtype == torch.int64:
        return [list(tensor.shape), tensor.flatten().tolist(), "int64"]
    return [list(tensor.shape), [number(x) for x in tensor.to(torch.float64).flatten().tolist()]]


def case(op, fn, inputs, args=(), orders=2, departs=None, ours=None):
    """orders: how many derivatives; `ours`: the gradients of a case that departs."""
    inputs = [x.clone().requires_grad_(x.dtype == torch.float64 and orders > 0) for x in inputs]
    results = fn(*inputs, *args)
    results = [results] if torch.is_tensor(results) else list(results)
    entry = {"op": op, "args": list(args), "inputs": [written(x) for x in inputs], "outputs": [written(y) for y in results]}
    variables = [x for x in inputs if x.requires_grad]
    chosen = [y for y in results if y.requires_grad]
    if variables and chosen:
        weights = [draw(y.shape, 0.5, 1.5).reshape(y.shape) * RANDOM.choice([1, -1]) for y in chosen]
        entry["weights"] = [written(w) for w in weights]
        gradients = torch.autograd.grad(chosen, variables, weights, create_graph=orders > 1, retain_graph=True, allow_unused=True)
        gradients = [torch.zeros_like(x) if g is None else g for g, x in zip(gradients, variables)]
        entry["gradients"] = [written(g) for g in gradients]
        if departs:
            entry["departs"] = departs
            entry["theirs"], entry["gradients"] = entry["gradients"], [written(g) for g in ours(weights, variables)]
        if orders > 1:
            directions = [draw(x.shape) for x in variables]
            total = sum((v * g).sum() for v, g in zip(directions, gradients))
            try:
                second = torch.autograd.grad(total, variables, allow_unused=True) if total.requires_grad else [None] * len(variables)
            except RuntimeError as error:
                if "not implemented" not in str(error):
                    raise
            else:
                entry["directions"] = [written(v) for v in directions]
                entry["second"] = [written(torch.zeros_like(x) if s is None else s) for s, x in zip(second, variables)]
    CASES.append(entry)


def with_limits(fn, limits):
    """fn with its limits, by infinite argument, where PyTorch gives NaN."""
    def limited(x, *args):
        y = fn(x, *args)
        for at, limit in limits.items():
            y = torch.where(x == at, torch.tensor(limit), y)
        return y
    return limited


def unary(op, fn, low=-2.0, high=2.0, avoid=(), args=(), edges=EDGES, nan=True, **departure):
    for shape in SHAPES:
        case(op, fn, [draw(shape, low, high, avoid)], args, **departure)
    case(op, fn, [torch.tensor(edges)], args, orders=1, **departure)
    if nan:
        case(op, fn, [torch.tensor([NAN])], args, orders=0)


def binary(op, fn, a=(-2.0, 2.0), b=(-2.0, 2.0), edges=True):
    for left, right in PAIRS:
        case(op, fn, [draw(left, *a), draw(right, *b)])
    if edges:
        some = [-INF, -2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, INF]
        x, y = zip(*itertools.product(some, some))
        case(op, fn, [torch.tensor(x), torch.tensor(y)], orders=1)
        x, y = zip(*itertools.product(some + [NAN], [NAN]))
        case(op, fn, [torch.tensor(x + y), torch.tensor(y + x)], orders=0)


def elementwise():
    step = [k / 2 for k in range(-8, 9)]
    unary("neg", torch.neg)
    unary("abs", torch.abs, avoid=[0])
    unary("sign", torch.sign, avoid=[0], nan=False)  # stays NaN here, is 0 in PyTorch
    unary("exp", torch.exp)
    unary("expm1", torch.expm1)
    unary("log", torch.log, 0.1, 3)
    unary("log1p", torch.log1p, -0.8, 3)
    unary("sqrt", torch.sqrt, 0.1, 3)
    unary("rsqrt", torch.rsqrt, 0.1, 3)
    unary("square", torch.square)
    unary("reciprocal", torch.reciprocal, 0.2, 2)
    unary("sin", torch.sin)
    unary("cos", torch.cos)
    unary("tan", torch.tan, -1.3, 1.3)
    unary("asin", torch.asin, -0.9, 0.9)
    unary("acos", torch.acos, -0.9, 0.9)
    unary("atan", torch.atan)
    unary("sinh", torch.sinh)
    unary("cosh", torch.cosh)
    unary("tanh", torch.tanh)
    unary("erf", torch.erf)
    unary("sigmoid", torch.sigmoid)
    unary("floor", torch.floor, avoid=step)
    unary("ceil", torch.ceil, avoid=step)
    unary("round", torch.round, avoid=step)
    for low, high in ((-1.0, 1.0), (-0.5, INF), (-INF, 0.5), (1.0, -1.0)):
        args = [low if math.isfinite(low) else -1e300, high if math.isfinite(high) else 1e300]
        unary("clamp", lambda x, lo, hi: torch.clamp(x, lo, hi), avoid=[low, high], args=args)
    binary("add", torch.add)
    binary("sub", torch.sub)
    binary("mul", torch.mul)
    binary("div", torch.div, b=(0.3, 2))
    binary("pow", torch.pow, a=(0.2, 2))
    binary("atan2", torch.atan2, a=(0.1, 2))
    binary("maximum", torch.maximum)
    binary("minimum", torch.minimum)
    for exponent in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 2.5):
        case("pow_number", torch.pow, [draw((2, 3), 0.2, 2)], [exponent])
        # For ±1/2 PyTorch takes the square root, which is not IEEE's pow at -inf and -0.
        edges = [x for x in EDGES if abs(exponent) != 0.5 or x != -INF and math.copysign(1, x) * (x == 0) >= 0]
        case("pow_number", torch.pow, [torch.tensor(edges)], [exponent], orders=1)
    for exponent in (2.0, 3.0):
        case("pow_number", torch.pow, [draw((2, 3))], [exponent])
    for base in (0.0, 0.5, 1.0, 2.0):
        fn = lambda y, b: torch.pow(torch.tensor(b), y)
        case("number_pow", fn, [draw((2, 3), 0.2, 2)], [base], orders=2 if base else 1)  # PyTorch's second derivative of 0^y is NaN
        case("number_pow", fn, [torch.tensor(EDGES)], [base], orders=1)
    mask = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    for left, right in (((2, 3), (2, 3)), ((3,), (2, 1)), ((), (2, 3)), ((1, 3), ()), ((4, 1, 1), (1, 3))):
        case("where", lambda c, a, b: torch.where(c != 0, a, b), [mask, draw(left), draw(right)])
    for left, right in PAIRS:
        case("lerp", torch.lerp, [draw(left), draw(right), draw(right)])
    values = torch.tensor([-INF, -1.0, 0.0, 2.0, INF, NAN])
    a, b = values.repeat_interleave(6), values.repeat(6)
    for name in ("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or"):
        case(name, getattr(torch, name), [a, b], orders=0)
    for name in ("logical_not", "isnan", "isinf", "isfinite"):
        case(name, getattr(torch, name), [values], orders=0)


def activations():
    unary("relu", F.relu, avoid=[0])
    for slope in (0.01, 0.2):
        unary("leaky_relu", F.leaky_relu, avoid=[0], args=[slope])
    unary("relu6", F.relu6, -2, 8, avoid=[0, 6])
    for low, high in ((-1.0, 1.0), (-0.5, 2.0)):
        unary("hardtanh", F.hardtanh, avoid=[low, high], args=[low, high])
    unary("hardsigmoid", F.hardsigmoid, -5, 5, avoid=[-3, 3], departs="1/6 in double; PyTorch takes the nearest float",
          ours=lambda weights, x: [weights[0] * (x[0].detach().abs() < 3) / 6])
    # The gradient at -3 and 3 depends on which loop PyTorch takes.
    unary("hardswish", with_limits(F.hardswish, {-INF: -0.0}), -5, 5, avoid=[-3, 3], edges=[x for x in EDGES if abs(x) != 3])
    case("hardswish", F.hardswish, [torch.tensor([-3.0, 3.0])], orders=1,
         departs="0 at -3 and 1 at 3, the slopes outside; PyTorch gives others, by the loop taken",
         ours=lambda weights, x: [weights[0] * torch.tensor([0.0, 1.0])])
    for alpha in (1.0, 0.5):
        unary("elu", F.elu, avoid=[0], args=[alpha])
        unary("celu", F.celu, avoid=[0], args=[alpha])
    unary("selu", F.selu, avoid=[0])
    finite = [x for x in EDGES if math.isfinite(x)]  # PyTorch gives NaN at infinity, where the limits are 0 and inf
    unary("gelu", F.gelu, edges=finite)
    unary("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), edges=finite)
    unary("silu", F.silu, edges=finite)
    unary("mish", F.mish, edges=finite)
    for beta, threshold in ((1.0, 20.0), (2.0, 3.0), (0.5, 20.0)):
        unary("softplus", F.softplus, avoid=[threshold / beta], args=[beta, threshold])
    unary("softsign", F.softsign, avoid=[0], edges=[x for x in EDGES if math.isfinite(x)])
    case("softsign", with_limits(F.softsign, {-INF: -1.0, INF: 1.0}), [torch.tensor([-INF, INF])], orders=1, departs="0 at infinity, not NaN",
         ours=lambda weights, x: [torch.zeros(2)])
    unary("log_sigmoid", F.logsigmoid)
    for shape, axis in (((4,), -1), ((2, 4), 1), ((4, 3), 0), ((2, 2, 3), -2), ((0, 2), 1)):
        case("glu", F.glu, [draw(shape)], [axis])
    for shape, weights in (((2, 3), (1,)), ((2, 3), (3,)), ((5,), (1,)), ((2, 3, 2), (3,)), ((0, 2), (2,))):
        case("prelu", F.prelu, [draw(shape, avoid=[0]), draw(weights)])
    case("prelu", F.prelu, [torch.tensor([-1.0, 0.0, 2.0]), torch.tensor([0.25])], orders=1)
    for shape, axis in (((5,), 0), ((2, 3), 1), ((3, 2), 0), ((2, 3, 2), 1), ((), 0), ((1, 1), -1), ((0, 3), 1), ((2, 3, 2), -3)):
        case("softmax", F.softmax, [draw(shape, -3, 3)], [axis])
        case("log_softmax", F.log_softmax, [draw(shape, -3, 3)], [axis])
    for values in ([1e4, 1e4, -1e4], [0.0, -INF, 1.0], [-1e4, -1e4], [3.0, 800.0, -2.0]):
        case("softmax", F.softmax, [torch.tensor(values)], [0], orders=1)
        case("log_softmax", F.log_softmax, [torch.tensor(values)], [0], orders=1)


REDUCED = [((), []), ((1, 1), [0]), ((5,), []), ((5,), [0]), ((2, 3), []), ((2, 3), [0]), ((2, 3), [-1]), ((2, 3, 4), [1]), ((2, 3, 4), [0, 2]),
           ((2, 3, 4), [2, 1]), ((2, 3, 4), [0, 1, 2]), ((2, 1, 3, 2), [1, 3]), ((1, 4), [0]), ((4, 1), [1]), ((0, 3), [1])]


def reductions():
    def over(fn):
        return lambda x, axes, keepdim: fn(x, tuple(axes) if axes else tuple(range(x.dim())), keepdim)

    named = {
        "sum": lambda x, dim, keep: torch.sum(x, dim, keep) if dim else x.sum(),
        "mean": lambda x, dim, keep: torch.mean(x, dim, keep) if dim else x.mean(),
        "max": lambda x, dim, keep: torch.amax(x, dim, keep),
        "min": lambda x, dim, keep: torch.amin(x, dim, keep),
        "logsumexp": lambda x, dim, keep: torch.logsumexp(x, dim, keep),
    }
    for op, fn in named.items():
        for shape, axes in REDUCED:
            for keepdim in (False, True):
                case(op, over(fn), [draw(shape)], [axes, keepdim])
    for op in ("max", "min"):
        case(op, over(named[op]), [torch.tensor([[1.0, 3.0, 3.0], [3.0, 1.0, 1.0]])], [[1], False], orders=1)
        case(op, over(named[op]), [torch.tensor([[1.0, 3.0, 3.0], [3.0, 1.0, 1.0]])], [[], False], orders=1)
        case(op, over(named[op]), [torch.tensor([[1.0, NAN], [2.0, 3.0]])], [[1], False], orders=0)
    for values in ([1e4, 1e4], [-1e4, -1e4 + 1], [0.0, -INF], [INF, 1.0]):
        case("logsumexp", over(named["logsumexp"]), [torch.tensor(values)], [[0], False], orders=1 if INF not in values else 0)
    for op, fn in (("var", torch.var), ("std", torch.std)):
        for (shape, axes), correction in itertools.product(REDUCED, (0, 1)):
            dims = axes or list(range(len(shape)))
            if math.prod(shape[d] for d in dims) <= correction:
                continue
            case(op, lambda x, ax, keep, c, fn=fn: fn(x, dim=tuple(ax) or tuple(range(x.dim())), correction=int(c), keepdim=keep) if x.dim() else
                 fn(x, unbiased=bool(c)), [draw(shape)], [axes, correction == 0, correction],
                 orders=2 if math.prod(shape[d] for d in dims) != 1 else 0)
    for shape, axes in REDUCED:
        if len(axes) <= 1:
            fn = lambda x, ax, keep: torch.prod(x, ax[0], keep) if ax else torch.prod(x)
            case("prod", fn, [draw(shape)], [axes, bool(axes)])
    for values in ([2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0], [2.0, -1.0]):
        case("prod", lambda x, ax, keep: torch.prod(x), [torch.tensor(values)], [[], False], orders=1)
    for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, INF, -INF, -1.0):
        for shape, axes in REDUCED:
            if math.prod(shape) == 0 or not shape:
                continue
            fn = lambda x, pp, ax, keep: torch.linalg.vector_norm(x, float(pp), tuple(ax) or None, keep)
            case("norm", fn, [draw(shape, avoid=[0])], [number(p), axes, False], orders=2 if math.isfinite(p) and p > 0.5 else 1)
    for shape, axes in REDUCED:
        if len(axes) <= 1:
            pick = draw(shape)
            case("any", lambda x, ax, keep: torch.any(x, ax[0], keep) if ax else torch.any(x), [(pick > 0).double()], [axes, False], orders=0)
            case("all", lambda x, ax, keep: torch.all(x, ax[0], keep) if ax else torch.all(x), [(pick > 0).double()], [axes, False], orders=0)
            case("argmax", lambda x, ax, keep: torch.argmax(x, ax[0], keep) if ax else torch.argmax(x), [pick], [axes, bool(axes)], orders=0)
            case("argmin", lambda x, ax, keep: torch.argmin(x, ax[0], keep) if ax else torch.argmin(x), [pick], [axes, bool(axes)], orders=0)
    for shape, axis in (((), 0), ((5,), 0), ((2, 3), 0), ((2, 3), 1), ((2, 3, 2), -2), ((0, 2), 0)):
        case("cumsum", torch.cumsum, [draw(shape)], [axis])


def shapes():
    for shape, wanted in (((2, 3), [3, 2]), ((6,), [2, -1]), ((), [1, 1]), ((2, 3, 2), [-1]), ((0, 3), [3, 0])):
        case("reshape", lambda x, s: x.reshape(s), [draw(shape)], [wanted])
    for shape, first, last in (((2, 3, 2), 0, -1), ((2, 3, 2), 1, 2), ((), 0, -1), ((2, 3), 0, 0)):
        case("flatten", torch.flatten, [draw(shape)], [first, last])
    for shape, axes in (((1, 2, 1), []), ((1, 2, 1), [0]), ((1, 2, 1), [1]), ((1, 1), [])):
        case("squeeze", lambda x, ax: x.squeeze(ax[0]) if ax else x.squeeze(), [draw(shape)], [axes])
    for shape, axis in (((2, 3), 0), ((2, 3), 1), ((2, 3), -1), ((), 0)):
        case("unsqueeze", torch.unsqueeze, [draw(shape)], [axis])
    for shape, a, b in (((2, 3), 0, 1), ((2, 3, 4), 0, 2), ((2, 3, 4), -1, -2), ((1, 3), 0, 1)):
        case("transpose", torch.transpose, [draw(shape)], [a, b])
    for shape, order in (((2, 3), [1, 0]), ((2, 3, 4), [2, 0, 1]), ((2, 1, 3, 2), [3, 1, 0, 2]), ((2, 3, 4), [0, -1, 1])):
        case("permute", torch.permute, [draw(shape)], [order])
    for shape, wanted in (((3,), [2, 3]), ((2, 1), [2, 3]), ((), [2, 2]), ((1, 3), [2, 2, 3]), ((1,), [0])):
        case("broadcast_to", torch.broadcast_to, [draw(shape)], [wanted])
    for shape, repeats in (((2, 3), [2, 1]), ((3,), [2, 3]), ((), [3]), ((2, 1), [1, 2, 2]), ((2, 2), [0, 1])):
        case("repeat", lambda x, r: x.repeat(r), [draw(shape)], [repeats])
    for shape, axis, start, stop in (((5,), 0, 1, 4), ((5,), 0, -3, -1), ((2, 4), 1, 1, 100), ((3, 2), 0, 0, 0), ((2, 3, 4), 2, 0, 3)):
        case("slice", lambda x, ax, a, b: x[(slice(None),) * ax + (slice(a, b),)], [draw(shape)], [axis, start, stop])
    for shape, size, axis in (((5,), 2, 0), ((2, 4), 2, 1), ((2, 3), 5, -1), ((4, 2), 1, 0)):
        case("split", torch.split, [draw(shape)], [size, axis])
    for shape, sizes, axis in (((5,), [2, 3], 0), ((2, 4), [1, 0, 3], 1)):
        case("split_sizes", torch.split, [draw(shape)], [sizes, axis])
    for shape, chunks, axis in (((5,), 2, 0), ((5,), 4, 0), ((2, 4), 3, 1), ((2, 3), 7, -1)):
        case("chunk", torch.chunk, [draw(shape)], [chunks, axis])
    for shape, axes in (((5,), [0]), ((2, 3), [0]), ((2, 3), [0, 1]), ((2, 3, 2), [-1, 0])):
        case("flip", torch.flip, [draw(shape)], [axes])
    for shape, margins, value in (((3,), [1, 2], 0.0), ((2, 3), [1, 0], 0.5), ((2, 3), [0, 1, 2, 0], -1.0), ((4,), [-1, -1], 0.0), ((2, 3, 2), [1, -1, 0, 2], 3.0)):
        case("pad", lambda x, m, v: F.pad(x, m, value=v), [draw(shape)], [margins, value])
    for parts, axis in ((((2,), (3,)), 0), (((2, 1), (2, 3)), 1), (((1, 2), (0, 2), (3, 2)), 0), (((2, 1, 2), (2, 2, 2)), -2)):
        case("concat", lambda *a: torch.cat(a[:-1], a[-1]), [draw(shape) for shape in parts], [axis])
    for parts, axis in ((((2,), (2,)), 0), (((2, 3), (2, 3), (2, 3)), 1), (((), ()), 0), (((2,), (2,)), -1)):
        case("stack", lambda *a: torch.stack(a[:-1], a[-1]), [draw(shape) for shape in parts], [axis])


def integers(high, shape):
    return torch.tensor([RANDOM.randrange(high) for _ in range(math.prod(shape))], dtype=torch.int64).reshape(shape)


def indexing():
    for shape, axis, count in (((4,), 0, 6), ((2, 3), 1, 4), ((3, 2), 0, 2), ((2, 3, 2), -2, 3), ((2, 3), 0, 0)):
        case("index_select", lambda x, i, ax: torch.index_select(x, ax, i), [draw(shape), integers(shape[axis], (count,))], [axis])
    for shape, index, axis in (((4,), (6,), 0), ((2, 3), (2, 4), 1), ((3, 2), (2, 2), 0), ((2, 3, 2), (2, 4, 1), 1), ((2, 3), (1, 0), 1)):
        case("gather", lambda x, i, ax: torch.gather(x, ax, i), [draw(shape), integers(shape[axis], index)], [axis])
        case("scatter_add", lambda x, i, s, ax: torch.scatter_add(x, ax, i, s), [draw(shape), integers(shape[axis], index), draw(index)], [axis])
    for shape, mask, value in (((2, 3), (2, 3), 0.5), ((2, 3), (3,), -INF), ((2, 1, 3), (2, 1), 7.0)):
        flags = (draw(mask) > 0).to(torch.int64)
        case("masked_fill", lambda x, m, v: torch.masked_fill(x, m != 0, float(v)), [draw(shape), flags], [number(value)])
    case("one_hot", lambda i, n: F.one_hot(i, n).double(), [integers(4, (3,))], [4], orders=0)
    case("one_hot", lambda i, n: F.one_hot(i, n).double(), [integers(3, (2, 2))], [5], orders=0)
    for shape, axis, descending in (((6,), 0, False), ((2, 4), -1, True), ((4, 2), 0, False), ((2, 3, 2), 1, True), ((), 0, False)):
        case("sort", lambda x, ax, d: torch.sort(x, ax, d), [draw(shape)], [axis, descending])
    ties = torch.tensor([2.0, 1.0, 2.0, 1.0, NAN, 0.0])
    for descending in (False, True):
        case("sort", lambda x, ax, d: torch.sort(x, dim=ax, descending=d, stable=True), [ties], [0, descending], orders=1)
    for shape, k, axis, largest in (((6,), 3, 0, True), ((2, 4), 2, -1, False), ((4, 2), 1, 0, True), ((3,), 0, 0, True), ((3,), 3, 0, False)):
        case("topk", torch.topk, [draw(shape)], [k, axis, largest])


def products():
    pairs = [((2, 3), (3, 4)), ((1, 1), (1, 1)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)),
             ((2, 2, 3), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 1, 2, 3), (3, 3, 1)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
             ((7, 5), (5, 6)), ((1, 4), (4, 1)), ((4, 1), (1, 4)), ((1, 2, 3), (4, 3, 2))]
    for left, right in pairs:
        case("matmul", torch.matmul, [draw(left), draw(right)])
    for shape, weight in (((4, 3), (3, 2)), ((3,), (3, 2)), ((2, 2, 3), (3, 2)), ((0, 3), (3, 2)), ((1, 1), (1, 1))):
        case("linear", lambda x, w, b: F.linear(x, w.t(), b), [draw(shape), draw(weight), draw(weight[1:])])
        case("linear", lambda x, w: F.linear(x, w.t()), [draw(shape), draw(weight)])
    for n in (0, 1, 5):
        case("dot", torch.dot, [draw((n,)), draw((n,))])
    for n, m in ((1, 1), (3, 2), (0, 2)):
        case("outer", torch.outer, [draw((n,)), draw((m,))])
    for shape in ((1, 1), (3, 3), (2, 4)):
        case("trace", torch.trace, [draw(shape)])
    case("trace", torch.trace, [draw((4, 2))], departs="ones on the diagonal only; PyTorch's go on below a tall matrix's end",
         ours=lambda weights, x: [weights[0] * torch.eye(4, 2)])
    for shape, k in (((3,), 0), ((2,), 1), ((2,), -2), ((3, 3), 0), ((2, 4), 1), ((4, 2), -1)):
        case("diag", torch.diag, [draw(shape)], [k])
    for shape, k in (((3, 3), 0), ((2, 4), 1), ((4, 2), -1), ((2, 3, 3), 0), ((1, 1), -1), ((2, 3), 5)):
        case("tril", torch.tril, [draw(shape)], [k])
        case("triu", torch.triu, [draw(shape)], [k])
    for equation, operands in (("ij,jk->ik", [(2, 3), (3, 4)]), ("ij,jk", [(2, 3), (3, 2)]), ("ii->i", [(3, 3)]), ("ii", [(3, 3)]), ("ij->ji", [(2, 3)]),
                               ("ij->", [(2, 3)]), ("ij->j", [(2, 3)]), ("i,j->ij", [(2,), (3,)]), ("i,i->", [(3,), (3,)]), ("i,i->i", [(3,), (3,)]),
                               ("bij,bjk->bik", [(2, 2, 3), (2, 3, 2)]), ("...ij,jk->...ik", [(2, 2, 3), (3, 2)]), ("...i,...i->...", [(2, 3), (3,)]),
                               ("bhqd,bhkd->bhqk", [(1, 2, 2, 3), (1, 2, 3, 3)]), ("i,ij,j->", [(2,), (2, 3), (3,)]), ("ij,ij,ij->ij", [(2, 3)] * 3),
                               ("bii->bi", [(2, 3, 3)]), ("ba", [(2, 3)]), ("ijk,k->ij", [(2, 2, 3), (3,)]), ("ab,cd->bd", [(2, 2), (2, 3)]), (",i->i", [(), (3,)]),
                               ("ij,kj->ik", [(2, 3), (4, 3)]), ("abc,cd,de->abe", [(2, 1, 3), (3, 2), (2, 2)])):
        case("einsum", lambda *a: torch.einsum(a[-1], *a[:-1]), [draw(shape) for shape in operands], [equation])


def fused():
    """Ops that do in one what others do in several."""
    for shape, weight in (((4, 3), (3, 2)), ((3,), (3, 2)), ((2, 2, 3), (3, 2)), ((0, 3), (3, 2)), ((1, 1), (1, 1))):
        case("linear_relu", lambda x, w, b: F.relu(F.linear(x, w.t(), b)), [draw(shape), draw(weight), draw(weight[1:])])
        case("linear_relu", lambda x, w: F.relu(F.linear(x, w.t())), [draw(shape), draw(weight)])
    for shape in ((), (1,), (7,), (2, 3), (2, 1, 3)):
        case("mean_squared_difference", F.mse_loss, [draw(shape), draw(shape)])
    for n, classes in ((1, 1), (1, 4), (5, 3), (6, 2)):
        case("mean_cross_entropy", F.cross_entropy, [draw((n, classes), -3, 3), integers(classes, (n,))])
    for logits in ([1e4, -1e4, 0.0], [0.0, -INF, 1.0]):
        case("mean_cross_entropy", F.cross_entropy, [torch.tensor([logits]), torch.tensor([0])], orders=1)
    for shape, axes in REDUCED:
        dims = axes or list(range(len(shape)))
        count = math.prod(shape[d] for d in dims)
        if math.prod(shape) > 0:
            case("center", lambda x, ax: x - x.mean(ax or list(range(x.dim())), True) if x.dim() else x - x.mean(), [draw(shape)], [axes])
        square = lambda x, ax, keep: x.square().sum(ax, keep) if ax else x.square().sum()
        case("squared_norm", square, [draw(shape)], [axes, bool(axes)])
        if count > 0:
            for epsilon in (0.0, 0.25):
                root = lambda x, ax, keep, e: ((x.square().mean(ax, keep) if ax else x.square().mean()) + e).sqrt()
                case("root_mean_square", root, [draw(shape, avoid=[0])], [axes, bool(axes), epsilon])
    for a, b in PAIRS:
        case("weigh", torch.mul, [draw(a), draw(b)], [])


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops.jsonl")
    for family in (elementwise, activations, reductions, shapes, indexing, products, fused):
        family()
    with open(path, "w", encoding="utf-8") as file:
        version = {"torch": torch.__version__, "made by": "tests/reference/make_reference.py", "cases": len(CASES)}
        for line in [version] + CASES:
            file.write(json.dumps(line, separators=(",", ":"), allow_nan=False) + "\n")
    print(f"{len(CASES)} cases, {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
