#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# SPDX-FileCopyrightText: The goya-rs authors
# Tensors in NumPy's files, made without NumPy.
python3 - <<'END'
import struct
for name, value in (("a", 1.5), ("b", 2.25)):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': (16, 1024), }".ljust(117) + "\n"
    with open(f"{name}.npy", "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        file.write(struct.pack("<f", value) * (16 * 1024))
END
# [sample]
goyactl kernel run add_f32 -t a=a.npy -t b=b.npy -t c=1024x16:c.npy
# [end]
python3 - <<'END'
import struct
data = open("c.npy", "rb").read()
assert b"'shape': (16, 1024)" in data
assert data.endswith(struct.pack("<f", 3.75) * (16 * 1024))
END
