#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
"""Checks that Documentation/ABI has what the driver shows, and nothing else: files of sysfs and debugfs, keys of fdinfo, trace
points. And that trace points have the same arguments in C (goya_trace.h) and in Rust (events.rs), which no compiler sees."""

import glob
import re
import sys

ABI = "Documentation/ABI/testing/"
TRACE = "src/abstractions/trace/"
# As C and Rust call them.
TYPES = {"u32": "u32", "u64": "u64", "int": "c_int", "bool": "bool"}


def read(name):
    """What is in the driver's file, without its tests."""
    with open(name, encoding="utf-8") as file:
        return file.read().split("#[kunit_tests")[0]


def compare(what, shown, documented):
    """Prints what is only in one of two sets."""
    for name in sorted(shown - documented):
        print(f"{what}: {name} is not in {ABI}")
    for name in sorted(documented - shown):
        print(f"{what}: {name} is in {ABI}, but not there")
    return shown == documented


def files_of_sysfs():
    rows = re.findall(r'(?:\b(?:ro|rw|wo)\(\s*|name: )c"(\w+)"', read("src/observe/sysfs.rs"))
    return set(rows), set(re.findall(r"/device/(\w+)\n", read(ABI + "sysfs-driver-goya")))


def files_of_debugfs():
    shown = set()
    for name in glob.glob("src/observe/debugfs/*.rs"):
        shown |= set(re.findall(r'\b(?:ro|rw|wo|read_with)\(\s*(?:0o\d+,\s*)?c"(\w+)"', read(name)))
    return shown, set(re.findall(r"/<pci>/(\w+)\n", read(ABI + "debugfs-driver-goya")))


def keys_of_fdinfo():
    source = read("src/ioctl/fdinfo.rs")
    engines = re.findall(r'engine\(c"(\w+)"', source) + ["dma<n>"] * ("DMA" in source)
    regions = re.findall(r'memory\(c"(\w+)"', source)
    shown = {f"engine-{name}" for name in engines}
    shown |= {f"{key}-{region}" for key in ("total", "shared", "resident") for region in regions}
    keys = re.findall(r"\tdrm-((?:engine|total|shared|resident)-[\w<>]+):", read(ABI + "procfs-fdinfo-goya"))
    return shown, set(keys)


def trace_points():
    """Names and arguments, in C and in Rust."""
    header = read(TRACE + "goya_trace.h")
    made = re.findall(r"^(?:TRACE_EVENT|DEFINE_EVENT)\((?:\w+_template, )?(\w+),\s*TP_PROTO\(([^)]*)\)", header, re.M)
    in_c = {name: [tuple(a.split()) for a in arguments.split(", ")] for name, arguments in made}
    declared = re.findall(r"unsafe fn (\w+)\(([^)]*)\);", read(TRACE + "events.rs"))
    in_rust = {name: [tuple(a.split(": ")) for a in arguments.split(", ")] for name, arguments in declared}
    return in_c, in_rust


def same_arguments(in_c, in_rust):
    same = compare("goya_trace.h and events.rs", set(in_c), set(in_rust))
    for name in set(in_c) & set(in_rust):
        device, *arguments = in_c[name]
        expected = [(argument, TYPES.get(kind)) for kind, argument in arguments]
        if device != ("struct", "device", "*dev") or expected != in_rust[name]:
            print(f"{name}: {in_c[name]} in C, {in_rust[name]} in Rust")
            same = False
    return same


IN_C, IN_RUST = trace_points()
DOCUMENTED = set(re.findall(r"/events/goya/(\w+)\n", read(ABI + "tracepoints-goya")))
CHECKS = [
    compare("sysfs", *files_of_sysfs()),
    compare("debugfs", *files_of_debugfs()),
    compare("fdinfo", *keys_of_fdinfo()),
    compare("trace points", set(IN_C), DOCUMENTED),
    same_arguments(IN_C, IN_RUST),
]
print(f"{len(IN_C)} trace points; {CHECKS.count(False)} of {len(CHECKS)} checks failed")
sys.exit(not all(CHECKS))
