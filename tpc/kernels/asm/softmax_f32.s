// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// b = exp(a - m) / s for each number of a row, m the greatest of the row, s the sum of the exponentials of
// the row
//
// Exponentials are those of exp_f32, the greatest and the sum those of row_max_f32 and row_sum_f32.
// Instead of the division each is multiplied by the reciprocal of the sum, which Newton's method finds.
//
// tensor 0: a, f32 (width, and three more)    tensor 1: b, f32, of the dimensions of a
// scalars: none
// index space: 1 to 3 as the tensors'; 0 and 4 are one point
// limits: a width of 20480, which is what local memory holds, or of 4096 if the kernel's configuration makes
//   it small

// S1 is the width: the descriptor of a says how large it is.
ld_l mmio S1, 0x410; add.i32 b11111 I2, I0, I1; nop; nop
nop; mov_irf_dim 3 S19, I0; nop; nop
nop; mov_irf_dim 2 S18, I0; nop; nop
nop; mov_irf_dim 1 S17, I0; nop; nop
nop; mov_irf_dim 3 S23, I2; nop; nop
nop; mov_irf_dim 2 S22, I2; nop; nop
nop; mov_irf_dim 1 S21, I2; nop; nop
// The first coefficient, and zero.
mov.f32 V5, 0x39506967; nop; nop; nop
mov.f32 V13, 0; nop; nop; nop
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
nop; nop; mov.f32 V15, 0xff800000; nop
nop; nop; mov.f32 V16, 0; nop
loop 0, S1, 64, <, greatest
nop
// VP1: the lanes that are in the row.
set_indx I3, b00001, S35; sub.i32 S2, S1, S35; nop; nop
ld_tnsr V0, 0, I3; nop; cmp_less.i32 VP1, V_LANE_ID_32, S2; nop
nop
nop
nop
nop; nop; max.f32 V15, V15, V0, VP1; nop
greatest:
nop
nop
nop
// All lanes become the whole: with the lane 16 places away, then 32, 8, 4, 2 and 1.
nop; nop; mov_dg V2, V15, src=1, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V15, src=0, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V15, src=3, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V15, src=2, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop
nop
nop
nop
nop
nop; nop; max.f32 V15, V15, V2; nop
nop
nop
nop
nop; nop; mov_dg V2, V15, src=2, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V15, src=3, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V15, src=0, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V15, src=1, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop
nop
nop
nop
nop
nop; nop; max.f32 V15, V15, V2; nop
nop
nop
nop
nop; nop; mov_g V2, V15, g_en=3, dg_en=15, 0xffffffff; nop
nop
nop
nop
nop
nop; nop; max.f32 V15, V15, V2; nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V15, V31; nop
nop
nop
nop
nop
nop; nop; max.f32 V15, V15, V2; nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V15, V32; nop
nop
nop
nop
nop
nop; nop; max.f32 V15, V15, V2; nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V15, V33; nop
nop
nop
nop
nop
nop; nop; max.f32 V15, V15, V2; nop
// V16 sums the exponentials, which wait in local memory.
loop 0, S1, 64, <, exponentials
nop
set_indx I3, b00001, S35; sub.i32 S2, S1, S35; nop; nop
ld_tnsr V0, 0, I3; shl.i32 S3, S35, 2; cmp_less.i32 VP1, V_LANE_ID_32, S2; nop
nop
nop
nop
nop; nop; sub.f32 V0, V0, V15; nop
// V1 is the argument inside of the range, V2 the power of two, V6 to V12 are coefficients.
mov.f32 V6, 0x3ab743ce; nop; nop; nop
mov.f32 V7, 0x3c088908; nop; nop; nop
mov.f32 V8, 0x3d2aa9c1; nop; nop; nop
nop
nop
nop; nop; max.f32 V1, V0, 0xc2aeac4f; nop
mov.f32 V9, 0x3e2aaaaa; nop; nop; nop
mov.f32 V10, 0x3f000000; nop; nop; nop
mov.f32 V11, 0x3f800000; nop; nop; nop
mov.f32 V12, 0x3f800000; nop; nop; nop
nop; nop; mul.f32 V2, V1, 0x3fb8aa3b; nop
nop
nop
nop
nop
nop
nop; nop; nearbyint.f32 rhne V2, V2; nop
nop
nop
nop
// Less so many times the logarithm of 2, in two parts.
nop; nop; mac.f32 neg V1, V2, 0x3f318000; nop
nop; nop; convert.f32 V3, V2, target_type=int32, rhne; nop
nop
nop
nop
nop
nop; nop; mac.f32 neg V1, V2, 0xb95e8083; nop
nop; nop; shl.i32 V3, V3, 23; nop
nop
nop
nop
nop
// The polynomial, from its highest power on; then the power of two, into the exponent.
nop; nop; mac.f32 V6, V5, V1; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V7, V6, V1; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V8, V7, V1; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V9, V8, V1; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V10, V9, V1; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V11, V10, V1; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V12, V11, V1; nop
nop
nop
nop
nop
nop
nop; nop; add.i32 V12, V12, V3; nop
nop
nop
nop
nop; nop; sel_less.f32 V12, V0, 0xc2aeac4f, V13, V12; nop
nop
nop
nop
nop; nop; add.f32 V16, V16, V12, VP1; nop
nop
nop
nop; nop; nop; st_l_v 0, S3, V12
exponentials:
nop
nop
nop; nop; mov_dg V2, V16, src=1, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V16, src=0, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V16, src=3, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V16, src=2, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop
nop
nop
nop
nop
nop; nop; add.f32 V16, V16, V2; nop
nop
nop
nop
nop
nop
nop; nop; mov_dg V2, V16, src=2, dst=0, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V16, src=3, dst=1, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V16, src=0, dst=2, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop; nop; mov_dg V2, V16, src=1, dst=3, wr_lg=1, wr_ug=1, 0xffffffff; nop
nop
nop
nop
nop
nop
nop; nop; add.f32 V16, V16, V2; nop
nop
nop
nop
nop
nop
nop; nop; mov_g V2, V16, g_en=3, dg_en=15, 0xffffffff; nop
nop
nop
nop
nop
nop; nop; add.f32 V16, V16, V2; nop
nop
nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V16, V31; nop
nop
nop
nop
nop
nop; nop; add.f32 V16, V16, V2; nop
nop
nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V16, V32; nop
nop
nop
nop
nop
nop; nop; add.f32 V16, V16, V2; nop
nop
nop
nop
nop
nop
nop; nop; shuffle.f32 V2, V16, V33; nop
nop
nop
nop
nop
nop; nop; add.f32 V16, V16, V2; nop
nop
nop
nop
nop
nop
// V17 is the reciprocal: what the exponent says, and four steps add what is missing of 1.
nop; nop; sub.i32 neg V17, V16, 0x7ef311c7; nop
nop; nop; mov.f32 V18, 0x3f800000; nop
nop; nop; mov.f32 V19, 0x3f800000; nop
nop; nop; mov.f32 V20, 0x3f800000; nop
nop; nop; mov.f32 V21, 0x3f800000; nop
nop; nop; mac.f32 neg V18, V16, V17; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V17, V17, V18; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 neg V19, V16, V17; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V17, V17, V19; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 neg V20, V16, V17; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V17, V17, V20; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 neg V21, V16, V17; nop
nop
nop
nop
nop
nop
nop; nop; mac.f32 V17, V17, V21; nop
loop 0, S1, 64, <, quotients
nop
set_indx I3, b00001, S35; shl.i32 S3, S35, 2; nop; nop
ld_l_v V0, 0, S3; nop; nop; nop
nop
nop
nop
nop; nop; mul.f32 V0, V0, V17; nop
nop; nop; nop; st_tnsr 1, I3, V0
quotients:
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
