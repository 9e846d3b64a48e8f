//! What the processors are called. `cpuinfo` has a dialect per architecture.

use crate::host::Roots;
use crate::host::files;
use crate::host::parse::{decimal, lines, unsigned, visible};
use crate::model::{Reading, Reason};

mod arm;

/// What is used of `cpuinfo`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CpuInfo {
    /// The maker's name, where the file gives one.
    pub brand: Option<String>,
    /// One `(physical id, core id)` per logical processor that gives both.
    pub cores: Vec<(u64, u64)>,
    /// Clock frequencies in MHz, one per logical processor that gives one.
    pub megahertz: Vec<f64>,
}

/// Parses `cpuinfo` of x86, Arm, POWER, s390, RISC-V, MIPS, LoongArch and their elders. Never
/// fails: what is not there is empty.
#[must_use]
pub fn parse_cpuinfo(bytes: &[u8]) -> CpuInfo {
    let mut info = CpuInfo::default();
    let mut names = Names::default();
    let mut physical = None;
    for (_, line) in lines("cpuinfo", bytes) {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let key = line[..colon].trim_ascii();
        let value = line[colon + 1..].trim_ascii();
        if key.eq_ignore_ascii_case(b"physical id") {
            physical = unsigned(value);
        } else if key.eq_ignore_ascii_case(b"core id") {
            info.cores.extend(physical.take().zip(unsigned(value)));
        } else if let Some(megahertz) = megahertz(key, value) {
            info.megahertz.push(megahertz);
        } else {
            names.note(key, value);
        }
    }
    info.brand = names.best();
    info
}

/// `cpu MHz : 2596.094` (x86), `cpu MHz dynamic : 5200` (s390), `clock : 3425.000000MHz` (POWER),
/// `CPU MHz : 2500.00` (LoongArch).
fn megahertz(key: &[u8], value: &[u8]) -> Option<f64> {
    let value = if key == b"clock" {
        value.strip_suffix(b"MHz")?
    } else if key.eq_ignore_ascii_case(b"cpu MHz") || key == b"cpu MHz dynamic" {
        value
    } else {
        return None;
    };
    decimal(value).filter(|&megahertz| megahertz > 0.0)
}

/// The fields that may name the processor, best first.
const NAME_KEYS: [&[u8]; 7] =
    [b"model name", b"cpu model", b"cpu", b"uarch", b"processor", b"hardware", b"model"];

#[derive(Default)]
struct Names {
    by_key: [Option<String>; NAME_KEYS.len()],
    /// s390: `vendor_id` and `machine`.
    vendor: Option<String>,
    machine: Option<String>,
    /// Arm: pairs of implementer and part, in order of appearance.
    implementer: Option<u64>,
    arm_cores: Vec<(u64, u64)>,
}

impl Names {
    fn note(&mut self, key: &[u8], value: &[u8]) {
        if key == b"CPU implementer" {
            self.implementer = hexadecimal(value);
        } else if key == b"CPU part" {
            let core = self.implementer.take().zip(hexadecimal(value));
            self.arm_cores.extend(core.filter(|core| !self.arm_cores.contains(core)));
        } else if key == b"vendor_id" {
            self.vendor.get_or_insert_with(|| visible(value));
        } else if key == b"machine" {
            self.machine.get_or_insert_with(|| visible(value));
        } else if key.starts_with(b"processor ") && self.machine.is_none() {
            self.machine = s390_machine(value);
        } else if let Some(index) = NAME_KEYS.iter().position(|name| key.eq_ignore_ascii_case(name))
        {
            self.by_key[index].get_or_insert_with(|| visible(value));
        }
    }

    fn best(self) -> Option<String> {
        if !self.arm_cores.is_empty() {
            let names = self.arm_cores.iter().take(8);
            let names: Vec<String> = names.map(|&(maker, part)| arm::name(maker, part)).collect();
            return Some(names.join(" + "));
        }
        // "processor" numbers the processors almost everywhere; old Arm kernels name them by it.
        let says_something = |name: &String| name.bytes().any(|byte| byte.is_ascii_alphabetic());
        if let Some(name) = self.by_key.into_iter().flatten().find(says_something) {
            return Some(squeeze(&name));
        }
        match (self.vendor, self.machine) {
            (Some(vendor), Some(machine)) => Some(format!("{vendor} {machine}")),
            (vendor, _) => vendor,
        }
    }
}

/// The brand, from `cpuinfo` or, on boards that do not say it there, from the device tree, which
/// names the board.
pub(super) fn brand(roots: &Roots, cpuinfo: Result<CpuInfo, Reason>) -> Reading<String> {
    let from_cpuinfo = match cpuinfo {
        Ok(info) => info.brand.ok_or(Reason::NotSupported),
        Err(reason) => Err(reason),
    };
    let brand = from_cpuinfo.or_else(|reason| {
        let board =
            files::read(&roots.proc("device-tree/model"), files::SMALL).map_err(|_| reason)?;
        let board = visible(board.split(|&byte| byte == 0).next().unwrap_or_default());
        Some(squeeze(&board)).filter(|board| !board.is_empty()).ok_or(reason)
    });
    brand.into()
}

/// `version = FF,  identification = 0133E8,  machine = 8561` → `8561`.
fn s390_machine(value: &[u8]) -> Option<String> {
    let text = visible(value);
    let (_, machine) = text.split_once("machine = ")?;
    machine.split(|c: char| !c.is_ascii_alphanumeric()).next().map(str::to_owned)
}

fn hexadecimal(value: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(value.strip_prefix(b"0x")?).ok()?, 16).ok()
}

/// Runs of blanks, with which some processors pad their names, become one.
fn squeeze(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
