#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
#
# A sample of Documentation/goyactl.rst.

# [sample]
cat >fill.txt <<TEXT
# eight bytes, again and again; the packet's source is the value
lin_dma source=0x1122334455667788 destination=0x7ff0008000 size=4096 direction=host_to_sram flags=fill
TEXT
goyactl run fill.txt --queue dma2 --get 0x7ff0008000:4096=out.bin
# [end]
[ "$(od -An -tx1 out.bin | sort -u | tr -d ' *\n')" = 88776655443322118877665544332211 ]
