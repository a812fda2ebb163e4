#!/usr/bin/python3
"""Prints reference values of losses and optimizers for tests/nn. Run with Debian's python3-torch 1.13.1 (it calls itself 1.13.0a0).

Optimizers: a parameter of three numbers starts at [1, -2, 0.5]; the gradient of step t (0, 1, ...) is [0.1, -0.3, 0.2] · cos(t) + a
tenth of the parameter. All in float64.
"""
import torch

torch.set_printoptions(precision=17)
torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return "{" + ", ".join(f"{x:.17g}" for x in tensor.detach().flatten().tolist()) + "}"


def run(name, make, steps=5):
    parameter = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)
    optimizer = make([parameter])
    for step in range(steps):
        base = torch.tensor([0.1, -0.3, 0.2]) * torch.cos(torch.tensor(float(step)))
        parameter.grad = base + parameter.detach() / 10
        optimizer.step()
        if step in (0, steps - 1):
            print(f"{name} after step {step + 1}: {numbers(parameter)}")


def optimizers():
    sgd, adam = torch.optim.SGD, torch.optim.Adam
    run("SGD", lambda p: sgd(p, lr=0.1))
    run("SGD weight_decay", lambda p: sgd(p, lr=0.1, weight_decay=0.2))
    run("SGD momentum", lambda p: sgd(p, lr=0.1, momentum=0.9))
    run("SGD momentum dampening", lambda p: sgd(p, lr=0.1, momentum=0.9, dampening=0.4))
    run("SGD nesterov", lambda p: sgd(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01))
    run("Adam", lambda p: adam(p))
    run("Adam all", lambda p: adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1))


def losses():
    nn = torch.nn.functional
    logits = torch.tensor([[1.5, -0.5, 2.0], [0.25, 3.0, -1.0], [-2.0, 0.0, 0.75], [100.0, -100.0, 3.0]], requires_grad=True)
    labels = torch.tensor([2, 0, 1, 0])
    probabilities = torch.tensor([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0], [0.6, 0.1, 0.3], [0.25, 0.25, 0.5]])
    target = torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, 0.25], [0.0, 1.0, 0.75], [1.0, 0.0, 0.1]])
    cases = {
        "cross_entropy labels": lambda r: nn.cross_entropy(logits, labels, reduction=r),
        "cross_entropy probabilities": lambda r: nn.cross_entropy(logits, probabilities, reduction=r),
        "nll_loss": lambda r: nn.nll_loss(logits, labels, reduction=r),
        "mse_loss": lambda r: nn.mse_loss(logits, target, reduction=r),
        "binary_cross_entropy_with_logits": lambda r: nn.binary_cross_entropy_with_logits(logits, target, reduction=r),
    }
    for name, loss in cases.items():
        for reduction in ("none", "mean", "sum"):
            print(f"{name} {reduction}: {numbers(loss(reduction))}")
        (gradient,) = torch.autograd.grad(loss("mean"), logits)
        print(f"{name} gradient of mean: {numbers(gradient)}")


if __name__ == "__main__":
    print("torch", torch.__version__)
    optimizers()
    losses()
