// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// b = the exponential of a, to within one and a half of the last bit; what would be subnormal is 0
//
// The argument is n * log(2) + r with the smallest r; a polynomial of r, whose sums are rounded once with
// their products, is multiplied by 2^n. What is no number stays so.
//
// tensor 0: a, f32    tensor 1: b, f32; of the same dimensions
// scalars: none
// index space: dimension 0 in vectors of 64 elements, 1 to 3 as the tensors'; 4 is one point

// Where the core's part of the index space begins (I0) and ends (I2), dimension 0 in elements.
nop; add.i32 b11111 I2, I0, I1; nop; nop
nop; mul.i32 b00001 I0, 64, I0; nop; nop
nop; mul.i32 b00001 I2, 64, I2; nop; nop
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
// The first coefficient, zero and infinity.
mov.f32 V5, 0x39506967; nop; nop; nop
mov.f32 V13, 0; nop; nop; nop
mov.f32 V14, 0x7f800000; nop; nop; nop

// From here on I0 is where the core is. What stands behind a loop's word is executed before its body.
loop S19, S23, 1, <, end3
nop
loop S18, S22, 1, <, end2
set_indx I0, b01000, S32; nop; nop; nop
loop S17, S21, 1, <, end1
set_indx I0, b00100, S33; nop; nop; nop
loop S16, S20, 64, <, end0
set_indx I0, b00010, S34; nop; nop; nop
set_indx I0, b00001, S35; nop; nop; nop
ld_tnsr V0, 0, I0; nop; nop; nop
// V1 is the argument inside of the range, V2 the power of two, V6 to V12 are coefficients.
mov.f32 V6, 0x3ab743ce; nop; nop; nop
mov.f32 V7, 0x3c088908; nop; nop; nop
mov.f32 V8, 0x3d2aa9c1; nop; nop; nop
nop; nop; max.f32 V1, V0, 0xc2aeac4f; nop
mov.f32 V9, 0x3e2aaaaa; nop; nop; nop
mov.f32 V10, 0x3f000000; nop; nop; nop
mov.f32 V11, 0x3f800000; nop; nop; nop
nop; nop; min.f32 V1, V1, 0x42b17217; nop
mov.f32 V12, 0x3f800000; nop; nop; nop
nop
nop
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
nop; nop; sel_grt.f32 V12, V0, 0x42b17217, V14, V12; nop
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
