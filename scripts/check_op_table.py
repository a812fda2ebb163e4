#!/usr/bin/python3
"""Checks that every op has a row in the op table, which tests its values and derivatives.

  check_op_table.py              prints each op without a row in the op table and each row without an op, and exits with 1 if there is any
  check_op_table.py --self-test  checks that it finds both

An op is a free function declared in a header of a room in ROOMS, outside namespace detail; operators and the headers in NO_OPS declare none.
The table is the *_rows.cpp files of the same room under tests/. A row begins with t.row("name", t.unary("name" or the like;
t.member("name" is a row for a member of Tensor.
"""
import os
import re
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DECLARATION = re.compile(r"^(?:inline\s+)?[\w:]+(?:<[\w:, ]+>)?\s+(\w+)\(", re.M)
ROW = re.compile(r'\b(?:t\.|return\s+t\.|\b)(row|unary\w*|binary\w*|reduction|along_\w+|member|\w+_row)\(\s*(?:t,\s*)?"(\w+)"')
ROOMS = ["autograd/ops"]
NO_OPS = {
    "autograd/ops/create.h": "creates tensors: no input to differentiate",
    "autograd/ops/gather.h": "copies rows of datasets, not recorded",
    "autograd/ops/update.h": "changes leaves in place, not recorded",
}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_details(text):
    """The text before `namespace detail`, where a header has one, without comments."""
    text = re.sub(r"//[^\n]*", "", text)
    return re.split(r"namespace (?:chainrule::)?detail\b", text)[0]


def headers_in(root):
    for room in ROOMS:
        for name in sorted(os.listdir(os.path.join(root, room))):
            if name.endswith(".h"):
                yield f"{room}/{name}"


def ops_declared(root):
    ops = {}
    for path in headers_in(root):
        if path in NO_OPS:
            continue
        for match in DECLARATION.finditer(without_details(read(os.path.join(root, path)))):
            ops.setdefault(match.group(1), path)
    return ops


def rows(root):
    """Names of rows for ops, and of rows for members of Tensor."""
    found, members = {}, {}
    for room in ROOMS:
        for name in sorted(os.listdir(os.path.join(root, "tests", room))):
            if not name.endswith("_rows.cpp"):
                continue
            path = f"tests/{room}/{name}"
            text = re.sub(r"^\s*//[^\n]*", "", read(os.path.join(root, path)), flags=re.M)
            for match in ROW.finditer(text):
                (members if match.group(1) == "member" else found).setdefault(match.group(2), []).append(path)
    return found, members


def check(root):
    ops = ops_declared(root)
    found, members = rows(root)
    problems = []
    for room in ROOMS:
        if not any(path.startswith(room + "/") for path in ops.values()):
            problems.append(f"{room} declares no op: this check no longer reads it")
    for path in NO_OPS:
        if not os.path.exists(os.path.join(root, path)):
            problems.append(f"{path}: named in check_op_table.py but not there")
    for op, path in ops.items():
        if op not in found:
            problems.append(f"{path}: {op} has no row in the op table")
    for row, paths in found.items():
        if row not in ops:
            problems.append(f"{paths[0]}: the row {row} is of no op declared in {', '.join(ROOMS)}")
    for row, paths in list(found.items()) + list(members.items()):
        if len(paths) > 1:
            problems.append(f"{paths[1]}: a second row {row}")
    return problems


def self_test():
    files = {
        "autograd/ops/some.h": "/// Tensor nothing(int);\nTensor first(const TensorArg& x);\nstd::vector<Tensor> second(int);\nOrdered sort(\n    int);\n"
                               "inline Tensor operator+(const Operand& a);\ninline Tensor& operator+=(Tensor& a);\n"
                               "namespace detail {\nTensor hidden(int);\n}\n",
        **{path: "Tensor zeros(int);\n" for path in NO_OPS},
        "autograd/ops/internal.h": "namespace chainrule::detail {\nTensor sum_to(int);\n}\n",
        "tests/autograd/ops/some_rows.cpp": '  t.unary("first", first);\n  t.row(\n      "second", second);\n  t.binary_any("sort", sort);\n  t.member("clone", f);\n',
    }
    cases = [
        ({}, []),
        ({"autograd/ops/update.h": None}, ["autograd/ops/update.h: named in check_op_table.py but not there"]),
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
                if text is None:
                    continue
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
