//! Whether a file is a program that Lambda could run.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::Path,
};

use bytesize::ByteSize;

use super::unfit;
use crate::{
    config::api::Architecture,
    error::{IoContext as _, Result},
};

/// Where an ELF header says which machine it is for, and how long that is (System V ABI, "ELF Header", `e_machine`).
const MACHINE: usize = 18;
const HEAD: u64 = 20;

/// Most bytes of what a function's zip unpacks to (AWS Lambda Developer Guide, "Lambda quotas").
const LARGEST: u64 = 262_144_000;

/// Refuses what would fail on Lambda only once the database is migrated: what is too large for it, a program of this
/// machine's own kind, or of other processors. A script runs anywhere.
pub fn check(program: &Path, architecture: Architecture) -> Result<()> {
    let file = match File::open(program) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => {
            let help = "correct `api.lambda.binary`, or have `api.lambda.build` make it; without --no-build that runs";
            return Err(unfit(program, "does not exist", help));
        }
        file => file.doing("read", program)?,
    };
    let size = file.metadata().doing("read", program)?.len();
    if size > LARGEST {
        let [size, largest] = [size, LARGEST].map(|bytes| ByteSize::b(bytes).display().si());
        let help = "strip its symbols (for Rust: `strip = true` under `[profile.release]`), and leave out what it does not need";
        return Err(unfit(program, &format!("has {size}, and Lambda takes {largest}"), help));
    }
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head).doing("read", program)?;
    if head.starts_with(b"#!") {
        return Ok(());
    }
    let help = format!(
        "build it for Linux on {architecture}, against glibc 2.34 or older: `cargo zigbuild --target` with a glibc \
         version, or `cargo lambda build`"
    );
    if !head.starts_with(b"\x7fELF") || head.len() < MACHINE + 2 {
        return Err(unfit(program, "is no program for Linux", help));
    }
    let (wanted, found) = (machine(architecture), u16::from_le_bytes([head[MACHINE], head[MACHINE + 1]]));
    if wanted == found {
        return Ok(());
    }
    Err(unfit(program, &format!("is not for {architecture}, which `api.lambda.architecture` names"), help))
}

/// `EM_X86_64` and `EM_AARCH64`.
fn machine(architecture: Architecture) -> u16 {
    match architecture {
        Architecture::X86 => 62,
        Architecture::Arm64 => 183,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lambda_would_not_unpack_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "#!/bin/sh\n").unwrap();
        // Holes take no room on the disk.
        let check_at = |size| {
            file.as_file().set_len(size).unwrap();
            check(file.path(), Architecture::X86)
        };
        check_at(LARGEST).unwrap();
        let error = check_at(LARGEST + 1).unwrap_err();
        assert_eq!((error.exit_code(), error.rule), (4, "api-program"));
        assert!(error.message.contains("Lambda takes 262.1 MB") && error.help.unwrap().contains("strip"));
    }

    fn judge(bytes: &[u8], architecture: Architecture) -> Option<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        check(file.path(), architecture).err().map(|error| error.message)
    }

    #[test]
    fn only_programs_for_the_function_s_processors_pass() {
        let elf = |machine: u8| [&b"\x7fELF\x02\x01\x01"[..], &[0; 11], &[machine, 0]].concat();
        assert_eq!(judge(b"#!/bin/sh\n", Architecture::Arm64), None);
        assert_eq!(judge(&elf(62), Architecture::X86), None);
        assert_eq!(judge(&elf(183), Architecture::Arm64), None);
        assert!(judge(&elf(183), Architecture::X86).unwrap().contains("is not for x86_64"));
        for other in [&b"\xcf\xfa\xed\xfe Mach-O of some length"[..], b"MZ", b"", b"\x7fELF"] {
            assert!(judge(other, Architecture::X86).unwrap().contains("no program for Linux"));
        }
    }
}
