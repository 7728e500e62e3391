#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# Runs the packets of Documentation/libgoya.rst, which lie beside this.

goyactl run "${0%.sh}.txt" --queue dma0 --get 0x7ff0008000:4=out.bin
[ "$(od -An -td4 out.bin | tr -d ' ')" = 42 ]
