// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// Row i of b is the row of the table that index i says. An index that is none gives the padding value of
// the table.
//
// tensor 0: table, f32 (width, entries)    tensor 1: indices, i32 (count)    tensor 2: b, f32 (width, count)
// scalars: none
// index space: dimension 0 in vectors of 64 elements of b, 1 as b; 2 to 4 are one point

nop; add.i32 b11111 I2, I0, I1; nop; nop
nop; mul.i32 b00001 I0, 64, I0; nop; nop
nop; mul.i32 b00001 I2, 64, I2; nop; nop
nop
nop
nop; mov_irf_dim 1 S17, I0; nop; nop
nop; mov_irf_dim 0 S16, I0; nop; nop
nop; mov_irf_dim 1 S21, I2; nop; nop
nop; mov_irf_dim 0 S20, I2; nop; nop
// I0 is the place in b, I3 that of the index, I4 that in the table.
set_indx I3, b11111, 0; nop; nop; nop
set_indx I4, b11111, 0; nop; nop; nop
loop S17, S21, 1, <, rows
nop
set_indx I3, b00001, S32; nop; nop; nop
set_indx I0, b00010, S32; nop; nop; gen_addr AD0, 1, I3
nop
nop
nop
nop
nop
nop
ld_g S1, AD0; nop; nop; nop
nop
nop
nop
set_indx I4, b00010, S1; nop; nop; nop
loop S16, S20, 64, <, columns
nop
set_indx I4, b00001, S33; nop; nop; nop
ld_tnsr V0, 0, I4; nop; nop; nop
set_indx I0, b00001, S33; nop; nop; nop
nop; nop; nop; st_tnsr 2, I0, V0
columns:
nop
nop
nop
nop
rows:
halt
nop
nop
nop
