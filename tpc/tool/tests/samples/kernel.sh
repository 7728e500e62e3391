#!/bin/sh
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The goya-rs authors
#
# A sample of Documentation/tpc.rst.

# [sample]
goya-tpc run tpc/kernels/asm/add_f32.s --cores 8 --space 10x3 \
    -t a.npy -t b.npy -t type=f32,sizes=640x3,out=c.npy
