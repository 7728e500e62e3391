// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// c = a * b of matrices; each product is added with one rounding, in the order of the depth
//
// tensor 0: a, f32 (depth, rows, batches)    tensor 1: b, f32 (columns, depth, batches)
// tensor 2: c, f32 (columns, rows, batches)
// scalars: none
// index space: dimension 0 in pairs of vectors of 64 columns, 1 in blocks of 8 rows, 2 as c; 3 and 4 are
//   one point

// S1 is the depth, S2 the last row of a: its descriptor says how large it is.
ld_l mmio S1, 0x410; add.i32 b11111 I2, I0, I1; nop; nop
ld_l mmio S2, 0x41c; nop; nop; nop
nop; mul.i32 b00001 I0, 128, I0; nop; nop
nop; mul.i32 b00001 I2, 128, I2; nop; nop
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
// I0 and I3 are the places in c, I4 and I5 those in b, I8 to I15 are those in the rows of a.
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
loop S16, S20, 128, <, columns
mov b11111 I3, I0; nop; nop; nop
set_indx I0, b00001, S34; nop; mov.f32 V8, 0; nop
set_indx I3, b00001, S34; nop; mov.f32 V9, 0; nop
nop; add.i32 b00001 I3, 64, I3; nop; nop
mov b11111 I4, I0; nop; mov.f32 V10, 0; nop
nop; nop; mov.f32 V11, 0; nop
mov b11111 I5, I3; nop; mov.f32 V12, 0; nop
nop; nop; mov.f32 V13, 0; nop
nop; nop; mov.f32 V14, 0; nop
nop; nop; mov.f32 V15, 0; nop
nop; nop; mov.f32 V16, 0; nop
nop; nop; mov.f32 V17, 0; nop
nop; nop; mov.f32 V18, 0; nop
nop; nop; mov.f32 V19, 0; nop
nop; nop; mov.f32 V20, 0; nop
nop; nop; mov.f32 V21, 0; nop
nop; nop; mov.f32 V22, 0; nop
nop; nop; mov.f32 V23, 0; nop
// Two vectors of a row of b, and one number of each row of a for all columns; V8 to V23 sum, by pairs.
loop 0, S1, 1, <, depth
nop
nop; set_indx I4, b00010, S35; nop; nop
ld_tnsr V0, 1, I4; set_indx I5, b00010, S35; nop; nop
ld_tnsr V1, 1, I5; set_indx I8, b00001, S35; nop; nop
nop; set_indx I9, b00001, S35; nop; gen_addr AD0, 0, I8
ld_g V24, AD0; set_indx I10, b00001, S35; nop; gen_addr AD1, 0, I9
ld_g V25, AD1; set_indx I11, b00001, S35; nop; gen_addr AD2, 0, I10
ld_g V26, AD2; set_indx I12, b00001, S35; nop; gen_addr AD3, 0, I11
ld_g V27, AD3; set_indx I13, b00001, S35; nop; gen_addr AD4, 0, I12
ld_g V28, AD4; set_indx I14, b00001, S35; mac.f32 V8, V0, V24; gen_addr AD5, 0, I13
ld_g V29, AD5; set_indx I15, b00001, S35; mac.f32 V9, V1, V24; gen_addr AD6, 0, I14
ld_g V30, AD6; nop; mac.f32 V10, V0, V25; gen_addr AD7, 0, I15
ld_g V31, AD7; nop; mac.f32 V11, V1, V25; nop
nop; nop; mac.f32 V12, V0, V26; nop
nop; nop; mac.f32 V13, V1, V26; nop
nop; nop; mac.f32 V14, V0, V27; nop
nop; nop; mac.f32 V15, V1, V27; nop
nop; nop; mac.f32 V16, V0, V28; nop
nop; nop; mac.f32 V17, V1, V28; nop
nop; nop; mac.f32 V18, V0, V29; nop
nop; nop; mac.f32 V19, V1, V29; nop
nop; nop; mac.f32 V20, V0, V30; nop
nop; nop; mac.f32 V21, V1, V30; nop
nop; nop; mac.f32 V22, V0, V31; nop
nop; nop; mac.f32 V23, V1, V31; nop
depth:
nop; add.i32 b00010 I0, 1, I0; nop; st_tnsr 2, I0, V8
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V9
nop; add.i32 b00010 I0, 1, I0; nop; st_tnsr 2, I0, V10
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V11
nop; add.i32 b00010 I0, 1, I0; nop; st_tnsr 2, I0, V12
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V13
nop; add.i32 b00010 I0, 1, I0; nop; st_tnsr 2, I0, V14
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V15
nop; add.i32 b00010 I0, 1, I0; nop; st_tnsr 2, I0, V16
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V17
nop; add.i32 b00010 I0, 1, I0; nop; st_tnsr 2, I0, V18
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V19
nop; add.i32 b00010 I0, 1, I0; nop; st_tnsr 2, I0, V20
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V21
nop; add.i32 b00010 I0, 1, I0; nop; st_tnsr 2, I0, V22
nop; add.i32 b00010 I3, 1, I3; nop; st_tnsr 2, I3, V23
set_indx I0, b00010, S33; set_indx I3, b00010, S33; nop; nop
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
