// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Tensors: what the command line says of one, and its elements.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use goya_npy::{self as npy, is_npy};
use goya_tpc_isa::Type;

use super::values::{self, Sizes};

/// What the command line says of a tensor: `a.npy`, `b.raw,type=f32,sizes=70x3`, `type=i8,sizes=64,out=c.npy`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spec {
    /// Where its elements are; zeros if nowhere.
    file: Option<PathBuf>,
    ty: Option<Type>,
    sizes: Option<[u32; 5]>,
    /// What is read out of bounds.
    padding: Option<String>,
    /// Where it is written to after the run; - is standard output.
    out: Option<PathBuf>,
}

impl FromStr for Spec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut spec = Self::default();
        for (i, part) in text.split(',').enumerate() {
            match part.split_once('=') {
                Some(("type", value)) => spec.ty = Some(values::element(value)?),
                Some(("sizes", value)) => spec.sizes = Some(value.parse::<Sizes>()?.or(1)),
                Some(("padding", value)) => spec.padding = Some(value.to_owned()),
                Some(("out", value)) if !value.is_empty() => spec.out = Some(value.into()),
                None if i == 0 && !part.is_empty() => spec.file = Some(part.into()),
                _ => {
                    return Err(format!(
                        "`{part}` is none of FILE, type=TYPE, sizes=SIZES, padding=VALUE, out=PATH"
                    ));
                }
            }
        }
        Ok(spec)
    }
}

/// A tensor, dense: an element of the first dimension after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// What its elements are.
    pub ty: Type,
    /// Elements of each dimension.
    pub sizes: [u32; 5],
    /// The bits of what is read out of bounds.
    pub padding: u32,
    /// Its elements, little endian.
    pub bytes: Vec<u8>,
    /// Where it is to be written.
    pub out: Option<PathBuf>,
}

impl Tensor {
    /// Makes the tensor that `spec` tells of.
    pub fn new(spec: &Spec) -> Result<Self, String> {
        let named = |error: String| match &spec.file {
            Some(file) => format!("{}: {error}", file.display()),
            None => error,
        };
        let (ty, sizes, bytes) = Self::contents(spec).map_err(named)?;
        let padding = spec.padding.as_ref().map_or(Ok(0), |text| values::bits(ty, text))?;
        Ok(Self { ty, sizes, padding, bytes, out: spec.out.clone() })
    }

    fn contents(spec: &Spec) -> Result<(Type, [u32; 5], Vec<u8>), String> {
        let read = |file: &Path| std::fs::read(file).map_err(|error| error.to_string());
        if let Some(file) = spec.file.as_deref().filter(|file| is_npy(file)) {
            let (ty, sizes, bytes) = npy::read(&read(file)?)?;
            let differs =
                spec.ty.is_some_and(|said| said != ty) || spec.sizes.is_some_and(|said| said != sizes);
            if differs {
                let sizes = shape(&sizes);
                return Err(format!("it has the type {} and the sizes {sizes}", ty.suffix()));
            }
            return Ok((ty, sizes, bytes));
        }
        let (Some(ty), Some(sizes)) = (spec.ty, spec.sizes) else {
            return Err("a tensor that is no .npy file needs type= and sizes=".into());
        };
        let elements = sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size as usize));
        let size = elements.and_then(|elements| elements.checked_mul(values::size(ty)));
        // Tensors are 4 GiB apart.
        let size = size.filter(|&size| size < 1 << 32).ok_or("it has 4 GiB or more")?;
        let bytes = match &spec.file {
            Some(file) => read(file)?,
            None => vec![0; size],
        };
        if bytes.len() != size {
            return Err(format!("it has {} bytes, type and sizes say {size}", bytes.len()));
        }
        Ok((ty, sizes, bytes))
    }

    /// Its descriptor at address `base`: offsets of registers in it, and their values.
    pub fn descriptor(&self, base: u64) -> Vec<(u32, u32)> {
        let kind = values::size(self.ty).trailing_zeros();
        // All five dimensions count.
        let config = kind | 0x1F << 8 | 4 << 16;
        let mut registers =
            vec![(0x00, base as u32), (0x04, (base >> 32) as u32), (0x08, self.padding), (0x0C, config)];
        let mut stride = 1_u32;
        for (d, size) in (0..).zip(self.sizes) {
            registers.extend([(0x10 + 12 * d, size), (0x14 + 12 * d, stride)]);
            stride = stride.wrapping_mul(size);
        }
        registers
    }

    /// Writes it where it is wanted, unless that is standard output.
    pub fn write(&self) -> Result<(), String> {
        let Some(out) = self.out.as_deref().filter(|out| *out != Path::new("-")) else { return Ok(()) };
        let failed = |error: std::io::Error| format!("{}: {error}", out.display());
        let bytes =
            if is_npy(out) { npy::write(self.ty, &self.sizes, &self.bytes) } else { self.bytes.clone() };
        std::fs::write(out, bytes).map_err(failed)
    }

    /// Whether it is to be printed.
    pub fn is_printed(&self) -> bool {
        self.out.as_deref() == Some(Path::new("-"))
    }

    /// Its elements' bytes, in the order of memory.
    pub fn elements(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.chunks_exact(values::size(self.ty))
    }
}

/// Sizes as they are said, without dimensions of one at the end.
pub fn shape(sizes: &[u32; 5]) -> String {
    let count = sizes.iter().rposition(|&size| size != 1).map_or(1, |last| last + 1);
    sizes.iter().take(count).map(u32::to_string).collect::<Vec<_>>().join("x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_tensor_is_checked() {
        let spec: Spec = "type=i8,sizes=4x2,padding=-3,out=c.npy".parse().unwrap();
        let tensor = Tensor::new(&spec).unwrap();
        assert_eq!((tensor.sizes, tensor.padding, tensor.bytes.len()), ([4, 2, 1, 1, 1], 0xFD, 8));
        assert_eq!(shape(&tensor.sizes), "4x2");
        for text in ["", "size=3", "a,b", "type=f64", "sizes=x", "out="] {
            assert!(text.parse::<Spec>().is_err(), "{text}");
        }
        for text in ["type=f32", "/nowhere.npy", "type=i8,sizes=65536x65536", "type=i8,sizes=1,padding=128"] {
            assert!(Tensor::new(&text.parse().unwrap()).is_err(), "{text}");
        }
    }

    #[test]
    fn descriptors_are_dense() {
        let tensor = Tensor::new(&"type=i16,sizes=5x3x2".parse().unwrap()).unwrap();
        let registers: std::collections::HashMap<_, _> =
            tensor.descriptor(0x12_3456_7890).into_iter().collect();
        assert_eq!(
            (registers[&0], registers[&4], registers[&0xC]),
            (0x3456_7890, 0x12, 1 | 0x1F00 | 4 << 16)
        );
        assert_eq!((registers[&0x14], registers[&0x20], registers[&0x2C], registers[&0x38]), (1, 5, 15, 30));
    }
}
