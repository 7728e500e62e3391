#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The goya-rs authors
"""The first submission: host memory to SRAM and back."""

import sys

import goya

# [open]
device = goya.Device()
# [memory]
source, target = bytearray(4096), bytearray(4096)
source[:20] = b"There and back again"
mapped_source, mapped_target = device.map(source), device.map(target)
# [commands]
sram = goya.Place(offset=goya.SRAM)
there, back = goya.Commands(), goya.Commands()
there.copy(goya.Place(mapped_source), sram, 4096)
back.copy(sram, goya.Place(mapped_target), 4096)
# [submit]
goya.wait(device.submit(1, there))
fence = device.submit(2, back)
goya.wait(fence)
# [result]
print("came back:", target[:20].decode())
# [end]
sys.exit(target != source)
