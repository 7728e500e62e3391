#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# How Documentation/libgoya.rst has a person build a program with libgoya-dev.

set -e
cd "$(mktemp -d)"
cp /usr/share/doc/libgoya-dev/examples/first.c .
# shellcheck disable=SC2046 # several options
# [build]
cc -o first first.c $(pkg-config --cflags --libs goya)
