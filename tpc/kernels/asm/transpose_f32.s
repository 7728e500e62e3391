// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// b = a with the first two dimensions exchanged, in tiles of 64 by 64, which wait in 16 KiB of local
// memory
//
// tensor 0: a, f32 (width, height, planes)    tensor 1: b, f32 (height, width, planes)
// scalars: none
// index space: dimension 0 in vectors of 64 elements of b, 1 in blocks of 64 of its rows, 2 as b; 3 and 4
//   are one point

// Where the core's part of the index space begins (I0) and ends (I2), dimensions 0 and 1 in elements.
nop; add.i32 b11111 I2, I0, I1; nop; nop
nop; mul.i32 b00011 I0, 64, I0; nop; nop
nop; mul.i32 b00011 I2, 64, I2; nop; nop
nop
nop
nop; mov_irf_dim 2 S18, I0; nop; nop
nop; mov_irf_dim 1 S17, I0; nop; nop
nop; mov_irf_dim 0 S16, I0; nop; nop
nop; mov_irf_dim 2 S22, I2; nop; nop
nop; mov_irf_dim 1 S21, I2; nop; nop
nop; mov_irf_dim 0 S20, I2; nop; nop
// Controls of shuffles which take the number 1, 2 or 4 places away in each group: V33, V35 and V37 for the
// upper lanes of each pair, V32, V34 and V36 for the lower ones.
nop; nop; and.i32 V30, V_LANE_ID_32, 8; nop
nop; nop; and.i32 V31, V_LANE_ID_32, 7; nop
nop; nop; and.i32 V33, V_LANE_ID_32, 1; nop
nop; nop; and.i32 V35, V_LANE_ID_32, 2; nop
nop; nop; and.i32 V37, V_LANE_ID_32, 4; nop
nop; nop; shl.i32 V30, V30, 2; nop
nop; nop; shl.i32 V33, V33, 7; nop
nop; nop; shl.i32 V35, V35, 6; nop
nop; nop; shl.i32 V37, V37, 5; nop
nop; nop; or.i32 V30, V30, V31; nop
nop; nop; xor.i32 V33, V33, 1; nop
nop; nop; xor.i32 V35, V35, 2; nop
nop; nop; xor.i32 V37, V37, 4; nop
nop
nop; nop; xor.i32 V33, V33, V30; nop
nop; nop; xor.i32 V35, V35, V30; nop
nop; nop; xor.i32 V37, V37, V30; nop
nop
nop; nop; xor.i32 V32, V33, 0x80; nop
nop; nop; xor.i32 V34, V35, 0x80; nop
nop; nop; xor.i32 V36, V37, 0x80; nop

// I3 is the place in a, I4 that in b.
mov b11111 I3, I0; mov b11111 I4, I0; nop; nop
loop S18, S22, 1, <, planes
nop
set_indx I3, b00100, S32; set_indx I4, b00100, S32; nop; nop
loop S17, S21, 64, <, across
nop
set_indx I3, b00001, S33; nop; nop; nop
loop S16, S20, 64, <, down
nop
set_indx I4, b00001, S34; nop; nop; nop

// Eight rows of a at a time: each group of eight numbers is turned with those below it.
loop 0, 64, 8, <, turned
nop
nop; add.i32 S2, S34, S35; nop; nop
nop; shl.i32 S3, S35, 8; nop; nop
nop
nop
nop; set_indx I3, b00010, S2; nop; nop
ld_tnsr V0, 0, I3; add.i32 b00010 I3, 1, I3; nop; nop
ld_tnsr V1, 0, I3; add.i32 b00010 I3, 1, I3; nop; nop
ld_tnsr V2, 0, I3; add.i32 b00010 I3, 1, I3; nop; nop
ld_tnsr V3, 0, I3; add.i32 b00010 I3, 1, I3; nop; nop
ld_tnsr V4, 0, I3; add.i32 b00010 I3, 1, I3; nop; nop
ld_tnsr V5, 0, I3; add.i32 b00010 I3, 1, I3; nop; nop
ld_tnsr V6, 0, I3; add.i32 b00010 I3, 1, I3; nop; nop
ld_tnsr V7, 0, I3; add.i32 b00010 I3, 1, I3; nop; nop
// Of the rows 1 apart, one's upper lanes for the other's lower ones.
nop; nop; mov.f32 V8, V0; nop
nop; nop; mov.f32 V9, V2; nop
nop; nop; mov.f32 V10, V4; nop
nop; nop; mov.f32 V11, V6; nop
nop; nop; shuffle.f32 V0, V1, V33; nop
nop; nop; shuffle.f32 V2, V3, V33; nop
nop; nop; shuffle.f32 V4, V5, V33; nop
nop; nop; shuffle.f32 V6, V7, V33; nop
nop; nop; shuffle.f32 V1, V8, V32; nop
nop; nop; shuffle.f32 V3, V9, V32; nop
nop; nop; shuffle.f32 V5, V10, V32; nop
nop; nop; shuffle.f32 V7, V11, V32; nop
// Of the rows 2 apart, one's upper lanes for the other's lower ones.
nop; nop; mov.f32 V8, V0; nop
nop; nop; mov.f32 V9, V1; nop
nop; nop; mov.f32 V10, V4; nop
nop; nop; mov.f32 V11, V5; nop
nop; nop; shuffle.f32 V0, V2, V35; nop
nop; nop; shuffle.f32 V1, V3, V35; nop
nop; nop; shuffle.f32 V4, V6, V35; nop
nop; nop; shuffle.f32 V5, V7, V35; nop
nop; nop; shuffle.f32 V2, V8, V34; nop
nop; nop; shuffle.f32 V3, V9, V34; nop
nop; nop; shuffle.f32 V6, V10, V34; nop
nop; nop; shuffle.f32 V7, V11, V34; nop
// Of the rows 4 apart, one's upper lanes for the other's lower ones.
nop; nop; mov.f32 V8, V0; nop
nop; nop; mov.f32 V9, V1; nop
nop; nop; mov.f32 V10, V2; nop
nop; nop; mov.f32 V11, V3; nop
nop; nop; shuffle.f32 V0, V4, V37; nop
nop; nop; shuffle.f32 V1, V5, V37; nop
nop; nop; shuffle.f32 V2, V6, V37; nop
nop; nop; shuffle.f32 V3, V7, V37; nop
nop; nop; shuffle.f32 V4, V8, V36; nop
nop; nop; shuffle.f32 V5, V9, V36; nop
nop; nop; shuffle.f32 V6, V10, V36; nop
nop; nop; shuffle.f32 V7, V11, V36; nop
nop; nop; nop; st_l_v 0x0, S3, V0
nop; nop; nop; st_l_v 0x100, S3, V1
nop; nop; nop; st_l_v 0x200, S3, V2
nop; nop; nop; st_l_v 0x300, S3, V3
nop; nop; nop; st_l_v 0x400, S3, V4
nop; nop; nop; st_l_v 0x500, S3, V5
nop; nop; nop; st_l_v 0x600, S3, V6
nop; nop; nop; st_l_v 0x700, S3, V7
turned:

// Eight rows of b at a time, each eighth: vector N has group N of those that are turned, V8 to V15 are those
// with the groups of each dual group exchanged.
loop 0, 8, 1, <, written
nop
nop; shl.i32 S3, S35, 8; nop; nop
nop; add.i32 S2, S33, S35; nop; nop
ld_l_v V0, 0x0, S3; nop; nop; nop
ld_l_v V1, 0x800, S3; nop; nop; nop
ld_l_v V2, 0x1000, S3; nop; nop; nop
ld_l_v V3, 0x1800, S3; nop; nop; nop
ld_l_v V4, 0x2000, S3; set_indx I4, b00010, S2; nop; nop
ld_l_v V5, 0x2800, S3; nop; nop; nop
ld_l_v V6, 0x3000, S3; nop; nop; nop
ld_l_v V7, 0x3800, S3; nop; nop; nop
nop; nop; mov_g V8, V0, g_en=3, dg_en=15, 0xffffffff; nop
nop; nop; mov_g V9, V1, g_en=3, dg_en=15, 0xffffffff; nop
nop; nop; mov_g V10, V2, g_en=3, dg_en=15, 0xffffffff; nop
nop; nop; mov_g V11, V3, g_en=3, dg_en=15, 0xffffffff; nop
nop; nop; mov_g V12, V4, g_en=3, dg_en=15, 0xffffffff; nop
nop; nop; mov_g V13, V5, g_en=3, dg_en=15, 0xffffffff; nop
nop; nop; mov_g V14, V6, g_en=3, dg_en=15, 0xffffffff; nop
nop; nop; mov_g V15, V7, g_en=3, dg_en=15, 0xffffffff; nop
nop; nop; mov_dg V16, V0, src=0, dst=0, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V16, V9, src=0, dst=0, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V16, V2, src=0, dst=1, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V16, V11, src=0, dst=1, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V16, V4, src=0, dst=2, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V16, V13, src=0, dst=2, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V16, V6, src=0, dst=3, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V16, V15, src=0, dst=3, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V17, V8, src=0, dst=0, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V17, V1, src=0, dst=0, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V17, V10, src=0, dst=1, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V17, V3, src=0, dst=1, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V17, V12, src=0, dst=2, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V17, V5, src=0, dst=2, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V17, V14, src=0, dst=3, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V17, V7, src=0, dst=3, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V18, V0, src=1, dst=0, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V18, V9, src=1, dst=0, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V18, V2, src=1, dst=1, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V18, V11, src=1, dst=1, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V18, V4, src=1, dst=2, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V18, V13, src=1, dst=2, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V18, V6, src=1, dst=3, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V18, V15, src=1, dst=3, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V19, V8, src=1, dst=0, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V19, V1, src=1, dst=0, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V19, V10, src=1, dst=1, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V19, V3, src=1, dst=1, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V19, V12, src=1, dst=2, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V19, V5, src=1, dst=2, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V19, V14, src=1, dst=3, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V19, V7, src=1, dst=3, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V20, V0, src=2, dst=0, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V20, V9, src=2, dst=0, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V20, V2, src=2, dst=1, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V20, V11, src=2, dst=1, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V20, V4, src=2, dst=2, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V20, V13, src=2, dst=2, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V20, V6, src=2, dst=3, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V20, V15, src=2, dst=3, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V21, V8, src=2, dst=0, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V21, V1, src=2, dst=0, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V21, V10, src=2, dst=1, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V21, V3, src=2, dst=1, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V21, V12, src=2, dst=2, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V21, V5, src=2, dst=2, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V21, V14, src=2, dst=3, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V21, V7, src=2, dst=3, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V22, V0, src=3, dst=0, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V22, V9, src=3, dst=0, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V22, V2, src=3, dst=1, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V22, V11, src=3, dst=1, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V22, V4, src=3, dst=2, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V22, V13, src=3, dst=2, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V22, V6, src=3, dst=3, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V22, V15, src=3, dst=3, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V23, V8, src=3, dst=0, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V23, V1, src=3, dst=0, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V23, V10, src=3, dst=1, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V23, V3, src=3, dst=1, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V23, V12, src=3, dst=2, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V23, V5, src=3, dst=2, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V23, V14, src=3, dst=3, wr_lg=1, wr_ug=0, 0xffffffff; nop
nop; nop; mov_dg V23, V7, src=3, dst=3, wr_lg=0, wr_ug=1, 0xffffffff; nop
nop; add.i32 b00010 I4, 8, I4; nop; st_tnsr 1, I4, V16
nop; add.i32 b00010 I4, 8, I4; nop; st_tnsr 1, I4, V17
nop; add.i32 b00010 I4, 8, I4; nop; st_tnsr 1, I4, V18
nop; add.i32 b00010 I4, 8, I4; nop; st_tnsr 1, I4, V19
nop; add.i32 b00010 I4, 8, I4; nop; st_tnsr 1, I4, V20
nop; add.i32 b00010 I4, 8, I4; nop; st_tnsr 1, I4, V21
nop; add.i32 b00010 I4, 8, I4; nop; st_tnsr 1, I4, V22
nop; add.i32 b00010 I4, 8, I4; nop; st_tnsr 1, I4, V23
written:
nop
nop
nop
nop
down:
nop
nop
nop
nop
across:
nop
nop
nop
nop
planes:
halt
nop
nop
nop
