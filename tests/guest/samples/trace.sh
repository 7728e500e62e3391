#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
# What a command has the card do, as a picture. Upstream's driver has none of these trace points.
[ -e /sys/module/goya ] || exit 0
# [sample]
goyactl trace -o selftest.json -- goyactl selftest
goyactl trace -o second.json --time 1
# [end]
python3 - <<'END'
import json
for name in ("selftest.json", "second.json"):
    trace = json.load(open(name))
    events = trace["traceEvents"] if isinstance(trace, dict) else trace
    assert name != "selftest.json" or any(event["ph"] == "X" for event in events)
END
