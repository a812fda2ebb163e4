#!/usr/bin/python3
"""Checks rules that the compiler cannot: the order of the rooms, and what libraries must not do, such as printing.

  check_layering.py              checks this repository, prints each problem as FILE:LINE: TEXT and exits with 1 if there is any
  check_layering.py --self-test  checks that each rule finds its bad sample

A room is a folder of autograd/ or nn/. A file may include files of its own room and of rooms listed before it in ROOMS. The folders
autograd/ and nn/ themselves contain only their umbrella header. Public headers are those listed under PUBLIC in a chainrule_headers() call.
The others are internal: they are not installed, and their second comment line says so.
"""
import os
import re
import sys

sys.dont_write_bytecode = True
from sample_tree import found_in  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = [
    "autograd/base", "autograd/parallel", "autograd/kernels", "autograd/graph", "autograd/ops", "autograd/derivatives", "autograd",
    "nn/files", "nn/data", "nn/module", "nn/layers", "nn/losses", "nn/metrics", "nn/optim", "nn/weights", "nn/train", "nn/graph",
    "nn/model_file", "nn", "apps",
]
UMBRELLAS = ("autograd/autograd.h", "nn/nn.h")
ENGINE_HEADERS = ("autograd/graph/node.h", "autograd/graph/record.h")  # used to write gradient rules
LAYERS = "nn/layers/layers.h"  # names all layers
GENERATED = ("layer_entries.inc", "optimizer_names.h")  # headers that CMake generates
# Errors, the caller's line, fork() and streams; nn/ may include these.
HELPERS = ("autograd/base/check.h", "autograd/base/caller.h", "autograd/base/context.h", "autograd/base/fork.h", "autograd/base/text_stream.h")
PRINTING = re.compile(r"\b(?:std::)?(?:cout|cerr|clog|printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror)\b")
LOCALE = re.compile(
    r"\b(?:[io]?stringstream|[io]?fstream|strto(?:f|d|ld)|sto(?:f|d|ld)|atof|v?sn?printf|sscanf|strerror|(?:generic|system)_category|setlocale|"
    r"tolower|toupper|is(?:alnum|alpha|upper|lower|digit|space|punct|print|cntrl))\b(?! *=)")
LOCALE_HELPERS = ("autograd/base/text_stream.h", "nn/files/file_error.cpp")  # may use these, because they do it independently of the locale
DERIVATIVES = re.compile(r"\b(?:custom_op|make_op|record_op|make_result|grad_out|grad_in)\b")
INTERNAL = "// Internal header: not installed."
EXPORT_TEMPLATE = '[[gnu::visibility("default")]]'  # for GCC the pragma has no effect on function templates that are defined outside of it
TEMPLATE = re.compile(r"^template <.*>\n(?:requires .*\n)?((?!\[\[gnu::visibility)[^\n(;{=]*\([^;{]*;)", flags=re.M)
EXPORT = ("#pragma GCC visibility push(default)", "#pragma GCC visibility pop")  # what is between them, a shared library exports
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def room_of(path):
    """The room of a file; None outside the libraries and apps/."""
    parts = path.split("/")
    if parts[0] == "apps":
        return "apps"
    if parts[0] in ("autograd", "nn"):
        return "/".join(parts[:-1][:2])
    return None


def in_library(path):
    return path.startswith(("autograd/", "nn/"))


def source_files(root):
    for top in ("autograd", "nn", "apps", "bench", "tests"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith((".h", ".cpp")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def header_sets(root):
    """PUBLIC or PRIVATE for each header of the libraries, from the chainrule_headers() and chainrule_table() calls."""
    sets = {}
    for library in ("autograd", "nn"):
        for folder, _, names in os.walk(os.path.join(root, library)):
            if "CMakeLists.txt" not in names:
                continue
            with open(os.path.join(folder, "CMakeLists.txt"), encoding="utf-8") as file:
                text = re.sub(r"#.*", "", file.read())
            for call in re.findall(r"chainrule_headers\(([^)]*)\)", text):
                current = None
                for word in call.split():
                    if word in ("PUBLIC", "PRIVATE"):
                        current = word
                    else:
                        sets[os.path.relpath(os.path.normpath(os.path.join(folder, word)), root)] = current
            for table in re.findall(r"chainrule_table\(\s*\w+\s+\w+\s+([\w.]+)", text):
                path = os.path.relpath(os.path.join(folder, table), root)
                sets[path] = "PUBLIC"
                if os.path.exists(os.path.join(root, path)):
                    with open(os.path.join(root, path), encoding="utf-8") as file:
                        sets.update({header: "PUBLIC" for header in re.findall(r'^#include "([^"]+)"', file.read(), flags=re.M)})
    return sets


def is_table(root, header):
    """Whether a header is the table of its room, see chainrule_table() in cmake/ChainruleSources.cmake."""
    path = os.path.join(root, os.path.dirname(header), "CMakeLists.txt")
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as file:
        return re.search(rf"chainrule_table\(\s*\w+\s+\w+\s+{re.escape(os.path.basename(header))}\s", file.read()) is not None


def without_comments(text):
    """The lines of the text without comments and without the contents of literals."""
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
    room = room_of(path)
    public = sets.get(path) == "PUBLIC"
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        own, system = match.groups()
        if system is not None:
            if re.match(r"^(autograd|nn)/", system) and not path.startswith("tests/"):
                yield number, f'write #include "{system}" inside the repository'
            # The exception is a header of the C library that std::shared_ptr's header includes, too.
            elif public and not re.match(r"^([a-z_0-9]+|sys/single_threaded\.h)$", system):
                yield number, f"a public header includes <{system}>, which is not of the standard library"
            if in_library(path):
                if system in ("iostream", "cstdio", "print"):
                    yield number, f"a library includes <{system}>: only programs print"
                if system.startswith("spdlog/"):
                    yield number, "a library includes spdlog: only programs log"
                if system in ("cassert", "assert.h"):
                    yield number, f"a library includes <{system}>: throw an exception instead"
            continue
        if own in GENERATED:
            continue
        if not os.path.exists(os.path.join(root, own)):
            yield number, f'"{own}" is not a path from the root of the repository'
            continue
        if own.endswith(".cpp"):
            yield number, f'"{own}" is not a header'
        other = room_of(own)
        if room not in ROOMS:
            continue  # tests and benchmarks may include anything; a folder that is no room is reported once, by check_rooms()
        if other not in ROOMS:
            yield number, f'{room} includes "{own}", which is in no room'
        elif ROOMS.index(other) > ROOMS.index(room):
            yield number, f'{room} includes "{own}" of the higher room {other}'
        elif public and sets.get(own) != "PUBLIC":
            yield number, f'a public header includes "{own}", which is not public'
        elif room.split("/")[0] != other.split("/")[0] and sets.get(own) != "PUBLIC" and not (in_library(path) and own in HELPERS):
            yield number, f'{room} includes "{own}", which is not public'
        if path.startswith("nn/") and own in ENGINE_HEADERS:
            yield number, f'nn holds no derivative, but this includes "{own}"'


def check_text(path, text, sets):
    room = room_of(path)
    code = without_comments(text)
    lines = text.split("\n")
    per_target = room == "autograd/kernels" and ("hwy/foreach_target.h" in text or path.endswith("-inl.h"))
    for number, line in enumerate(code, 1):
        if re.match(r"^\s*#\s*define\b", line) and not per_target and not path.startswith("tests/"):
            yield number, "a macro"
        if in_library(path) and not INCLUDE.match(lines[number - 1]):
            if PRINTING.search(line):
                yield number, "a library prints"
            if "spdlog" in line:
                yield number, "a library logs"
            if re.search(r"(?<![\w])assert\s*\(", line):
                yield number, "assert in a library: throw an exception instead"
        if room in ROOMS and path not in LOCALE_HELPERS and not INCLUDE.match(lines[number - 1]):
            match = LOCALE.search(line)
            if match:
                yield number, f"{match.group(0)} depends on the locale: use TextStream, to_chars, parse_number(), ascii.h or file_error.h"
        if path.startswith("nn/"):
            match = DERIVATIVES.search(line)
            if match:
                yield number, f"nn holds no derivative, but this says {match.group(0)}"
    if path.endswith(".h"):
        rest = [line for line in lines if line.strip()]
        if not rest or not lines[0].startswith("// "):
            yield 1, "a header starts with a comment line that says what it is for: // ..."
        comment = []
        while rest and rest[0].startswith("//"):
            comment.append(rest.pop(0))
        if not path.endswith("-inl.h") and (not rest or rest[0] != "#pragma once"):
            yield 2, "#pragma once follows the first comment"
        if in_library(path):
            if path not in sets:
                yield 1, "this header is in no chainrule_headers() or chainrule_table() of a CMakeLists.txt"
            elif (INTERNAL in comment) != (sets[path] == "PRIVATE"):
                yield 2, f"an internal header, and only such a one, has the line {INTERNAL}"
            declares = sets.get(path) == "PUBLIC" and any(re.match(r"(inline )?namespace\b", line) for line in code)
            if declares and (not re.search(rf"\n{re.escape(EXPORT[0])}\nnamespace ", text) or not text.endswith(f"\n{EXPORT[1]}\n")):
                yield 1, f"a public header has {EXPORT[0]} before its namespace, and ends with {EXPORT[1]}"
            if declares:
                for match in TEMPLATE.finditer("\n".join(code)):
                    yield 1 + "\n".join(code)[: match.start(1)].count("\n"), f"this function template is defined elsewhere: it starts with {EXPORT_TEMPLATE}"
            if not declares and any(line in EXPORT for line in lines):
                yield 1, "only public headers that declare something set the visibility"
        if room == "autograd/kernels" and sets.get(path) == "PUBLIC":
            yield 1, "kernels are internal, but this header is public"


def check_rooms(root):
    """Problems of the folders of the libraries, and paths named in this script that do not exist."""
    for path in (*ROOMS, *UMBRELLAS, *ENGINE_HEADERS, *HELPERS, *LOCALE_HELPERS):
        if not os.path.exists(os.path.join(root, path)):
            yield f"{path}:1: named in check_layering.py but not there"
    for library in ("autograd", "nn"):
        for name in sorted(os.listdir(os.path.join(root, library))):
            path = f"{library}/{name}"
            if os.path.isdir(os.path.join(root, path)):
                if path not in ROOMS:
                    yield f"{path}:1: a folder that is no room: add it to ROOMS at its place"
                for inner in sorted(os.listdir(os.path.join(root, path))):
                    if os.path.isdir(os.path.join(root, path, inner)):
                        yield f"{path}/{inner}:1: a room has no folders"
            elif path not in UMBRELLAS and name != "CMakeLists.txt":
                yield f"{path}:1: the top of {library}/ holds its umbrella header alone"


def check_layers(root):
    """Whether layers.h names the layers that the headers of its folder declare, each on the line of its header."""
    if not os.path.exists(os.path.join(root, LAYERS)):
        return
    named, header = {}, None
    with open(os.path.join(root, LAYERS), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = re.match(r'^(?:#include "([^"]+)")? +// (.+)$', line)
            if match:
                header = match.group(1) or header
                named.update({name: (header, number) for name in match.group(2).split()})
    declared = {}
    folder = os.path.dirname(LAYERS)
    for name in sorted(os.listdir(os.path.join(root, folder))):
        if name.endswith(".h"):
            with open(os.path.join(root, folder, name), encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    match = re.match(r"^class (\w+)(?: final)? : public (?:BuiltInLayer|PlainLayer|BuiltIn)\b", line)
                    if match and not match.group(1).endswith("Layer"):
                        declared[match.group(1)] = (f"{folder}/{name}", number)
    for name, (path, number) in declared.items():
        if named.get(name, ("", 0))[0] != path:
            yield f'{path}:{number}: the layer {name} is not named in {LAYERS}: add it to the line #include "{path}"  // {name}'
    for name, (path, number) in named.items():
        if name not in declared:
            yield f"{LAYERS}:{number}: {path} declares no layer {name}"


def check(root):
    sets = header_sets(root)
    found = [*check_rooms(root), *check_layers(root)]
    for path in source_files(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            text = file.read()
        for number, what in [*check_includes(path, text.split("\n"), sets, root), *check_text(path, text, sets)]:
            found.append(f"{path}:{number}: {what}")
    for path in sorted(sets):
        if not os.path.exists(os.path.join(root, path)):
            found.append(f"{path}:1: listed in a CMakeLists.txt but not there")
    return found


INTERNAL_HEADER = f"// An internal header.\n{INTERNAL}\n#pragma once\n"
PUBLIC_HEADER = "// A public header.\n#pragma once\n"
EXPORTED = "{}\nnamespace chainrule {{\nvoid f();\n}}  // namespace chainrule\n{}\n".format(*EXPORT)

GOOD = {
    **{f"{room}/CMakeLists.txt": "" for room in ROOMS},
    "autograd/CMakeLists.txt": "chainrule_headers(PUBLIC autograd.h)\n",
    "autograd/autograd.h": PUBLIC_HEADER + '#include "autograd/graph/tensor.h"\n',
    "autograd/base/CMakeLists.txt": "chainrule_headers(PUBLIC caller.h PRIVATE check.h context.h fork.h text_stream.h)\n",
    "autograd/base/text_stream.h": INTERNAL_HEADER + "#include <sstream>\nclass TextStream : public std::ostringstream {};\n",
    "nn/files/file_error.cpp": "void f() { std::generic_category(); }\n",
    "autograd/base/caller.h": PUBLIC_HEADER + "#include <sys/single_threaded.h>\n#include <vector>\n",
    "autograd/base/check.h": INTERNAL_HEADER,
    "autograd/base/context.h": INTERNAL_HEADER,
    "autograd/base/fork.h": INTERNAL_HEADER,
    "autograd/kernels/CMakeLists.txt": "target_sources(chainrule PRIVATE k.cpp)\nchainrule_headers(PRIVATE k.h)\n",
    "autograd/kernels/k.h": INTERNAL_HEADER + "#include <cstdint>\n",
    "autograd/kernels/k.cpp": '#define HWY_TARGET_INCLUDE "autograd/kernels/k.cpp"\n#include <hwy/foreach_target.h>\n#include "autograd/kernels/k.h"\n',
    "autograd/graph/CMakeLists.txt": "chainrule_headers(PUBLIC tensor.h PRIVATE node.h record.h)\n",
    "autograd/graph/tensor.h": PUBLIC_HEADER + '#include "autograd/base/caller.h"\n' + EXPORTED,
    "autograd/graph/tensor.cpp": '#include "autograd/graph/tensor.h"\n#include "autograd/kernels/k.h"\nstatic_assert(true);  // assert(x)\nconst char* t = "std::cout";\n',
    "autograd/graph/node.h": INTERNAL_HEADER + '#include "autograd/kernels/k.h"\n',
    "autograd/graph/record.h": INTERNAL_HEADER,
    "nn/CMakeLists.txt": "chainrule_headers(PUBLIC nn.h)\n",
    "nn/nn.h": PUBLIC_HEADER + '#include "autograd/autograd.h"\n#include "nn/layers/l.h"\n',
    "nn/layers/CMakeLists.txt": "chainrule_headers(PUBLIC l.h)\nchainrule_table(chainrule_compact networks layers.h layers)\n",
    "nn/layers/layers.h": PUBLIC_HEADER + '#include "nn/layers/scale.h"  // Scale\n                            // Shift\n',
    "nn/layers/scale.h": PUBLIC_HEADER + "class ScalingLayer : public BuiltIn {};\nclass Scale : public BuiltInLayer<Scale> {};\nclass Shift : public PlainLayer<Shift> {};\n",
    "nn/layers/scale.cpp": '#include "nn/layers/scale.h"\n#include "layer_entries.inc"\n',
    "nn/layers/l.h": PUBLIC_HEADER + '#include "autograd/graph/tensor.h"\n',
    "nn/layers/l.cpp": '#include "autograd/base/check.h"\n#include "nn/layers/l.h"\n',
    "apps/main.cpp": '#include <iostream>\n#include "nn/nn.h"\nint main() { std::cout << 1; }\n',
}

BAD = [
    # A room may not include one that comes after it, in either library.
    ("autograd/base/b.cpp", '#include "autograd/kernels/k.h"\n', "of the higher room autograd/kernels"),
    ("autograd/kernels/k.cpp", '#include "autograd/graph/tensor.h"\n', "of the higher room autograd/graph"),
    ("autograd/ops/o.cpp", '#include "autograd/autograd.h"\n', "of the higher room autograd"),
    ("autograd/graph/tensor.cpp", '#include "nn/layers/l.h"\n', "of the higher room nn/layers"),
    ("nn/files/f.cpp", '#include "nn/layers/l.h"\n', "of the higher room nn/layers"),
    ("nn/layers/l.cpp", '#include "nn/nn.h"\n', "of the higher room nn"),
    ("nn/layers/l.cpp", '#include "apps/main.cpp"\n', "of the higher room apps"),
    # Rooms have no folders, are listed in ROOMS, and contain all files but the umbrella headers.
    ("nn/extra.cpp", "\n", "the top of nn/ holds its umbrella header alone"),
    ("autograd/extra/e.cpp", "\n", "a folder that is no room"),
    ("nn/layers/inner/e.cpp", "\n", "a room has no folders"),
    ("autograd/base/context.h", None, "autograd/base/context.h:1: named in check_layering.py but not there"),
    ("autograd/graph/record.h", None, "autograd/graph/record.h:1: named in check_layering.py but not there"),
    ("nn/metrics/CMakeLists.txt", None, "nn/metrics:1: named in check_layering.py but not there"),
    ("autograd/graph/tensor.cpp", '#include "tensor.h"\n', "is not a path from the root"),
    ("autograd/graph/tensor.cpp", "#include <autograd/graph/tensor.h>\n", 'write #include "autograd/graph/tensor.h"'),
    ("autograd/graph/tensor.h", PUBLIC_HEADER + '#include "autograd/kernels/k.h"\n', '"autograd/kernels/k.h", which is not public'),
    ("autograd/graph/tensor.h", PUBLIC_HEADER + '#include "autograd/graph/node.h"\n', '"autograd/graph/node.h", which is not public'),
    ("autograd/graph/tensor.h", PUBLIC_HEADER + "#include <zlib.h>\n", "not of the standard library"),
    ("nn/layers/l.cpp", '#include "autograd/graph/node.h"\n', '"autograd/graph/node.h", which is not public'),
    ("nn/layers/l.cpp", '#include "autograd/graph/node.h"\n', "nn holds no derivative"),
    ("nn/layers/l.cpp", '#include "autograd/kernels/k.h"\n', '"autograd/kernels/k.h", which is not public'),
    ("apps/main.cpp", '#include "autograd/base/check.h"\n', '"autograd/base/check.h", which is not public'),
    ("nn/layers/l.cpp", "auto y = cr::custom_op(1);\n", "nn holds no derivative"),
    ("nn/layers/l.cpp", "Tensor f(const Tensor& grad_out);\n", "nn holds no derivative"),
    ("nn/layers/l.cpp", "#include <iostream>\n", "only programs print"),
    ("autograd/graph/tensor.cpp", "void f() { std::cerr << 1; }\n", "a library prints"),
    ("nn/layers/l.cpp", 'void f() { printf("x"); }\n', "a library prints"),
    ("nn/layers/l.cpp", "#include <spdlog/spdlog.h>\n", "only programs log"),
    ("autograd/graph/tensor.cpp", "void f(int n) { assert(n); }\n", "assert in a library"),
    ("autograd/graph/tensor.cpp", "#include <sstream>\nstd::ostringstream out;\n", "tensor.cpp:2: ostringstream depends on the locale"),
    ("nn/layers/l.cpp", "std::ofstream file(path);\n", "ofstream depends on the locale"),
    ("apps/main.cpp", "double x = std::stod(text);\n", "stod depends on the locale"),
    ("nn/layers/l.cpp", "char c = std::tolower(letter);\n", "tolower depends on the locale"),
    ("autograd/base/text_stream.h", None, "autograd/base/text_stream.h:1: named in check_layering.py but not there"),
    ("autograd/graph/tensor.cpp", "  #  define N 3\n", "a macro"),
    ("apps/main.cpp", "#define N 3\n", "a macro"),
    ("nn/layers/l.h", "#pragma once\n", "says what it is for"),
    ("nn/layers/l.h", "// L.\n#ifndef L_H\n", "#pragma once follows"),
    ("nn/layers/new.h", PUBLIC_HEADER, "in no chainrule_headers()"),
    ("nn/layers/new.h", PUBLIC_HEADER + "class New : public BuiltInLayer<New> {};\n", "the layer New is not named in nn/layers/layers.h"),
    ("nn/layers/layers.h", PUBLIC_HEADER + '#include "nn/layers/scale.h"  // Scale\n', "the layer Shift is not named in nn/layers/layers.h"),
    ("nn/layers/layers.h", PUBLIC_HEADER + '#include "nn/layers/scale.h"  // Scale Shift Other\n', "nn/layers/scale.h declares no layer Other"),
    ("nn/layers/l.h", INTERNAL_HEADER, "and only such a one"),
    ("autograd/base/check.h", PUBLIC_HEADER, "and only such a one"),
    ("autograd/graph/tensor.h", PUBLIC_HEADER + EXPORTED.replace(EXPORT[0], ""), "a public header has #pragma GCC visibility push(default) before"),
    ("autograd/graph/tensor.h", PUBLIC_HEADER + EXPORTED.replace(EXPORT[1], ""), "and ends with #pragma GCC visibility pop"),
    ("autograd/graph/tensor.h", PUBLIC_HEADER + EXPORTED.replace("void f()", "template <class T>\nvoid f(T x)"), "starts with [[gnu::visibility"),
    ("autograd/graph/node.h", INTERNAL_HEADER + EXPORTED, "only public headers that declare something"),
    ("autograd/graph/CMakeLists.txt", "chainrule_headers(PUBLIC tensor.h PRIVATE node.h record.h gone.h)\n", "listed in a CMakeLists.txt but not there"),
    ("autograd/kernels/CMakeLists.txt", "chainrule_headers(PUBLIC k.h)\n", "kernels are internal"),
]


def self_test():
    wrong = [f"the good sample: {what}" for what in found_in(GOOD, check)]
    for path, text, expected in BAD:
        found = found_in({**GOOD, path: text}, check)
        if not any(expected in what for what in found):
            wrong.append(f"{path} with {text!r}: expected '{expected}', found {found}")
    return wrong


if __name__ == "__main__":
    problems = self_test() if sys.argv[1:] == ["--self-test"] else check(ROOT)
    print("\n".join(problems) if problems else "nothing found")
    sys.exit(1 if problems else 0)
