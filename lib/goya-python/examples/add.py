#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: The goya-rs authors
"""Adds two vectors on the tensor cores: arrays of NumPy's, if that is there, else of Python's own."""

import sys

import goya

try:
    import numpy

    def floats(values):
        return numpy.array(values, dtype=numpy.float32)

except ImportError:
    import array

    def floats(values):
        return array.array("f", values)


COUNT = 1000
a = floats([float(i) for i in range(COUNT)])
b = floats([0.5 * i for i in range(COUNT)])
c = floats([-1.0] * COUNT)

device = goya.Device()
memory = device.memory(3 * 4096)
places = [goya.Place(memory, 4096 * n) for n in range(3)]
for place, values in zip(places, (a, b, c)):
    device.put(place, values)
tensors = [goya.Tensor(place, 4, (COUNT, 1, 1, 1, 1)) for place in places]
goya.wait(device.launch("add_f32", tensors))
device.get(places[2], c)

# A truth value of NumPy's is none to sys.exit().
wrong = sum(bool(c[i] != a[i] + b[i]) for i in range(COUNT))
print(f"{COUNT} sums of {type(c).__module__} on 8 cores: {wrong} wrong")
sys.exit(wrong != 0)
