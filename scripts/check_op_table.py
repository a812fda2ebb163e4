#!/usr/bin/python3
"""Checks that the op table proves every op.

  check_op_table.py              names each op declared in autograd/ops/*.h without a row in tests/autograd/ops/*_rows.cpp, and each row
                                 without an op, and fails if there is any
  check_op_table.py --self-test  proves that it finds both

An op is a free function declared there; operators, the makers of create.h and what stands in namespace detail are none. A row begins with t.row("name", t.unary("name" or alike; t.member("name" is one for a member of
Tensor.
"""
import os
import re
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DECLARATION = re.compile(r"^(?:inline\s+)?[\w:]+(?:<[\w:, ]+>)?\s+(\w+)\(", re.M)
ROW = re.compile(r'\b(?:t\.|return\s+t\.|\b)(row|unary\w*|binary\w*|reduction|along_\w+|member|\w+_row)\(\s*(?:t,\s*)?"(\w+)"')
MAKERS = {"create.h"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_details(text):
    """The text before `namespace detail`, where a header has one, without comments."""
    text = re.sub(r"//[^\n]*", "", text)
    return re.split(r"namespace (?:chainrule::)?detail\b", text)[0]


def ops_declared(root):
    ops = {}
    folder = os.path.join(root, "autograd", "ops")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".h") or name in MAKERS:
            continue
        for match in DECLARATION.finditer(without_details(read(os.path.join(folder, name)))):
            ops.setdefault(match.group(1), f"autograd/ops/{name}")
    return ops


def rows(root):
    """Names of rows, and those of rows for members of Tensor."""
    found, members = {}, {}
    folder = os.path.join(root, "tests", "autograd", "ops")
    for name in sorted(os.listdir(folder)):
        if not name.endswith("_rows.cpp"):
            continue
        text = re.sub(r"^\s*//[^\n]*", "", read(os.path.join(folder, name)), flags=re.M)
        for match in ROW.finditer(text):
            (members if match.group(1) == "member" else found).setdefault(match.group(2), []).append(f"tests/autograd/ops/{name}")
    return found, members


def check(root):
    ops = ops_declared(root)
    found, members = rows(root)
    problems = []
    if not ops:
        problems.append("autograd/ops declares no op: this check no longer reads it")
    for op, path in ops.items():
        if op not in found:
            problems.append(f"{path}: {op} has no row in the op table")
    for row, paths in found.items():
        if row not in ops:
            problems.append(f"{paths[0]}: the row {row} is of no op declared in autograd/ops")
    for row, paths in list(found.items()) + list(members.items()):
        if len(paths) > 1:
            problems.append(f"{paths[1]}: a second row {row}")
    return problems


def self_test():
    files = {
        "autograd/ops/some.h": "/// Tensor nothing(int);\nTensor first(const TensorArg& x);\nstd::vector<Tensor> second(int);\nOrdered sort(\n    int);\n"
                               "inline Tensor operator+(const Operand& a);\ninline Tensor& operator+=(Tensor& a);\n"
                               "namespace detail {\nTensor hidden(int);\n}\n",
        "autograd/ops/create.h": "Tensor zeros(int);\n",
        "autograd/ops/internal.h": "namespace chainrule::detail {\nTensor sum_to(int);\n}\n",
        "tests/autograd/ops/some_rows.cpp": '  t.unary("first", first);\n  t.row(\n      "second", second);\n  t.binary_any("sort", sort);\n  t.member("clone", f);\n',
    }
    cases = [
        ({}, []),
        ({"autograd/ops/some.h": files["autograd/ops/some.h"].replace("first", "third")},
         ["autograd/ops/some.h: third has no row in the op table",
          "tests/autograd/ops/some_rows.cpp: the row first is of no op declared in autograd/ops"]),
        ({"tests/autograd/ops/some_rows.cpp": '  // t.unary("first", first);\n  reduction(t, "second", second);\n'},
         ["autograd/ops/some.h: first has no row in the op table", "autograd/ops/some.h: sort has no row in the op table"]),
        ({"tests/autograd/ops/more_rows.cpp": '  t.row("first", first);\n'}, ["tests/autograd/ops/some_rows.cpp: a second row first"]),
        ({"autograd/ops/some.h": ""},
         ["autograd/ops declares no op: this check no longer reads it",
          "tests/autograd/ops/some_rows.cpp: the row first is of no op declared in autograd/ops",
          "tests/autograd/ops/some_rows.cpp: the row second is of no op declared in autograd/ops",
          "tests/autograd/ops/some_rows.cpp: the row sort is of no op declared in autograd/ops"]),
    ]
    failed = 0
    for changed, expected in cases:
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**files, **changed}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            got = check(root)
            if got != expected:
                print(f"with {changed}:\n  got {got}\n  expected {expected}")
                failed = 1
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    problems = check(ROOT)
    print("\n".join(problems) if problems else f"{len(ops_declared(ROOT))} ops, each with its row")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
