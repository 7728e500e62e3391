#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
"""profile.py LOGS MARK PER: sums the blocks that the plugin has counted by the function they are in, with what the guest
has printed of /proc/kallsyms. The functions of a program are one line."""

import bisect
import collections
import pathlib
import re
import sys

# The last functions matter to nobody.
SHOWN = 60
# Addresses below are a program's.
KERNEL = 1 << 63

logs, mark, per = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
symbols = []
for line in (logs / "run.log").read_text(errors="replace").splitlines():
    if found := re.match(r"([0-9a-f]{16}) [tTwW] (\S+)(?:\s+\[(\w+)\])?$", line):
        where = f" [{found[3]}]" if found[3] else ""
        symbols.append((int(found[1], 16), found[2] + where))
symbols.sort()
addresses = [address for address, _ in symbols]
ends = sum(line.split()[0] == str(mark + 1) for line in (logs / "marks").read_text().splitlines())
if not symbols or not ends:
    sys.exit(f"error: nothing was counted; the log is {logs}/run.log")
counts = collections.Counter()
for line in (logs / "blocks").read_text().splitlines():
    address, count = line.split()
    at = bisect.bisect(addresses, int(address, 16)) - 1
    name = symbols[at][1] if int(address, 16) >= KERNEL and at >= 0 else "(the program)"
    counts[name] += int(count)

print(f"{sum(counts.values()) / ends / per:10.1f}  all instructions")
for name, count in counts.most_common(SHOWN):
    print(f"{count / ends / per:10.1f}  {name}")
