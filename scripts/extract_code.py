#!/usr/bin/python3
"""Makes programs of the ```cpp blocks of a Markdown page, and compares the output of a program with the page.

  extract_code.py PAGE FOLDER             writes FOLDER/N.cpp and FOLDER/N.expected for block N; prints a line "N run", "N compile" or
                                          "N refused" each
  extract_code.py --compare FILE PROGRAM  runs PROGRAM; its output must match FILE, in which "..." matches any text
  extract_code.py --refused FILE COMMAND  runs a compiler, which must fail; its text after "error: " must match FILE
  extract_code.py --self-test

A block with a main() is a complete program. Any other block becomes the body of a main() with the usual includes. A comment before a block,
<!-- code: WORDS -->, changes that: "file" places it at file scope, "continues" places the blocks before it (back to the last one without
this word) in front of it, "compile" compiles it without running it, "refused" says that compilers refuse it. A ```text block directly after
a block is its expected output, or what g++ says. A block below <!-- recipe: ... --> is left to tests/docs/adding_test.py.
"""
import os
import re
import subprocess
import sys
import tempfile

PREAMBLE_HEADERS = ["autograd/autograd.h", "nn/nn.h"]
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KNOWN_WORDS = {"file", "continues", "compile", "refused"}


class Block:
    def __init__(self, page, line, language, words):
        self.page, self.line, self.language, self.words = page, line, language, words
        self.text = []
        self.expected = None


def read_blocks(page, text):
    """All fenced C++ blocks with their expected output, in order."""
    blocks, current, fence, words, before = [], None, None, set(), None
    for number, line in enumerate(text.split("\n"), 1):
        opening = re.match(r"^(\s*)(```+)\s*([A-Za-z+]*)\s*$", line)
        if current is not None:
            if line.strip() == fence:
                if current.language == "cpp" and "recipe" not in current.words:
                    blocks.append(current)
                    before = current
                elif current.language == "text" and before is not None:
                    before.expected = "\n".join(current.text) + "\n"
                    before = None
                current = None
            else:
                current.text.append(line)
        elif opening:
            fence = opening.group(2)
            language = opening.group(3)
            if language != "text":
                before = None
            current = Block(page, number, "cpp" if language in ("cpp", "c++") else language, words)
            words = set()
        elif re.match(r"^\s*<!--\s*code:(.*)-->\s*$", line):
            words = set(re.match(r"^\s*<!--\s*code:(.*)-->\s*$", line).group(1).split())
            if words - KNOWN_WORDS:
                raise ValueError(f"{page}:{number}: unknown words {sorted(words - KNOWN_WORDS)}, known are {sorted(KNOWN_WORDS)}")
        elif re.match(r"^\s*<!--\s*recipe:.*-->\s*$", line):
            words = {"recipe"}
        elif line.strip():
            before = None
    if current is not None:
        raise ValueError(f"{page}:{current.line}: block without an end")
    return blocks


def has_main(block):
    return any(re.match(r"^int main\(", line) for line in block.text)


def programs(blocks):
    """A pair (block, source text) per block."""
    result, chain = [], []
    for block in blocks:
        chain = chain + [block] if "continues" in block.words and chain else [block]
        result.append((block, source(chain)))
    return result


def source(chain):
    if has_main(chain[-1]) and len(chain) == 1:
        return numbered(chain[0])
    lines = [f"#include <{header}>" for header in PREAMBLE_HEADERS if os.path.exists(os.path.join(ROOT, header))]
    lines += ["#include <cmath>", "#include <cstdint>", "#include <iostream>", "#include <string>", "#include <vector>"]
    includes = [line for block in chain for line in block.text if line.startswith("#include")]
    lines += [line for line in includes if line not in lines]
    lines += ["namespace chainrule {}", "namespace chainrule::nn {}"]
    text = "\n".join(lines) + "\n"
    whole = "\n".join("\n".join(block.text) for block in chain)
    if not re.search(r"^namespace cr\b", whole, re.M):
        text += "namespace cr = chainrule;\n"
    if not re.search(r"^namespace nn\b", whole, re.M):
        text += "namespace nn = chainrule::nn;\n"
    at_file_scope = [block for block in chain if "file" in block.words or has_main(block)]
    in_main = [block for block in chain if block not in at_file_scope]
    text += "".join(numbered(block) for block in at_file_scope)
    if not any(has_main(block) for block in chain):
        text += "int main() {\n" + "".join(numbered(block) for block in in_main) + "}\n"
    elif in_main:
        raise ValueError(f"{chain[-1].page}:{chain[-1].line}: a block with main() cannot continue statements")
    return text


def numbered(block):
    """The text of the block, with a #line directive so that compilers report lines of the page."""
    kept = [line if not line.startswith("#include") or has_main(block) else "" for line in block.text]
    return f'#line {block.line + 1} "{block.page}"\n' + "\n".join(kept) + "\n"


def extract(page, folder):
    with open(page, encoding="utf-8") as file:
        blocks = read_blocks(page, file.read())
    os.makedirs(folder, exist_ok=True)
    for number, (block, text) in enumerate(programs(blocks), 1):
        write(os.path.join(folder, f"{number}.cpp"), text)
        expected = os.path.join(folder, f"{number}.expected")
        if block.expected is not None:
            write(expected, block.expected)
        elif os.path.exists(expected):
            os.remove(expected)
        print(number, next((word for word in ("compile", "refused") if word in block.words), "run"))


def write(path, text):
    """Writes a file only if its text changes, so that nothing is rebuilt otherwise."""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def stripped(text):
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))


def matches(expected, printed):
    pattern = ".*?".join(re.escape(part) for part in stripped(expected).split("..."))
    return re.fullmatch(pattern, stripped(printed), re.S) is not None


def compare(expected_file, program):
    done = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=False)
    sys.stdout.write(done.stdout)
    if done.returncode != 0:
        print(f"{program} exited with {done.returncode}")
        return 1
    if os.path.exists(expected_file):
        with open(expected_file, encoding="utf-8") as file:
            expected = file.read()
        if not matches(expected, done.stdout):
            print(f"--- the page says:\n{expected}")
            return 1
    return 0


def refused(expected_file, command):
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    sys.stdout.write(done.stderr)
    if done.returncode == 0:
        print("the compiler takes it")
        return 1
    errors = [line.partition("error: ")[2] for line in done.stderr.split("\n") if "error: " in line]
    with open(expected_file, encoding="utf-8") as file:
        expected = file.read()
    if not matches(expected, "\n".join(errors)):
        print(f"--- the page says:\n{expected}")
        return 1
    return 0


def self_test():
    page = "\n".join([
        "# T", "```cpp", "int main() { return 0; }", "```", "prose", "```text", "not its output", "```",
        "```cpp", "cr::Tensor a;", "```", "", "```text", "a ... c", "```", "<!-- code: continues compile -->", "```cpp", "a;", "```",
        "<!-- code: file -->", "```cpp", "struct S {};", "```", "```bash", "ls", "```"])
    blocks = read_blocks("T.md", page)
    assert [block.line for block in blocks] == [2, 9, 17, 21], [block.line for block in blocks]
    assert [block.expected for block in blocks] == [None, "a ... c\n", None, None]
    texts = [text for _, text in programs(blocks)]
    assert texts[0] == '#line 3 "T.md"\nint main() { return 0; }\n'
    assert texts[1].endswith('int main() {\n#line 10 "T.md"\ncr::Tensor a;\n}\n')
    assert texts[2].endswith('int main() {\n#line 10 "T.md"\ncr::Tensor a;\n#line 18 "T.md"\na;\n}\n')
    assert texts[3].endswith('#line 22 "T.md"\nstruct S {};\nint main() {\n}\n')
    assert matches("a ... c\n", "a b\nb c\n") and matches("x  \n", "x\n") and not matches("a ... c\n", "a b\n") and not matches("x\n", "x y\n")
    for wrong in ("```cpp\nint x;\n", "<!-- code: skip -->\n"):
        try:
            read_blocks("T.md", wrong)
        except ValueError:
            continue
        raise AssertionError(f"accepted: {wrong!r}")
    with tempfile.TemporaryDirectory() as folder:
        expected = os.path.join(folder, "1.expected")
        write(expected, "something else\n")
        assert compare(expected, "/bin/true") == 1 and compare(expected + "_none", "/bin/true") == 0
        assert compare(expected + "_none", "/bin/false") == 1
        says = ["/bin/sh", "-c", "echo 'a.cpp:1: error: something else' >&2; exit $0"]
        assert [refused(expected, [*says, code]) for code in "10"] == [0, 1] and refused(expected, ["/bin/false"]) == 1


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if arguments == ["--self-test"]:
        self_test()
    elif len(arguments) == 3 and arguments[0] == "--compare":
        sys.exit(compare(arguments[1], arguments[2]))
    elif len(arguments) > 2 and arguments[0] == "--refused":
        sys.exit(refused(arguments[1], arguments[2:]))
    elif len(arguments) == 2:
        extract(arguments[0], arguments[1])
    else:
        sys.exit(__doc__)
