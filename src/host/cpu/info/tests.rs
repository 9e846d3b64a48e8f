use super::*;

fn brand_of(text: &str) -> Option<String> {
    parse_cpuinfo(text.as_bytes()).brand
}

#[test]
fn every_architecture_has_its_dialect() {
    for (architecture, text, brand) in [
        (
            "x86",
            "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R)  CPU @ 2.1GHz  \n",
            "Intel(R) Xeon(R) CPU @ 2.1GHz",
        ),
        (
            "arm64 board",
            "processor\t: 0\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n\nprocessor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n\nHardware\t: BCM2835\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n",
            "Arm Cortex-A72",
        ),
        (
            "arm64 big and little",
            "CPU implementer : 0x41\nCPU part : 0xd05\nCPU implementer : 0x41\nCPU part : 0xd0b\n",
            "Arm Cortex-A55 + Arm Cortex-A76",
        ),
        ("arm64 server", "CPU implementer\t: 0x41\nCPU part\t: 0xd4f\n", "Arm Neoverse-V2"),
        ("arm64 unknown part", "CPU implementer\t: 0xc0\nCPU part\t: 0xfff\n", "Ampere part 0xfff"),
        (
            "arm64 unknown maker",
            "CPU implementer\t: 0x99\nCPU part\t: 0x1\n",
            "implementer 0x99 part 0x1",
        ),
        (
            "old arm",
            "Processor\t: ARMv7 Processor rev 10 (v7l)\nprocessor\t: 0\nHardware\t: Freescale i.MX\n",
            "ARMv7 Processor rev 10 (v7l)",
        ),
        (
            "ppc64",
            "processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 3425.000000MHz\nmodel\t\t: 8335-GTH\n",
            "POWER9, altivec supported",
        ),
        (
            "s390",
            "vendor_id       : IBM/S390\n# processors    : 2\nprocessor 0: version = FF,  identification = 0133E8,  machine = 8561\n",
            "IBM/S390 8561",
        ),
        (
            "riscv",
            "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\nuarch\t\t: sifive,u74-mc\n",
            "sifive,u74-mc",
        ),
        ("mips", "system type\t\t: x\ncpu model\t\t: MIPS 1004Kc V2.15\n", "MIPS 1004Kc V2.15"),
        (
            "loongarch",
            "processor\t\t: 0\nModel Name\t\t: Loongson-3A5000\nCPU MHz\t\t\t: 2500.00\n",
            "Loongson-3A5000",
        ),
    ] {
        assert_eq!(brand_of(text).as_deref(), Some(brand), "{architecture}");
    }
    assert_eq!(brand_of("processor\t: 0\nmodel\t\t: 6\n"), None);
    assert_eq!(brand_of(""), None);
}

#[test]
fn cores_and_frequencies_of_each_processor() {
    let info = parse_cpuinfo(
        b"physical id\t: 0\ncore id\t\t: 3\ncpu MHz\t\t: 1200.5\n\nphysical id\t: 1\ncore id\t\t: 3\ncpu MHz : 0.000\n",
    );
    assert_eq!(info.cores, [(0, 3), (1, 3)]);
    assert_eq!(info.megahertz, [1200.5]);
    assert_eq!(parse_cpuinfo(b"clock\t: 3425.000000MHz\n").megahertz, [3425.0]);
    assert_eq!(parse_cpuinfo(b"cpu MHz dynamic : 5200\n").megahertz, [5200.0]);
    assert_eq!(parse_cpuinfo(b"core id : 1\n").cores, []);
}

proptest::proptest! {
    #[test]
    fn never_panics(
        bytes: Vec<u8>,
        text in "((model name|CPU implementer|CPU part|processor 0|core id|physical id|clock|cpu MHz)\t?: ?(0x)?[0-9a-z=, ]{0,20}\n){0,6}",
    ) {
        for input in [&bytes[..], text.as_bytes()] {
            let info = parse_cpuinfo(input);
            proptest::prop_assert!(info.megahertz.iter().all(|&megahertz| megahertz > 0.0));
        }
    }
}
