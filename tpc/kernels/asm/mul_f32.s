// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors
//
// c = a * b
//
// tensor 0: a, f32    tensor 1: b, f32    tensor 2: c, f32; all of the same dimensions
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
ld_tnsr V1, 1, I0; nop; nop; nop
nop
nop
nop
nop; nop; mul.f32 V2, V0, V1; nop
nop; nop; nop; st_tnsr 2, I0, V2
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
