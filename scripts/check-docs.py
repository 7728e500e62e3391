#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
"""Checks that what users meet is described, and that samples are tested: check-docs.py, or check-docs.py --self-test

Each structure, field and constant of uapi/drm, module parameter, file in sysfs and debugfs, and packet has to stand in
Documentation as a literal (``name``), a field in a section that names its structure, a constant on any page. A constant may stand there
without what its group's constants begin with, if the section has that with a star (``HL_MEM_*``), or is the heading of another, and numbered
ones as a range (``DMA_0`` .. ``DMA_4``). Samples of programs are files which
something runs, and are included. Each ioctl is called by a program of uapi/examples."""

import argparse
import os
import re
import sys
import tempfile

PAGES = "Documentation"
# Text for machines: what is included, and who runs it.
RUN = {
    "lib/goya/examples/": "scripts/examples.sh",
    "lib/goya-c/examples/": "scripts/examples.sh",
    "lib/goya-python/examples/": "scripts/examples.sh",
    "uapi/examples/": "scripts/examples.sh",
    "tests/guest/samples/": "tests/guest/examples",
    "tests/deb/": "tests/deb/native.sh",
    "tpc/kernels/": "tpc/kernels",
    "tpc/tool/tests/samples/": "tpc/tool/tests/samples.rs",
}
# What no text would say more about than "zero it", and names that only the compiler has a use for.
FILLER = re.compile(r"(pad|reserved)\d*")
INTERNAL = re.compile(r"\w+_H_?|\w+_(ENUM_MAX|ID_SIZE|PLL_MAX|TYPE_MAX|COMMAND_MAX|STATUS_LAST)")
SAMPLE = re.compile(
    r"^\s*((?:goyactl|goya-tpc) (?!completions)\w+ .*|import goya|from goya import|use goya::|#include <(goya\.h|drm/\w+\.h)>|(cc|gcc|rustc) .*)",
    re.M,
)


def strip(text):
    """C without comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


def header(text):
    """What a header has: pairs of the structure and a field, and constants."""
    text = strip(text)
    fields, constants = [], []
    for match in re.finditer(r"^(struct|union) (\w+) \{(.*?)^\};", text, re.M | re.S):
        _, record, body = match.groups()
        fields.append((record, None))
        # The last word of a declaration; braces of inner ones are no names, but what follows them may be one.
        for name in re.findall(r"(\w+)\s*(?:\[[^]]*\]\s*)*;", body):
            if not FILLER.fullmatch(name):
                fields.append((record, name))
    for name in re.findall(r"^#define (\w+)\s+\S", text, re.M):
        constants.append(name)
    for body in re.findall(r"^enum \w+ \{(.*?)^\};", text, re.M | re.S):
        constants += re.findall(r"^\s*(\w+)", body, re.M)
    return fields, [name for name in constants if not INTERNAL.fullmatch(name)]


HEADING = r"^(.+)\n(?:=+|-+)$"


def sections(text):
    """A page from each heading to the next one."""
    starts = [match.start() for match in re.finditer(HEADING, text, re.M)]
    return [text[a:b] for a, b in zip([0] + starts, starts + [len(text)])]


def headings(text):
    """The words of headings."""
    return {word for line in re.findall(HEADING, text, re.M) for word in re.findall(r"\w+", line)}


class Section:
    """A part of a page: words of literals and of its heading, which may be a name, and beginnings of groups (``GROUP_*``)."""

    def __init__(self, text):
        found = re.findall(r"``(.+?)``", text, re.S)
        self.stars = {star for literal in found for star in re.findall(r"(\w+_)\*", literal)}
        self.words = {word for literal in found for word in re.findall(r"\w+", literal)} | headings(text)
        for first, start, last, end in re.findall(r"``(\w*?)(\d+)`` \.\. ``(\w*?)(\d+)``", text):
            if first == last:
                self.words |= {f"{first}{n}" for n in range(int(start), int(end) + 1)}


class Page:
    """A page: its text, and the parts of it."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.sections = [Section(text) for text in sections(self.text)]
        self.headings = headings(self.text)
        # What a description in the kernel's form is about.
        self.words = set(re.findall(r"^(?:What:)?\t+/\S+/(\w+)$", self.text, re.M)).union(*(s.words for s in self.sections))

    def has(self, name):
        return name in self.words

    def has_constant(self, name):
        """Whole, or without its group's beginning where that stands, or as a heading on that page."""
        return self.has(name) or any(
            name.startswith(star) and not {name[len(star) :]}.isdisjoint(section.words | self.headings)
            for section in self.sections
            for star in section.stars
        )


def pages():
    found = []
    for folder, _, names in os.walk(PAGES):
        found += [os.path.join(folder, name) for name in names if name.endswith(".rst") or "/ABI" in folder]
    return [Page(path) for path in sorted(found)]


def aliases(record):
    """The names by which a page may speak of a structure: question and answer of a call stand for its argument."""
    yield record
    if re.search(r"_(in|out)$", record):
        yield re.sub(r"_(in|out)$", "_args", record)


def check_header(path, all_pages):
    with open(path, encoding="utf-8") as file:
        fields, constants = header(file.read())
    for record, name in fields:
        of_it = [(page, section.words) for page in all_pages for section in page.sections if section.words.intersection(aliases(record))]
        if name is None and not of_it:
            yield f"{path}: {record} is on no page"
        elif name is not None and of_it and not any(name in words for _, words in of_it):
            where = dict.fromkeys(page.path for page, _ in of_it)
            yield f"{path}: {record}.{name} is in no section about it: {', '.join(where)}"
    for name in constants:
        if not any(page.has_constant(name) for page in all_pages):
            yield f"{path}: {name} is on no page"


def names(pattern, *paths):
    """What a pattern finds in sources."""
    for path in paths:
        if os.path.isdir(path):
            yield from names(pattern, *(os.path.join(path, name) for name in sorted(os.listdir(path))))
        elif path.endswith(".rs") and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                text = file.read().split("#[kunit_tests")[0]
            for name in re.findall(pattern, text):
                yield path, name


def check_names(what, found, all_pages, least=1):
    found = list(found)
    if len(found) < least:
        yield f"check-docs.py finds no {what} any more, where there were some"
    for path, name in found:
        if not any(page.has(name) for page in all_pages):
            yield f"{path}: the {what} {name} is on no page"


def check_packets(path, all_pages):
    about = [page for page in all_pages if page.path.endswith("card-packets.rst")]
    found = list(names(r"/// ([A-Z_0-9]+): [^\n]*\n\s*\w+ = (\d+),", path))
    if not found:
        yield f"check-docs.py finds no packet any more in {path}"
    for path, (name, number) in found:
        row = re.compile(rf"^{name} +{number}\b", re.M)
        if not any(row.search(page.text) for page in about):
            yield f"{path}: the packet {name}, {number}, has no row in card-packets.rst"


def check_calls(path, folder):
    """Each ioctl has an example."""
    examples = ""
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            examples += strip(file.read())
    with open(path, encoding="utf-8") as file:
        for name in re.findall(r"^#define (DRM_IOCTL_\w+)", strip(file.read()), re.M):
            if not re.search(rf"\b{name}\b", examples):
                yield f"{path}: no program of {folder} calls {name}"


def check_samples(page):
    for line, path in re.findall(r"^(\.\. literalinclude:: (\S+))", page.text, re.M):
        path = os.path.normpath(os.path.join(os.path.dirname(page.path), path))
        # Descriptions in the kernel's form are no samples; check-abi.py reads them.
        if path.startswith("Documentation/ABI/"):
            continue
        runner = next((runner for prefix, runner in RUN.items() if path.startswith(prefix)), None)
        if not os.path.exists(path):
            yield f"{page.path}: {path} is not there"
        elif runner is None or not runs(runner, path):
            yield f"{page.path}: {path} is run by no test"
    for language in re.findall(r"^\.\. code-block:: (\w+)", page.text, re.M):
        if language in ("rust", "c", "python", "sh", "bash", "shell", "console"):
            yield f"{page.path}: a sample in {language} that nothing runs: put it into a file, and include that"
    # What is indented below "::".
    for block in re.findall(r"::\n\n((?:[ \t]+\S[^\n]*\n|\n)+)", page.text):
        for sample in SAMPLE.findall(block):
            yield f"{page.path}: a sample that nothing runs: {sample[0].strip()}"


def runs(runner, path):
    """Whether a script names a file, or all of its kind in its folder; a folder of sources has tests of its own."""
    if os.path.isdir(runner):
        return True
    folder, file = os.path.split(path)
    stem, suffix = os.path.splitext(file)
    with open(runner, encoding="utf-8") as script:
        text = script.read()
    if f"{folder}/*{suffix}" in text or f"/{file}" in text:
        return True
    return bool(re.search(rf"^\s*for name in [^;]*\b{re.escape(stem)}\b", text, re.M))


def check():
    all_pages = pages()
    bad = []
    for name in sorted(os.listdir("uapi/drm")):
        bad += check_header(os.path.join("uapi/drm", name), all_pages)
        bad += check_calls(os.path.join("uapi/drm", name), "uapi/examples")
    parameters = names(r"(?m)^    (\w+): \w+ = .*,$", "src/params.rs")
    bad += check_names("module parameter", parameters, all_pages)
    attribute = r'(?:Attribute::(?:ro|wo|rw)\(\s*|name: )c"(\w+)"'
    bad += check_names("file in sysfs", names(attribute, "src/observe/sysfs.rs"), all_pages)
    bad += check_names("file in debugfs", names(r'\(\s*(?:0o\d+,\s*)?c"(\w+)"', "src/observe/debugfs"), all_pages)
    bad += check_packets("src/hw/packet.rs", all_pages)
    for page in all_pages:
        bad += check_samples(page)
    return bad


SELF_TEST = {
    "uapi/examples/a.c": "ioctl(fd, DRM_IOCTL_X, &x); // DRM_IOCTL_Y\n",
    "uapi/drm/x.h": "#define DRM_IOCTL_X 1\n#define DRM_IOCTL_Y 2\n#define A_ONE 1\n#define A_TWO 2\n#define A_N3 3\n#define A_HEAD 4\n#define A_FAR 5\nenum e {\n\tB_0,\n\tB_1,\n\tB_2\n};\n"
    "struct s {\n\t__u32 said;\n\t__u32 unsaid; /* said; */\n\t__u32 elsewhere;\n\t__u8 pad[4];\n};\nstruct t_in {\n\tstruct {\n\t\t__u64 x;\n\t} u;\n};\n"
    "struct lost {\n\t__u32 gone;\n};\n",
    "src/params.rs": "module_params! {\n    told: int = 30,\n    untold: int = 1,\n}\n",
    "src/observe/sysfs.rs": 'Attribute::ro(c"seen", f),\nAttribute::rw(\n    c"unseen",\n#[kunit_tests(x)]\nAttribute::ro(c"test", f)',
    "src/observe/debugfs/a.rs": 'ro(c"seen", f)\nread_with(0o400, c"hidden", f)',
    "src/hw/packet.rs": "    /// NOP: nothing.\n    Nop = 10,\n    /// NEW: something.\n    New = 12,\n",
    "scripts/examples.sh": "for name in first second; do\n",
    "lib/goya-c/examples/first.c": "",
    "lib/goya-c/examples/third.c": "",
    "Documentation/page.rst": "``struct s`` has ``said``, ``union t_args`` ``u`` and ``x``. ``A_*``: ``ONE``, ``A_N3``; ``B_0`` .. ``B_2``\n"
    "``told`` ``seen`` ``DRM_IOCTL_X`` ``DRM_IOCTL_Y``\n\n.. literalinclude:: ../lib/goya-c/examples/first.c\n\n.. literalinclude:: ../lib/goya-c/examples/third.c\n\n"
    ".. code-block:: rust\n\n   fn x() {}\n\nOf others\n=========\n\n``elsewhere`` ``FAR``\n\nHEAD\n====\n\nSo::\n\n    make x\n    goyactl run x\n    goya-tpc lint x\n",
    "Documentation/card-packets.rst": "NOP         10\nNEW         13\n",
}
SELF_TEST_FINDS = [
    "uapi/drm/x.h: s.unsaid is in no section about it: Documentation/page.rst",
    "uapi/drm/x.h: s.elsewhere is in no section about it: Documentation/page.rst",
    "uapi/drm/x.h: lost is on no page",
    "uapi/drm/x.h: A_TWO is on no page",
    "uapi/drm/x.h: A_FAR is on no page",
    "uapi/drm/x.h: no program of uapi/examples calls DRM_IOCTL_Y",
    "src/params.rs: the module parameter untold is on no page",
    "src/observe/sysfs.rs: the file in sysfs unseen is on no page",
    "src/observe/debugfs/a.rs: the file in debugfs hidden is on no page",
    "src/hw/packet.rs: the packet NEW, 12, has no row in card-packets.rst",
    "Documentation/page.rst: lib/goya-c/examples/third.c is run by no test",
    "Documentation/page.rst: a sample in rust that nothing runs: put it into a file, and include that",
    "Documentation/page.rst: a sample that nothing runs: goyactl run x",
    "Documentation/page.rst: a sample that nothing runs: goya-tpc lint x",
]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text in SELF_TEST.items():
            os.makedirs(os.path.dirname(name), exist_ok=True)
            with open(name, "w", encoding="utf-8") as file:
                file.write(text)
        found = check()
    assert found == SELF_TEST_FINDS, "\n".join(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--self-test", action="store_true")
    if parser.parse_args().self_test:
        return self_test()
    bad = check()
    for line in bad:
        print(line)
    sys.exit(bool(bad))


main()
