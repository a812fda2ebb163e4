#!/usr/bin/python3
"""Checks that what was added to the library was added everywhere: the places that docs/adding.md names.

  check_complete.py              checks this repository; prints each problem as FILE: TEXT and fails if there is any
  check_complete.py --self-test  proves that each rule finds its bad sample

- An op (check_op_table.py says what counts as one, and asks for its row) has cases in ops.jsonl or closed_forms.jsonl and a call in
  ops_fuzz.cpp. Aliases need neither, and neither does an elementwise op whose row gives the op itself and its plain function: random shapes
  and the fuzz target take them from there.
- A loop or function of autograd/kernels is used in a test of tests/autograd/kernels.
- A layer, a class of nn/layers or nn/graph derived from BuiltIn or MultiModule, stands in the table layers.h or in built_in_modules.cpp, and
  in every_layer.h and layers_reference_test.cpp.
- An optimizer, a class of nn/optim derived from Optimizer, stands in the table optimizers.h. It has runs in optimizers.txt that a test of
  tests/nn/optim compares, and a factory function in its header.
- A public header is included by the umbrella header of its library, or by a table that the umbrella includes.
- A function of tests/reference/smooth.jsonl or loss_tails.jsonl has a row in docs/accuracy.md, and the other way round.
- A room has its line in docs/architecture.md, in the order of check_layering.py.
- A struct of options stands in docs/options.md with its members in order and their defaults, but for empty ones. Members of type
  NoOptionLr, which cannot be given, are left out.
"""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
import check_layering  # noqa: E402
import check_op_table  # noqa: E402
from sample_tree import found_in  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

REFERENCE = "tests/reference/ops.jsonl"
CLOSED_FORMS = "tests/reference/closed_forms.jsonl"
OPS_FUZZ = "tests/fuzz/ops_fuzz.cpp"
KERNELS, KERNEL_TESTS = "autograd/kernels", "tests/autograd/kernels"
LAYER_ROOMS = ("nn/layers", "nn/graph")
LAYERS_TABLE, BUILT_IN_MODULES = "nn/layers/layers.h", "nn/model_file/built_in_modules.cpp"
EVERY_LAYER = "tests/nn/module/every_layer.h"
LAYERS_REFERENCE = "tests/nn/layers/layers_reference_test.cpp"
OPTIM, OPTIM_TESTS = "nn/optim", "tests/nn/optim"
OPTIM_REFERENCE = "tests/reference/optimizers.txt"
OPTIMIZERS = "nn/optim/optimizers.h"
OPTIONS_PAGE, ROOMS_PAGE = "docs/options.md", "docs/architecture.md"
SMOOTH, LOSS_TAILS, ACCURACY_PAGE = "tests/reference/smooth.jsonl", "tests/reference/loss_tails.jsonl", "docs/accuracy.md"
PATHS = (REFERENCE, CLOSED_FORMS, OPS_FUZZ, KERNELS, KERNEL_TESTS, *LAYER_ROOMS, LAYERS_TABLE, BUILT_IN_MODULES, EVERY_LAYER, LAYERS_REFERENCE, OPTIM, OPTIM_TESTS,
         OPTIM_REFERENCE, OPTIMIZERS, OPTIONS_PAGE, ROOMS_PAGE, SMOOTH, LOSS_TAILS, ACCURACY_PAGE)

# Exemptions, each with its reason; one that is not needed is a problem too.
NO_OPTIMIZERS = {"GroupedOptimizer": "the base of optimizers with groups", "AdamBase": "the base of Adam and AdamW"}
NO_LAYERS = {"OpLayer": "the base of the activations that have no settings; nobody makes one"}
NOT_IN_EVERY_LAYER = {
    "Merge": "takes several inputs; clone_test.cpp and model_file_test.cpp have layer graphs with it",
    "Model": "made of Symbols; clone_test.cpp and model_file_test.cpp have layer graphs",
}
NO_LAYER_REFERENCE = {
    "Merge": "an op on its inputs; symbol_test.cpp compares with the op",
    "Model": "calls its layers; model_test.cpp compares with calling them by hand",
}

OPTIONS = re.compile(r"^struct (\w+(?:Options|Settings|Update|Scale|Limits)) \{\n(.*?)^\};", re.M | re.S)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def code(root, path):
    """The text of a C++ file without its comments."""
    return re.sub(r"//[^\n]*", "", read(root, path))


def files_in(root, folder, ending):
    return [f"{folder}/{name}" for name in sorted(os.listdir(os.path.join(root, folder))) if name.endswith(ending)]


def ops_with_plain_function(root):
    """Ops with an elementwise row of the form unary("tanh", tanh, ...)."""
    found = set()
    for room in check_op_table.ROOMS:
        for path in files_in(root, "tests/" + room, "_rows.cpp"):
            found.update(re.findall(r'(?:\bt\.(?:unary|binary)\w*\(|_row\(\s*t,)\s*"(\w+)",\s*\1,', code(root, path)))
    return found


def check_ops(root):
    lines = (read(root, REFERENCE) + "\n" + read(root, CLOSED_FORMS)).split("\n")
    cases = {json.loads(line).get("op") for line in lines if line}
    fuzzed, plain = code(root, OPS_FUZZ), ops_with_plain_function(root)
    for op, path in check_op_table.ops_declared(root).items():
        if check_op_table.is_op_alias(op, check_op_table.ALIASES) or op in plain:
            continue
        if op not in cases:
            yield f"{path}: {op} has no case in {REFERENCE}: add some to make_reference.py, and {op} to reference_test.cpp"
        if not re.search(rf"\bcr::{op}\b", fuzzed):
            yield f"{path}: {op} is not called in {OPS_FUZZ}"


def kernels_declared(root):
    """Loops, which are members of structs, and functions, by name: the header of each."""
    loops, functions = {}, {}
    for path in files_in(root, KERNELS, ".h"):
        text = code(root, path)
        if path.endswith("-inl.h") or "namespace chainrule::kernels {" not in text:
            continue  # the latter are namespace kernels::detail, tested through what calls them
        for names in re.findall(r"^\s+(?:Unary|Binary)Loop<T> ([\w, ]+);", text, re.M):
            loops.update({name.strip(): path for name in names.split(",")})
        loops.update({name: path for name in re.findall(r"^\s+void \(\*(\w+)\)\(", text, re.M)})
        functions.update({name: path for name in re.findall(r"^(?:[\w:<>]+[ &*]+)+(\w+)\(", text, re.M)})
    return loops, functions


def check_kernels(root):
    tests = "".join(code(root, path) for path in files_in(root, KERNEL_TESTS, ("_test.cpp", ".h")))
    loops, functions = kernels_declared(root)
    for name, path in loops.items():
        if not re.search(rf"(?:\.|(?<!std)::){name}\b", tests):
            yield f"{path}: the loop {name} is used in no test of {KERNEL_TESTS}"
    for name, path in functions.items():
        if not re.search(rf"\b{name}\b", tests):
            yield f"{path}: {name} is used in no test of {KERNEL_TESTS}"


def with_exemptions(fulfilled, exempt, exempt_name, where, problem):
    """Problems of what is not fulfilled and not exempt, and of exemptions that are not needed."""
    for name, holds in fulfilled.items():
        if not holds and name not in exempt:
            yield problem(name)
        if holds and name in exempt:
            yield f"check_complete.py: {name} needs no exemption in {exempt_name}"
    for name in exempt:
        if name not in fulfilled:
            yield f"check_complete.py: {exempt_name} names {name}, which {where} does not have"


def classes_from(root, rooms, bases):
    """Classes of public and internal headers that derive from one of the bases, directly or not: header and direct base of each."""
    parents = {}
    for room in rooms:
        for path in files_in(root, room, ".h"):
            for name, base in re.findall(r"^class (\w+)(?: final)? : public ([\w:]+)", code(root, path), re.M):
                parents[name] = (base.split("::")[-1], path)
    found = {}
    for name, (base, path) in parents.items():
        ancestor = base
        while ancestor in parents and ancestor not in bases:
            ancestor = parents[ancestor][0]
        if ancestor in bases and name not in bases:
            found[name] = (path, base)
    return found


def check_layers(root):
    layers = classes_from(root, LAYER_ROOMS, ("BuiltIn", "BuiltInLayer", "PlainLayer", "MultiModule"))
    for name in NO_LAYERS:
        if layers.pop(name, None) is None:
            yield f"check_complete.py: NO_LAYERS names {name}, which {' and '.join(LAYER_ROOMS)} do not have"
    forms = code(root, BUILT_IN_MODULES)
    table = {name for words in re.findall(r"// (.*)$", read(root, LAYERS_TABLE), re.M) for name in words.split()}
    for name, (path, _) in layers.items():
        if name not in table and f'entry<{name}>("{name}")' not in forms:
            yield f"{path}: {name} is neither in {LAYERS_TABLE} nor in {BUILT_IN_MODULES}: save_model() cannot write it"
    for other, exempt, exempt_name in ((EVERY_LAYER, NOT_IN_EVERY_LAYER, "NOT_IN_EVERY_LAYER"),
                                       (LAYERS_REFERENCE, NO_LAYER_REFERENCE, "NO_LAYER_REFERENCE")):
        text = code(root, other)
        there = {name: bool(re.search(rf"\bnn::{name}\b", text)) for name in layers}
        yield from with_exemptions(there, exempt, exempt_name, " and ".join(LAYER_ROOMS),
                                   lambda name: f"{layers[name][0]}: {name} is not in {other}")


def check_optimizers(root):
    runs = {line.split(" ")[0] for line in read(root, OPTIM_REFERENCE).split("\n")}
    tests = "".join(code(root, path) for path in files_in(root, OPTIM_TESTS, "_test.cpp"))
    table = {name: text for text, name in re.findall(r'^#include "[^"]+"  // (\w+) (\w+)$', read(root, OPTIMIZERS), re.M)}
    bases = ("Optimizer", *NO_OPTIMIZERS)
    for name, (path, _) in classes_from(root, [OPTIM], bases).items():
        if name in NO_OPTIMIZERS:
            continue
        if name not in table:
            yield f"{path}: {name} has no line in {OPTIMIZERS}"
            continue
        text = table[name]
        own = [run for run in runs if run == text or run.startswith(text + "_")]
        if not own:
            yield f"{path}: {name} has no run {text} in {OPTIM_REFERENCE}: add one to tests/reference/optimizers.py"
        for run in sorted(own):
            if f'"{run}"' not in tests:
                yield f"{path}: the run {run} of {OPTIM_REFERENCE} is compared in no test of {OPTIM_TESTS}"
        if not re.search(rf"\bOptimizerFactory {text}\(const {name}Options&", code(root, path)):
            yield f"{path}: it declares no OptimizerFactory {text}(const {name}Options&)"


def check_umbrellas(root):
    for path, kind in sorted(check_layering.header_sets(root).items()):
        umbrella = next(header for header in check_layering.UMBRELLAS if header.split("/")[0] == path.split("/")[0])
        if kind != "PUBLIC" or path == umbrella:
            continue
        included = re.findall(r'^#include "([^"]+)"', read(root, umbrella), re.M)
        for table in [header for header in included if os.path.exists(os.path.join(root, header)) and check_layering.is_table(root, header)]:
            included += re.findall(r'^#include "([^"]+)"', read(root, table), re.M)
        if path not in included:
            yield f"{path}: {umbrella} does not include it"


def check_rooms_page(root):
    expected = [room for room in check_layering.ROOMS if "/" in room]
    rooms = re.findall(r"^\| `((?:autograd|nn)/\w+)/` \|", read(root, ROOMS_PAGE), re.M)
    if rooms != expected:
        yield f"{ROOMS_PAGE}: its table has the rooms {', '.join(rooms)}, expected {', '.join(expected)}"


def check_accuracy(root):
    functions = {json.loads(line).get("op") for path in (SMOOTH, LOSS_TAILS) for line in read(root, path).split("\n") if line} - {None}
    rows = {a + b for a, b in re.findall(r"^\| `(\w+)`([^|]*) \| [\d.]+ \|", read(root, ACCURACY_PAGE), re.M)}
    for op in sorted(functions ^ rows):
        where = "it" if op in rows else f"{SMOOTH} or {LOSS_TAILS}"
        yield f"{ACCURACY_PAGE}: {op} is only in {where}: run tests/reference/accuracy.py"


def options_rows(root):
    """The row that docs/options.md should have for each struct of options of a public header."""
    rows = {}
    for path, kind in sorted(check_layering.header_sets(root).items()):
        if kind != "PUBLIC":
            continue
        for name, body in OPTIONS.findall(code(root, path)):
            members = []
            for member, default in re.findall(r"^\s+(?!\s|static |NoOptionLr )[\w:<>, ]+?[ *&]+(\w+)(?: = ([^;]+))?;", body, re.M):
                members.append(f"`{member}`" if default in ("", "{}", "nullptr", "std::nullopt") else f"`{member} = {default}`")
            space = "nn" if path.startswith("nn/") else "cr"
            rows[name] = (path, f"| [`{space}::{name}`](../{path}) | {', '.join(members)} |")
    return rows


def check_options(root):
    lines = read(root, OPTIONS_PAGE).split("\n")
    rows = options_rows(root)
    for path, row in rows.values():
        if row not in lines:
            yield f"{path}: {OPTIONS_PAGE} lacks the row\n{row}"
    for line in lines:
        match = re.match(r"^\| \[`\w+::(\w+)`\]", line)
        if match and match.group(1) not in rows:
            yield f"{OPTIONS_PAGE}: {match.group(1)} is a struct of options in no public header"


def check(root):
    missing = [path for path in PATHS if not os.path.exists(os.path.join(root, path))]
    if missing:
        return [f"{path}: named in check_complete.py but not there" for path in missing]
    rules = (check_ops, check_kernels, check_layers, check_optimizers, check_umbrellas, check_rooms_page, check_accuracy, check_options)
    return [problem for rule in rules for problem in rule(root)]


ROOMS_TABLE = "".join(f"| `{room}/` | x |\n" for room in check_layering.ROOMS if "/" in room)

# One of everything, complete; the exempt layers have what they need besides.
GOOD = {
    "autograd/CMakeLists.txt": "chainrule_headers(PUBLIC autograd.h)\n",
    "autograd/autograd.h": '#include "autograd/ops/some.h"\n',
    "autograd/ops/CMakeLists.txt": "chainrule_headers(PUBLIC some.h PRIVATE internal.h)\n",
    "tests/autograd/ops/some_rows.cpp": 't.unary("crook", crook, [](double x) { return x; });\nt.row("twist", twist);\n'
                                        't.unary("bow", [](const TensorArg& x) { return bow(x, 1); }, [](double x) { return x; });\n',
    "autograd/ops/some.h": "/// y.\nTensor crook(const TensorArg& x);\nTensor twist(const TensorArg& x);\ninline Tensor cat(int);\nTensor bow(int);\nstruct TwistOptions {\n  /// How far.\n  double angle = 0.5;\n};\n",
    **{path: "" for path in check_op_table.NO_OPS},
    "autograd/kernels/loops.h": "namespace chainrule::kernels {\nstruct Elementwise {\n  UnaryLoop<T> exp, twist;  ///< bends\n"
                                "  void (*fill)(T value);\n};\ntemplate <class T>\nvoid reduce(const T* x);\n}\n",
    "autograd/kernels/inner.h": "namespace chainrule::kernels::detail {\nvoid hidden();\n}\n",
    "autograd/kernels/loops-inl.h": "void hidden_too();\n",
    "tests/autograd/kernels/loops_test.cpp": "&Elementwise<T>::exp; elementwise<T>().twist(x); loops.fill(1); reduce(x);\n",
    REFERENCE: '{"torch":"1"}\n{"op":"twist"}\n',
    CLOSED_FORMS: '{"cases":1}\n{"op":"bow"}\n',
    OPS_FUZZ: "cr::twist(x); cr::bow(x);\n",
    "nn/CMakeLists.txt": "chainrule_headers(PUBLIC nn.h)\n",
    "nn/nn.h": '#include "nn/layers/l.h"\n#include "nn/optim/optimizers.h"\n',
    "nn/layers/CMakeLists.txt": "chainrule_headers(PUBLIC l.h)\n",
    "nn/layers/l.h": "class OpLayer : public BuiltIn {\nclass ReLU : public PlainLayer<ReLU, OpLayer> {\nclass Dense : public BuiltInLayer<Dense> {\n"
                     "class Sequential : public BuiltIn {\n",
    "nn/graph/g.h": "class Merge : public MultiModule {\nclass Model : public MultiModule {\n",
    LAYERS_TABLE: '#include "nn/layers/l.h"  // ReLU\n                         // Dense Sequential\n',
    BUILT_IN_MODULES: 'entry<Merge>("Merge"), entry<Model>("Model")\n',
    EVERY_LAYER: "nn::ReLU(); nn::Dense(1); nn::Sequential{};\n",
    LAYERS_REFERENCE: "plain<nn::ReLU>; nn::Dense(1); nn::Sequential{};\n",
    "nn/optim/CMakeLists.txt": "chainrule_table(some group optimizers.h optimizers)\n",
    OPTIMIZERS: '#include "nn/optim/sgd.h"  // sgd SGD\n',
    "nn/optim/optimizer.h": "class Optimizer {};\nclass GroupedOptimizer : public Optimizer {\n",
    "nn/optim/sgd.h": "struct SGDOptions {\n  double learning_rate = 1e-3;\n  NoOptionLr lr = {};\n  Generator* generator = nullptr;\n"
                      "  std::optional<double> decay = {};\n};\nclass SGD : public GroupedOptimizer<SGDOptions> {\n};\nOptimizerFactory sgd(const SGDOptions& options = {});\n",
    OPTIM_REFERENCE: "# numbers\nsgd 0 1\nsgd_momentum 0 1\n",
    "tests/nn/optim/optim_reference_test.cpp": 'check_run<nn::SGD>("sgd"); check_run<nn::SGD>("sgd_momentum");\n',
    SMOOTH: '{"ops":1}\n{"op":"exp"}\n',
    LOSS_TAILS: '{"ops":1}\n{"op":"some_loss, target 1"}\n',
    ACCURACY_PAGE: "| `exp` | 1.0 |\n| `some_loss`, target 1 | 1.0 |\n",
    ROOMS_PAGE: ROOMS_TABLE + "| `apps/` | x |\n",
    OPTIONS_PAGE: "| [`cr::TwistOptions`](../autograd/ops/some.h) | `angle = 0.5` |\n"
                  "| [`nn::SGDOptions`](../nn/optim/sgd.h) | `learning_rate = 1e-3`, `generator`, `decay` |\n",
}

BAD = [
    ("autograd/ops/some.h", GOOD["autograd/ops/some.h"] + "Tensor bend(const TensorArg& x);\n",
     ["bend has no case in", "bend is not called in"]),
    ("tests/autograd/ops/some_rows.cpp", 't.unary("crook", [](const TensorArg& x) { return crook(x); });\n',
     ["crook has no case in", "crook is not called in"]),
    (REFERENCE, '{"torch":"1"}\n', ["twist has no case in tests/reference/ops.jsonl"]),
    (CLOSED_FORMS, "", ["bow has no case in tests/reference/ops.jsonl"]),
    (OPS_FUZZ, "// cr::twist(x)\ncr::twister(x); cr::bow(x);\n", ["twist is not called in tests/fuzz/ops_fuzz.cpp"]),
    ("tests/autograd/kernels/loops_test.cpp", "std::exp(1); loops.fill(1); // twist\n",
     ["exp is used in no test", "twist is used in no test", "reduce is used in no test"]),
    (LAYERS_TABLE, GOOD[LAYERS_TABLE].replace("ReLU", ""), ["nn/layers/l.h: ReLU is neither in"]),
    (BUILT_IN_MODULES, GOOD[BUILT_IN_MODULES].replace('entry<Model>("Model")', 'entry<Merge>("Model")'),
     ["nn/graph/g.h: Model is neither in"]),
    (EVERY_LAYER, "nn::ReLU(); nn::Sequential{};  // nn::Dense\n", ["Dense is not in tests/nn/module/every_layer.h"]),
    (EVERY_LAYER, GOOD[EVERY_LAYER] + "nn::Merge(1);\n", ["Merge needs no exemption in NOT_IN_EVERY_LAYER"]),
    (LAYERS_REFERENCE, "nn::Dense(1); nn::Sequential{};\n", ["ReLU is not in tests/nn/layers/layers_reference_test.cpp"]),
    ("nn/graph/g.h", "class Model : public MultiModule {\n",
     ["NOT_IN_EVERY_LAYER names Merge, which", "NO_LAYER_REFERENCE names Merge, which"]),
    ("nn/layers/l.h", GOOD["nn/layers/l.h"].replace("OpLayer", "Other"),
     ["Other is neither in", "Other is not in tests/nn/module/", "Other is not in tests/nn/layers/", "NO_LAYERS names OpLayer"]),
    (OPTIM_REFERENCE, "sgdw 0 1\n", ["SGD has no run sgd in tests/reference/optimizers.txt"]),
    ("tests/nn/optim/optim_reference_test.cpp", 'check_run<nn::SGD>("sgd");\n',
     ["the run sgd_momentum of tests/reference/optimizers.txt is compared in no test"]),
    (OPTIMIZERS, '#include "nn/optim/sgd.h"  // sgdx SGDX\n', ["SGD has no line in nn/optim/optimizers.h"]),
    (OPTIMIZERS, '#include "nn/optim/sgd.h"  // descent SGD\n',
     ["SGD has no run descent in", "it declares no OptimizerFactory descent(const SGDOptions&)"]),
    ("nn/nn.h", '#include "nn/optim/optimizers.h"\n', ["nn/layers/l.h: nn/nn.h does not include it"]),
    ("autograd/autograd.h", "\n", ["autograd/ops/some.h: autograd/autograd.h does not include it"]),
    (OPTIONS_PAGE, GOOD[OPTIONS_PAGE].replace("`generator`, `decay`", "`decay`, `generator`"),
     ["docs/options.md lacks the row\n| [`nn::SGDOptions`](../nn/optim/sgd.h) | `learning_rate = 1e-3`, `generator`, `decay` |"]),
    (OPTIONS_PAGE, GOOD[OPTIONS_PAGE] + "| [`nn::OldOptions`](../nn/old.h) | `x` |\n",
     ["OldOptions is a struct of options in no public header"]),
    (ACCURACY_PAGE, "| `log` | 1.0 |\n", ["exp is only in tests/reference/smooth.jsonl", "log is only in it", "some_loss, target 1 is only in"]),
    (ROOMS_PAGE, ROOMS_TABLE.replace("| `nn/optim/` | x |\n", ""), ["its table has the rooms autograd/base, "]),
    (OPTIONS_PAGE, None, ["docs/options.md: named in check_complete.py but not there"]),
    (OPS_FUZZ, None, ["tests/fuzz/ops_fuzz.cpp: named in check_complete.py but not there"]),
]


def self_test():
    wrong = [f"the good sample: {problem}" for problem in found_in(GOOD, check)]
    for path, text, expected in BAD:
        found = found_in({**GOOD, path: text}, check)
        if len(found) != len(expected) or not all(any(part in problem for problem in found) for part in expected):
            wrong.append(f"{path} with {text!r}: expected {expected}, found {found}")
    return wrong


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--self-test"]):
        sys.exit(__doc__)
    problems = self_test() if sys.argv[1:] else check(ROOT)
    print("\n".join(problems) if problems else "nothing found")
    sys.exit(1 if problems else 0)
