// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// How often each number is in each row of a
//
// tensor 0: a, u8 (width, and two more)    tensor 1: b, i32 (256, and the two of a)
// scalars: none
// index space: 1 and 2 as the tensors'; 0, 3 and 4 are one point

// S1 is the width: the descriptor of a says how large it is.
ld_l mmio S1, 0x410; add.i32 b11111 I2, I0, I1; nop; nop
nop; mov_irf_dim 2 S18, I0; nop; nop
nop; mov_irf_dim 1 S17, I0; nop; nop
nop; mov_irf_dim 2 S22, I2; nop; nop
nop; mov_irf_dim 1 S21, I2; nop; nop

nop
nop
// I0 is the row, I3 the place in it. V8 to V11 count in 32 bits, V1 in bytes for up to 255 numbers.
loop S18, S22, 1, <, end2
nop
loop S17, S21, 1, <, end1
set_indx I0, b00100, S32; nop; nop; nop
set_indx I0, b00010, S33; nop; mov.i32 V8, 0; nop
mov b11111 I3, I0; nop; mov.i32 V9, 0; nop
nop; nop; mov.i32 V10, 0; nop
nop; nop; mov.i32 V11, 0; nop
loop 0, S1, 255, <, blocks
nop
nop; add.i32 S2, S34, 255; nop; nop
nop
nop
nop
nop; min.i32 S2, S2, S1; mov.u8 V1, 0; nop
nop
nop
nop
loop S34, S2, 1, <, numbers
nop
// The number in all lanes is that of one lane.
nop; set_indx I3, b00001, S35; nop; nop
nop; nop; nop; gen_addr AD0, 0, I3
ld_g V0, AD0; nop; nop; nop
nop
nop
nop
nop; nop; cmp_eq.u8 VP1, V_LANE_ID_8, V0; nop
nop
nop; nop; add.u8 V1, V1, 1, VP1; nop
numbers:
// The counts of each half of a group, one in each lane of its dual group.
nop; nop; mov.i32 V2, 0; nop
nop; nop; mov.i32 V3, 0; nop
nop; nop; mov.i32 V4, 0; nop
nop; nop; mov.i32 V5, 0; nop
nop; nop; unpack.u8 V2, V1, group_0, stride_4, group_half_0; nop
nop; nop; unpack.u8 V3, V1, group_0, stride_4, group_half_1; nop
nop; nop; unpack.u8 V4, V1, group_1, stride_4, group_half_0; nop
nop; nop; unpack.u8 V5, V1, group_1, stride_4, group_half_1; nop
nop
nop; nop; add.i32 V8, V8, V2; nop
nop; nop; add.i32 V9, V9, V3; nop
nop; nop; add.i32 V10, V10, V4; nop
nop; nop; add.i32 V11, V11, V5; nop
blocks:
// Vector D of the four has the counts of dual group D.
nop; nop; mov_dg V12, V8, src=0, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V12, V9, src=0, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V12, V10, src=0, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V12, V11, src=0, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V13, V8, src=1, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V13, V9, src=1, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V13, V10, src=1, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V13, V11, src=1, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V14, V8, src=2, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V14, V9, src=2, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V14, V10, src=2, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V14, V11, src=2, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V15, V8, src=3, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V15, V9, src=3, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V15, V10, src=3, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V15, V11, src=3, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; add.i32 b00001 I0, 64, I0; nop; st_tnsr 1, I0, V12
nop; add.i32 b00001 I0, 64, I0; nop; st_tnsr 1, I0, V13
nop; add.i32 b00001 I0, 64, I0; nop; st_tnsr 1, I0, V14
nop; add.i32 b00001 I0, 64, I0; nop; st_tnsr 1, I0, V15
set_indx I0, b00001, 0; nop; nop; nop
end1:
nop
nop
nop
nop
end2:
halt
nop
nop
nop
