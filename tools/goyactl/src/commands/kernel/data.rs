// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! A kernel's tensors as files have them.

use std::fs;
use std::path::Path;

use goya::tpc::{Element, Index, Kernel, sizes_text};
use goya_tpc_isa::Type;

use crate::commands::{only_one_from_input, read};
use crate::failure::{Failure, Result};
use crate::options::{KernelRun, Tensor};

/// A tensor of the command line.
#[derive(Debug)]
pub struct Data<'a> {
    /// What its elements are.
    ty: Type,
    /// Its sizes.
    pub sizes: Index,
    /// Where its elements are, or go.
    file: &'a Path,
    /// What was read; nothing of a tensor that is written.
    pub contents: Option<Vec<u8>>,
}

/// What a file has, before it is compared with what the kernel takes.
struct Contents {
    /// Only NumPy's files say these.
    about: Option<(Type, Index)>,
    bytes: Vec<u8>,
}

/// All tensors of a kernel in their order, with the contents of those that it reads.
pub fn all<'a>(kernel: &Kernel, what: &'a KernelRun) -> Result<Vec<Data<'a>>> {
    if let Some(other) = what.tensor.iter().find(|t| !kernel.tensors.iter().any(|k| k.name == t.name)) {
        return Err(super::wrong(kernel, &format!("no tensor {}", other.name)));
    }
    let is_input = |t: &&Tensor| kernel.tensors.iter().any(|k| k.name == t.name && !k.output);
    only_one_from_input(what.tensor.iter().filter(is_input).map(|given| given.file.as_path()))?;
    let mut files = Vec::new();
    for wanted in kernel.tensors {
        let mut given = what.tensor.iter().filter(|given| given.name == wanted.name);
        let first = given.next();
        let first = first
            .ok_or_else(|| super::wrong(kernel, &format!("a tensor {}, which is missing", wanted.name)))?;
        if given.next().is_some() {
            return Err(Failure::usage(format!("tensor {} is there twice", wanted.name)));
        }
        let contents = if wanted.output { None } else { Some(contents(&first.file)?) };
        files.push((wanted, first, contents));
    }
    // All tensors that can be of any type are of one.
    let told = files.iter().filter(|(wanted, ..)| wanted.element == Element::Any);
    let told = told.filter_map(|(.., contents)| contents.as_ref()?.about).map(|(ty, _)| ty).next();
    let any = match (told, what.element) {
        (Some(ty), None) => ty,
        (Some(ty), Some(size)) if size == bytes_of(ty) => ty,
        (Some(ty), Some(_)) => {
            return Err(Failure::usage(format!("--element: the file has {}", ty.suffix())));
        }
        (None, Some(1)) => Type::U8,
        (None, Some(2)) => Type::U16,
        (None, _) => Type::U32,
    };
    let mut all = Vec::new();
    for (wanted, given, contents) in files {
        let ty = type_of(wanted.element, any);
        let named = |why: String| Failure::usage(format!("{}: {why}", given.file.display()));
        let about = contents.as_ref().and_then(|contents| contents.about);
        if let Some((other, _)) = about.filter(|(other, _)| *other != ty) {
            return Err(named(format!(
                "elements are {}, but tensor {} has {}",
                other.suffix(),
                wanted.name,
                ty.suffix()
            )));
        }
        let sizes = match (given.sizes, about.map(|(_, sizes)| sizes)) {
            (Some(said), Some(told)) if said != told => {
                return Err(named(format!("its sizes are {}", sizes_text(&told))));
            }
            (Some(sizes), _) | (None, Some(sizes)) => sizes,
            (None, None) => {
                let name = wanted.name;
                return Err(named(format!("the sizes of {name} are missing, as {name}=1024x16:FILE")));
            }
        };
        let data = Data { ty, sizes, file: &given.file, contents: contents.map(|contents| contents.bytes) };
        let len = data.len()?;
        if let Some(other) = data.contents.as_ref().map(Vec::len).filter(|other| *other as u64 != len) {
            return Err(named(format!("{other} bytes, but tensor {} has {len}", wanted.name)));
        }
        all.push(data);
    }
    Ok(all)
}

fn contents(file: &Path) -> Result<Contents> {
    let bytes = read(file)?;
    if !goya_npy::is_npy(file) {
        return Ok(Contents { about: None, bytes });
    }
    let array = goya_npy::read(&bytes);
    let (ty, sizes, bytes) =
        array.map_err(|error| Failure::failed(format!("{}: {error}", file.display())))?;
    Ok(Contents { about: Some((ty, sizes)), bytes })
}

fn type_of(element: Element, any: Type) -> Type {
    match element {
        Element::F32 => Type::F32,
        Element::I32 => Type::I32,
        Element::I16 => Type::I16,
        Element::I8 => Type::I8,
        Element::U8 => Type::U8,
        Element::Any => any,
    }
}

fn bytes_of(ty: Type) -> u32 {
    u32::from(ty.bits() / 8)
}

impl Data<'_> {
    /// Bytes of an element.
    pub fn element(&self) -> u32 {
        bytes_of(self.ty)
    }

    /// Bytes of all.
    pub fn len(&self) -> Result<u64> {
        let first = u64::from(self.element());
        let all = self.sizes.iter().try_fold(first, |all, size| all.checked_mul((*size).into()));
        let all = all.filter(|len| *len > 0 && *len <= u64::from(u32::MAX));
        all.ok_or_else(|| {
            Failure::usage(format!("a tensor of {} elements fits nowhere", sizes_text(&self.sizes)))
        })
    }

    /// Writes what was computed.
    pub fn write(&self, bytes: Vec<u8>) -> Result {
        let bytes =
            if goya_npy::is_npy(self.file) { goya_npy::write(self.ty, &self.sizes, &bytes) } else { bytes };
        fs::write(self.file, bytes).map_err(|e| Failure::file(self.file, e))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser;
    use goya::tpc::find;

    use super::*;
    use crate::options::{Command, Kernel as What, Options};

    /// What is found for a command line.
    fn given<R>(kernel: &str, arguments: &[String], check: impl FnOnce(Result<Vec<Data<'_>>>) -> R) -> R {
        let line = ["goyactl", "kernel", "run", kernel].map(str::to_owned);
        let options = Options::try_parse_from(line.iter().chain(arguments)).unwrap();
        let Command::Kernel(What::Run(what)) = options.command else { panic!("another command") };
        check(all(find(kernel).unwrap(), &what))
    }

    #[test]
    fn numpy_says_what_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let put = |name: &str, ty, sizes: Index, len: usize| -> PathBuf {
            fs::write(path(name), goya_npy::write(ty, &sizes, &vec![1; len])).unwrap();
            path(name)
        };
        let a = put("a.npy", Type::F32, [64, 10, 1, 1, 1], 2560);
        let tensor = |text: &str, file: &Path| format!("--tensor={text}{}", file.display());
        let (input, output) = (tensor("a=", &a), tensor("b=64x10:", &path("b.npy")));
        given("clamp_f32", &[input.clone(), output.clone()], |found| {
            let found = found.unwrap();
            assert_eq!((found[0].sizes, found[0].len().unwrap()), ([64, 10, 1, 1, 1], 2560));
            assert!(found[0].contents.is_some() && found[1].contents.is_none());
            found[1].write(vec![2; 2560]).unwrap();
        });
        let (ty, sizes, bytes) = goya_npy::read(&fs::read(path("b.npy")).unwrap()).unwrap();
        assert_eq!((ty, sizes, bytes.len()), (Type::F32, [64, 10, 1, 1, 1], 2560));
        let wrong = |arguments: &[String], part: &str| {
            let error = given("clamp_f32", arguments, |found| found.map(drop).unwrap_err());
            assert!(error.text().contains(part), "{}", error.text());
        };
        wrong(&[input.clone()], "b, which is missing");
        wrong(&[input.clone(), input.clone(), output.clone()], "twice");
        wrong(&["--tensor=a=4:-".into(), "--tensor=a=4:-".into(), output.clone()], "only one of them");
        wrong(&[input, tensor("b=", &path("b.npy"))], "b=1024x16");
        wrong(&[tensor("a=64x11:", &a), output.clone()], "64x10");
        wrong(&[tensor("x=", &a), output.clone()], "no tensor x");
        wrong(&[tensor("a=", &put("i.npy", Type::I32, [64, 10, 1, 1, 1], 2560)), output.clone()], "i32");
        fs::write(path("raw"), [0; 12]).unwrap();
        wrong(&[tensor("a=2x2:", &path("raw")), output.clone()], "12 bytes");
        wrong(&[tensor("a=0:", &path("raw")), output], "fits nowhere");
    }
}
