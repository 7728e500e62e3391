#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
"""Compares a built module's ways to panic with the list of those that may be there:

    check-panics.py MODULE LIST     prints what differs, and fails if anything does
    check-panics.py --list MODULE   prints all, as the list has them
    check-panics.py --self-test     tries itself on objects that it assembles

All of Rust's panics end in the kernel, so a module panics by what it imports from there: each relocation against a
panic function of Rust's library, a call or a pointer, is one way. A line of the list is "COUNT FUNCTION -> PANIC # REASON"."""

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
        """What is referred to and not there: pairs of the function (or section) that refers, and the name."""
        table = next(s for s in self.sections if s[1] == SHT_SYMTAB)
        strings = self.sections[table[6]]
        symbols, functions = [], collections.defaultdict(list)
        for name, info, _, section, value, size in self.entries(table, "<IBBHQQ"):
            symbols.append((self.string(strings, name), section))
            if info & 0xF == STT_FUNC:
                functions[section].append((value, value + size, symbols[-1][0]))
        for section in self.sections:
            if section[1] != SHT_RELA or not self.sections[section[7]][2] & SHF_ALLOC:
                continue
            for offset, info, _ in self.entries(section, "<QQq"):
                name, defined = symbols[info >> 32]
                if name and not defined:
                    inside = (f for begin, end, f in functions[section[7]] if begin <= offset < end)
                    yield next(inside, self.string(self.names, self.sections[section[7]][0])), name


def demangle(names):
    out = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return dict(zip(names, (HASH.sub("", name) for name in out.split("\n"))))


def panics(data):
    """How often each function refers to each panic."""
    references = list(Module(data).references())
    names = demangle(sorted({name for pair in references for name in pair}))
    return collections.Counter(
        f"{names[function]} -> {names[target]}"
        for function, target in references
        if (names[target] != target or target.startswith("rust_")) and PANIC.match(names[target])
    )


def read_list(text):
    allowed = collections.Counter()
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        entry = re.fullmatch(r"\s*(\d+) (.+ -> .+?) # \S.*", line)
        if not entry:
            raise ValueError(f"not COUNT FUNCTION -> PANIC # REASON: {line}")
        allowed[entry[2]] += int(entry[1])
    return allowed


def differences(found, allowed):
    for text, counts in (("new", found - allowed), ("in the list, but not in the module", allowed - found)):
        for entry, count in sorted(counts.items()):
            yield f"{text}: {count} {entry}"


def self_test():
    # Calls and pointers count, debugging information does not, nor does what only C's functions say.
    source = """
        .text
        .type f, @function
        f: call _RNvNtCsAbC_4core9panicking9panic_fmt
        .size f, . - f
        .type g, @function
        g: ret
        call _RNvNtCsAbC_4core9panicking9panic_fmt
        call _RNvNtNtCsAbC_4core5slice5index24slice_end_index_len_fail
        call _RNvNvMNtCsAbC_4core5sliceSp15copy_from_slice17len_mismatch_fail
        call _RNvCsAbC_4core7harmless
        call __stack_chk_fail
        .size g, . - g
        .data
        .quad _RNvNtCsAbC_4core6option13unwrap_failed
        .section .debug_x
        .quad _RNvNtCsAbC_4core6option13expect_failed
        """
    with tempfile.TemporaryDirectory() as place:
        name = os.path.join(place, "x.o")
        subprocess.run(["as", "--64", "-o", name, "-"], input=source, text=True, check=True)
        with open(name, "rb") as file:
            found = panics(file.read())
    want = """
        1 f -> core::panicking::panic_fmt # why
        1 g -> core::panicking::panic_fmt # why
        1 g -> core::slice::index::slice_end_index_len_fail # why
        1 g -> <[_]>::copy_from_slice::len_mismatch_fail # why
        1 .data -> core::option::unwrap_failed # why"""
    assert list(differences(found, read_list(want))) == [], found
    assert list(differences(found, read_list(want.replace("1 f", "2 f")))) == [
        "in the list, but not in the module: 1 f -> core::panicking::panic_fmt"
    ]
    assert list(differences(found, read_list("")))[0] == "new: 1 .data -> core::option::unwrap_failed"
    for line in ("1 f -> g", "f -> g # why", "1 f # why"):
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
        for entry, count in sorted(found.items()):
            print(f"{count} {entry} # ")
        return 0
    with open(arguments[1], encoding="utf-8") as file:
        bad = list(differences(found, read_list(file.read())))
    print(*bad, f"{found.total()} ways to panic", sep="\n")
    return bool(bad)


sys.exit(main(sys.argv[1:]))
