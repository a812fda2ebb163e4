#!/usr/bin/python3
"""Writes layers_and_losses.json, the reference values and gradients of layers and losses for tests/nn, all in float64.

Run with Debian's python3-torch 1.13.1 (it calls itself 1.13.0a0). Inputs are multiples of 1/64, so that float32 holds them exactly and
one file serves both dtypes.
"""
import json
import math
import pathlib

import torch

F = torch.nn.functional
torch.set_default_dtype(torch.float64)
torch.manual_seed(3)


def draw(*shape, scale=1.0):
    return torch.round(torch.randn(*shape) * scale * 64) / 64


def unit(*shape):
    """In [1/64, 63/64]."""
    return (torch.randint(1, 64, shape)) / 64


def leaf(tensor):
    return tensor.detach().clone().requires_grad_(True)


def plain(value):
    return {"shape": list(value.shape), "values": value.detach().flatten().tolist()} if torch.is_tensor(value) else value


def weights_like(tensor):
    """What a result is multiplied with, so that no gradient that comes in is 1 everywhere."""
    return torch.round(torch.cos(torch.arange(tensor.numel()) + 0.5) * 64).reshape(tensor.shape) / 64


# Losses.


def loss_case(loss, name, x, target, **options):
    case = {"loss": name, "x": plain(x), "target": plain(target), "options": {k: plain(v) for k, v in options.items()}}
    for reduction in ("none", "mean", "sum"):
        variable = leaf(x)
        value = loss(variable, target, reduction=reduction, **options)
        (gradient,) = torch.autograd.grad(value, variable, weights_like(value))
        case[reduction] = value.flatten().tolist()
        case["gradient_of_" + reduction] = gradient.flatten().tolist()
    return case


def reduce(values, reduction):
    return {"none": lambda: values, "mean": values.mean, "sum": values.sum}[reduction]()


def squared_error_loss(x, target, reduction):
    return reduce(((x - target) ** 2).flatten(1).sum(1), reduction)


def log_cosh_loss(x, target, reduction):
    return reduce(torch.log(torch.cosh(x - target)), reduction)


def hinge_loss(x, target, reduction, margin=1.0):
    return reduce(torch.relu(margin - target * x), reduction)


def softmax_mse_loss(x, target, reduction):
    return F.mse_loss(torch.softmax(x, -1), target, reduction=reduction)


def cross_entropy(x, target, reduction, weight=None, ignore_index=-100, label_smoothing=0.0):
    """torch's, but for smoothing beside ignored labels, where 1.13 and later versions differ: composed as the later ones have it."""
    if target.dtype != torch.int64 or label_smoothing == 0 or not (target == ignore_index).any():
        return F.cross_entropy(x, target, weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing, reduction=reduction)
    kept = (target != ignore_index).to(x.dtype)
    factors = torch.ones(x.shape[1]) if weight is None else weight
    known = target.clamp(min=0, max=x.shape[1] - 1)
    logs = torch.log_softmax(x, 1)
    exact = -logs.gather(1, known[:, None])[:, 0] * factors[known]
    smooth = -(logs * factors).sum(1)
    losses = kept * ((1 - label_smoothing) * exact + label_smoothing / x.shape[1] * smooth)
    return losses.sum() / (kept * factors[known]).sum() if reduction == "mean" else reduce(losses, reduction)


def poisson_nll_loss(x, target, reduction, log_input=True, full=False, epsilon=1e-8):
    return F.poisson_nll_loss(x, target, log_input=log_input, full=full, eps=epsilon, reduction=reduction)


def huber_loss(x, target, reduction, delta=1.0):
    return F.huber_loss(x, target, delta=delta, reduction=reduction)


def smooth_l1_loss(x, target, reduction, beta=1.0):
    """torch's, whose gradient for beta 0 where prediction and target are equal is -1 instead of l1_loss's 0."""
    return F.smooth_l1_loss(x, target, beta=beta, reduction=reduction) if beta > 0 else F.l1_loss(x, target, reduction=reduction)


def regression():
    pairs = [(draw(4, 3, scale=2), draw(4, 3)), (draw(1, 1), draw(1, 1)), (draw(7), draw(7)), (draw(2, 3, 2), draw(2, 3, 2)),
             (draw(2, 17, scale=2), draw(2, 17)),
             # equal, and at both ends of the square
             (torch.tensor([[0.5, 1.5, -0.5, 40.0, -40.0, 1.0, 0.0]]), torch.tensor([[0.5, 0.5, 0.5, 0.0, 0.0, 0.5, 0.5]]))]
    for x, target in pairs:
        for name, loss in {"mse_loss": F.mse_loss, "l1_loss": F.l1_loss, "squared_error_loss": squared_error_loss,
                           "log_cosh_loss": log_cosh_loss}.items():
            if name == "squared_error_loss" and x.dim() == 1:
                continue
            yield loss_case(loss, name, x, target)
        for delta in (1.0, 0.5, 3.0):
            yield loss_case(huber_loss, "huber_loss", x, target, delta=delta)
        for beta in (1.0, 0.5, 3.0, 0.0):
            yield loss_case(smooth_l1_loss, "smooth_l1_loss", x, target, beta=beta)
    x, counts = draw(3, 4), torch.tensor([[0.0, 1.0, 2.0, 5.0], [0.5, 1.5, 9.0, 0.0], [3.0, 1.0, 0.0, 40.0]])
    for full in (False, True):
        yield loss_case(poisson_nll_loss, "poisson_nll_loss", x, counts, full=full)
        yield loss_case(poisson_nll_loss, "poisson_nll_loss", x.abs() + 0.125, counts, full=full, log_input=False)
        yield loss_case(poisson_nll_loss, "poisson_nll_loss", x.abs() + 0.125, counts, full=full, log_input=False, epsilon=0.25)


def classification():
    sizes = [(5, 4), (1, 3), (3, 1), (6, 2), (2, 17)]
    for n, classes in sizes:
        x = draw(n, classes, scale=2)
        labels = torch.randint(0, classes, (n,))
        weight = unit(classes) * 2
        logs = torch.round(torch.log_softmax(x, 1) * 64) / 64
        holes = labels.clone()
        if n > 1:
            holes[1] = -100
        for factors in ({}, {"weight": weight}):
            yield loss_case(cross_entropy, "cross_entropy", x, labels, **factors)
            yield loss_case(cross_entropy, "cross_entropy", x, labels, label_smoothing=0.25, **factors)
            yield loss_case(F.nll_loss, "nll_loss", logs, labels, **factors)
            if n > 1:
                yield loss_case(cross_entropy, "cross_entropy", x, holes, **factors)
                yield loss_case(cross_entropy, "cross_entropy", x, holes, label_smoothing=0.25, **factors)
                yield loss_case(F.nll_loss, "nll_loss", logs, holes, **factors)
            if (labels != labels[0]).any():
                yield loss_case(cross_entropy, "cross_entropy", x, labels, ignore_index=int(labels[0]), **factors)
                yield loss_case(cross_entropy, "cross_entropy", x, labels, ignore_index=int(labels[0]), label_smoothing=0.125, **factors)
                yield loss_case(F.nll_loss, "nll_loss", logs, labels, ignore_index=int(labels[0]), **factors)
            yield loss_case(cross_entropy, "cross_entropy", x, unit(n, classes), **factors)
            yield loss_case(cross_entropy, "cross_entropy", x, unit(n, classes), label_smoothing=0.5, **factors)
            for p in (1, 2):
                yield loss_case(F.multi_margin_loss, "multi_margin_loss", x, labels, p=p, margin=0.75, **factors)
        target = unit(n, classes)
        target[0, 0] = 0
        target[-1, -1] = 1
        yield loss_case(softmax_mse_loss, "softmax_mse_loss", x, target)
        yield loss_case(F.kl_div, "kl_div", logs, target)
        yield loss_case(F.kl_div, "kl_div", logs, draw(n, classes), log_target=True)
        signs = torch.sign(draw(n, classes) + 0.001)
        yield loss_case(hinge_loss, "hinge_loss", x, signs)
        yield loss_case(hinge_loss, "hinge_loss", x, signs, margin=0.25)
        elements = {"full": unit(n, classes), "row": unit(classes), "column": unit(n, 1)}
        for factors in ({}, *({"weight": weight} for weight in elements.values())):
            yield loss_case(F.binary_cross_entropy, "binary_cross_entropy", unit(n, classes), target, **factors)
            for positive in ({}, {"pos_weight": unit(classes) * 4}):
                yield loss_case(F.binary_cross_entropy_with_logits, "binary_cross_entropy_with_logits", x, target, **factors, **positive)


# Layers.


def layer_case(layer, y, inputs, **fields):
    """inputs: the leaves by name, "x" among them."""
    weights = weights_like(y)
    wanted = {name: tensor for name, tensor in inputs.items() if tensor.requires_grad}
    gradients = torch.autograd.grad(y, list(wanted.values()), weights) if wanted else ()
    return {"layer": layer, "y": plain(y), "inputs": {name: plain(tensor) for name, tensor in inputs.items()},
            "gradients": {name: g.flatten().tolist() for name, g in zip(wanted, gradients)}, **{k: plain(v) for k, v in fields.items()}}


def batch_norm():
    for n, features in ((4, 3), (2, 1), (7, 5), (1, 3), (9, 17)):
        for training in (True, False):
            if training and n == 1:
                continue
            for affine in (True, False):
                for momentum, epsilon in ((0.1, 1e-5), (0.375, 0.125)) if n < 9 else ((0.25, 0.5),):
                    layer = torch.nn.BatchNorm1d(features, momentum=momentum, eps=epsilon, affine=affine)
                    layer.train(training)
                    mean, var = draw(features), unit(features) * 2
                    layer.running_mean.copy_(mean)
                    layer.running_var.copy_(var)
                    inputs = {"x": leaf(draw(n, features, scale=2) + 1)}
                    if affine:
                        layer.weight = torch.nn.Parameter(draw(features))
                        layer.bias = torch.nn.Parameter(draw(features))
                        inputs |= {"weight": layer.weight, "bias": layer.bias}
                    y = layer(inputs["x"])
                    yield layer_case("batch_norm", y, inputs, training=training, momentum=momentum, epsilon=epsilon, running_mean=mean,
                                     running_var=var, running_mean_after=layer.running_mean, running_var_after=layer.running_var)


def layer_norm():
    for shape, normalized in (((4, 3), (3,)), ((1, 5), (5,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((3, 1), (1,)), ((6,), (6,)), ((2, 37), (37,))):
        for affine in (True, False):
            for epsilon in (1e-5, 0.125):
                layer = torch.nn.LayerNorm(normalized, eps=epsilon, elementwise_affine=affine)
                inputs = {"x": leaf(draw(*shape, scale=2) + 1)}
                if affine:
                    layer.weight = torch.nn.Parameter(draw(*normalized))
                    layer.bias = torch.nn.Parameter(draw(*normalized))
                    inputs |= {"weight": layer.weight, "bias": layer.bias}
                yield layer_case("layer_norm", layer(inputs["x"]), inputs, epsilon=epsilon, normalized=list(normalized))


def rms_norm():
    """torch.nn.RMSNorm came with 2.4: this is its formula."""
    for shape, normalized in (((4, 3), (3,)), ((1, 5), (5,)), ((2, 3, 4), (3, 4)), ((3, 1), (1,)), ((2, 37), (37,))):
        for affine in (True, False):
            for epsilon in (1e-5, 0.125):
                inputs = {"x": leaf(draw(*shape, scale=2) + 1)}
                x = inputs["x"]
                y = x / torch.sqrt((x**2).mean(dim=tuple(range(-len(normalized), 0)), keepdim=True) + epsilon)
                if affine:
                    inputs["weight"] = leaf(draw(*normalized))
                    y = y * inputs["weight"]
                yield layer_case("rms_norm", y, inputs, epsilon=epsilon, normalized=list(normalized))


def embedding():
    for index, count, size in (([2, 0, 2, 1], 4, 3), ([[1, 1], [0, 4], [3, 1]], 5, 2), ([0], 1, 1), (2, 3, 4), ([i * i % 7 for i in range(13)], 7, 17)):
        weight = leaf(draw(count, size))
        x = torch.tensor(index)
        yield layer_case("embedding", F.embedding(x, weight), {"x": x, "weight": weight})


def hardsigmoid(x):
    """F.hardsigmoid with 1/6 in double: its gradient takes the nearest float."""
    return F.relu6(x + 3) / 6


# Each by its name, with the arguments of its layer.
ACTIVATIONS = {
    "relu": [([], F.relu)],
    "relu6": [([], F.relu6)],
    "leaky_relu": [([], F.leaky_relu), ([0.25], lambda x: F.leaky_relu(x, 0.25))],
    "elu": [([], F.elu), ([0.5], lambda x: F.elu(x, 0.5))],
    "selu": [([], F.selu)],
    "celu": [([], F.celu), ([0.5], lambda x: F.celu(x, 0.5))],
    "gelu": [([], F.gelu)],
    "gelu_tanh": [([], lambda x: F.gelu(x, approximate="tanh"))],
    "silu": [([], F.silu)],
    "mish": [([], F.mish)],
    "softplus": [([], F.softplus), ([2, 3], lambda x: F.softplus(x, 2, 3))],
    "softsign": [([], F.softsign)],
    "hardtanh": [([], F.hardtanh), ([-2, 4], lambda x: F.hardtanh(x, -2, 4))],
    "hardsigmoid": [([], hardsigmoid)],
    "hardswish": [([], F.hardswish)],
    "sigmoid": [([], torch.sigmoid)],
    "log_sigmoid": [([], F.logsigmoid)],
    "tanh": [([], torch.tanh)],
    "softmax": [([], lambda x: torch.softmax(x, -1)), ([0], lambda x: torch.softmax(x, 0)), ([1], lambda x: torch.softmax(x, 1))],
    "log_softmax": [([], lambda x: F.log_softmax(x, -1)), ([0], lambda x: F.log_softmax(x, 0)), ([1], lambda x: F.log_softmax(x, 1))],
    "glu": [([-1], lambda x: F.glu(x, -1)), ([0], lambda x: F.glu(x, 0))],
}


def activations():
    # The kinks but for hardswish's, where torch 1.13 and later versions differ, and both ends.
    edges = torch.tensor([[0.0, -1.0, 1.0, 6.0, -2.0, 4.0], [20.0, -20.0, 40.0, -40.0, 1.5, 0.25]])
    for name, variants in ACTIVATIONS.items():
        for arguments, f in variants:
            for x in (draw(4, 6, scale=2), draw(2, 2, 4, scale=3), draw(1, 2) if arguments != [0] else draw(2, 1), draw(2, 18), edges):
                x = leaf(x)
                yield layer_case("activation", f(x), {"x": x}, name=name, arguments=arguments)
    for channels, shape in ((1, (4, 3)), (3, (4, 3)), (1, (1, 1)), (2, (3, 2, 4)), (17, (2, 17))):
        inputs = {"x": leaf(draw(*shape)), "weight": leaf(draw(channels))}
        yield layer_case("activation", F.prelu(**inputs), inputs, name="prelu", arguments=[channels])


def shapes():
    for shape in ((4, 3), (2, 3, 5), (1, 2, 2, 2), (7,)):
        x = leaf(draw(*shape))
        # torch's keeps [7] as it is: an example that is a number makes a vector of one here.
        yield layer_case("flatten", torch.nn.Flatten()(x) if len(shape) > 1 else x[:, None], {"x": x})
    for shape, sizes in (((4, 6), [2, 3]), ((1, 2, 6), [-1, 4]), ((3, 1), []), ((5, 2, 3), [-1])):
        x = leaf(draw(*shape))
        yield layer_case("reshape", x.reshape(shape[0], *sizes), {"x": x}, sizes=sizes)


def dense():
    activations = {"": lambda y: y} | {name: by_default for name, ((arguments, by_default), *_) in ACTIVATIONS.items() if not arguments}
    for shape, d_out in (((4, 3), 5), ((1, 1), 1), ((2, 3, 4), 2), ((5, 17), 9)):
        for name, activation in activations.items():
            if d_out == 9 and name not in ("", "relu"):
                continue
            for bias in (True, False) if name in ("", "relu", "softmax") else (True,):
                # The weight is [in, out].
                inputs = {"x": leaf(draw(*shape)), "weight": leaf(draw(shape[-1], d_out))}
                if bias:
                    inputs["bias"] = leaf(draw(d_out))
                y = activation(F.linear(inputs["x"], inputs["weight"].T, inputs.get("bias")))
                yield layer_case("dense", y, inputs, activation=name)


def rounded(value):
    """15 digits are enough for what is compared; integers need no point."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    if isinstance(value, float):
        assert math.isfinite(value), value
        return int(value) if value == int(value) and abs(value) < 2**53 else float(f"{value:.15g}")
    return value


def lines(name, cases):
    text = ",\n".join(json.dumps(rounded(case), separators=(",", ":")) for case in cases)
    return f'"{name}":[\n{text}\n]'


if __name__ == "__main__":
    losses = [*regression(), *classification()]
    layers = [*batch_norm(), *layer_norm(), *embedding(), *dense(), *activations(), *shapes(), *rms_norm()]
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(f'{{"torch":"{torch.__version__}",\n{lines("losses", losses)},\n{lines("layers", layers)}}}\n')
    print(path.name, len(losses), "losses,", len(layers), "layers,", path.stat().st_size, "bytes")
