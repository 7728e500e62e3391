// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// c = a * b of matrices, in 32 bits, then times 2^shift, rounded to nearest, ties to even, and saturated
//
// tensor 0: a, i8 (depth, rows, batches)    tensor 1: b, i8 (columns, depth, batches)
// tensor 2: c, i8 (columns, rows, batches)
// scalars: S0 shift, -31 to 0
// index space: dimension 0 in vectors of 256 columns, 1 in blocks of 8 rows, 2 as c; 3 and 4 are one point
// limits: a depth of 131071, with which no sum leaves 32 bits

// S1 is the depth, S2 the last row of a: its descriptor says how large it is.
ld_l mmio S1, 0x410; add.i32 b11111 I2, I0, I1; nop; nop
ld_l mmio S2, 0x41c; nop; nop; nop
nop; mul.i32 b00001 I0, 256, I0; nop; nop
nop; mul.i32 b00001 I2, 256, I2; nop; nop
nop
nop
nop; mul.i32 b00010 I0, 8, I0; nop; nop
nop; mul.i32 b00010 I2, 8, I2; nop; nop
nop; sub.i32 S2, S2, 1; nop; nop
nop
nop; mov_irf_dim 2 S18, I0; nop; nop
nop; mov_irf_dim 1 S17, I0; nop; nop
nop; mov_irf_dim 0 S16, I0; nop; nop
nop; mov_irf_dim 2 S22, I2; nop; nop
nop; mov_irf_dim 1 S21, I2; nop; nop
nop; mov_irf_dim 0 S20, I2; nop; nop

nop
// I0 is the place in c, I4 that in b, I8 to I15 are those in the rows of a.
loop S18, S22, 1, <, batches
nop
loop S17, S21, 8, <, rows
set_indx I0, b00100, S32; nop; nop; nop
set_indx I0, b00010, S33; nop; nop; nop
// Rows behind the last are the last again: addresses have no bounds, and these sums are not stored.
mov b11111 I8, I0; nop; nop; nop
mov b11111 I9, I0; nop; nop; nop
mov b11111 I10, I0; add.i32 b00010 I9, 1, I0; nop; nop
mov b11111 I11, I0; add.i32 b00010 I10, 2, I0; nop; nop
mov b11111 I12, I0; add.i32 b00010 I11, 3, I0; nop; nop
mov b11111 I13, I0; add.i32 b00010 I12, 4, I0; nop; nop
mov b11111 I14, I0; add.i32 b00010 I13, 5, I0; nop; nop
mov b11111 I15, I0; add.i32 b00010 I14, 6, I0; nop; nop
nop; add.i32 b00010 I15, 7, I0; nop; nop
nop; min.i32 b00010 I8, S2, I8; nop; nop
nop; min.i32 b00010 I9, S2, I9; nop; nop
nop; min.i32 b00010 I10, S2, I10; nop; nop
nop; min.i32 b00010 I11, S2, I11; nop; nop
nop; min.i32 b00010 I12, S2, I12; nop; nop
nop; min.i32 b00010 I13, S2, I13; nop; nop
nop; min.i32 b00010 I14, S2, I14; nop; nop
nop; min.i32 b00010 I15, S2, I15; nop; nop
loop S16, S20, 256, <, columns
mov b11111 I4, I0; nop; nop; nop
set_indx I0, b00001, S34; nop; mov.i32 V8, 0; nop
set_indx I4, b00001, S34; nop; mov.i32 V9, 0; nop
nop; nop; mov.i32 V10, 0; nop
nop; nop; mov.i32 V11, 0; nop
nop; nop; mov.i32 V12, 0; nop
nop; nop; mov.i32 V13, 0; nop
nop; nop; mov.i32 V14, 0; nop
nop; nop; mov.i32 V15, 0; nop
nop; nop; mov.i32 V16, 0; nop
nop; nop; mov.i32 V17, 0; nop
nop; nop; mov.i32 V18, 0; nop
nop; nop; mov.i32 V19, 0; nop
nop; nop; mov.i32 V20, 0; nop
nop; nop; mov.i32 V21, 0; nop
nop; nop; mov.i32 V22, 0; nop
nop; nop; mov.i32 V23, 0; nop
nop; nop; mov.i32 V24, 0; nop
nop; nop; mov.i32 V25, 0; nop
nop; nop; mov.i32 V26, 0; nop
nop; nop; mov.i32 V27, 0; nop
nop; nop; mov.i32 V28, 0; nop
nop; nop; mov.i32 V29, 0; nop
nop; nop; mov.i32 V30, 0; nop
nop; nop; mov.i32 V31, 0; nop
nop; nop; mov.i32 V32, 0; nop
nop; nop; mov.i32 V33, 0; nop
nop; nop; mov.i32 V34, 0; nop
nop; nop; mov.i32 V35, 0; nop
nop; nop; mov.i32 V36, 0; nop
nop; nop; mov.i32 V37, 0; nop
nop; nop; mov.i32 V38, 0; nop
nop; nop; mov.i32 V39, 0; nop
// A row of b, and one number of each row of a for all columns.
loop 0, S1, 1, <, depth
nop
nop; set_indx I4, b00010, S35; nop; nop
ld_tnsr V0, 1, I4; set_indx I8, b00001, S35; nop; nop
nop; set_indx I9, b00001, S35; nop; gen_addr AD0, 0, I8
ld_g V1, AD0; set_indx I10, b00001, S35; nop; gen_addr AD1, 0, I9
ld_g V2, AD1; set_indx I11, b00001, S35; nop; gen_addr AD2, 0, I10
ld_g V3, AD2; set_indx I12, b00001, S35; nop; gen_addr AD3, 0, I11
ld_g V4, AD3; set_indx I13, b00001, S35; nop; gen_addr AD4, 0, I12
ld_g V1, AD4; set_indx I14, b00001, S35; mac.i8 A8, V0, V1; gen_addr AD5, 0, I13
ld_g V2, AD5; set_indx I15, b00001, S35; mac.i8 A12, V0, V2; gen_addr AD6, 0, I14
ld_g V3, AD6; nop; mac.i8 A16, V0, V3; gen_addr AD7, 0, I15
ld_g V4, AD7; nop; mac.i8 A20, V0, V4; nop
nop; nop; mac.i8 A24, V0, V1; nop
nop; nop; mac.i8 A28, V0, V2; nop
nop; nop; mac.i8 A32, V0, V3; nop
nop; nop; mac.i8 A36, V0, V4; nop
depth:
// The four sums of a lane are of four neighbours: as bytes they are in order.
mov b11111 I3, I0; nop; nop; nop
nop; nop; convert_int32 lane_sel=0 rhne to_8 V0, V8, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=1 rhne to_8 V0, V9, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=2 rhne to_8 V0, V10, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=3 rhne to_8 V0, V11, S0; nop
nop; nop; convert_int32 lane_sel=0 rhne to_8 V1, V12, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=1 rhne to_8 V1, V13, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=2 rhne to_8 V1, V14, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=3 rhne to_8 V1, V15, S0; nop
nop; nop; convert_int32 lane_sel=0 rhne to_8 V2, V16, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=1 rhne to_8 V2, V17, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=2 rhne to_8 V2, V18, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=3 rhne to_8 V2, V19, S0; nop
nop; nop; convert_int32 lane_sel=0 rhne to_8 V3, V20, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=1 rhne to_8 V3, V21, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=2 rhne to_8 V3, V22, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=3 rhne to_8 V3, V23, S0; nop
nop; nop; convert_int32 lane_sel=0 rhne to_8 V4, V24, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=1 rhne to_8 V4, V25, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=2 rhne to_8 V4, V26, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=3 rhne to_8 V4, V27, S0; nop
nop; nop; convert_int32 lane_sel=0 rhne to_8 V5, V28, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=1 rhne to_8 V5, V29, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=2 rhne to_8 V5, V30, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=3 rhne to_8 V5, V31, S0; nop
nop; nop; convert_int32 lane_sel=0 rhne to_8 V6, V32, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=1 rhne to_8 V6, V33, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=2 rhne to_8 V6, V34, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=3 rhne to_8 V6, V35, S0; nop
nop; nop; convert_int32 lane_sel=0 rhne to_8 V7, V36, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=1 rhne to_8 V7, V37, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=2 rhne to_8 V7, V38, S0; nop
nop
nop
nop
nop; nop; convert_int32 lane_sel=3 rhne to_8 V7, V39, S0; nop
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V0
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V1
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V2
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V3
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V4
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V5
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V6
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V7
columns:
nop
nop
nop
nop
rows:
nop
nop
nop
nop
batches:
halt
nop
nop
nop
