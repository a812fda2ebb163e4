#!/usr/bin/python3
"""Checks what compilers say about wrong options and assignments: few messages, which name what is wrong.

  compile_errors.py COMPILER [INCLUDE_DIR]   INCLUDE_DIR is the root of this repository unless given

Compiles each of CASES alone (-fsyntax-only). It counts the lines with a message: errors, warnings, notes and the functions they are in. It
does not count the quoted source lines below a message or the chain of includes above it, whose length the compiler and its headers decide.
The expected words must stand in a message.

A name that is no member of the options is never told by g++ 12, nor by clang where there are several constructors: to them such braces
convert to nothing. So those cases ask only for the type of the options, and for the word in the quoted line.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MOST_MESSAGES = 8
ORDER = r"designator order for field .*{0}.* does not match declaration order|designators to be specified in declaration order.*"
# Name, statement, words that a message must have (regular expressions), words that may stand in the quoted line.
ASSIGNS = r"assigning to a temporary Tensor changes nothing: .*assign\(row, t\).*w\.set_grad\(g\)"
CASES = [
    ("lr in an optimizer", "nn::SGD optimizer(model.parameters(), {.lr = 0.1, .momentum = 0.9});", [r"\blr\b", r"learning_rate"], []),
    ("lr in Adam", "nn::Adam optimizer(model.parameters(), {.lr = 0.1});", [r"\blr\b", r"learning_rate"], []),
    ("lr in a factory", 'model.compile({.loss = "mse", .optimizer = nn::adamw({.lr = 0.1})});', [r"\blr\b", r"learning_rate"], []),
    ("lr of a group", "nn::RMSprop optimizer({}); optimizer.add_group({}, {.lr = 1});", [r"\blr\b", r"learning_rate"], []),
    ("order in fit", 'nn::fit(model, data, {.epochs = 3, .loss = "mse"});', [ORDER.format("FitOptions::loss"), "epochs|loss"], []),
    ("order in compile", 'model.compile({.optimizer = "adam", .loss = "mse"});', [ORDER.format("CompileOptions::loss"), "optimizer|loss"], []),
    ("order in an optimizer", "nn::SGD optimizer(model.parameters(), {.momentum = 0.9, .learning_rate = 0.1});",
     [ORDER.format("SGDOptions::learning_rate"), "momentum|learning_rate"], []),
    ("order in a layer", 'nn::Dense layer(2, 3, {.activation = "relu", .bias = false});', [ORDER.format("DenseOptions::bias"), "activation|bias"], []),
    ("unknown in an optimizer", "nn::Adam optimizer(model.parameters(), {.beta = 0.9});", ["AdamOptions"], [r"\.beta\b"]),
    ("unknown in a layer", "nn::Dense layer(2, 3, {.biass = false});", ["DenseOptions"], [r"\.biass\b"]),
    ("unknown in fit", 'nn::fit(model, data, {.loss = "mse", .epoch = 3});', ["FitOptions"], [r"\.epoch\b"]),
    ("assignment to a row", "cr::Tensor x = cr::zeros({2}); x[0] = cr::tensor(9);", [ASSIGNS], []),
    ("assignment of a number to a row", "cr::Tensor x = cr::zeros({2}); x[0] = 9;", [ASSIGNS], []),
    ("assignment to a gradient", "cr::Tensor w = cr::variable({1, 2}); w.grad() = cr::clamp(w.grad(), 0, 0.5);", [ASSIGNS], []),
    ("nothing assigned to a gradient", "cr::Tensor w = cr::variable({1, 2}); w.grad() = {};", [ASSIGNS], []),
    ("addition to a row", "cr::Tensor x = cr::zeros({2}); x[0] += 1;", [ASSIGNS], []),
    ("product with a gradient", "cr::Tensor w = cr::variable({1, 2}); w.grad() *= w;", [ASSIGNS], []),
    ("unknown in compile", 'model.compile({.losss = "mse"});', ["CompileOptions"], [r"\.losss\b"]),
]
# All of it compiles once what is wrong is put right.
RIGHT = """
  nn::SGD a(model.parameters(), {.learning_rate = 0.1, .momentum = 0.9});
  nn::Adam b(model.parameters(), {.learning_rate = 0.1, .beta1 = 0.9});
  nn::RMSprop c(model.parameters(), {}); c.add_group({}, {.learning_rate = 1});
  nn::Dense d(2, 3, {.bias = false, .activation = "relu"});
  model.compile({.loss = "mse", .optimizer = nn::adamw({.learning_rate = 0.1})});
  nn::fit(model, data, {.loss = "mse", .epochs = 3});
  cr::Tensor x = cr::zeros({2}), row = x[0], w = cr::variable({1, 2});
  cr::assign(row, cr::tensor(9)); row += 1; w.set_grad(cr::clamp(x, 0, 0.5)); x = {};
"""
MESSAGE = re.compile(r"^[^ ].*: (?:fatal )?(?:error|warning|note): |^[^ ].*: In .*:$|^[^ ].*:\s+required from ")


def compile_text(compiler, include, statement):
    text = "#include <nn/nn.h>\nnamespace cr = chainrule;\nnamespace nn = chainrule::nn;\nvoid f(nn::Model& model, const nn::Dataset& data) {\n  %s\n}\n"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.cpp")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text % statement)
        return subprocess.run([compiler, "-std=c++20", "-fsyntax-only", "-fno-diagnostics-color", f"-I{include}", path], capture_output=True, text=True,
                              check=False, env={**os.environ, "LC_ALL": "C"})


def messages_of(stderr):
    return [line for line in stderr.splitlines() if MESSAGE.match(line)]


def problems_of(compiler, include, case):
    name, statement, wanted, quoted = case
    stderr = compile_text(compiler, include, statement).stderr
    messages = messages_of(stderr)
    problems = []
    if not messages:
        problems.append("compiles without a message")
    if len(messages) > MOST_MESSAGES:
        problems.append(f"{len(messages)} messages, expected at most {MOST_MESSAGES}")
    for word in wanted:
        if not any(re.search(word, line) for line in messages):
            problems.append(f"no message has {word!r}")
    for word in quoted:
        if not re.search(word, stderr):
            problems.append(f"no line has {word!r}")
    return "".join(f"{name}: {problem}\n" for problem in problems) + (stderr if problems else "")


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    compiler, include = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ROOT
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        right = pool.submit(compile_text, compiler, include, RIGHT)
        found = [text for text in pool.map(lambda case: problems_of(compiler, include, case), CASES) if text]
        if right.result().returncode != 0 or messages_of(right.result().stderr):
            found.append("what is right does not compile:\n" + right.result().stderr)
    print("\n".join(found) if found else f"{len(CASES)} errors, each in at most {MOST_MESSAGES} messages")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
