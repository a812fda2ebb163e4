#!/usr/bin/python3
"""Writes optimizers.txt, reference values of optimizers, schedules, clipping and averages for tests/nn. Run with Debian's python3-torch
1.13.1 (it calls itself 1.13.0a0).

Parameters: a starts at [1, -2, 0.5], b at [[0.8, -0.4], [1.5, -1]], a group each. The gradient of step t (0, 1, ...) is base · cos(t) + a
tenth of the parameter, base being [0.1, -0.3, 0.2] for a and [[-0.2, 0.15], [0.05, 0.4]] for b. LBFGS minimises the loss below. All in
float64; each line is a name, a step and the numbers after it.
"""
import math
import os

import torch

torch.set_default_dtype(torch.float64)
STEPS = 20
LINES = []


def emit(name, step, values):
    LINES.append(f"{name} {step} " + " ".join(f"{x:.17g}" for x in values))


def parameters():
    a = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
    b = torch.tensor([[0.8, -0.4], [1.5, -1.0]], requires_grad=True)
    return a, b


BASES = (torch.tensor([0.1, -0.3, 0.2]), torch.tensor([[-0.2, 0.15], [0.05, 0.4]]))


def set_gradients(tensors, step):
    for parameter, base in zip(tensors, BASES):
        parameter.grad = base * math.cos(step) + parameter.detach() / 10


def flat(tensors):
    return [x for tensor in tensors for x in tensor.detach().flatten().tolist()]


class Lion(torch.optim.Optimizer):
    """arXiv 2302.06675, algorithm 2."""

    def __init__(self, groups):
        super().__init__(groups, {})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (beta1, beta2), lr, decay = group["betas"], group["lr"], group["weight_decay"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                c = beta1 * m + (1 - beta1) * p.grad
                p -= lr * (torch.sign(c) + decay * p)
                m.copy_(beta2 * m + (1 - beta2) * p.grad)


def decoupled(optimizer):
    """The optimizer with weight decay taken from the parameter before each step (arXiv 1711.05101, as torch.optim.AdamW)."""

    class Decoupled(optimizer):
        @torch.no_grad()
        def step(self):
            decays = [group["weight_decay"] for group in self.param_groups]
            for group, decay in zip(self.param_groups, decays):
                for p in group["params"]:
                    p.mul_(1 - group["lr"] * decay)
                group["weight_decay"] = 0
            super().step()
            for group, decay in zip(self.param_groups, decays):
                group["weight_decay"] = decay

    return Decoupled


def values_of(make, first, second):
    tensors = parameters()
    optimizer = make([{"params": [tensors[0]], **first}, {"params": [tensors[1]], **second}])
    values = []
    for step in range(STEPS):
        set_gradients(tensors, step)
        optimizer.step()
        values.append(flat(tensors))
    return values


def run(name, make, first, second):
    values = values_of(make, first, second)
    for step in range(STEPS):
        emit(name, step, values[step])
    # An option that changes nothing, be it at its default, is not compared with anything.
    for mine, other in ((first, second), (second, first)):
        for key in set(mine) - {"lr"} if make is not Lion else ():
            less = {k: v for k, v in mine.items() if k != key}
            changed = values_of(make, less, other) if mine is first else values_of(make, other, less)
            assert changed != values, f"{name}: {key} changes nothing"


def optimizers():
    o = torch.optim
    betas, other = {"betas": (0.8, 0.95)}, {"betas": (0.7, 0.9)}
    run("sgd", lambda g: o.SGD(g, lr=1), {"lr": 0.1}, {"lr": 0.05, "weight_decay": 0.2})
    run("sgd_momentum", lambda g: o.SGD(g, lr=1), {"lr": 0.1, "momentum": 0.9, "dampening": 0.4, "weight_decay": 0.01},
        {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1, "nesterov": True})
    run("rmsprop", o.RMSprop, {}, {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1})
    run("rmsprop_all", o.RMSprop, {"lr": 0.005, "alpha": 0.8, "eps": 1e-2, "weight_decay": 0.05, "momentum": 0.7, "centered": True},
        {"lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.5})
    run("adagrad", o.Adagrad, {}, {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1, "eps": 1e-3})
    # torch fills the accumulators from the default of the whole optimizer only.
    run("adagrad_initial", lambda g: o.Adagrad(g, initial_accumulator_value=0.3), {"lr": 0.05, "lr_decay": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "eps": 1e-2})
    run("adadelta", o.Adadelta, {}, {"lr": 0.5, "rho": 0.8, "eps": 1e-3, "weight_decay": 0.1})
    run("adam", o.Adam, {}, {"lr": 0.05, **betas, "eps": 1e-3, "weight_decay": 0.1})
    run("adam_amsgrad", o.Adam, {"lr": 0.02, **other, "eps": 1e-4, "amsgrad": True},
        {"lr": 0.05, **betas, "eps": 1e-3, "weight_decay": 0.1, "amsgrad": True})
    run("adamw", o.AdamW, {}, {"lr": 0.05, **betas, "eps": 1e-3, "weight_decay": 0.2})
    run("adamw_amsgrad", o.AdamW, {"lr": 0.02, **other, "eps": 1e-4, "weight_decay": 0.3, "amsgrad": True},
        {"lr": 0.05, **betas, "eps": 1e-3, "weight_decay": 0.2, "amsgrad": True})
    run("adamax", o.Adamax, {}, {"lr": 0.05, **betas, "eps": 1e-3, "weight_decay": 0.1})
    run("nadam", o.NAdam, {}, {"lr": 0.05, **betas, "eps": 1e-3, "weight_decay": 0.1, "momentum_decay": 0.02})
    run("nadam_decoupled", decoupled(o.NAdam), {"lr": 0.02, **other, "eps": 1e-4, "weight_decay": 0.3},
        {"lr": 0.05, **betas, "eps": 1e-3, "weight_decay": 0.1, "momentum_decay": 0.02})
    run("radam", o.RAdam, {}, {"lr": 0.05, **betas, "eps": 1e-3, "weight_decay": 0.1})
    run("radam_decoupled", decoupled(o.RAdam), {"lr": 0.02, **other, "eps": 1e-4, "weight_decay": 0.3},
        {"lr": 0.05, **betas, "eps": 1e-3, "weight_decay": 0.1})
    run("rprop", o.Rprop, {}, {"lr": 0.05, "etas": (0.6, 1.5), "step_sizes": (0.02, 0.2)})
    run("lion", Lion, {"lr": 1e-4, "betas": (0.9, 0.99), "weight_decay": 0}, {"lr": 0.01, **betas, "weight_decay": 0.1})


def lbfgs_run(options):
    a, b = parameters()
    optimizer = torch.optim.LBFGS([a, b], **options)

    def closure():
        optimizer.zero_grad()
        bend = a[1:] - a[:-1] * a[:-1]
        loss = (2 * (bend * bend).sum() + ((1 - a) ** 2).sum() + (b**4).sum() / 4 - (BASES[1] * b).sum() + (b * b).sum() * a[0] ** 2)
        loss.backward()
        return loss

    return [[optimizer.step(closure).item(), *flat((a, b))] for _ in range(STEPS)]


def lbfgs():
    cases = {
        "lbfgs": dict(lr=0.5, max_iter=2),
        "lbfgs_limits": dict(lr=0.3, max_iter=4, max_eval=3, tolerance_grad=1e-4, tolerance_change=1e-6, history_size=2),
        "lbfgs_strong_wolfe": dict(lr=1, max_iter=2, history_size=3, line_search_fn="strong_wolfe"),
        # Each tolerance where it ends steps.
        "lbfgs_tolerance_grad": dict(lr=0.5, max_iter=5, tolerance_grad=0.05),
        "lbfgs_tolerance_change": dict(lr=0.5, max_iter=5, tolerance_change=0.01),
        "lbfgs_strong_wolfe_limits": dict(lr=0.4, max_iter=6, max_eval=5, tolerance_grad=0.05, tolerance_change=1e-3, history_size=2,
                                          line_search_fn="strong_wolfe"),
    }
    decide = set()
    for name, options in cases.items():
        numbers = lbfgs_run(options)
        for step in range(STEPS):
            emit(name, step, numbers[step])
        decide |= {key for key in options if lbfgs_run({k: v for k, v in options.items() if k != key}) != numbers}
    assert decide == {"lr", "max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size", "line_search_fn"}, decide


def schedules():
    s = torch.optim.lr_scheduler
    cases = {
        "step": lambda o: s.StepLR(o, step_size=3, gamma=0.4),
        "multistep": lambda o: s.MultiStepLR(o, milestones=[2, 7, 7, 12], gamma=0.5),
        "exponential": lambda o: s.ExponentialLR(o, gamma=0.85),
        "cosine": lambda o: s.CosineAnnealingLR(o, T_max=12, eta_min=0.01),
        "cosine_restarts": lambda o: s.CosineAnnealingWarmRestarts(o, T_0=4, T_mult=2, eta_min=0.02),
        "cosine_restarts_equal": lambda o: s.CosineAnnealingWarmRestarts(o, T_0=6),
        "linear": lambda o: s.LinearLR(o, start_factor=1, end_factor=0.25, total_iters=7),
        "warmup": lambda o: s.LinearLR(o, start_factor=0.2, total_iters=6),
        "warmup_exponential": lambda o: s.SequentialLR(
            o, [s.LinearLR(o, start_factor=0.25, total_iters=5), s.ExponentialLR(o, gamma=0.9)], milestones=[5]),
        "polynomial": lambda o: s.PolynomialLR(o, total_iters=15, power=1.7),
        "one_cycle": lambda o: s.OneCycleLR(o, max_lr=0.5, total_steps=STEPS, cycle_momentum=False),
        "one_cycle_linear": lambda o: s.OneCycleLR(o, max_lr=0.5, total_steps=STEPS, pct_start=0.25, anneal_strategy="linear",
                                                   cycle_momentum=False, div_factor=10, final_div_factor=100),
        "one_cycle_three_phase": lambda o: s.OneCycleLR(o, max_lr=0.5, total_steps=STEPS, pct_start=0.4, cycle_momentum=False,
                                                        div_factor=10, final_div_factor=100, three_phase=True),
    }
    for name, make in cases.items():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
        scheduler = make(optimizer)
        for step in range(STEPS):
            emit("schedule_" + name, step, [optimizer.param_groups[0]["lr"]])
            optimizer.step()
            if step + 1 < STEPS:
                scheduler.step()
    metrics = [1 + math.cos(step * 1.3) / (1 + step) for step in range(STEPS)]
    plateaus = {
        "plateau": dict(patience=1, factor=0.5),
        "plateau_min_abs": dict(patience=0, factor=0.3, threshold=0.05, threshold_mode="abs", cooldown=2, min_lr=0.004),
        "plateau_max_rel": dict(mode="max", patience=2, factor=0.6, threshold=0.02, cooldown=1),
        "plateau_max_abs": dict(mode="max", patience=0, factor=0.2, threshold=0.2, threshold_mode="abs", eps=1e-3),
    }
    for name, options in plateaus.items():
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
        scheduler = s.ReduceLROnPlateau(optimizer, **options)
        for step, metric in enumerate(metrics):
            scheduler.step(metric)
            emit(name, step, [optimizer.param_groups[0]["lr"]])


def clipping():
    for i, (limit, kind) in enumerate([(0.3, 2.0), (0.3, 1.0), (0.1, math.inf), (0.25, 3.5), (100.0, 2.0)]):
        tensors = parameters()
        set_gradients(tensors, 1)
        norm = torch.nn.utils.clip_grad_norm_(tensors, limit, kind)
        emit("clip_norm", i, [norm.item(), *(x for t in tensors for x in t.grad.flatten().tolist())])
    tensors = parameters()
    set_gradients(tensors, 1)
    torch.nn.utils.clip_grad_value_(tensors, 0.1)
    emit("clip_value", 0, [x for t in tensors for x in t.grad.flatten().tolist()])


def averages():
    tensors = parameters()
    module = torch.nn.ParameterList(tensors)
    model = torch.optim.swa_utils.AveragedModel(module, avg_fn=lambda average, p, n: 0.8 * average + 0.2 * p)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    for step in range(STEPS):
        set_gradients(list(module), step)
        optimizer.step()
        model.update_parameters(module)
        emit("ema", step, flat(model.module))


if __name__ == "__main__":
    optimizers()
    lbfgs()
    schedules()
    clipping()
    averages()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizers.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"# torch {torch.__version__} (Debian's python3-torch 1.13.1), float64; made by optimizers.py, which says what it is\n")
        file.write("\n".join(LINES) + "\n")
