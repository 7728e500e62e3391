#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The goya-rs authors
"""What goya.py promises to a program that does wrong things: exceptions that say what is wrong, and memory that stays."""

import array
import ctypes
import errno
import gc
import os
import sys

import goya

wrong = []


def fails(kind, what, number=None):
    """Notes a call that does not fail as it should."""
    try:
        what()
    except kind as error:
        if number is None or (error.errno == number and error.strerror):
            return
        wrong.append(f"line {sys._getframe(1).f_lineno}: {error!r}")
    else:
        wrong.append(f"line {sys._getframe(1).f_lineno}: nothing raised")


def is_true(fact):
    if not fact:
        wrong.append(f"line {sys._getframe(1).f_lineno}")


sram = goya.Place(offset=goya.SRAM)
is_true(goya.cards() >= 1)
fails(goya.GoyaError, lambda: goya.Device(1000), errno.ENOENT)
device = goya.Device()
fails(goya.GoyaError, goya.Device, errno.EBUSY)
fails(goya.GoyaError, lambda: device.memory(0), errno.EINVAL)
fails(goya.GoyaError, lambda: device.memory(1 << 46), errno.ENOMEM)
fails(goya.GoyaError, lambda: device.submit(99, goya.Commands()), errno.EINVAL)
fails(goya.GoyaError, lambda: device.launch("no_such_kernel", []), errno.EINVAL)
fails(TypeError, lambda: device.put(sram, 7))
# Only what can be written can be read into, or mapped.
fails(TypeError, lambda: device.get(sram, b"12345678"))
fails(TypeError, lambda: device.map(b"12345678"))
# An object's address is no value: what the card sends would be taken for one.
objects = (ctypes.py_object * 2)("a", "b")
for use in (device.put, device.get):
    fails(TypeError, lambda use=use: use(sram, objects))
fails(TypeError, lambda: device.map(objects))
try:
    device.put(sram, memoryview(bytearray(16))[::2])
    is_true(False)
except TypeError as gaps:
    is_true("gaps" in str(gaps))

commands = goya.Commands()
memory = device.memory(4096)
fails(ValueError, lambda: commands.copy(sram, sram, 2**32 + 8))
fails(ValueError, lambda: commands.fill(sram, 0, 0))
fails(goya.GoyaError, lambda: commands.copy(goya.Place(memory, 4090), sram, 8), errno.EINVAL)

# Bytes that are only read, a fill, and memory that outlives the names that it had.
commands.fill(goya.Place(memory, 8), 0x0101010101010101, 8)
device.put(goya.Place(memory), b"unchange")
back = array.array("B", bytes(16))
target = device.map(back)
commands.copy(goya.Place(memory), goya.Place(target), 16)
fence = device.submit(2, commands)
del commands, memory, target
gc.collect()
is_true(goya.wait(fence) and goya.wait(fence, 0))
is_true(bytes(back) == b"unchange" + b"\1" * 8)
# An array that the card reaches cannot move.
fails(BufferError, lambda: back.append(1))

# A module without its library says where that is.
os.environ["LIBGOYA"] = "/nowhere"
del sys.modules["goya"]
try:
    import goya as again
except ImportError as error:
    is_true("libgoya0" in str(error))
else:
    is_true(again is None)

for line in wrong:
    print(line)
sys.exit(bool(wrong))
