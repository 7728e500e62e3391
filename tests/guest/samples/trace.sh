#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
# What a command has the card do, as a picture. Upstream's driver has none of these trace points.
[ -e /sys/module/goya ] || exit 0
# [sample]
goyactl trace -o selftest.json -- goyactl selftest
goyactl trace -o second.json --time 1
# [end]
# Slices of jobs, and a trace in which nothing happens.
grep -q '"ph": *"X"' selftest.json
[ -s second.json ]
