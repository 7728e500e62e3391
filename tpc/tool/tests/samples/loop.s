// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
    loop 0, S4, 1, <, behind
    nop
    ld_tnsr V1, 0, I2; nop; nop; nop
    nop; add.i32 b00010 I2, 1, I2; nop; st_tnsr 1, I2, V1
behind: halt
nop
nop
nop
