#!/usr/bin/python3
"""Checks that ops keep to the form of autograd/graph/record.h: they can be run again on other values.

  check_op_form.py              prints each problem as FILE:LINE: TEXT and fails if there is any
  check_op_form.py --self-test  proves that each rule finds its bad sample

The values of Tensors are read and written only by the computing part of an op, through the OpContext that it is given: a value that was
looked at before, for a check or a decision, would not be looked at again. Computing parts and rules capture plain values: a reference to a
local variable would dangle. The files in OUTSIDE are not of this form.
"""
import os
import re
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOM = "autograd/ops"
OUTSIDE = {
    "autograd/ops/create.cpp": "makes Tensors from numbers",
    "autograd/ops/elementwise_op.cpp": "the form of elementwise ops, with a path of its own for single numbers",
    "autograd/ops/gather.cpp": "copies rows of data sets, unrecorded",
    "autograd/ops/update.cpp": "changes leaves in place, unrecorded",
    "autograd/ops/scratch.h": "scratch memory",
    "autograd/ops/scalar_rule.h": "single numbers",
}
VALUES = re.compile(r"(?<![\w.])(?:mutable_)?values<|->values<|->data\b|\bto_vector<|\.item\(|\.data<|\bmutable_data<")
MAKERS = "make_result", "make_results"
# A capture list that holds a reference: [&], [&x], [=], [a, &b]; [generator = &g] is a pointer and fine.
REFERENCE = re.compile(r"\[(?:[^\]]*,)?\s*(?:&\s*\w*|=)\s*(?:,[^\]]*)?\]")
COMPUTE = re.compile(r"\b(?:floating|any_dtype|by_width|floating_input|any_input|by_ops)\(\s*(\[[^\]]*\])")
RULE = re.compile(r"(\[[^\]]*\])\s*\((?:const\s+)?(?:RuleContext|Sides|auto)\s*&\s*\w+\)")


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def check(root):
    for path in OUTSIDE:
        if not os.path.exists(os.path.join(root, path)):
            yield f"{path}:1: named in check_op_form.py but not there"
    ops = 0
    for name in sorted(os.listdir(os.path.join(root, ROOM))):
        path = f"{ROOM}/{name}"
        if not name.endswith((".cpp", ".h")) or path in OUTSIDE:
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = without_comments(file.read())
        ops += sum(text.count(maker + "(") for maker in MAKERS)
        for match in VALUES.finditer(text):
            yield f"{path}:{line_of(text, match.start())}: reads values outside the computing part: ask its OpContext for them"
        for pattern, what in ((COMPUTE, "a computing part"), (RULE, "a rule")):
            for match in pattern.finditer(text):
                if REFERENCE.fullmatch(match.group(1)):
                    yield f"{path}:{line_of(text, match.start())}: {what} captures by reference, expected plain values: {match.group(1)}"
    if ops == 0:
        yield f"{ROOM}:1: makes no results: this check no longer reads it"


GOOD = """
Tensor add_row(const TensorArg& x, const Tensor& index, Generator& generator, int at) {
  return make_result("add_row", x.line(), dtype, shape, inputs,
                     floating([at, from = &generator]<class T>(const OpValues<T>& v) {
                       visit([&](int begin) { v.out()[begin] = v.in()[v.indices(1)[begin]]; });
                     }),
                     [at](RuleContext& r) { r.set(0, r.grad_out()); });
}
"""

BAD = [
    ("const auto* i = index_node->values<std::int64_t>();", "reads values"),
    ("const float* from = values<float>(x);", "reads values"),
    ("if (index.item() < 0) return;", "reads values"),
    ("std::memcpy(node_of(y)->data, a, 4);", "reads values"),
    ("floating([&]<class T>(const OpValues<T>& v) {})", "a computing part captures by reference"),
    ("any_dtype([at, &shape]<class T>(const OpValues<T>& v) {})", "a computing part captures by reference"),
    ("by_ops([=](const OpContext& context) {})", "a computing part captures by reference"),
    ("auto rule = [&shape](RuleContext& r) {};", "a rule captures by reference"),
]


def found_in(extra):
    with tempfile.TemporaryDirectory() as root:
        os.makedirs(os.path.join(root, ROOM))
        for path in OUTSIDE:
            open(os.path.join(root, path), "w", encoding="utf-8").close()
        with open(os.path.join(root, ROOM, "some.cpp"), "w", encoding="utf-8") as file:
            file.write(GOOD + extra + "\n")
        return list(check(root))


def self_test():
    wrong = [f"the good sample: {what}" for what in found_in("")]
    for text, expected in BAD:
        found = found_in(text)
        if not any(expected in what for what in found):
            wrong.append(f"{text!r}: expected '{expected}', found {found}")
    return wrong


if __name__ == "__main__":
    problems = self_test() if sys.argv[1:] == ["--self-test"] else list(check(ROOT))
    print("\n".join(problems) if problems else "nothing found")
    sys.exit(1 if problems else 0)
