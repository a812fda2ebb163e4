"""Follows the recipe of docs/adding.md for an elementwise op on a copy of this repository: adding_test.py COMPILER FOLDER TestCase.test ...;
--list prints the tests' names. The copy and its build stay in FOLDER, so that a second run compiles little."""
import os
import re
import shutil
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STEP = re.compile(r'^<!-- recipe: (\S+) (after|before) "([^\n]*)" -->\n```cpp\n(.*?)^```$', re.M | re.S)
COPIED = ("CMakeLists.txt", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "autograd", "nn", "apps", "bench", "cmake", "docs", "scripts",
          "tests", "third_party")
COMPILER = TREE = None


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def recipe():
    """The steps of the page: file, "after" or "before", the text of a line, and what is inserted there."""
    return STEP.findall(read(os.path.join(ROOT, "docs/adding.md")))


def copy_tree():
    """Makes the copy, or brings it up to date; the times of files that are the same stay."""
    for name in COPIED:
        source = os.path.join(ROOT, name)
        for folder, folders, files in os.walk(source) if os.path.isdir(source) else [(ROOT, [], [name])]:
            folders[:] = [inner for inner in folders if inner != "__pycache__"]
            for file in files:
                to = os.path.join(TREE, os.path.relpath(os.path.join(folder, file), ROOT))
                os.makedirs(os.path.dirname(to), exist_ok=True)
                shutil.copy2(os.path.join(folder, file), to)


def follow(step):
    """Inserts the code of a step."""
    path, where, mark, code = step
    lines = read(os.path.join(TREE, path)).splitlines(keepends=True)
    at = [number for number, line in enumerate(lines) if mark in line]
    if len(at) != 1:
        raise AssertionError(f"{path}: {len(at)} lines with {mark!r}, expected one")
    lines.insert(at[0] + (where == "after"), code)
    with open(os.path.join(TREE, path), "w", encoding="utf-8") as file:
        file.write("".join(lines))


def undo(step):
    shutil.copy2(os.path.join(ROOT, step[0]), os.path.join(TREE, step[0]))


def run(*command):
    done = subprocess.run(command, cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def check(name):
    return run(sys.executable, "-B", f"scripts/{name}.py")


class Recipe(unittest.TestCase):
    def test_three_places(self):
        steps = recipe()
        self.assertEqual([step[0] for step in steps],
                         ["autograd/ops/elementwise.h", "autograd/ops/elementwise.cpp", "tests/autograd/ops/elementwise_rows.cpp"])
        name = re.search(r"^Tensor (\w+)\(", steps[0][3], re.M).group(1)
        copy_tree()

        # Each place that is forgotten is named.
        follow(steps[0])
        self.assertIn(f"{name} has no row in the op table", check("check_op_table")[1])
        undo(steps[0])
        follow(steps[2])
        self.assertIn(f"the row {name} is of no op", check("check_op_table")[1])
        follow(steps[0])
        undo(steps[2])
        without_plain = (*steps[2][:3], re.sub(name + r", \[\]", "[](const TensorArg& x) { return " + name + "(x); }, []", steps[2][3]))
        follow(without_plain)
        self.assertIn(f"{name} is not called in tests/fuzz/ops_fuzz.cpp", check("check_complete")[1])
        undo(steps[2])
        without_points = (*steps[2][:3], re.sub(r"\.(smooth_at|kink)\(", ".gives(", steps[2][3]))
        follow(without_points)
        self.assertIn(f"the row {name} has no smooth_at(", check("check_op_table")[1])
        undo(steps[2])

        for step in steps[1:]:
            follow(step)
        for checker in ("check_op_table", "check_op_form", "check_complete", "check_layering", "check_tests"):
            status, output = check(checker)
            self.assertEqual(status, 0, output)

        build = os.path.join(TREE, "build")
        status, output = run("cmake", "-S", TREE, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={COMPILER}", "-DCMAKE_BUILD_TYPE=Debug",
                             "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DCHAINRULE_UNITY=ON", "-DCHAINRULE_GEMM=builtin", "-DCHAINRULE_BUILD_APPS=OFF",
                             "-DCHAINRULE_BUILD_BENCH=OFF", "-DCHAINRULE_INSTALL=OFF")
        self.assertEqual(status, 0, output)
        status, output = run("cmake", "--build", build, "--target", "op_table_test")
        self.assertEqual(status, 0, output)
        program = os.path.join(build, "tests/autograd/op_table_test")
        status, output = run(program, "--list_content")
        self.assertIn(f"    {name}*\n        values*\n        gradient*\n        second_gradient*\n        float32*\n        special_points*\n        errors*\n", output)
        status, output = run(program, f"--run_test=ops/{name}:random_shapes/unary")
        self.assertEqual(status, 0, output)


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("Recipe.test_three_places")
        sys.exit()
    COMPILER, TREE = sys.argv[1], os.path.join(os.path.abspath(sys.argv[2]), "tree")
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
