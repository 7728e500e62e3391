// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// Each number of b is the sum of the 3x3 numbers around that place in a, times weights. Behind the border
// stands the padding value of a. The rows are summed from left to right, each product after the first is
// added with one rounding, then the upper two rows are added, then the lowest.
//
// tensor 0: a, f32 (width, height, planes, images)    tensor 1: b, f32, of the dimensions of a
// scalars: S0 to S8 the weights, f32, row by row
// index space: dimension 0 in vectors of 64 elements, 1 in pairs of rows, 2 and 3 as a; 4 is one point

// Where the core's part of the index space begins (I0) and ends (I2), dimensions 0 and 1 in elements.
nop; add.i32 b11111 I2, I0, I1; nop; nop
nop; mul.i32 b00001 I0, 64, I0; nop; nop
nop; mul.i32 b00001 I2, 64, I2; nop; nop
nop
nop
nop; mul.i32 b00010 I0, 2, I0; nop; nop
nop; mul.i32 b00010 I2, 2, I2; nop; nop
nop
nop
nop; mov_irf_dim 3 S19, I0; nop; nop
nop; mov_irf_dim 2 S18, I0; nop; nop
nop; mov_irf_dim 1 S17, I0; nop; nop
nop; mov_irf_dim 0 S16, I0; nop; nop
nop; mov_irf_dim 3 S23, I2; nop; nop
nop; mov_irf_dim 2 S22, I2; nop; nop
nop; mov_irf_dim 1 S21, I2; nop; nop
nop; mov_irf_dim 0 S20, I2; nop; nop

loop S19, S23, 1, <, end3
nop
loop S18, S22, 1, <, end2
set_indx I0, b01000, S32; nop; nop; nop
loop S17, S21, 2, <, end1
set_indx I0, b00100, S33; nop; nop; nop
loop S16, S20, 64, <, end0
set_indx I0, b00010, S34; nop; nop; nop
// I4 to I7 are the places in the four rows around the pair, from the left column of the nine to the right one.
// V20 to V22 sum the first row's three, V23 to V25 the second's.
set_indx I0, b00001, S35; nop; nop; nop
mov b11111 I5, I0; mov b11111 I4, I0; nop; nop
mov b11111 I6, I0; add.i32 b00011 I4, -1, I4; nop; nop
mov b11111 I7, I0; add.i32 b00001 I5, -1, I5; nop; nop
ld_tnsr V0, 0, I4; add.i32 b00001 I6, -1, I6; nop; nop
ld_tnsr V1, 0, I5; add.i32 b00010 I6, 1, I6; nop; nop
ld_tnsr V2, 0, I6; add.i32 b00001 I7, -1, I7; nop; nop
nop; add.i32 b00010 I7, 2, I7; nop; nop
ld_tnsr V3, 0, I7; add.i32 b00001 I7, 1, I7; mul.f32 V20, V0, S0; nop
nop; add.i32 b00001 I4, 1, I4; mul.f32 V21, V1, S3; nop
ld_tnsr V4, 0, I4; add.i32 b00001 I5, 1, I5; mul.f32 V23, V1, S0; nop
ld_tnsr V5, 0, I5; add.i32 b00001 I6, 1, I6; mul.f32 V22, V2, S6; nop
ld_tnsr V6, 0, I6; nop; mul.f32 V24, V2, S3; nop
ld_tnsr V7, 0, I7; add.i32 b00001 I7, 1, I7; mul.f32 V25, V3, S6; nop
nop; add.i32 b00001 I4, 1, I4; mac.f32 V20, V4, S1; nop
ld_tnsr V8, 0, I4; add.i32 b00001 I5, 1, I5; mac.f32 V21, V5, S4; nop
ld_tnsr V9, 0, I5; add.i32 b00001 I6, 1, I6; mac.f32 V23, V5, S1; nop
ld_tnsr V10, 0, I6; nop; mac.f32 V22, V6, S7; nop
ld_tnsr V11, 0, I7; nop; mac.f32 V24, V6, S4; nop
nop; nop; mac.f32 V25, V7, S7; nop
mov b11111 I3, I0; nop; mac.f32 V20, V8, S2; nop
nop; add.i32 b00010 I3, 1, I3; mac.f32 V21, V9, S5; nop
nop; nop; mac.f32 V23, V9, S2; nop
nop; nop; mac.f32 V22, V10, S8; nop
nop; nop; mac.f32 V24, V10, S5; nop
nop; nop; mac.f32 V25, V11, S8; nop
nop
nop; nop; add.f32 V26, V20, V21; nop
nop
nop
nop; nop; add.f32 V27, V23, V24; nop
nop
nop
nop; nop; add.f32 V26, V26, V22; nop
nop; nop; nop; st_tnsr 1, I0, V26
nop
nop; nop; add.f32 V27, V27, V25; nop
nop; nop; nop; st_tnsr 1, I3, V27
end0:
nop
nop
nop
nop
end1:
nop
nop
nop
nop
end2:
nop
nop
nop
nop
end3:
halt
nop
nop
nop
