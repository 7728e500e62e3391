#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
"""Checks that the driver's imports go one way: check-rooms.py [-v] [TABLE [SOURCES]], or check-rooms.py --self-test

TABLE (Documentation/rooms.txt) lists the rooms, the highest first: a room is SOURCES/NAME.rs, or all in SOURCES/NAME/.
Reports imports of a higher room, files that import each other in a circle, files that are in no room, and files
of more than 500 lines. Any path that starts at crate, super, self or a module of the file's own is an import.
Tests are free: files called tests.rs or *_tests.rs, and modules that only tests have."""

import argparse
import os
import re
import statistics
import sys
import tempfile

MAX_LINES, MAX_MEDIAN = 500, 150
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?c?r(?P<hash>\#*)".*?"(?P=hash)|[bc]?"(?:\\.|[^"\\])*"|b?'(?:\\.[^']*|[^\\'])'"""
    r"""|(?P<token>[A-Za-z_]\w*!?|::|\#\[|[{}\[\]();,*])|\n|.""",
    re.S,
)
TEST = re.compile(r"\bkunit_tests\b|\bcfg ?\(? ?(CONFIG_KUNIT|test)\b")


def is_test(path):
    return re.search(r"(^|/|_)tests\.rs$", path) is not None


def tokens(text):
    """The code's tokens, each with its line; comments and strings are none."""
    line, found = 1, []
    for match in TOKEN.finditer(text):
        if match["token"]:
            found.append((match["token"], line))
        line += match[0].count("\n")
    return found


def braces(code, at):
    """Where what opens at `at` closes."""
    depth = 0
    for here in range(at, len(code)):
        depth += {"{": 1, "[": 1, "#[": 1, "(": 1, "}": -1, "]": -1, ")": -1}.get(code[here][0], 0)
        if depth == 0:
            return here
    return len(code) - 1


class Module:
    """One file, as a module of the crate."""

    def __init__(self, path, name):
        self.path, self.name, self.children = path, name, set()
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.lines = text.count("\n")
        self.code = tokens(text)

    def paths(self):
        """All paths that the file names, as (line, [segment...]) from the crate's root."""
        yield from self._walk(0, len(self.code), self.name)

    def _walk(self, at, end, inside):
        code, test = self.code, False
        while at < end:
            token, line = code[at]
            before = code[at - 1][0] if at else ""
            if token == "#[":
                close = braces(code, at)
                test = test or TEST.search(" ".join(t for t, _ in code[at:close])) is not None
                at = close + 1
            elif token == "mod" and at + 2 < end and code[at + 2][0] == "{":
                close = braces(code, at + 2)
                if not test:
                    yield from self._walk(at + 3, close, inside + [code[at + 1][0]])
                at, test = close + 1, False
            elif token == "mod" and at + 2 < end and code[at + 2][0] == ";":
                at, test = at + 3, False
            elif test and token in ("{", ";"):
                at, test = (braces(code, at) if token == "{" else at) + 1, False
            elif token == "use" and test:
                while code[at][0] != ";":
                    at += 1
            elif token in ("crate", "super", "self") and before != "::" and code[at + 1][0] == "::":
                at, found = self._tree(at, self._start(at, inside))
                yield from found
            elif (
                token in self.children and inside == self.name and before != "::" and code[at + 1][0] == "::"
            ):
                at, found = self._tree(at, inside)
                yield from found
            else:
                at += 1

    def _start(self, at, inside):
        return {"crate": [], "super": inside[:-1], "self": inside}[self.code[at][0]]

    def _tree(self, at, base, first=True):
        """The paths of one tree of imports from `at` on, and where it ends. `base` is where the first segment leads."""
        code, found, path, start = self.code, [], list(base), at
        line = code[at][1]
        while True:
            token = code[at][0]
            if token == "{":
                close = braces(code, at)
                at += 1
                while at < close:
                    if code[at][0] == ",":
                        at += 1
                        continue
                    at, more = self._tree(at, path, False)
                    found += more
                return close + 1, found
            if token == "super" and not (first and at == start):
                path = path[:-1]
            elif token not in ("crate", "super", "self", "*"):
                path = path + [token]
            at += 1
            if at < len(code) and code[at][0] == "::" and re.match(r"[\w{*]", code[at + 1][0]):
                at += 1
                continue
            if code[at][0] == "as":
                at += 2
            return at, [(line, path)]


def read(sources):
    modules = {}
    for folder, _, files in os.walk(sources):
        for file in files:
            path = os.path.join(folder, file)
            if file.endswith(".rs"):
                name = os.path.relpath(path, sources)[:-3].split(os.sep)
                name = name[:-1] if name[-1] == "mod" else [] if name == ["goya"] else name
                modules[tuple(name)] = Module(path, name)
    for name in modules:
        if name and name[:-1] in modules:
            modules[name[:-1]].children.add(name[-1])
    return modules


def imports(modules):
    """(importer, line, imported) of all files but tests."""
    for module in modules.values():
        if is_test(module.path):
            continue
        for line, path in module.paths():
            while path and tuple(path) not in modules:
                path = path[:-1]
            target = modules[tuple(path)]
            if target is not module and path and not is_test(target.path):
                yield module, line, target


def circles(graph):
    """Strongly connected components of more than one file (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            circle = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(circle) > 1:
                found.append(sorted(circle))

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(found, key=len, reverse=True)


def rooms(table):
    """Height of each room."""
    with open(table, encoding="utf-8") as file:
        names = [line.split()[0] for line in file if line.strip() and not line.startswith(("#", " "))]
    return {name: len(names) - at for at, name in enumerate(names)}


def check(table, sources, verbose=False):
    """What is wrong, and a line that sums up."""
    modules, height, bad = read(sources), rooms(table), []
    graph, edges = {}, {}
    for module, line, target in imports(modules):
        graph.setdefault(module.path, set()).add(target.path)
        if (module.path, target.path) in edges:
            continue
        edges[module.path, target.path] = line
        room, other = (m.name[0] if m.name else "goya" for m in (module, target))
        if height.get(other, 0) > height.get(room, 0) > 0:
            bad.append(f"{module.path}:{line}: {room} imports {'::'.join(target.name)}, which is above it")
    up = len(bad)
    for module in modules.values():
        if (module.name[0] if module.name else "goya") not in height:
            bad.append(f"{module.path}: in no room of {table}")
        if module.lines > MAX_LINES:
            bad.append(f"{module.path}: {module.lines} lines, more than {MAX_LINES}")
    found = circles(graph)
    for circle in found:
        bad.append(f"{len(circle)} files import each other in a circle: " + " ".join(circle))
        for (here, there), line in sorted(edges.items()) if verbose else ():
            if here in circle and there in circle:
                bad.append(f"    {here}:{line}: {there}")
    median = statistics.median(m.lines for m in modules.values())
    if median > MAX_MEDIAN:
        bad.append(f"the median file has {median:g} lines, more than {MAX_MEDIAN}")
    largest = len(found[0]) if found else 0
    return bad, f"{len(modules)} files, median {median:g} lines; {up} imports up; largest circle {largest} files"


SELF_TEST = {
    "goya.rs": "mod low; mod high; use high::Top;",
    "low/mod.rs": "mod a; mod b; mod tests; // crate::high\nconst C: char = '\"'; const T: &str = \"crate::high\";\n",
    "low/a.rs": "use super::{b::B, super::high::{self, Top}};\n#[kunit_tests(a)]\nmod tests { use crate::high; }\n",
    "low/b.rs": "fn f<'a>(x: &'a str) -> crate::low::a::A { 'x'; }",
    "low/tests.rs": "use crate::high::Top;",
    "high.rs": "#[cfg(CONFIG_KUNIT)]\nmod tests;\nuse crate::low::a::A as Other;",
    "cellar.rs": "",
}
SELF_TEST_FINDS = [
    "low/a.rs:1: low imports high, which is above it",
    "cellar.rs: in no room of rooms.txt",
    "3 files import each other in a circle: high.rs low/a.rs low/b.rs",
]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for name, text in SELF_TEST.items():
            path = os.path.join("src", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        with open("rooms.txt", "w", encoding="utf-8") as file:
            file.write("# highest first\ngoya The module.\nhigh  Above.\nlow   Below.\n")
        found = [line.replace("src/", "") for line in check("rooms.txt", "src")[0]]
    assert found == SELF_TEST_FINDS, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table", nargs="?", default="Documentation/rooms.txt")
    parser.add_argument("sources", nargs="?", default="src")
    parser.add_argument("-v", "--verbose", action="store_true", help="the imports that make each circle, too")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    bad, summary = check(options.table, options.sources, options.verbose)
    print(*bad, summary, sep="\n")
    sys.exit(bool(bad))


main()
