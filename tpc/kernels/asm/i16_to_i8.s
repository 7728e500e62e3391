// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// b = a, saturated
//
// tensor 0: a, i16    tensor 1: b, i8; of the same dimensions
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
ld_tnsr V0, 0, I0; add.i32 b00001 I3, 128, I3; nop; nop
ld_tnsr V1, 0, I3; nop; nop; nop
nop
nop
// Each number to the lower byte of its lane.
nop; nop; convert_int16 lane_sel=0 rhne V2, V0, 0; nop
nop; nop; convert_int16 lane_sel=0 rhne V3, V1, 0; nop
nop
nop
// In each dual group the bytes of all its lanes, in both groups alike.
nop; nop; pack.i8 V4, V2, group_0, stride_2; nop
nop; nop; pack.i8 V5, V3, group_0, stride_2; nop
nop; nop; pack.i8 V4, V2, group_1, stride_2; nop
nop; nop; pack.i8 V5, V3, group_1, stride_2; nop
nop
nop
nop
// Groups 0 to 3 from the first vector, 4 to 7 from the second.
nop; nop; mov_dg V6, V4, src=0, dst=0, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V6, V4, src=1, dst=0, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V6, V4, src=2, dst=1, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V6, V4, src=3, dst=1, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V6, V5, src=0, dst=2, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V6, V5, src=1, dst=2, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V6, V5, src=2, dst=3, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V6, V5, src=3, dst=3, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; nop; st_tnsr 1, I0, V6
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
