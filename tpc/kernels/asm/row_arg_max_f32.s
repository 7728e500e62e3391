// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// b = where the greatest number of each row of a is, the first of several
//
// tensor 0: a, f32 (width, and three more)    tensor 1: b, i32 (1, and the three of a)
// scalars: none
// index space: 1 to 3 as the tensors'; 0 and 4 are one point
// limits: what is no number is ignored, and a row without a number has its greatest at 0

// S1 is the width: the descriptor of a says how large it is.
ld_l mmio S1, 0x410; add.i32 b11111 I2, I0, I1; nop; nop
nop; mov_irf_dim 3 S19, I0; nop; nop
nop; mov_irf_dim 2 S18, I0; nop; nop
nop; mov_irf_dim 1 S17, I0; nop; nop
nop; mov_irf_dim 3 S23, I2; nop; nop
nop; mov_irf_dim 2 S22, I2; nop; nop
nop; mov_irf_dim 1 S21, I2; nop; nop
// Controls of shuffles which take the number 4, 2 and 1 places away in each group: V31, V32 and V33.
nop; nop; and.i32 V30, V_LANE_ID_32, 8; nop
nop; nop; and.i32 V31, V_LANE_ID_32, 7; nop
nop
nop
nop; nop; shl.i32 V30, V30, 2; nop
nop; nop; or.i32 V31, V31, 0x80; nop
nop
nop
nop
nop; nop; or.i32 V30, V30, V31; nop
nop
nop
nop
nop; nop; xor.i32 V31, V30, 4; nop
nop; nop; xor.i32 V32, V30, 2; nop
nop; nop; xor.i32 V33, V30, 1; nop

loop S19, S23, 1, <, end3
nop
loop S18, S22, 1, <, end2
set_indx I0, b01000, S32; nop; nop; nop
loop S17, S21, 1, <, end1
set_indx I0, b00100, S33; nop; nop; nop
set_indx I0, b00010, S34; nop; nop; nop
mov b11111 I3, I0; nop; nop; nop
nop; nop; mov V4, V_LANE_ID_32; nop
nop; nop; mov.f32 V5, 0xff800000; nop
loop 0, S1, 64, <, row
nop
// VP1: the lanes that are in the row.
set_indx I3, b00001, S35; sub.i32 S2, S1, S35; nop; nop
ld_tnsr V0, 0, I3; nop; cmp_less.i32 VP1, V_LANE_ID_32, S2; nop
// V5 is the greatest of each lane so far, V4 its place.
nop; nop; add.i32 V6, V_LANE_ID_32, S35; nop
nop
nop
nop
nop; nop; sel2_grt.f32 D4, V0, V5, V6, V4, VP1; nop
row:
nop
nop
nop
nop; nop; mov.f32 V1, V5; nop
nop
nop
nop
// All lanes become the whole: with the lane 16 places away, then 32, 8, 4, 2 and 1.
nop; nop; mov_dg V2, V1, src=1, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V1, src=0, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V1, src=3, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V1, src=2, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop
nop
nop
nop
nop
nop; nop; max.f32 V1, V1, V2; nop
nop
nop
nop
nop; nop; mov_dg V2, V1, src=2, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V1, src=3, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V1, src=0, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V1, src=1, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop
nop
nop
nop
nop
nop; nop; max.f32 V1, V1, V2; nop
nop
nop
nop
nop; nop; mov_g V2, V1, g_en=3, dg_en=15, 0xffffffff; nop
nop
nop
nop
nop
nop; nop; max.f32 V1, V1, V2; nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V1, V31; nop
nop
nop
nop
nop
nop; nop; max.f32 V1, V1, V2; nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V1, V32; nop
nop
nop
nop
nop
nop; nop; max.f32 V1, V1, V2; nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V1, V33; nop
nop
nop
nop
nop
nop; nop; max.f32 V1, V1, V2; nop
// The first of the places where it is.
nop; nop; mov.i32 V3, 0x7fffffff; nop
nop
nop
nop; nop; cmp_eq.f32 VP2, V5, V1; nop
nop
nop; nop; mov.i32 V3, V4, VP2; nop
nop
nop
nop
nop; nop; mov_dg V2, V3, src=1, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V3, src=0, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V3, src=3, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V3, src=2, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop
nop
nop
nop
nop
nop; nop; min.i32 V3, V3, V2; nop
nop
nop
nop
nop; nop; mov_dg V2, V3, src=2, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V3, src=3, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V3, src=0, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V3, src=1, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop
nop
nop
nop
nop
nop; nop; min.i32 V3, V3, V2; nop
nop
nop
nop
nop; nop; mov_g V2, V3, g_en=3, dg_en=15, 0xffffffff; nop
nop
nop
nop
nop
nop; nop; min.i32 V3, V3, V2; nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V3, V31; nop
nop
nop
nop
nop
nop; nop; min.i32 V3, V3, V2; nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V3, V32; nop
nop
nop
nop
nop
nop; nop; min.i32 V3, V3, V2; nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V3, V33; nop
nop
nop
nop
nop
nop; nop; min.i32 V3, V3, V2; nop
nop; nop; nop; st_tnsr 1, I0, V3
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
