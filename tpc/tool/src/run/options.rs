// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line of `goya-tpc run`.

use std::path::PathBuf;

use clap::Args;

use super::tensor::Spec;
use super::values::{Scalar, Sizes};

/// What is to be run, with what, and what is to be shown of it.
#[derive(Debug, Args)]
pub struct RunOptions {
    /// Text, or a program as for dis; - is standard input
    pub file: PathBuf,
    /// A tensor; once for each, in the order of their descriptors
    ///
    /// FILE,type=TYPE,sizes=SIZES,padding=VALUE,out=PATH. A file that ends in .npy is NumPy's and says type and
    /// sizes itself; any other is the elements' bytes. Without a file the tensor is all zeros. Types are f32, i32,
    /// u32, i16, u16, i8 and u8. Sizes begin with the dimension of a vector's lanes, which is NumPy's last: 70x3.
    /// Padding is what is read out of bounds. Out is where the tensor is written to after the run; - prints it.
    #[arg(short, long = "tensor", value_name = "TENSOR", verbatim_doc_comment)]
    pub tensors: Vec<Spec>,
    /// A scalar argument; once for each, from S0 on: 7, -1, 0xff, 1.5, f32:2
    #[arg(short, long = "scalar", value_name = "VALUE", allow_hyphen_values = true)]
    pub scalars: Vec<Scalar>,
    /// Points of the index space in each dimension: 4x2
    #[arg(long, value_name = "SIZES", default_value = "1")]
    pub space: Sizes,
    /// The first point of the index space
    #[arg(long, value_name = "POINT", default_value = "0")]
    pub offset: Sizes,
    /// Split the index space between so many cores
    #[arg(long, value_name = "CORES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=8))]
    pub cores: u32,
    /// Tables of special functions, as the card has them in memory; makes vector local memory small
    #[arg(long, value_name = "FILE")]
    pub tables: Option<PathBuf>,
    /// Let each word wait for the results that it reads, as the card does with EXPOSED_PIPE_DIS
    #[arg(long)]
    pub wait: bool,
    /// Stop a core after so many words
    #[arg(long, value_name = "WORDS", default_value_t = 100_000_000)]
    pub words: u64,
    /// Print the registers that are not zero at the end
    #[arg(short, long)]
    pub registers: bool,
    /// Print every word that is executed, and the registers that it changes
    #[arg(long)]
    pub trace: bool,
    /// Execute word by word, by commands from standard input; h lists them
    #[arg(long, conflicts_with_all = ["trace", "json", "cores"])]
    pub step: bool,
}
