#!/usr/bin/python3
"""Checks what the compiler cannot: which layer includes which, and what the libraries leave to programs.

  check_layering.py              checks this repository; prints what is wrong as FILE:LINE: TEXT and fails if anything is
  check_layering.py --self-test  proves that each rule finds its bad sample

Layers, lowest first: the standard library, autograd/kernels, autograd, nn, apps. Public is a header in the file set HEADERS of a
CMakeLists.txt; other headers stand in another file set and are seen only by the library's own sources.
"""
import os
import re
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAYERS = ["autograd/kernels", "autograd", "nn", "apps"]
PRINTING = re.compile(r"\b(?:std::)?(?:cout|cerr|clog|printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror)\b")
DERIVATIVES = re.compile(r"\b(?:custom_op|make_op|record_op|grad_out|grad_in)\b")
ENGINE_HEADERS = ("autograd/graph/node.h", "autograd/graph/record.h")  # what gradient rules are made of
HELPERS = ("autograd/base/check.h", "autograd/base/caller.h", "autograd/base/context.h")  # errors and the caller's line: nn's too, public or not
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def layer_of(path):
    if path.startswith(("autograd/base/", "autograd/parallel/")):
        return "autograd/kernels"
    for layer in LAYERS:
        if path.startswith(layer + "/"):
            return layer
    return None


def source_files(root):
    for layer in ("autograd", "nn", "apps", "bench", "tests"):
        for folder, _, names in os.walk(os.path.join(root, layer)):
            for name in sorted(names):
                if name.endswith((".h", ".cpp")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def header_sets(root):
    """Which file set each header of the libraries is in, by the CMakeLists.txt files."""
    sets = {}
    for layer in ("autograd", "nn"):
        for folder, _, names in os.walk(os.path.join(root, layer)):
            if "CMakeLists.txt" not in names:
                continue
            with open(os.path.join(folder, "CMakeLists.txt"), encoding="utf-8") as file:
                words = re.sub(r"#.*", "", file.read()).replace("(", " ( ").replace(")", " ) ").split()
            current = None
            for before, word in zip([""] + words, words):
                if before == "FILE_SET":
                    current = word
                elif word in ("PUBLIC", "PRIVATE"):
                    current = {"PUBLIC": "HEADERS", "PRIVATE": "private_headers"}[word]
                elif word == ")":
                    current = None
                elif word.endswith(".h"):
                    path = os.path.relpath(os.path.normpath(os.path.join(folder, word)), root)
                    sets[path] = current
    return sets


def without_comments(text):
    """The code alone, line by line: comments and the insides of literals blanked."""
    def blank(match):
        kept = match.group(0)
        if kept.startswith("//"):
            return ""
        if kept.startswith("/*"):
            return "\n" * kept.count("\n")
        return kept[0] + "\n" * kept.count("\n") + kept[-1]
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, blank, text, flags=re.S).split("\n")


def check_includes(path, lines, sets, root):
    layer = layer_of(path)
    public = sets.get(path) == "HEADERS"
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        own, system = match.groups()
        if system is not None:
            if re.match(r"^(autograd|nn)/", system) and not path.startswith("tests/"):
                yield number, f'write #include "{system}" inside the repository'
            # The exception is of the C library, and std::shared_ptr's header includes it too.
            elif public and not re.match(r"^([a-z_0-9]+|sys/single_threaded\.h)$", system):
                yield number, f"a public header includes <{system}>, which is not of the standard library"
            if layer in LAYERS[:3]:
                if system in ("iostream", "cstdio", "print"):
                    yield number, f"a library includes <{system}>: only programs print"
                if system.startswith("spdlog/"):
                    yield number, "a library includes spdlog: only programs log"
                if system in ("cassert", "assert.h"):
                    yield number, f"a library includes <{system}>: what is wrong is thrown"
            continue
        if not os.path.exists(os.path.join(root, own)):
            yield number, f'"{own}" is not a path from the root of the repository'
            continue
        other = layer_of(own)
        if layer is None:
            continue
        if other is None:
            yield number, f'{layer} includes "{own}", which is in no layer'
        elif LAYERS.index(other) > LAYERS.index(layer):
            yield number, f'{layer} includes "{own}" of the higher layer {other}'
        elif public and sets.get(own) != "HEADERS":
            yield number, f'a public header includes "{own}", which is not public'
        elif layer == "nn" and own in HELPERS:
            pass
        elif layer in ("nn", "apps") and other != layer and own.endswith(".h") and sets.get(own) != "HEADERS":
            yield number, f'{layer} includes "{own}", which is not public'
        if layer == "nn" and own in ENGINE_HEADERS:
            yield number, f'nn holds no derivative, but this includes "{own}"'
        if own.endswith(".cpp"):
            yield number, f'"{own}" is not a header'


def check_text(path, text, sets):
    layer = layer_of(path)
    code = without_comments(text)
    lines = text.split("\n")
    per_target = layer == "autograd/kernels" and ("hwy/foreach_target.h" in text or path.endswith("-inl.h"))
    for number, line in enumerate(code, 1):
        if re.match(r"^\s*#\s*define\b", line) and not per_target and not path.startswith("tests/"):
            yield number, "a macro"
        if layer in LAYERS[:3] and not INCLUDE.match(lines[number - 1]):
            if PRINTING.search(line):
                yield number, "a library prints"
            if "spdlog" in line:
                yield number, "a library logs"
            if re.search(r"(?<![\w])assert\s*\(", line):
                yield number, "assert in a library: what is wrong is thrown"
        if layer == "nn":
            match = DERIVATIVES.search(line)
            if match:
                yield number, f"nn holds no derivative, but this says {match.group(0)}"
    if path.endswith(".h"):
        rest = [line for line in lines if line.strip()]
        if not rest or not lines[0].startswith("// "):
            yield 1, "a header starts with a line that says what it is for: // ..."
        while rest and rest[0].startswith("//"):
            rest.pop(0)
        if not path.endswith("-inl.h") and (not rest or rest[0] != "#pragma once"):
            yield 2, "#pragma once follows the first comment"
        if layer in LAYERS[:3] and path not in sets:
            yield 1, "this header is in no file set of a CMakeLists.txt"
        if path.startswith("autograd/kernels/") and sets.get(path) == "HEADERS":
            yield 1, "kernels are private, but this header is in the public file set"


def check(root):
    sets = header_sets(root)
    found = []
    for path in source_files(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for number, what in [*check_includes(path, text.split("\n"), sets, root), *check_text(path, text, sets)]:
            found.append(f"{path}:{number}: {what}")
    for path in sorted(sets):
        if not os.path.exists(os.path.join(root, path)):
            found.append(f"{path}:1: listed in a CMakeLists.txt but not there")
    return found


GOOD = {
    "autograd/CMakeLists.txt": "target_sources(chainrule PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES a.h)\n"
                               "target_sources(chainrule PRIVATE FILE_SET private_headers TYPE HEADERS FILES graph/node.h)\n",
    "autograd/kernels/CMakeLists.txt": "target_sources(chainrule PRIVATE k.cpp)\n"
                                       "target_sources(chainrule PRIVATE FILE_SET private_headers TYPE HEADERS FILES k.h)\n",
    "nn/CMakeLists.txt": "target_sources(chainrule PUBLIC FILE_SET HEADERS FILES n.h)\n",
    "autograd/kernels/k.h": "// Kernels.\n#pragma once\n\n#include <cstdint>\n",
    "autograd/kernels/k.cpp": '#define HWY_TARGET_INCLUDE "autograd/kernels/k.cpp"\n#include <hwy/foreach_target.h>\n#include "autograd/kernels/k.h"\n',
    "autograd/a.h": "// Tensors, not printf.\n#pragma once\n#include <sys/single_threaded.h>\n#include <vector>\n",
    "autograd/a.cpp": '#include "autograd/a.h"\n#include "autograd/kernels/k.h"\nstatic_assert(true);  // assert(x)\nconst char* t = "std::cout";\n',
    "autograd/graph/node.h": '// Nodes.\n#pragma once\n#include "autograd/kernels/k.h"\n',
    "nn/n.h": '// Layers.\n#pragma once\n#include "autograd/a.h"\n',
    "apps/main.cpp": '#include <iostream>\n#include "nn/n.h"\nint main() { std::cout << 1; }\n',
}

BAD = [
    ("autograd/kernels/k.cpp", '#include "autograd/a.h"\n', "of the higher layer autograd"),
    ("autograd/a.cpp", '#include "nn/n.h"\n', "of the higher layer nn"),
    ("nn/n.cpp", '#include "apps/main.cpp"\n', "of the higher layer apps"),
    ("autograd/a.cpp", '#include "a.h"\n', "is not a path from the root"),
    ("autograd/a.cpp", "#include <autograd/a.h>\n", 'write #include "autograd/a.h"'),
    ("autograd/a.h", '// A.\n#pragma once\n#include "autograd/kernels/k.h"\n', '"autograd/kernels/k.h", which is not public'),
    ("autograd/a.h", '// A.\n#pragma once\n#include "autograd/graph/node.h"\n', '"autograd/graph/node.h", which is not public'),
    ("autograd/a.h", "// A.\n#pragma once\n#include <zlib.h>\n", "not of the standard library"),
    ("nn/n.cpp", '#include "autograd/graph/node.h"\n', '"autograd/graph/node.h", which is not public'),
    ("nn/n.cpp", '#include "autograd/graph/node.h"\n', "nn holds no derivative"),
    ("nn/n.cpp", '#include "autograd/kernels/k.h"\n', '"autograd/kernels/k.h", which is not public'),
    ("nn/n.cpp", "auto y = cr::custom_op(1);\n", "nn holds no derivative"),
    ("nn/n.cpp", "Tensor f(const Tensor& grad_out);\n", "nn holds no derivative"),
    ("nn/n.cpp", "#include <iostream>\n", "only programs print"),
    ("autograd/a.cpp", "void f() { std::cerr << 1; }\n", "a library prints"),
    ("nn/n.cpp", 'void f() { printf("x"); }\n', "a library prints"),
    ("nn/n.cpp", "#include <spdlog/spdlog.h>\n", "only programs log"),
    ("autograd/a.cpp", "void f(int n) { assert(n); }\n", "assert in a library"),
    ("autograd/a.cpp", "  #  define N 3\n", "a macro"),
    ("apps/main.cpp", "#define N 3\n", "a macro"),
    ("nn/n.h", "#pragma once\n", "says what it is for"),
    ("nn/n.h", "// N.\n#ifndef N_H\n", "#pragma once follows"),
    ("nn/new.h", "// N.\n#pragma once\n", "in no file set"),
    ("autograd/CMakeLists.txt", "target_sources(chainrule PUBLIC FILE_SET HEADERS FILES a.h graph/node.h gone.h)\n", "listed in a CMakeLists.txt but not there"),
    ("autograd/kernels/CMakeLists.txt", "target_sources(chainrule PUBLIC FILE_SET HEADERS FILES k.h)\n", "kernels are private"),
]


def found_in(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return check(root)


def self_test():
    wrong = [f"the good sample: {what}" for what in found_in(GOOD)]
    for path, text, expected in BAD:
        found = found_in({**GOOD, path: text})
        if not any(expected in what for what in found):
            wrong.append(f"{path} with {text!r}: expected '{expected}', found {found}")
    return wrong


if __name__ == "__main__":
    problems = self_test() if sys.argv[1:] == ["--self-test"] else check(ROOT)
    print("\n".join(problems) if problems else "nothing found")
    sys.exit(1 if problems else 0)
