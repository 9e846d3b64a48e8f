//! From NVML's numbers to values: units, words, and what stands for "unknown". Pure.

use nvml_wrapper::enum_wrappers::device::GpuVirtualizationMode;

use crate::host::parse::visible;
use crate::model::gpu::{Throttle, Virtualisation};
use crate::model::{Bytes, Celsius, Hertz, Joules, Percent, Reading, Reason, Text, Watts};

/// Text of the driver, without what a terminal or a page could trip over.
pub(super) fn text(text: impl AsRef<[u8]>) -> Text {
    visible(text.as_ref()).into()
}

/// NVML writes all ones (`NVML_VALUE_NOT_AVAILABLE`) where it does not know.
pub(super) fn known(value: u32) -> Reading<u32> {
    Reading::from_option((value != u32::MAX).then_some(value), Reason::NotSupported)
}

/// See [`known`].
pub(super) fn known_wide(value: u64) -> Reading<u64> {
    Reading::from_option((value != u64::MAX).then_some(value), Reason::NotSupported)
}

/// A share of time or of speed. A fan may exceed 100; nothing exceeds 1,000.
pub(super) fn percent(value: u32) -> Reading<Percent> {
    known(value).and_then(|value| {
        let percent = (value <= 1000).then(|| Percent(f64::from(value)));
        Reading::from_option(percent, Reason::Malformed)
    })
}

/// Whole degrees.
pub(super) fn celsius(value: u32) -> Reading<Celsius> {
    known(value).and_then(|value| {
        // Some drivers write a negative number into the unsigned one; no card is that cold.
        let celsius = (value < 1000).then(|| Celsius(f64::from(value)));
        Reading::from_option(celsius, Reason::Malformed)
    })
}

/// Milliwatts.
pub(super) fn watts(milliwatts: u32) -> Reading<Watts> {
    known(milliwatts).map(|value| Watts::new(f64::from(value) / 1000.0))
}

/// Millijoules.
pub(super) fn joules(millijoules: u64) -> Reading<Joules> {
    known_wide(millijoules).map(|value| Joules(value / 1000))
}

/// MHz.
pub(super) fn hertz(megahertz: u32) -> Reading<Hertz> {
    known(megahertz).map(|value| Hertz(u64::from(value) * 1_000_000))
}

/// Bytes.
pub(super) fn bytes(value: u64) -> Reading<Bytes> {
    known_wide(value).map(Bytes)
}

/// The newest CUDA of the driver: 12080 is 12.8.
pub(super) fn cuda_version(version: i32) -> Reading<Text> {
    let text = (version > 0).then(|| format!("{}.{}", version / 1000, version % 1000 / 10).into());
    Reading::from_option(text, Reason::Malformed)
}

/// Generation of a link, of the number that stands for its version (nvmlNvlinkVersion): 1.0, 2.0,
/// 2.2, 3.0, 3.1, 4.0, 5.0.
pub(super) fn nvlink_generation(version: u32) -> Reading<u32> {
    let generation = match version {
        1 => Some(1),
        2 | 3 => Some(2),
        4 | 5 => Some(3),
        6 => Some(4),
        7 => Some(5),
        _ => None,
    };
    Reading::from_option(generation, Reason::Malformed)
}

/// Bits of nvmlClocksEventReasons, in their order.
const THROTTLE: [(u64, Throttle); 9] = [
    (0x1, Throttle::Idle),
    (0x2, Throttle::ApplicationsClocks),
    (0x4, Throttle::PowerCap),
    (0x8, Throttle::HardwareSlowdown),
    (0x10, Throttle::SyncBoost),
    (0x20, Throttle::SoftwareThermal),
    (0x40, Throttle::HardwareThermal),
    (0x80, Throttle::PowerBrake),
    (0x100, Throttle::DisplayClock),
];

/// What holds clocks back.
pub(super) fn throttle(bits: u64) -> Vec<Throttle> {
    let known = THROTTLE.iter().fold(0, |bits, (bit, _)| bits | bit);
    let named = THROTTLE.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, reason)| *reason);
    named.chain((bits & !known != 0).then_some(Throttle::Other)).collect()
}

/// How a card is shared with virtual machines.
pub(super) fn virtualisation(mode: &GpuVirtualizationMode) -> Virtualisation {
    match mode {
        GpuVirtualizationMode::Bare => Virtualisation::None,
        GpuVirtualizationMode::PassThrough => Virtualisation::PassThrough,
        GpuVirtualizationMode::Vgpu => Virtualisation::Vgpu,
        GpuVirtualizationMode::HostVgpu | GpuVirtualizationMode::HostVsga => Virtualisation::Host,
    }
}

/// The size of an instance, of its name: `NVIDIA H100 80GB HBM3 MIG 1g.10gb` is `1g.10gb`. Also with
/// a compute instance (`1c.3g.40gb`) and with attributes (`1g.10gb+me`).
pub(super) fn profile(name: &str) -> Option<&str> {
    let (_, profile) = name.rsplit_once("MIG ")?;
    let profile = profile.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
    let looks = !profile.is_empty() && profile.bytes().all(plain) && profile.contains("g.");
    looks.then_some(profile)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_stands_for_unknown_is_no_number() {
        let unknown = Reason::NotSupported;
        assert_eq!(percent(u32::MAX), Reading::absent(unknown));
        assert_eq!(celsius(u32::MAX), Reading::absent(unknown));
        assert_eq!(watts(u32::MAX), Reading::absent(unknown));
        assert_eq!(hertz(u32::MAX), Reading::absent(unknown));
        assert_eq!(joules(u64::MAX), Reading::absent(unknown));
        assert_eq!(bytes(u64::MAX), Reading::absent(unknown));
        assert_eq!(celsius(u32::MAX - 5), Reading::absent(Reason::Malformed), "-6 °C as unsigned");
        assert_eq!(percent(4_000_000), Reading::absent(Reason::Malformed));
        assert_eq!(cuda_version(0), Reading::absent(Reason::Malformed));
    }

    #[test]
    fn units_are_turned_into_ours() {
        assert_eq!(watts(391_137), Reading::Present(Watts(391.1)));
        assert_eq!(joules(1_204_553_219), Reading::Present(Joules(1_204_553)));
        assert_eq!(hertz(1410), Reading::Present(Hertz(1_410_000_000)));
        assert_eq!(percent(104), Reading::Present(Percent(104.0)), "a fan");
        assert_eq!(cuda_version(12_080), Reading::Present("12.8".into()));
        assert_eq!(cuda_version(13_000), Reading::Present("13.0".into()));
    }

    #[test]
    fn every_reason_has_its_word() {
        assert_eq!(throttle(0), []);
        assert_eq!(throttle(0x1), [Throttle::Idle]);
        assert_eq!(
            throttle(0x8 | 0x40 | 0x4000),
            [Throttle::HardwareSlowdown, Throttle::HardwareThermal, Throttle::Other]
        );
    }

    #[test]
    fn versions_of_links_are_not_their_numbers() {
        let generations: Vec<_> =
            (0..=8).map(|version| nvlink_generation(version).present().copied()).collect();
        let wanted = [None, Some(1), Some(2), Some(2), Some(3), Some(3), Some(4), Some(5), None];
        assert_eq!(generations, wanted);
    }

    #[test]
    fn profiles_are_the_ends_of_names() {
        for (name, wanted) in [
            ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", Some("1g.10gb")),
            ("NVIDIA A100-SXM4-40GB MIG 1c.3g.20gb", Some("1c.3g.20gb")),
            ("NVIDIA H100 80GB HBM3 MIG 1g.10gb+me ", Some("1g.10gb+me")),
            ("NVIDIA H100 80GB HBM3", None),
            ("MIG 1g.10gb <b>", None),
            ("MIG ", None),
        ] {
            assert_eq!(profile(name), wanted, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_name_breaks_the_profile(name in ".*") {
            if let Some(profile) = profile(&name) {
                prop_assert!(name.contains(profile));
            }
        }

        #[test]
        fn every_bit_says_something(bits: u64) {
            prop_assert_eq!(throttle(bits).is_empty(), bits == 0);
        }
    }
}
