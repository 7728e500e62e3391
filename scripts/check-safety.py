#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
"""Checks the driver's unsafe code: check-safety.py FILE...

It may be in src/abstractions only, and each unsafe block and implementation has a SAFETY comment before it.
(That unsafe functions say what they rely on, clippy checks.) Unlike clippy, this sees into macros, too."""

import re
import sys

UNSAFE = re.compile(r"\bunsafe\b")
BLOCK = re.compile(r"\bunsafe\s*(\{|impl\b)")
REASON = re.compile(r"//.*\bSAFETY:")


def code(line):
    """The line without strings and comments."""
    line = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return line.split("//")[0].rstrip()


def has_reason(lines, at):
    """Whether a SAFETY comment is in line `at`, or before the statement that it belongs to."""
    if REASON.search(lines[at]):
        return True
    for line in reversed(lines[:at]):
        if REASON.search(line):
            return True
        # Comments, attributes and the beginning of the same statement may come between.
        if not line.strip() or code(line).endswith((";", "{", "}")):
            return False
    return False


def findings(name):
    with open(name, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for at, line in enumerate(lines):
        if not UNSAFE.search(code(line)):
            continue
        if not name.startswith("src/abstractions/"):
            yield at, "unsafe code outside of src/abstractions"
        elif BLOCK.search(code(line)) and not has_reason(lines, at):
            yield at, "unsafe code without a SAFETY comment"


bad = [(name, at, what) for name in sys.argv[1:] for at, what in findings(name)]
for name, at, what in bad:
    print(f"{name}:{at + 1}: {what}")
sys.exit(bool(bad))
