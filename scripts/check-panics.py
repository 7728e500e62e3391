#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
"""Compares a built module's ways to panic with the list of those that may be there:

    check-panics.py MODULE LIST     prints what is new, and what is listed in vain, and fails if anything is
    check-panics.py --list MODULE   prints all, as the list has them, with functions and lines
    check-panics.py --self-test     tries itself on an object that it assembles

All of Rust's panics end in the kernel, so a module panics by what it imports from there: each relocation against a
panic function of Rust's library, a call or a pointer, is one way. The compiler hands most of them the place in the source;
where it doesn't, the place is the function. A line of the list is "PANIC at PLACE # REASON", and a place is a file."""

import collections
import os
import re
import struct
import subprocess
import sys
import tempfile

PANIC = re.compile(r"(.*::)?\w*(panic|_fail|capacity_overflow|handle_error)|rust_begin_unwind$")
HASH = re.compile(r"\[[0-9a-f]+\]")
SHF_ALLOC, SHT_SYMTAB, SHT_RELA = 2, 2, 4
STT_FUNC = 2
# Where sources are: what is before that differs from machine to machine.
ROOT = re.compile(r"\A(.*/(?=library/|rust/kernel/)|.*/(?=src/))")
# The place is loaded just before the call, in bytes.
NEAR = 16


class Module:
    """An ELF file of 64 bits, little endian, that is not linked yet."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not an object of 64 bits")
        self.data = data
        offset = struct.unpack_from("<Q", data, 0x28)[0]
        size, count, names = struct.unpack_from("<HHH", data, 0x3A)
        # Each: name, type, flags, address, offset, size, link, info, alignment, size of an entry.
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + n * size) for n in range(count)]
        self.names = self.sections[names]

    def string(self, table, at):
        begin = table[4] + at
        return self.data[begin : self.data.index(b"\0", begin)].decode()

    def entries(self, section, layout):
        return struct.iter_unpack(layout, self.data[section[4] : section[4] + section[5]])

    def references(self):
        """What is referred to and not there: triples of the function (or section) that refers, the name, and where in
        the source that is, if the compiler says so."""
        table = next(s for s in self.sections if s[1] == SHT_SYMTAB)
        strings = self.sections[table[6]]
        symbols, functions = [], collections.defaultdict(list)
        for name, info, _, section, value, size in self.entries(table, "<IBBHQQ"):
            symbols.append((self.string(strings, name), section, value))
            if info & 0xF == STT_FUNC:
                functions[section].append((value, value + size, symbols[-1][0]))
        relocations = {}
        for section in self.sections:
            if section[1] == SHT_RELA and self.sections[section[7]][2] & SHF_ALLOC:
                entries = ((offset, symbols[info >> 32], addend) for offset, info, addend in self.entries(section, "<QQq"))
                relocations[section[7]] = sorted(entries)
        for number, entries in relocations.items():
            before = None
            for entry in entries:
                offset, (name, defined, _), _ = entry
                if name and not defined:
                    inside = (f for begin, end, f in functions[number] if begin <= offset < end)
                    function = next(inside, self.string(self.names, self.sections[number][0]))
                    near = before is not None and offset - before[0] <= NEAR
                    yield function, name, self.location(relocations, before) if near else None
                before = entry

    def location(self, relocations, reference):
        """The `core::panic::Location` that is referred to (a string, and numbers of line and column), or nothing if it
        is something else."""
        _, (_, section, value), addend = reference
        at = value + addend
        text = next((r for r in relocations.get(section, ()) if r[0] == at), None)
        if text is None or not 0 < text[1][1] < len(self.sections):
            return None
        length, line, _ = struct.unpack_from("<QII", self.data, self.sections[section][4] + at + 8)
        begin = self.sections[text[1][1]][4] + text[1][2] + text[2]
        name = self.data[begin : begin + min(length, 4096)].decode(errors="replace")
        return (ROOT.sub("", name), line) if name.endswith(".rs") else None


def demangle(names):
    out = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return dict(zip(names, (HASH.sub("", name) for name in out.split("\n"))))


def panics(data):
    """The panics and their places, and the functions of each, with lines that are known."""
    references = list(Module(data).references())
    names = demangle(sorted({name for reference in references for name in reference[:2]}))
    found = collections.defaultdict(set)
    for function, target, location in references:
        if (names[target] != target or target.startswith("rust_")) and PANIC.match(names[target]):
            place, line = location or (names[function], None)
            found[f"{names[target].split('::')[-1]} at {place}"].add((names[function], line))
    return found


def read_list(text):
    allowed = set()
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        entry = re.fullmatch(r"\s*(\w+ at .+?) # \S.*", line)
        if not entry:
            raise ValueError(f"not PANIC at PLACE # REASON: {line}")
        allowed.add(entry[1])
    return allowed


def lines(found, entry):
    """Who has these panics, where the entry doesn't say it."""
    return "".join(f"\n    line {line} in {function}" for function, line in sorted(found[entry]) if line)


def differences(found, allowed):
    for entry in sorted(found.keys() - allowed):
        yield f"new: {entry}{lines(found, entry)}"
    for entry in sorted(allowed - found.keys()):
        yield f"in the list, but not in the module: {entry}"


def self_test():
    # Calls and pointers count, debugging information does not, nor does what only C's functions say.
    source = """
        .text
        .type f, @function
        f: mov $.Lwhere, %rdi
        call _RNvNtCsAbC_4core9panicking9panic_fmt
        .size f, . - f
        .type g, @function
        g: ret
        mov $.Lother, %rdi
        call _RNvNtCsAbC_4core9panicking9panic_fmt
        call _RNvNvMNtCsAbC_4core5sliceSp15copy_from_slice17len_mismatch_fail
        call _RNvCsAbC_4core7harmless
        call __stack_chk_fail
        .size g, . - g
        .data
        .quad _RNvNtCsAbC_4core6option13unwrap_failed
        .section .rodata
        .Lname: .ascii "/any/src/library/core/src/x.rs"
        .Lother: .quad 1
        .Lwhere: .quad .Lname, 30
        .long 7, 9
        .section .debug_x
        .quad _RNvNtCsAbC_4core6option13expect_failed
        """
    with tempfile.TemporaryDirectory() as place:
        name = os.path.join(place, "x.o")
        subprocess.run(["as", "--64", "-o", name, "-"], input=source, text=True, check=True)
        with open(name, "rb") as file:
            found = panics(file.read())
    want = """
        panic_fmt at library/core/src/x.rs # why
        panic_fmt at g # why
        len_mismatch_fail at g # why
        unwrap_failed at .data # why"""
    assert list(differences(found, read_list(want))) == [], found
    assert list(differences(found, read_list(want + "\nx at y # why"))) == ["in the list, but not in the module: x at y"]
    assert list(differences(found, read_list("")))[-2:] == [
        "new: panic_fmt at library/core/src/x.rs\n    line 7 in f",
        "new: unwrap_failed at .data",
    ]
    for line in ("f at g", "f # why"):
        try:
            read_list(line)
        except ValueError:
            continue
        raise AssertionError(line)


def main(arguments):
    if arguments == ["--self-test"]:
        self_test()
        return 0
    if len(arguments) != 2:
        print(__doc__)
        return 2
    with open(arguments[-1] if arguments[0] == "--list" else arguments[0], "rb") as file:
        found = panics(file.read())
    if arguments[0] == "--list":
        for entry in sorted(found):
            print(f"{entry} # {lines(found, entry)}")
        return 0
    with open(arguments[1], encoding="utf-8") as file:
        bad = list(differences(found, read_list(file.read())))
    print(*bad, f"{len(found)} ways to panic", sep="\n")
    return bool(bad)


sys.exit(main(sys.argv[1:]))
