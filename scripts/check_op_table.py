#!/usr/bin/python3
"""Checks that every op has a row in the op table, which tests its values and derivatives, and every alias a line in the test of aliases.

  check_op_table.py              prints each op without a row in the op table, each row without an op or without special points, each alias
                                 without a line in the test of aliases and each line without an alias, and exits with 1 if there is any.
                                 Otherwise it lists the rows that name no special points, by their reasons
  check_op_table.py --self-test  checks that it finds them

An op is a free function declared in a header of a room in ROOMS, outside namespace detail; operators and the headers in NO_OPS declare none.
The table is the *_rows.cpp files of the same room under tests/. A row begins with t.row("name", t.unary("name" or the like;
t.member("name" is a row for a member of Tensor. It names its special points by .smooth_at( or .kink(, or says by .everywhere_smooth("reason")
why it has none.

An alias is another name for something that is tested already: it stands in ALIASES, has no row, and has a line same("alias", ...) in
ALIASES_TEST. A method of Tensor that is documented as "Same as chainrule::..." must be one.
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
# By its name: the header that declares it, and what it is another name for.
ALIASES_TEST = "tests/nn/module/aliases_test.cpp"
TENSOR = "autograd/graph/tensor.h"
ALIASES = {
    "cat": ("autograd/ops/shape.h", "concat"),
    "operator==": ("autograd/ops/elementwise.h", "eq"),
    "operator!=": ("autograd/ops/elementwise.h", "ne"),
    "operator<": ("autograd/ops/elementwise.h", "lt"),
    "operator<=": ("autograd/ops/elementwise.h", "le"),
    "operator>": ("autograd/ops/elementwise.h", "gt"),
    "operator>=": ("autograd/ops/elementwise.h", "ge"),
    "Tensor::dim": (TENSOR, "Tensor::rank"),
    "Tensor::t": (TENSOR, "transpose"),
    **{f"Tensor::{op}": (TENSOR, op) for op in (
        "reshape", "flatten", "squeeze", "unsqueeze", "transpose", "permute", "sum", "mean", "max", "min", "argmax", "exp", "log", "sqrt",
        "abs", "pow", "matmul")},
    "Linear": ("nn/layers/dense.h", "Dense"),
    "BatchNorm1d": ("nn/layers/batch_norm.h", "BatchNorm"),
    "Module::state_dict": ("nn/module/module.h", "state"),
    "Module::load_state_dict": ("nn/module/module.h", "load_state"),
    "Optimizer::state_dict": ("nn/optim/optimizer.h", "state"),
    "Optimizer::load_state_dict": ("nn/optim/optimizer.h", "load_state"),
}
ALIAS_LINE = re.compile(r'\bsame(?:<[^>;]*>)?\(\s*"([^"]+)"')
SAME_AS_METHOD = re.compile(r"///\s*Same as chainrule::[^\n]*\n(?:\s*///[^\n]*\n)*\s*[\w:&<>]+\s+(\w+)\(")


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


class Row:
    def __init__(self, name, is_member, path, text):
        self.name, self.is_member, self.path = name, is_member, path
        self.has_points = re.search(r"\.(?:smooth_at|kink)\(", text) is not None
        reason = re.search(r'\.everywhere_smooth\(\s*"([^"]+)"', text)
        self.smooth_reason = reason.group(1) if reason else None


def read_rows(root):
    """All rows: the text of each extends to the next."""
    for room in ROOMS:
        for name in sorted(os.listdir(os.path.join(root, "tests", room))):
            if not name.endswith("_rows.cpp"):
                continue
            path = f"tests/{room}/{name}"
            text = re.sub(r"^\s*//[^\n]*", "", read(os.path.join(root, path)), flags=re.M)
            matches = list(ROW.finditer(text))
            for match, end in zip(matches, [later.start() for later in matches[1:]] + [len(text)]):
                yield Row(match.group(2), match.group(1) == "member", path, text[match.end():end])


def rows(root):
    """Paths of the rows for ops and of the rows for members of Tensor, by name."""
    found, members = {}, {}
    for row in read_rows(root):
        (members if row.is_member else found).setdefault(row.name, []).append(row.path)
    return found, members


def check_special_points(root):
    for row in read_rows(root):
        if not row.has_points and row.smooth_reason is None:
            yield f"{row.path}: the row {row.name} has no smooth_at(, kink( or everywhere_smooth(\"reason\")"
        elif row.has_points and row.smooth_reason is not None:
            yield f"{row.path}: the row {row.name} has special points and everywhere_smooth("


def everywhere_smooth(root):
    """The reasons of everywhere_smooth, each with the names of its rows."""
    reasons = {}
    for row in read_rows(root):
        if row.smooth_reason is not None:
            reasons.setdefault(row.smooth_reason, []).append(row.name)
    return reasons


def is_op_alias(name, aliases):
    """Whether it is a function of a room of ops, which would need a row."""
    return name in aliases and "::" not in name and any(aliases[name][0].startswith(room + "/") for room in ROOMS)


def check_aliases(root, aliases, found):
    """Whether each alias is declared, of something that is tested, and has its line; and whether there are no others."""
    lines = set(ALIAS_LINE.findall(read(os.path.join(root, ALIASES_TEST))))
    for alias, (header, of) in aliases.items():
        path = os.path.join(root, header)
        text = read(path) if os.path.exists(path) else ""
        name = re.escape(alias.split("::")[-1])
        if not re.search(rf"(?<!\w){name}\(|\busing {name} = ", text):
            yield f"{header}: does not declare {alias}, an alias in check_op_table.py"
        if header.startswith("autograd/") and "::" not in of and of not in found:
            yield f"{header}: {alias} is an alias of {of}, which has no row in the op table"
        if alias not in lines:
            yield f'{ALIASES_TEST}: has no line same("{alias}", ...)'
    for alias in sorted(lines - set(aliases)):
        yield f"{ALIASES_TEST}: {alias} is no alias in check_op_table.py"
    for method in SAME_AS_METHOD.findall(read(os.path.join(root, TENSOR))):
        if f"Tensor::{method}" not in aliases:
            yield f"{TENSOR}: Tensor::{method} is an alias, but not one in check_op_table.py"


def check(root, aliases=None):
    aliases = ALIASES if aliases is None else aliases
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
        if op not in found and not is_op_alias(op, aliases):
            problems.append(f"{path}: {op} has no row in the op table")
    for row, paths in found.items():
        if row not in ops:
            problems.append(f"{paths[0]}: the row {row} is of no op declared in {', '.join(ROOMS)}")
    for row, paths in list(found.items()) + list(members.items()):
        if len(paths) > 1:
            problems.append(f"{paths[1]}: a second row {row}")
    return problems + list(check_special_points(root)) + list(check_aliases(root, aliases, found))


def self_test():
    files = {
        "autograd/ops/some.h": "/// Tensor nothing(int);\nTensor first(const TensorArg& x);\nstd::vector<Tensor> second(int);\nOrdered sort(\n    int);\n"
                               "inline Tensor operator+(const Operand& a);\ninline Tensor& operator+=(Tensor& a);\n"
                               "inline Tensor uno(int);\ninline Tensor operator==(int);\n"
                               "namespace detail {\nTensor hidden(int);\n}\n",
        **{path: "Tensor zeros(int);\n" for path in NO_OPS},
        TENSOR: "class Tensor {\n  /// Same as chainrule::first(x).\n  /// @throws never.\n  Tensor first(int line) const;\n  int rank();\n};\n",
        "nn/other.h": "using Other = Second;\n",
        ALIASES_TEST: '  same("uno", 1);\n  same<Other, Second>("Other");\n  same("Tensor::first", x.first(), first(x));\n  same("operator==",\n a);\n',
        "autograd/ops/internal.h": "namespace chainrule::detail {\nTensor sum_to(int);\n}\n",
        "tests/autograd/ops/some_rows.cpp": '  t.unary("first", first).smooth_at(a, b, c, d);\n'
                                            '  t.row(\n      "second", second)\n      .everywhere_smooth("linear");\n'
                                            '  t.binary_any("sort", sort)\n      .kink(a, b, c, d);\n  t.member("clone", f).everywhere_smooth("moves");\n',
    }
    some_rows = files["tests/autograd/ops/some_rows.cpp"]
    aliases = {"uno": ("autograd/ops/some.h", "first"), "operator==": ("autograd/ops/some.h", "second"), "Other": ("nn/other.h", "Second"),
               "Tensor::first": (TENSOR, "first")}
    cases = [
        ({}, []),
        ({ALIASES_TEST: files[ALIASES_TEST].replace("uno", "dos")},
         [f'{ALIASES_TEST}: has no line same("uno", ...)', f"{ALIASES_TEST}: dos is no alias in check_op_table.py"]),
        ({ALIASES_TEST: files[ALIASES_TEST].replace('"operator==', '"operator=')},
         [f'{ALIASES_TEST}: has no line same("operator==", ...)', f"{ALIASES_TEST}: operator= is no alias in check_op_table.py"]),
        ({"nn/other.h": "using Another = Second;\n"}, ["nn/other.h: does not declare Other, an alias in check_op_table.py"]),
        ({"nn/other.h": None}, ["nn/other.h: does not declare Other, an alias in check_op_table.py"]),
        ({"autograd/ops/some.h": files["autograd/ops/some.h"].replace("uno", "tres")},
         ["autograd/ops/some.h: tres has no row in the op table", "autograd/ops/some.h: does not declare uno, an alias in check_op_table.py"]),
        ({TENSOR: files[TENSOR] + "  /// Same as chainrule::second(x).\n  Tensor second() const;\n"},
         [f"{TENSOR}: Tensor::second is an alias, but not one in check_op_table.py"]),
        ({"autograd/ops/update.h": None}, ["autograd/ops/update.h: named in check_op_table.py but not there"]),
        ({"autograd/ops/some.h": files["autograd/ops/some.h"].replace("first", "third")},
         ["autograd/ops/some.h: third has no row in the op table",
          "tests/autograd/ops/some_rows.cpp: the row first is of no op declared in autograd/ops"]),
        ({"tests/autograd/ops/some_rows.cpp": some_rows.replace(".smooth_at(", ".gives(")},
         ['tests/autograd/ops/some_rows.cpp: the row first has no smooth_at(, kink( or everywhere_smooth("reason")']),
        ({"tests/autograd/ops/some_rows.cpp": some_rows.replace(".kink(", "// .kink(")},
         ['tests/autograd/ops/some_rows.cpp: the row sort has no smooth_at(, kink( or everywhere_smooth("reason")']),
        ({"tests/autograd/ops/some_rows.cpp": some_rows.replace('"moves"', '""')},
         ['tests/autograd/ops/some_rows.cpp: the row clone has no smooth_at(, kink( or everywhere_smooth("reason")']),
        ({"tests/autograd/ops/some_rows.cpp": some_rows.replace('("linear")', '("linear").kink(a, b, c, d)')},
         ["tests/autograd/ops/some_rows.cpp: the row second has special points and everywhere_smooth("]),
        ({"tests/autograd/ops/some_rows.cpp": '  // t.unary("first", first);\n  reduction(t, "second", second).kink(a, b, c, d);\n'},
         ["autograd/ops/some.h: first has no row in the op table", "autograd/ops/some.h: sort has no row in the op table",
          "autograd/ops/some.h: uno is an alias of first, which has no row in the op table",
          f"{TENSOR}: Tensor::first is an alias of first, which has no row in the op table"]),
        ({"tests/autograd/ops/more_rows.cpp": '  t.row("first", first).kink(a, b, c, d);\n'}, ["tests/autograd/ops/some_rows.cpp: a second row first"]),
        ({"autograd/ops/some.h": ""},
         ["autograd/ops declares no op: this check no longer reads it",
          "tests/autograd/ops/some_rows.cpp: the row first is of no op declared in autograd/ops",
          "tests/autograd/ops/some_rows.cpp: the row second is of no op declared in autograd/ops",
          "tests/autograd/ops/some_rows.cpp: the row sort is of no op declared in autograd/ops",
          "autograd/ops/some.h: does not declare uno, an alias in check_op_table.py",
          "autograd/ops/some.h: does not declare operator==, an alias in check_op_table.py"]),
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
            got = check(root, aliases)
            if got != expected:
                print(f"with {changed}:\n  got {got}\n  expected {expected}")
                failed = 1
            if not changed and everywhere_smooth(root) != {"linear": ["second"], "moves": ["clone"]}:
                print(f"everywhere smooth: got {everywhere_smooth(root)}")
                failed = 1
    return failed


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    problems = check(ROOT)
    if problems:
        print("\n".join(problems))
    else:
        print(f"{len(ops_declared(ROOT))} ops, {len(ALIASES)} aliases, each tested")
        print("Without special points:")
        for reason, names in everywhere_smooth(ROOT).items():
            print(f"  {reason}: {', '.join(names)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
