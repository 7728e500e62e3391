#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# A sample of Documentation/goyactl.rst.

# numbers FILE BYTES: 16384 times the same four bytes.
numbers() {
	printf %b "$2" >"$1"
	for _ in 1 2 3 4 5 6 7; do
		cat "$1" "$1" "$1" "$1" >"$1.more"
		mv "$1.more" "$1"
	done
}
# 1.0, 2.0, and 3.0 for comparison.
numbers a.bin '\0000\0000\0200\0077'
numbers b.bin '\0000\0000\0000\0100'
numbers wanted.bin '\0000\0000\0100\0100'
# [sample]
goyactl kernel run add_f32 -t a=1024x16:a.bin -t b=1024x16:b.bin -t c=1024x16:c.bin
# [end]
cmp c.bin wanted.bin
