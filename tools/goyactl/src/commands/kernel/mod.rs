// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl kernel`: kernels of the tensor cores, on data from files.

mod data;

use std::time::Instant;

use goya::tpc::{Element, KERNELS, Kernel, Program, Tensor, find};
use goya::{Device, Place};
use schemars::JsonSchema;
use serde::Serialize;

use crate::chosen;
use crate::failure::{Failure, Result};
use crate::options::KernelRun;
use crate::output::{Format, GOOD, Output, paint, table};
use data::Data;

/// Kernels that come with the library, and what they take.
pub fn list(output: &Output) -> Result {
    match output.format() {
        Format::Json => {
            output.json("kernel_list", &List { kernels: KERNELS.iter().map(Described::of).collect() })
        }
        Format::Csv => {
            let row = |kernel: &Kernel| {
                let Takes { tensors, scalars } = Takes::of(kernel);
                vec![kernel.name.to_owned(), tensors.join(", "), scalars.join(", ")]
            };
            let rows: Vec<_> = KERNELS.iter().map(row).collect();
            output.csv_records(&["name", "tensors", "scalars"], &rows)
        }
        Format::Text => {
            let rows: Vec<_> = KERNELS.iter().flat_map(rows).collect();
            output.text(table(&["KERNEL", "TENSORS", "SCALARS"], &rows))
        }
    }
}

/// What a kernel takes, in words.
struct Takes {
    tensors: Vec<String>,
    /// Those of one name are one.
    scalars: Vec<String>,
}

impl Takes {
    fn of(kernel: &Kernel) -> Self {
        let scalars = kernel.scalars.chunk_by(|a, b| a == b).map(|same| {
            let times = if same.len() > 1 { format!(" ({} times)", same.len()) } else { String::new() };
            same.first().map_or(String::new(), |s| format!("{}: {}{times}", s.name, s.element))
        });
        Self { tensors: kernel.tensors.iter().map(ToString::to_string).collect(), scalars: scalars.collect() }
    }
}

/// A line for each tensor, so that it has room on a terminal, with a scalar beside it.
fn rows(kernel: &Kernel) -> Vec<Vec<String>> {
    let Takes { tensors, scalars } = Takes::of(kernel);
    let of = |all: &[String], line: usize| all.get(line).cloned().unwrap_or_default();
    let row = |line| {
        let name = if line == 0 { kernel.name } else { "" };
        vec![name.to_owned(), of(&tensors, line), of(&scalars, line)]
    };
    (0..tensors.len().max(scalars.len()).max(1)).map(row).collect()
}

/// All kernels.
#[derive(JsonSchema, Serialize)]
pub struct List {
    kernels: Vec<Described>,
}

/// A kernel, and what it takes.
#[derive(JsonSchema, Serialize)]
struct Described {
    name: &'static str,
    /// In the order of their descriptors.
    tensors: Vec<DescribedTensor>,
    /// In the order of their registers.
    scalars: Vec<DescribedScalar>,
}

/// A tensor that a kernel reads, or writes.
#[derive(JsonSchema, Serialize)]
struct DescribedTensor {
    name: &'static str,
    /// The type of its elements.
    element: String,
    /// Names of its dimensions, the innermost first; those of one name have one size, one that is a number has that size.
    dimensions: &'static [&'static str],
    /// Whether the kernel writes it.
    output: bool,
}

/// A scalar that a kernel takes.
#[derive(JsonSchema, Serialize)]
struct DescribedScalar {
    name: &'static str,
    /// Its type.
    element: String,
}

impl Described {
    fn of(kernel: &Kernel) -> Self {
        let tensors = kernel.tensors.iter().map(|t| DescribedTensor {
            name: t.name,
            element: t.element.to_string(),
            dimensions: t.dimensions,
            output: t.output,
        });
        let scalars =
            kernel.scalars.iter().map(|s| DescribedScalar { name: s.name, element: s.element.to_string() });
        Self { name: kernel.name, tensors: tensors.collect(), scalars: scalars.collect() }
    }
}

#[derive(JsonSchema, Serialize)]
pub struct Answer {
    kernel: &'static str,
    cores: u32,
    us: u64,
}

/// Runs a kernel.
pub fn run(name: Option<&str>, what: &KernelRun, output: &Output) -> Result {
    let kernel = find(&what.name).map_err(|_| {
        Failure::usage(format!("no kernel is called {}: see \"goyactl kernel list\"", what.name))
    })?;
    let scalars = scalars(kernel, &what.scalar)?;
    let all = data::all(kernel, what)?;
    let device = chosen::open(&chosen::card(name)?)?;
    let tensors = all.iter().map(|data| tensor(&device, data)).collect::<Result<Vec<_>>>()?;
    let mut launch = Program::load(&device, kernel)?.bind(&tensors, &scalars, what.cores)?;
    let start = Instant::now();
    launch.start_with(|submission| submission.timeout(what.timeout))?.wait()?;
    let us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    for (data, tensor) in all.iter().zip(&tensors).filter(|(data, _)| data.contents.is_none()) {
        let mut bytes = vec![0; usize::try_from(data.len()?).unwrap_or(0)];
        device.get(tensor.place(), &mut bytes)?;
        data.write(bytes)?;
    }
    let answer = Answer { kernel: kernel.name, cores: what.cores, us };
    output.answer("kernel_run", &answer, || {
        format!("{} on {} cores: {us} us  {}\n", kernel.name, what.cores, paint(GOOD, "ok"))
    })
}

fn wrong(kernel: &Kernel, why: &str) -> Failure {
    Failure::usage(format!("{} has {why}: \"goyactl kernel list\" says what it takes", kernel.name))
}

/// Puts a tensor into the card's memory.
fn tensor(device: &Device, data: &Data<'_>) -> Result<Tensor> {
    let memory = device.device_memory(data.len()?)?;
    if let Some(contents) = &data.contents {
        device.put(&memory, contents)?;
    }
    Ok(Tensor::new(Place::from(&memory), data.element(), data.sizes))
}

/// The bits of the scalars, in the kernel's order. Several of one name are given in their order.
fn scalars(kernel: &Kernel, given: &[(String, String)]) -> Result<Vec<u32>> {
    let mut left: Vec<_> = given.iter().collect();
    let mut bits = Vec::new();
    for wanted in kernel.scalars {
        let at = left.iter().position(|(name, _)| name == wanted.name);
        let at = at.ok_or_else(|| wrong(kernel, &format!("a scalar {}, which is missing", wanted.name)))?;
        let (_, value) = left.remove(at);
        let parsed = match wanted.element {
            Element::F32 => value.parse::<f32>().ok().map(f32::to_bits),
            _ => value.parse::<i32>().ok().map(|value| value as u32),
        };
        bits.push(parsed.ok_or_else(|| {
            Failure::usage(format!("{}={value}: this is no {}", wanted.name, wanted.element))
        })?);
    }
    match left.first() {
        Some((name, _)) if kernel.scalars.iter().any(|scalar| scalar.name == name) => {
            Err(Failure::usage(format!("scalar {name} is there too often")))
        }
        Some((name, _)) => Err(wrong(kernel, &format!("no scalar {name}"))),
        None => Ok(bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_kernels_take_fits_a_terminal() {
        let all: Vec<_> = KERNELS.iter().flat_map(rows).collect();
        assert!(table(&[], &all).lines().all(|line| line.chars().count() <= 80));
        let clamp = rows(find("clamp_f32").unwrap());
        assert_eq!(clamp[0], ["clamp_f32", "a[width height planes images]: f32", "low: f32"]);
        assert_eq!(clamp[1], ["", "->b[width height planes images]: f32", "high: f32"]);
        assert_eq!(clamp.len(), 2);
    }

    #[test]
    fn scalars_are_bits_in_the_kernels_order() {
        let clamp = find("clamp_f32").unwrap();
        let both = given(&[("high", "2.5"), ("low", "-1")]);
        assert_eq!(scalars(clamp, &both).unwrap(), [(-1f32).to_bits(), 2.5f32.to_bits()]);
        assert!(scalars(clamp, &both[..1]).unwrap_err().text().contains("low"));
        assert!(scalars(clamp, &given(&[("high", "x"), ("low", "1")])).is_err());
        let thrice = given(&[("high", "2"), ("low", "1"), ("low", "0")]);
        assert!(scalars(clamp, &thrice).unwrap_err().text().contains("too often"));
        assert!(scalars(clamp, &given(&[("high", "2"), ("low", "1"), ("x", "0")])).is_err());
        let matmul = find("matmul_i8").unwrap();
        assert_eq!(scalars(matmul, &given(&[("shift", "-2")])).unwrap(), [0xFFFF_FFFE]);
        // Nine weights, in their order.
        let filter = find("filter3x3_f32").unwrap();
        let weights: Vec<_> = (0..9).map(|n| ("weight".to_owned(), n.to_string())).collect();
        assert_eq!(scalars(filter, &weights).unwrap()[8], 8f32.to_bits());
    }
}
