#!/usr/bin/python3
"""Checks that tests/ mirrors the sources: each file with behaviour has a test in the room of its name.

  check_tests.py              checks this repository; prints each problem as FILE:LINE: TEXT and fails if there is any
  check_tests.py --self-test  proves that each rule finds its bad sample

A room is a folder of autograd/ or nn/; its tests stand in the folder of that name under tests/. A source is a .cpp of a room, a -inl.h, or a
header that holds function bodies and has no .cpp of its name; headers of declarations need no test. A test is a *_test.cpp, *_rows.cpp
(rows of the op table) or *_test.py. The test of autograd/graph/node.cpp is tests/autograd/graph/node_test.cpp, or one of the same room that
says so in a comment line of this form, of which it may have several:

  // Covers autograd/graph/node.cpp, autograd/graph/new_node.h.

(# in place of // in Python.) A test that is named after no source of its room needs such a line; one that goes across a room names the
room, which covers no single file: // Covers autograd/ops.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
from check_layering import without_comments  # noqa: E402
from sample_tree import found_in  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARIES = ("autograd", "nn")
TEST = re.compile(r"^(\w+)_(?:test\.cpp|rows\.cpp|test\.py)$")
COVERS = re.compile(r"^(?://|#) Covers ([\w./-]+(?:, [\w./-]+)*)\.$")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
# What may stand between a function's parameters and its body.
BODY = re.compile(r"\)\s*(?:(?:const|noexcept(?:\([^()]*\))?|override|final|mutable|&{1,2}|->\s*[\w:<>,&*\s]+?|requires\s+[\w:<>,\s]+?)\s*)*"
                  r"(\{|:(?!:)[^;{}]*\{)")


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def files_under(root, folder):
    for inner, _, names in os.walk(os.path.join(root, folder)):
        for name in sorted(names):
            yield os.path.relpath(os.path.join(inner, name), root)


def folders_of(root, folder):
    path = os.path.join(root, folder)
    return [name for name in sorted(os.listdir(path)) if os.path.isdir(os.path.join(path, name))] if os.path.isdir(path) else []


def holds_bodies(text):
    """Whether a header defines a function and not only declares some."""
    code = "\n".join(without_comments(text))
    for match in BODY.finditer(code):
        depth, at = 1, match.start()
        while depth > 0 and at > 0:  # to the parenthesis that opens
            at -= 1
            depth += {")": 1, "(": -1}.get(code[at], 0)
        if not re.search(r"\brequires\s*$", code[:at]):  # of a concept
            return True
    return False


def stem_of(path):
    return re.sub(r"(?:-inl)?\.\w+$", "", os.path.basename(path))


def sources_in(root, room):
    """All files of a room, and of those the ones that need a test."""
    names = [name for name in sorted(os.listdir(os.path.join(root, room))) if name.endswith((".h", ".cpp"))]
    needing = []
    for name in names:
        path = f"{room}/{name}"
        if name.endswith(".cpp") or name.endswith("-inl.h"):
            needing.append(path)
        elif name[:-2] + ".cpp" not in names and holds_bodies(read(root, path)):
            needing.append(path)
    return [f"{room}/{name}" for name in names], needing


def covered_by(root, path, room):
    """The paths that a test names, and what is wrong with how."""
    covered, problems = [], []
    for number, line in enumerate(read(root, path).split("\n"), 1):
        if not re.match(r"^(?://|#)\s*Covers\b", line):
            continue
        match = COVERS.match(line)
        if not match:
            problems.append(f"{path}:{number}: write a Covers line as: // Covers {room}/a.cpp, {room}/b.h.")
            continue
        for named in match.group(1).split(", "):
            if not os.path.exists(os.path.join(root, named)):
                problems.append(f"{path}:{number}: {named} is not there")
            elif named != room and os.path.dirname(named) != room:
                problems.append(f"{path}:{number}: {named} is not of the room {room}, whose tests these are")
            else:
                covered.append(named)
    return covered, problems


def listed_files(root, library):
    """The files that a CMakeLists.txt under tests/LIBRARY names."""
    listed = set()
    for path in files_under(root, f"tests/{library}"):
        if os.path.basename(path) == "CMakeLists.txt":
            for word in re.split(r"[\s()]+", re.sub(r"#.*", "", read(root, path))):
                listed.add(os.path.normpath(os.path.join(os.path.dirname(path), word)))
    return listed


def check_library(root, library):
    rooms = [f"{library}/{name}" for name in folders_of(root, library)]
    files, needing = {}, []
    for room in rooms:
        files[room], of_room = sources_in(root, room)
        needing += of_room
    everywhere = {stem_of(path): path for room in rooms for path in files[room]}
    listed = listed_files(root, library)
    tested, covered = set(), set()
    for path in files_under(root, f"tests/{library}"):
        room, name = os.path.dirname(path)[len("tests/"):], os.path.basename(path)
        if name == "CMakeLists.txt":
            continue
        if room not in rooms:
            yield f"{path}:1: tests/{room} is no room: tests stand in the folder that {library}/ has for what they test"
            continue
        if name.endswith((".cpp", ".py")) and path not in listed:
            yield f"{path}:1: no CMakeLists.txt lists it"
        test = TEST.match(name)
        named, problems = covered_by(root, path, room)
        yield from problems
        if not test:
            if named:
                yield f"{path}:1: only a test covers something: *_test.cpp, *_rows.cpp or *_test.py"
            continue
        covered.update(named)
        if test.group(1) in {stem_of(source) for source in files[room]}:
            tested.add(f"{room}/{test.group(1)}")
        elif not named and not problems:
            elsewhere = everywhere.get(test.group(1))
            if elsewhere:
                yield f"{path}:1: {elsewhere} is in another room: its test stands in tests/{os.path.dirname(elsewhere)}"
            else:
                yield f"{path}:1: named after no file of {room}: say what it tests: // Covers {room}/x.cpp."
    for path in needing:
        if f"{os.path.dirname(path)}/{stem_of(path)}" not in tested and path not in covered:
            yield f"{path}:1: has no test: expected tests/{os.path.dirname(path)}/{stem_of(path)}_test.cpp, or a line // Covers {path}. in another"


def check_helpers(root):
    """Headers of tests that nobody includes."""
    included = set()
    for top in ("tests", "bench"):
        for path in files_under(root, top):
            if path.endswith((".h", ".cpp")):
                included.update(name for name in INCLUDE.findall(read(root, path)) if name != path)
    for path in files_under(root, "tests"):
        if path.endswith(".h") and path not in included:
            yield f"{path}:1: nobody includes it"


def check(root):
    return [problem for library in LIBRARIES for problem in check_library(root, library)] + list(check_helpers(root))


HEADER = "// A header.\n#pragma once\n"
BODIES = [
    "int f() { return 1; }\n", "int f() const noexcept {\n}\n", "struct S {\n  S() : a(1) {}\n};\n", "struct S {\n  S() noexcept\n      : a(1), b{2} {}\n};\n",
    "auto f(int x) -> std::vector<int> {\n  return {x};\n}\n", "template <class T>\nvoid f(T) requires Number<T> {}\n", "int operator()(int) && override {\n}\n",
    "inline auto g = [](int x) { return x; };\n", "template <class T>\nrequires(sizeof(T) == 4) void f(T) {\n}\n", "void f() noexcept(noexcept(g())) {}\n",
]
NO_BODIES = [
    "int f(int x = 3, std::vector<int> = {});\n", "struct S {\n  S() = default;\n  int a{1};\n  std::vector<int> b = {};\n};\n", "// void f() {}\n",
    'constexpr const char* kText = "f() {}";\n', "enum class E : unsigned char { a, b };\n", "int f();\nnamespace n {\nint g();\n}\n",
    "template <class R>\nconcept C = requires(const R& r) { r(); };\n", "extern template int f<int>(int);\nconstexpr int kNumbers[] = {f(1), f(2)};\n",
    "struct alignas(64) S {\n  int f() const;\n};\n", "struct A : B<sizeof(int)>::C {\n};\n".replace("::C", ""),
]

GOOD = {
    "autograd/CMakeLists.txt": "",
    "autograd/autograd.h": HEADER + "inline int top() { return 1; }\n",
    "autograd/base/CMakeLists.txt": "",
    "autograd/base/shape.h": HEADER + "inline int f() { return 1; }\n",
    "autograd/base/shape.cpp": "int g() { return 1; }\n",
    "autograd/base/inline.h": HEADER + "inline int f() { return 1; }\n",
    "autograd/base/table-inl.h": HEADER,
    "autograd/base/declared.h": HEADER + "int f();\n",
    "autograd/ops/CMakeLists.txt": "",
    "autograd/ops/sum.cpp": "",
    "autograd/ops/mean.cpp": "",
    "nn/layers/CMakeLists.txt": "",
    "nn/layers/dense.cpp": "",
    "tests/autograd/CMakeLists.txt": "add_test(a SOURCES base/shape_test.cpp  # base/comment_test.cpp\n  base/table_test.cpp ops/sum_rows.cpp ops/all_test.cpp\n  ops/table.cpp)\n",
    "tests/autograd/base/shape_test.cpp": '// Shapes.\n// Covers autograd/base/inline.h.\n#include "tests/autograd/base/helper.h"\n',
    "tests/autograd/base/table_test.cpp": "",
    "tests/autograd/base/helper.h": HEADER,
    "tests/autograd/ops/sum_rows.cpp": "// Covers autograd/ops/mean.cpp, autograd/ops/sum.cpp.\n",
    "tests/autograd/ops/all_test.cpp": "// All ops.\n// Covers autograd/ops.\n",
    "tests/autograd/ops/table.cpp": "",
    "tests/nn/CMakeLists.txt": "add_python_test(layers/dense_test.py)\n",
    "tests/nn/layers/dense_test.py": "",
}

CMAKE = GOOD["tests/autograd/CMakeLists.txt"]
BAD = [
    # Sources without a test.
    ({"autograd/ops/new.cpp": ""}, ["autograd/ops/new.cpp:1: has no test: expected tests/autograd/ops/new_test.cpp, or a line // Covers autograd/ops/new.cpp."]),
    ({"autograd/ops/new.h": HEADER + "inline int f() { return 1; }\n"}, ["autograd/ops/new.h:1: has no test"]),
    ({"autograd/ops/new-inl.h": HEADER}, ["autograd/ops/new-inl.h:1: has no test: expected tests/autograd/ops/new_test.cpp"]),
    ({"autograd/base/declared.cpp": ""}, ["autograd/base/declared.cpp:1: has no test"]),
    ({"tests/autograd/base/table_test.cpp": None}, ["autograd/base/table-inl.h:1: has no test"]),
    ({"tests/autograd/ops/sum_rows.cpp": ""}, ["autograd/ops/mean.cpp:1: has no test"]),
    ({"tests/nn/layers/dense_test.py": None}, ["nn/layers/dense.cpp:1: has no test"]),
    # A room named covers no file of it.
    ({"tests/autograd/ops/sum_rows.cpp": "// Covers autograd/ops.\n"}, ["autograd/ops/mean.cpp:1: has no test"]),
    # Covers lines.
    ({"tests/autograd/ops/all_test.cpp": "// Covers autograd/ops/gone.cpp.\n"}, ["all_test.cpp:1: autograd/ops/gone.cpp is not there"]),
    ({"tests/autograd/ops/all_test.cpp": "// All.\n// Covers autograd/ops/sum.cpp\n"}, ["all_test.cpp:2: write a Covers line as: // Covers autograd/ops/a.cpp, autograd/ops/b.h."]),
    ({"tests/autograd/ops/all_test.cpp": "// Covers autograd/ops/sum.cpp and more.\n"}, ["all_test.cpp:1: write a Covers line as"]),
    ({"tests/autograd/ops/all_test.cpp": "// Covers sum.cpp.\n"}, ["all_test.cpp:1: sum.cpp is not there"]),
    ({"tests/autograd/ops/all_test.cpp": "// Covers autograd/base/inline.h.\n"}, ["all_test.cpp:1: autograd/base/inline.h is not of the room autograd/ops"]),
    ({"tests/autograd/ops/table.cpp": "// Covers autograd/ops/sum.cpp.\n"}, ["tests/autograd/ops/table.cpp:1: only a test covers something"]),
    # Tests in the room of what they are named after.
    ({"tests/autograd/ops/shape_test.cpp": "", "tests/autograd/CMakeLists.txt": CMAKE + "add_test(ops/shape_test.cpp)\n"},
     ["tests/autograd/ops/shape_test.cpp:1: autograd/base/shape.h is in another room: its test stands in tests/autograd/base"]),
    ({"tests/autograd/ops/all_test.cpp": "// All ops.\n"}, ["all_test.cpp:1: named after no file of autograd/ops: say what it tests: // Covers autograd/ops/x.cpp."]),
    # Rooms.
    ({"tests/autograd/engine/e_test.cpp": "// Covers autograd/ops.\n"}, ["tests/autograd/engine/e_test.cpp:1: tests/autograd/engine is no room"]),
    ({"tests/autograd/e_test.cpp": ""}, ["tests/autograd/e_test.cpp:1: tests/autograd is no room"]),
    ({"tests/autograd/ops/inner/e_test.cpp": ""}, ["tests/autograd/ops/inner/e_test.cpp:1: tests/autograd/ops/inner is no room"]),
    # Lists.
    ({"tests/autograd/base/comment_test.cpp": "// Covers autograd/base.\n"}, ["tests/autograd/base/comment_test.cpp:1: no CMakeLists.txt lists it"]),
    ({"tests/nn/CMakeLists.txt": ""}, ["tests/nn/layers/dense_test.py:1: no CMakeLists.txt lists it"]),
    # Helpers.
    ({"tests/autograd/base/unused.h": HEADER + '#include "tests/autograd/base/unused.h"\n'}, ["tests/autograd/base/unused.h:1: nobody includes it"]),
]
FINE = [
    {"autograd/base/new.h": HEADER + "int f();\n"},
    {"autograd/ops/new.cpp": "", "tests/autograd/ops/all_test.cpp": "// Covers autograd/ops.\n// Covers autograd/ops/new.cpp.\n"},
    {"tests/nn/layers/dense_test.py": "# Covers nn/layers/dense.cpp.\n"},
]


def self_test():
    wrong = [f"a header with {text!r}: no body was found" for text in BODIES if not holds_bodies(HEADER + text)]
    wrong += [f"a header with {text!r}: a body was found" for text in NO_BODIES if holds_bodies(HEADER + text)]
    for changed in ({}, *FINE):
        wrong += [f"a good sample with {changed}: {what}" for what in found_in({**GOOD, **changed}, check)]
    for changed, expected in BAD:
        found = found_in({**GOOD, **changed}, check)
        if len(found) != len(expected) or not all(any(text in what for what in found) for text in expected):
            wrong.append(f"with {changed}: expected {expected}, found {found}")
    return wrong


if __name__ == "__main__":
    problems = self_test() if sys.argv[1:] == ["--self-test"] else check(ROOT)
    print("\n".join(problems) if problems else "nothing found")
    sys.exit(1 if problems else 0)
