// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// b = a, rounded to nearest, ties to even, and saturated
//
// tensor 0: a, f32    tensor 1: b, i8; of the same dimensions
// scalars: none
// index space: dimension 0 in vectors of 256 elements, 1 to 3 as the tensors'; 4 is one point

// Where the core's part of the index space begins (I0) and ends (I2), dimension 0 in elements.
nop; add.i32 b11111 I2, I0, I1; nop; nop
nop; mul.i32 b00001 I0, 256, I0; nop; nop
nop; mul.i32 b00001 I2, 256, I2; nop; nop
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

// From here on I0 is where the core is. What stands behind a loop's word is executed before its body.
loop S19, S23, 1, <, end3
nop
loop S18, S22, 1, <, end2
set_indx I0, b01000, S32; nop; nop; nop
loop S17, S21, 1, <, end1
set_indx I0, b00100, S33; nop; nop; nop
loop S16, S20, 256, <, end0
set_indx I0, b00010, S34; nop; nop; nop
set_indx I0, b00001, S35; nop; nop; nop
nop; mov b11111 I3, I0; nop; nop
// Loads stay more than four words away from the stores of the iteration before.
nop
nop
ld_tnsr V0, 0, I0; add.i32 b00001 I3, 64, I3; nop; nop
ld_tnsr V1, 0, I3; add.i32 b00001 I3, 64, I3; nop; nop
ld_tnsr V2, 0, I3; add.i32 b00001 I3, 64, I3; nop; nop
ld_tnsr V3, 0, I3; nop; nop; nop
// Each number to the lowest byte of its lane.
nop; nop; convert.f32 V4, V0, target_type=int8, lane_sel=0, rhne; nop
nop; nop; convert.f32 V5, V1, target_type=int8, lane_sel=0, rhne; nop
nop; nop; convert.f32 V6, V2, target_type=int8, lane_sel=0, rhne; nop
nop; nop; convert.f32 V7, V3, target_type=int8, lane_sel=0, rhne; nop
// In each dual group the bytes of all its lanes, in each half of a group alike.
nop; nop; pack.i8 V8, V4, group_0, stride_4; nop
nop; nop; pack.i8 V9, V5, group_0, stride_4; nop
nop; nop; pack.i8 V10, V6, group_0, stride_4; nop
nop; nop; pack.i8 V11, V7, group_0, stride_4; nop
nop; nop; pack.i8 V8, V4, group_1, stride_4; nop
nop; nop; pack.i8 V9, V5, group_1, stride_4; nop
nop; nop; pack.i8 V10, V6, group_1, stride_4; nop
nop; nop; pack.i8 V11, V7, group_1, stride_4; nop
nop
// Dual group D from vector D: its four half groups from the four dual groups of that.
nop; nop; mov_dg V12, V8, src=0, dst=0, wr_lg=1, wr_ug=0, 0xffff; nop
nop; nop; mov_dg V12, V8, src=1, dst=0, wr_lg=1, wr_ug=0, 0xffff0000; nop
nop; nop; mov_dg V12, V8, src=2, dst=0, wr_lg=0, wr_ug=1, 0xffff; nop
nop; nop; mov_dg V12, V8, src=3, dst=0, wr_lg=0, wr_ug=1, 0xffff0000; nop
nop; nop; mov_dg V12, V9, src=0, dst=1, wr_lg=1, wr_ug=0, 0xffff; nop
nop; nop; mov_dg V12, V9, src=1, dst=1, wr_lg=1, wr_ug=0, 0xffff0000; nop
nop; nop; mov_dg V12, V9, src=2, dst=1, wr_lg=0, wr_ug=1, 0xffff; nop
nop; nop; mov_dg V12, V9, src=3, dst=1, wr_lg=0, wr_ug=1, 0xffff0000; nop
nop; nop; mov_dg V12, V10, src=0, dst=2, wr_lg=1, wr_ug=0, 0xffff; nop
nop; nop; mov_dg V12, V10, src=1, dst=2, wr_lg=1, wr_ug=0, 0xffff0000; nop
nop; nop; mov_dg V12, V10, src=2, dst=2, wr_lg=0, wr_ug=1, 0xffff; nop
nop; nop; mov_dg V12, V10, src=3, dst=2, wr_lg=0, wr_ug=1, 0xffff0000; nop
nop; nop; mov_dg V12, V11, src=0, dst=3, wr_lg=1, wr_ug=0, 0xffff; nop
nop; nop; mov_dg V12, V11, src=1, dst=3, wr_lg=1, wr_ug=0, 0xffff0000; nop
nop; nop; mov_dg V12, V11, src=2, dst=3, wr_lg=0, wr_ug=1, 0xffff; nop
nop; nop; mov_dg V12, V11, src=3, dst=3, wr_lg=0, wr_ug=1, 0xffff0000; nop
nop; nop; nop; st_tnsr 1, I0, V12
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
