// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// b = a
//
// tensor 0: a, i16    tensor 1: b, f32; of the same dimensions
// scalars: none
// index space: dimension 0 in vectors of 128 elements, 1 to 3 as the tensors'; 4 is one point

// Where the core's part of the index space begins (I0) and ends (I2), dimension 0 in elements.
nop; add.i32 b11111 I2, I0, I1; nop; nop
nop; mul.i32 b00001 I0, 128, I0; nop; nop
nop; mul.i32 b00001 I2, 128, I2; nop; nop
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
loop S16, S20, 128, <, end0
set_indx I0, b00010, S34; nop; nop; nop
set_indx I0, b00001, S35; nop; nop; nop
ld_tnsr V0, 0, I0; mov b11111 I3, I0; nop; nop
nop; add.i32 b00001 I3, 64, I3; nop; nop
nop
nop
// The numbers of each group, one in each lane of its dual group.
nop; nop; unpack.i16 V1, V0, group_0, stride_2, group_half_0; nop
nop; nop; unpack.i16 V2, V0, group_1, stride_2, group_half_0; nop
nop
nop
nop
nop; nop; convert.i16 V3, V1, target_type=fp32, rhne; nop
nop; nop; convert.i16 V4, V2, target_type=fp32, rhne; nop
nop
nop
// The first vector has groups 0 to 3, the second 4 to 7.
nop; nop; mov_dg V5, V3, src=0, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V5, V4, src=0, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V5, V3, src=1, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V5, V4, src=1, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V6, V3, src=2, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V6, V4, src=2, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V6, V3, src=3, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V6, V4, src=3, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; nop; st_tnsr 1, I0, V5
nop; nop; nop; st_tnsr 1, I3, V6
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
