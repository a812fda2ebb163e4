#!/usr/bin/python3
"""Makes the API reference in HTML with Doxygen. scripts/docs.sh installs what it needs and runs it.

  make_reference.py [--count] [FOLDER]  writes FOLDER/html; the default FOLDER is build/docs
  make_reference.py --self-test         proves that it finds the mistakes in bad samples

Warnings of Doxygen and undocumented public declarations are printed as FILE:LINE: TEXT, and the program fails if there are any. With
--count it lists the undocumented declarations by header instead, and fails only for other warnings.

Doxygen reads copies in FOLDER/input. They have the same line numbers as the originals, with these changes:
- In public headers (those that the CMakeLists.txt files list as PUBLIC) the declarations are put into a Doxygen group for the header.
  The groups of headers belong to the groups of their folders, which docs/reference.dox defines. Private members are removed.
- In Markdown pages, links between pages, to sections, headers, folders and files are replaced by links within the reference.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from check_layering import header_sets

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAMESPACE = re.compile(r"^namespace chainrule(?!.*detail)[\w:]* \{$")
# Code spans come first, so that nothing in them is taken for a link; a link's text may hold code spans and a picture.
LINK = re.compile(r"`[^`]*`|(!?)\[((?:`[^`]*`|!\[[^\]]*\]\([^)\s]*\)|[^\]`])*)\]\(([^()\s]+)\)")
ATTRIBUTE = re.compile(r'`[^`]*`|\b(src|href)="([^"]+)"')


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def write(text, *path):
    os.makedirs(os.path.dirname(os.path.join(*path)), exist_ok=True)
    with open(os.path.join(*path), "w", encoding="utf-8") as file:
        file.write(text)


class Wrong(Exception):
    """A mistake in the sources, as FILE:LINE: TEXT."""


# Headers and examples

def public_headers(root):
    headers = sorted(path for path, kind in header_sets(root).items() if kind == "PUBLIC")
    if not headers:
        raise Wrong("CMakeLists.txt:1: no public headers found")
    return headers


def group_name(path):
    """The name of the Doxygen group of a header or a folder."""
    return re.sub(r"\W", "_", path)


def leading_comment(text):
    """The text of the comment at the top of a file, which says what the file is for."""
    lines = []
    for line in text.split("\n"):
        if not line.startswith("//"):
            break
        lines.append(line.lstrip("/").strip())
    return "\n".join(lines)


def without(pattern, text):
    """The text without what the pattern matches; its line breaks stay."""
    return re.sub(pattern, lambda match: "\n" * match.group().count("\n"), text, flags=re.M | re.S)


def grouped_header(path, text):
    """The header with its declarations in its group, without private members and explicit instantiations."""
    text = without(r"^ private:\n.*?(?=^ (?:public|protected):$|^\};)", without(r"^extern template [^;]*;", text))
    lines, inside = text.split("\n"), 0
    for number, line in enumerate(lines):
        if NAMESPACE.match(line):
            lines[number] = f"{line} /** @addtogroup {group_name(path)} */ /**@{{*/"
            inside = number + 1
        elif inside and line.startswith("}  // namespace"):
            lines[number] = f"/**@}}*/ {line}"
            inside = 0
    if inside:
        raise Wrong(f"{path}:{inside}: this namespace ends without a comment '}}  // namespace ...'")
    return "\n".join(lines)


def undocumented_concepts(path, text):
    """(path, line, text) of each undocumented concept, for which Doxygen 1.9.4 gives no warning."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = re.match(r"^(?:template.*> )?concept (\w+)", line)
        if match:
            first = number if line.startswith("template") else max(k for k in range(1, number) if lines[k - 1].startswith("template"))
            if not lines[first - 2].startswith("///"):
                yield path, number, f"{match.group(1)} (concept)"


def header_group(path, text):
    comment = leading_comment(text).replace("*/", "")
    return f"/** @defgroup {group_name(path)} {path}\n@ingroup {group_name(os.path.dirname(path))}\n{comment}\n\n`#include <{path}>` */\n"


def example_file(path):
    return os.path.basename(path).replace(".", "_8") + "-example.html"


# Pages

def slug(heading):
    """The name of a heading in links, by GitHub's rules."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def page_name(page):
    """The name of a page in Doxygen and of its HTML file; "guide_" keeps it apart from Doxygen's own files.html, classes.html, ..."""
    return "guide_" + os.path.splitext(os.path.basename(page))[0].lower()


class Pages:
    """Turns Markdown written for GitHub into Markdown for Doxygen."""

    def __init__(self, root, pages, headers, examples):
        self.root, self.pages, self.examples = root, pages, examples
        self.groups = set(headers)
        for header in headers:
            while header := os.path.dirname(header):
                self.groups.add(header)
        self.files = set()  # linked files, to be copied into the reference

    def target(self, page, target):
        """The target of a link within the reference, or None for a folder that has no place in it."""
        if re.match(r"[a-z]+:", target):
            return target
        path, _, section = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if path in self.pages:
            return f"@ref {page_name(path)}" + (f"-{section}" if section else "")
        if path in self.groups:
            return f"@ref {group_name(path)}"
        if path in self.examples:
            return example_file(path)
        if os.path.isfile(os.path.join(self.root, path)):
            self.files.add(path)
            return os.path.basename(path)
        if os.path.isdir(os.path.join(self.root, path)):
            return None
        line = read(self.root, page).partition(target)[0].count("\n") + 1
        raise Wrong(f"{page}:{line}: broken link to {target}")

    def with_links(self, page, text):
        def link(match):
            mark, words, target = match.groups()
            if target is None:
                return match.group(0)
            words, to = " ".join(self.with_links(page, words).split()), self.target(page, target)
            if to is None:
                return words
            if mark or to.startswith("@ref ") or ":" in to:
                return f"{mark}[{words}]({to})"
            return f'<a href="{to}">{words}</a>'  # Doxygen does not take [LICENSE](LICENSE) for a link
        return LINK.sub(link, text)

    def prose(self, page, text):
        def heading(match):
            name = page_name(page)
            if len(match.group(1)) > 1:
                name += f"-{slug(match.group(2))}"
            earlier = self.headings[name] = self.headings.get(name, -1) + 1
            name += f"-{earlier}" if earlier else ""
            return f"{match.group(0).replace('`', '')} {{#{name}}}"  # Doxygen shows code in headings as "<tt>code</tt>"

        def attribute(match):
            if match.group(1) is None:
                return match.group(0)
            to = self.target(page, match.group(2))
            if to is None or to.startswith("@ref "):
                raise Wrong(f"{page}:1: write the link to {match.group(2)} in Markdown")
            return f'{match.group(1)}="{to}"'

        text = self.with_links(page, ATTRIBUTE.sub(attribute, text))
        return re.sub(r"^(#+) (.*\S)$", heading, text, flags=re.M)

    def page(self, page, text):
        self.headings = {}  # how many headings before it have the same name
        parts = re.split(r"^( *(```+)[^`\n]*\n.*?^ *\2 *$)", text, flags=re.M | re.S)  # prose, block, its fence, prose, ...
        return "".join(part if number % 3 == 1 else self.prose(page, part) for number, part in enumerate(parts) if number % 3 != 2)


def in_order(pages, readme):
    """README.md, then the pages that it links, in its order, then the others."""
    place = {page: readme.find(f"({page})") for page in pages}
    return sorted(pages, key=lambda page: (page != "README.md", place[page] < 0, place[page], page))


# Doxygen

def explains_itself(text, source):
    """Whether a declaration needs no comment, by Doxygen's warning about it and its line in the source. Doxygen itself never asks for
    comments on destructors and deleted functions."""
    if re.search(r"\busing (\w+)::\1;", source):
        return True  # inherited constructors
    member = re.match(r"Member (.*) \((function|typedef)\) of (?:class|struct) (\S.*) is not documented", text)
    if not member:
        return False
    declaration, kind, owner = member.groups()
    if kind == "typedef":  # the types that each iterator defines, and the alias of a documented option struct
        return declaration in ("iterator_category", "iterator_concept", "value_type", "difference_type", "pointer", "reference") or \
            re.search(r"\busing Options = \w+;", source) is not None
    name = owner.split("<")[0].strip().split("::")[-1]
    if re.match(rf"(?:{name}|operator=)\((?:const )?{name}(?:<.*>)? ?&&? ?\w*\)", declaration):
        return True  # copy or move
    if re.search(r"\)(?: const)?(?: noexcept)? ?=default$", declaration):
        return True
    return re.match(r"(?:begin|end|operator\+\+)\((?:int)?\)", declaration) is not None  # of ranges and iterators


def sorted_warnings(log, folder):
    """Doxygen's warnings about files of the folder: a list of undocumented declarations, each once, as (path, line, declaration), and a
    list of the other warnings, as texts."""
    undocumented, others, sources = {}, {}, {}
    for line in log.split("\n"):
        warning = re.match(r"(.*?):(\d+): (?:warning|error): (.*)$", line)
        if not warning:
            if line.strip():
                others[line] = None
            continue
        path, number, text = warning.groups()
        path, number = os.path.relpath(os.path.join(folder, path), folder), int(number)
        missing = re.match(r"(?:Member|Compound) (.*) is not documented\.$", text)
        if not missing:
            others[f"{path}:{number}: {text}"] = None
            continue
        lines = sources.setdefault(path, read(folder, path).split("\n"))
        if not explains_itself(text, lines[number - 1]):
            undocumented[path, number, re.sub(r" \((\w+)\) of .*", r" (\1)", missing.group(1))] = None
    return list(undocumented), list(others)


# What is changed in Doxygen's search: text and replacement.
SEARCH = [
    # Doxygen finds names without their scopes, so scopes are removed from what the reader types: `nn::Adam`, `cr::matmul`.
    ('DOMSearchField().value.replace(/^ +/, "")', 'DOMSearchField().value.replace(/^(?: |.*::(?=.))+/, "")'),
    # The results are in a frame. In pages opened from files, browsers let a frame send messages to its page and forbid anything else.
    ("parent.searchBox.CloseResultsWindow()", 'parent.postMessage("close", "*")'),
    ('parent.document.getElementById("MSearchField").focus()', 'parent.postMessage("focus", "*")'),
]
SEARCH_MESSAGES = """
window.addEventListener("message", function(event) {
  if (typeof searchBox == "undefined") return;
  if (event.data == "close") searchBox.CloseResultsWindow();
  if (event.data == "focus") searchBox.DOMSearchField().focus();
});
"""


def change_search(html):
    path = os.path.join(html, "search/search.js")
    script = read(path)
    for before, after in SEARCH:
        if before not in script:
            raise Wrong(f"{path}:1: '{before}' not found; SEARCH in scripts/make_reference.py is for Doxygen 1.9.4")
        script = script.replace(before, after)
    write(script + SEARCH_MESSAGES, path)


def quoted(paths):
    return " ".join(f'"{path}"' for path in paths)


def make(root, folder):
    """Writes folder/html. Returns the undocumented declarations and the other warnings, as sorted_warnings()."""
    source, html, log = (os.path.join(folder, name) for name in ("input", "html", "warnings.txt"))
    for old in (source, html):
        shutil.rmtree(old, ignore_errors=True)

    headers = public_headers(root)
    examples = sorted(os.path.relpath(path, root) for path in glob.glob(os.path.join(root, "apps/examples/*.cpp")))
    names = [os.path.relpath(path, root) for pattern in ("*.md", "docs/*.md") for path in glob.glob(os.path.join(root, pattern))]
    names = in_order(names, read(root, "README.md"))
    pages = Pages(root, names, headers, examples)

    concepts, made = [], ""
    for page in names:
        write(pages.page(page, read(root, page)), source, page)
    for header in headers:
        text = read(root, header)
        write(grouped_header(header, text), source, header)
        concepts += undocumented_concepts(header, text)
        made += header_group(header, text)
    for path in examples:
        made += f"/** @example {os.path.basename(path)} */\n"
    write(made, source, "made.dox")
    groups = read(root, "docs/reference.dox")
    for room in sorted(pages.groups - set(headers)):
        if f"@defgroup {group_name(room)} " not in groups:
            raise Wrong(f"docs/reference.dox:1: '@defgroup {group_name(room)} {room}' is missing: {room} has public headers")
    write(groups, source, "reference.dox")

    docs = os.path.join(root, "docs")
    options = read(docs, "Doxyfile") + f"""
INPUT = {quoted(["reference.dox", "made.dox", *names, *headers])}
OUTPUT_DIRECTORY = "{folder}"
STRIP_FROM_PATH = "{source}"
STRIP_FROM_INC_PATH = "{source}"
USE_MDFILE_AS_MAINPAGE = README.md
EXAMPLE_PATH = "{os.path.join(root, "apps/examples")}"
IMAGE_PATH = "{docs}"
LAYOUT_FILE = "{os.path.join(docs, "reference_layout.xml")}"
HTML_EXTRA_STYLESHEET = "{os.path.join(docs, "reference.css")}"
HTML_EXTRA_FILES = {quoted(os.path.join(root, path) for path in sorted(pages.files))}
WARN_LOGFILE = "{log}"
"""
    subprocess.run(["doxygen", "-"], cwd=source, input=options, text=True, check=True, stdout=subprocess.DEVNULL)
    change_search(html)
    undocumented, others = sorted_warnings(read(log), source)
    return sorted(undocumented + concepts), others


def listed(undocumented):
    """The declarations, by header."""
    headers = {}
    for path, line, what in undocumented:
        headers.setdefault(path, []).append(f"  {line}: {what}")
    return [text for path, lines in headers.items() for text in (f"{path}: {len(lines)}", *lines)]


# Self-test

SAMPLE = {
    "README.md": """# sample

[Page](docs/page.md), [its part](docs/page.md#a-part---two), [a](nn/a.h), [nn](nn), [text](LICENSE), [x](x), `[no](link)`,
[example](apps/examples/an_example.cpp), <img src="docs/p.svg" alt="p">, [there](https://example.org)

```cpp
# no heading [no](link)
```
""",
    "docs/page.md": """# Page

## A `part` - two

Back [up](../README.md), [here](#a-part---two), [two](#same-1).
![A
picture](p.svg)

## Same

## Same
""",
    "docs/p.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>\n",
    "docs/reference.dox": "/** @namespace chainrule\nAll. */\n/** @defgroup nn nn\nAll. */\n",
    "LICENSE": "Free.\n",
    "apps/examples/an_example.cpp": "// An example.\nint main() {}\n",
    "x/y": "",
    "nn/CMakeLists.txt": "chainrule_headers(PUBLIC a.h PRIVATE b.h)\n",
    "nn/b.h": "// B.\n#pragma once\nnamespace chainrule {\n/// Hidden.\nvoid hidden();\n}  // namespace chainrule\n",
}
HEADER = """// A: the header.
#pragma once

namespace chainrule {

/// Documented.
class A {
 public:
  A(const A&);
  A& operator=(A&&) noexcept;
  ~A();
  bool operator==(const A&) const = default;
%s

 private:
  friend A hidden(A a);
  struct Hidden { int n; };
  void hidden();

 protected:
  /// B.
  void b();
};

%s

}  // namespace chainrule
"""
BAD = [  # in the class, in the namespace, what is said of it
    ("  int size() const;", "", "nn/a.h:13: size() const (function)"),
    ("  /// B.\n  void b();\n  void c();", "", "nn/a.h:15: c() (function)"),
    ("\n protected:\n  void c();", "", "nn/a.h:15: c() (function)"),
    ("", "int f(int x);", "nn/a.h:25: f(int x) (function)"),
    ("", "struct B { int b; };", "nn/a.h:25: chainrule::B"),
    ("", "enum class E { one };", "nn/a.h:25: E (enumeration)"),
    ("", "template <class T>\nconcept C = true;", "nn/a.h:26: C (concept)"),
    ("", "/// Of @ref nothing.\nint f();", "nn/a.h:25: unable to resolve reference to 'nothing'"),
    ("", "/// <b>Bold.\nint f();", "nn/a.h:26: end of comment block while expecting command </b>"),
]


def made_of(files):
    """The warnings about a sample repository, and the HTML pages made of it, by name."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            write(text, root, path)
        for path in ("docs/Doxyfile", "docs/reference_layout.xml", "docs/reference.css"):
            write(read(ROOT, path), root, path)
        undocumented, others = make(root, os.path.join(root, "out"))
        pages = {name: read(root, "out/html", name) for name in os.listdir(os.path.join(root, "out/html")) if name.endswith(".html")}
        return [f"{path}:{line}: {what}" for path, line, what in undocumented] + others, pages


def contents(page):
    return page.partition('<div class="contents">')[2].partition("</div><!-- contents -->")[0]


def self_test():
    wrong = []

    def expect(condition, *what):
        if not condition:
            wrong.append(" ".join(map(str, what)))

    found, pages = made_of({**SAMPLE, "nn/a.h": HEADER % ("", "/// F.\nint f();\nextern template class X<\n  int>;")})
    expect(found == [], "the good sample:", found)
    for page, parts in (
            ("index.html", ['href="guide_page.html">Page', 'href="guide_page.html#guide_page-a-part---two">its part',
                            'href="group__nn__a__h.html">a', 'href="group__nn.html">nn', 'href="LICENSE">text',
                            ", x, <code>[no](link)</code>",
                            'href="an_example_8cpp-example.html">example', 'src="p.svg" alt="p"', 'href="https://example.org">there',
                            "# no heading [no](link)"]),
            ("guide_page.html", ['href="index.html#guide_readme">up', 'href="guide_page.html#guide_page-a-part---two">here',
                                 'href="guide_page.html#guide_page-same-1">two', "A part - two</h1>", 'src="p.svg"']),
            ("classchainrule_1_1A.html", ["#include &lt;nn/a.h&gt;"]),
            ("an_example_8cpp-example.html", ["An example"])):
        for part in parts:
            expect(part in pages[page], f"'{part}' is missing in {page}: {contents(pages[page])}")
    expect(not any("hidden" in text.lower() for text in pages.values()), "private members or headers are shown")

    for member, other, expected in BAD:
        found, _ = made_of({**SAMPLE, "nn/a.h": HEADER % (member, other)})
        expect(any(what.startswith(expected) for what in found), f"{member}{other}: expected '{expected}', found {found}")
    for path, text, expected in (("README.md", "[a](gone.md)\n", "README.md:1: broken link to gone.md"),
                                 ("README.md", "[a](docs/page.md#gone)\n", "README.md:1: unable to resolve reference to 'guide_page-gone'"),
                                 ("docs/reference.dox", "\n", "docs/reference.dox:1: '@defgroup nn nn' is missing"),
                                 ("nn/CMakeLists.txt", "\n", "CMakeLists.txt:1: no public headers"),
                                 ("nn/a.h", "// A.\nnamespace chainrule {\n}\n", "nn/a.h:2: this namespace ends without")):
        try:
            found = made_of({**SAMPLE, "nn/a.h": HEADER % ("", ""), path: text})[0]
        except Wrong as error:
            found = [str(error)]
        expect(any(what.startswith(expected) for what in found), f"{path} with {text!r}: expected '{expected}', found {found}")
    return wrong


def main(arguments):
    if arguments == ["--self-test"]:
        if shutil.which("doxygen") is None:
            print("skipped: there is no doxygen here")
            return 0
        problems = self_test()
        print("\n".join(problems) if problems else "nothing found")
        return 1 if problems else 0
    count = "--count" in arguments
    folders = [argument for argument in arguments if argument != "--count"]
    if len(folders) > 1 or any(folder.startswith("-") for folder in folders):
        print(__doc__, file=sys.stderr)
        return 2
    folder = os.path.abspath(folders[0] if folders else os.path.join(ROOT, "build/docs"))
    try:
        undocumented, others = make(ROOT, folder)
    except Wrong as error:
        print(error, file=sys.stderr)
        return 1
    if count:
        print("\n".join([*listed(undocumented), f"{len(undocumented)} public declarations are not documented"]))
    else:
        others = [f"{path}:{line}: {what} is not documented" for path, line, what in undocumented] + others
    if others:
        print("\n".join(others), file=sys.stderr)
        return 1
    if not count:
        print(os.path.join(folder, "html/index.html"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
