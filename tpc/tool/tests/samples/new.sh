#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The goya-rs authors
#
# A sample of Documentation/tpc-programming.rst.

# [sample]
goya-tpc lint add.s
goya-tpc run add.s -t a.npy -t b.npy -t type=f32,sizes=640x3,out=c.npy --space 10x3 --cores 8
goya-tpc asm add.s -o add.bin
