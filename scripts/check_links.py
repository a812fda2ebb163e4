#!/usr/bin/python3
"""Checks that what the pages point to is there: links, their anchors, and paths of this repository named in code.

  check_links.py              checks README.md, CONTRIBUTING.md, CHANGELOG.md and docs/*.md; prints each problem as FILE:LINE: TEXT
                              and fails if there is any
  check_links.py --self-test  proves that it finds each kind of problem

A link is relative to its page; its #anchor must be a heading of the page it leads to. A path is a word in `code`, or in a block of shell
commands, that begins with one of TOPS, or a file of the top folder such as CMakePresets.json; `*` stands for any letters.
"""
import glob
import os
import re
import sys

sys.dont_write_bytecode = True
from sample_tree import found_in  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP_PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
TOPS = (".ci", "apps", "autograd", "bench", "cmake", "docs", "nn", "scripts", "tests", "third_party")
SHELL = ("bash", "sh", "shell")
LINK = re.compile(r"\]\(([^()\s]+)\)")  # its text may begin on another line
PATH = re.compile(rf"^(?:(?:{'|'.join(re.escape(top) for top in TOPS)})/[\w./*+-]*|[A-Z]\w+\.(?:md|json|txt))$")


def pages_in(root):
    return [*TOP_PAGES, *sorted(f"docs/{name}" for name in os.listdir(os.path.join(root, "docs")) if name.endswith(".md"))]


def lines_in(root, page):
    """(number, line, language of the block it stands in, None outside of blocks), without the lines of fences."""
    language = fence = None
    with open(os.path.join(root, page), encoding="utf-8") as file:
        for number, line in enumerate(file.read().split("\n"), 1):
            match = re.match(r"^\s*(```+)\s*(\w*)", line)
            if fence is None and match:
                fence, language = match.groups()
            elif fence is not None and line.strip() == fence:
                language = fence = None
            else:
                yield number, line, language


def anchors_in(root, page):
    """The anchors of a page's headings, as GitHub makes them."""
    found = {}
    for _, line, language in lines_in(root, page):
        match = re.match(r"^#+\s+(.*?)\s*$", line)
        if language is not None or not match:
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match.group(1))
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = found[anchor] = found.get(anchor, -1) + 1
        if count > 0:
            found[f"{anchor}-{count}"] = 0
    return set(found)


def check_link(root, page, target):
    path, _, anchor = target.partition("#")
    path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
    if path.startswith("..") or os.path.isabs(path):
        return f"the link {target} leads out of the repository"
    if not os.path.exists(os.path.join(root, path)):
        return f"the link {target} leads to {path}, which is not there"
    if anchor and (not path.endswith(".md") or anchor not in anchors_in(root, path)):
        return f"the link {target} leads to no heading of {path}"
    return None


def paths_in(text):
    for word in text.split():
        word = re.sub(r":\d+$", "", word.strip("<>()[],;:'\"").rstrip("."))
        if PATH.match(word):
            yield word


def check(root):
    problems = []
    for page in pages_in(root):
        if not os.path.exists(os.path.join(root, page)):
            problems.append(f"{page}:1: named in check_links.py but not there")
            continue
        for number, line, language in lines_in(root, page):
            found = []
            if language is None:
                found += [check_link(root, page, target) for target in LINK.findall(line) if not re.match(r"^[a-z]+:", target)]
            code = re.findall(r"`([^`]+)`", line) if language is None else [line] if language in SHELL else []
            for text in code:
                found += [f"{path} is not there" for path in paths_in(text) if not glob.glob(os.path.join(root, path))]
            problems += [f"{page}:{number}: {what}" for what in found if what]
    return problems


GOOD = {
    "README.md": "# A `name`: b\n[docs](docs/one.md), ![picture](docs/p.svg), [web](https://example.com/x#y), [up](#a-name-b)\n"
                 "`scripts/run.sh --fast`, `docs/*.md`, `<nn/nn.h>`, `nn/` and `nn/nn.h:12`, `model.json`, `data/mnist`, `CHANGELOG.md`.\n"
                 "```bash\nscripts/run.sh  # or (nn/nn.h)\n```\n```cpp\n#include <nn/none.h>  // [x](none.md)\n```\n",
    "CONTRIBUTING.md": "[there](docs/one.md#same-1)\n",
    "CHANGELOG.md": "",
    "docs/one.md": "## Same\n## Same\n[back](../README.md#a-name-b), [code](../nn/nn.h)\n",
    "docs/p.svg": "",
    "scripts/run.sh": "",
    "nn/nn.h": "",
}

BAD = [
    ("README.md", "\n[a](docs/none.md)", ["README.md:2: the link docs/none.md leads to docs/none.md, which is not there"]),
    ("README.md", "![a](p.svg) [b](../x.md)", ["README.md:1: the link p.svg leads to p.svg", "README.md:1: the link ../x.md leads out of"]),
    ("docs/one.md", "## Same\n## Same\n[a](#other)", ["docs/one.md:3: the link #other leads to no heading of docs/one.md"]),
    ("docs/one.md", "## Same\n[a](../README.md#b)",
     ["CONTRIBUTING.md:1: the link docs/one.md#same-1", "docs/one.md:2: the link ../README.md#b"]),
    ("CHANGELOG.md", "Runs `scripts/none.sh --all` and `nn/*.hpp`", ["scripts/none.sh is not there", "nn/*.hpp is not there"]),
    ("CHANGELOG.md", "```sh\nbench/none.sh 1\n```", ["CHANGELOG.md:2: bench/none.sh is not there"]),
    ("CHANGELOG.md", "see `NONE.md`", ["NONE.md is not there"]),
    ("CONTRIBUTING.md", None, ["CONTRIBUTING.md:1: named in check_links.py but not there"]),
]


def self_test():
    wrong = [f"the good sample: {what}" for what in found_in(GOOD, check)]
    for path, text, expected in BAD:
        found = found_in({**GOOD, path: text}, check)
        if path == "README.md":  # its heading is what other pages lead to
            found = [what for what in found if what.startswith("README.md")]
        if len(found) != len(expected) or not all(part in what for part, what in zip(expected, found)):
            wrong.append(f"{path} with {text!r}: expected {expected}, found {found}")
    return wrong


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--self-test"]):
        sys.exit(__doc__)
    found_problems = self_test() if sys.argv[1:] else check(ROOT)
    print("\n".join(found_problems) if found_problems else "nothing found")
    sys.exit(1 if found_problems else 0)
