"""Compares what nvidia-smi says of the cards with what smonitor says, leaf by leaf.

    python3 scripts/gpu_check.py BEFORE.xml SNAPSHOT.json AFTER.xml REPORT.md [PMON.txt]

BEFORE and AFTER are of `nvidia-smi -q -x`, taken right before and right after SNAPSHOT, which is of
`smonitor snapshot --json`. Every leaf of BEFORE has to stand in RULES: either with the value of ours
that equals it, or with the reason why smonitor does not show it. A leaf that does not is a failure,
so that a new driver cannot bring something unseen. A value that moves may lie anywhere between
BEFORE and AFTER, and its tolerance beyond.

PMON is of `nvidia-smi pmon -c 1 -s u`, taken with them: what each process does to its card.

The report is in Markdown, added to what is there. The exit code is 1 if something differs or is unknown, and if nothing was
compared. Needs nothing but Python's standard library.
"""

import json
import re
import sys
import xml.etree.ElementTree as ElementTree

MIB = 1 << 20


class Reason:
    """Why smonitor does not show a leaf."""

    def __init__(self, text):
        self.text = text


class Same:
    """A value of ours that equals a leaf: where it is, how the leaf is read, how far they may differ."""

    def __init__(self, ours, read, tolerance=0.0, share=0.0):
        self.ours = ours
        self.read = read
        self.tolerance = tolerance
        self.share = share

    def allowance(self, value):
        return max(self.tolerance, self.share * abs(value))

    def told(self):
        parts = []
        if self.tolerance:
            parts.append(f"±{self.tolerance:g}")
        if self.share:
            parts.append(f"±{self.share:.0%}")
        return " or ".join(parts) or "exact"


class Unreadable(ValueError):
    """A leaf that does not have the form that its rule knows."""


# How leaves are read. Each takes the text and returns a value as ours has it, or None for nothing.


def is_nothing(text):
    # The driver's own words for "there is no such value here".
    return text.strip("[]").strip() in (
        "", "N/A", "Not Supported", "Not Available", "Unknown Error", "Not Found",
        "Requested functionality has been deprecated",
    )


def text(value):
    return value


def number(unit, factor=1):
    def read(value):
        match = re.fullmatch(rf"(-?[0-9]+(?:\.[0-9]+)?)\s*{re.escape(unit)}", value)
        if not match:
            raise Unreadable(f"not a number of “{unit}”: {value}")
        return float(match.group(1)) * factor

    return read


def choice(**names):
    def read(value):
        key = value.replace(" ", "_").replace("-", "_").lower()
        if key not in names:
            raise Unreadable(f"none of {', '.join(names)}: {value}")
        return names[key]

    return read


ON = choice(enabled=True, disabled=False)
YES = choice(yes=True, no=False)


def state(value):
    return number("")(value.removeprefix("P"))


def flag(reason):
    # Ours is a list of reasons; the leaf says of one of them whether it is active.
    def read(value):
        return (reason, choice(active=True, not_active=False)(value))

    return read


FIXED = "a number of the hardware or its firmware that nobody needs to see it work"
SUM = "smonitor shows the total of such errors, which is compared"
MOMENT = "smonitor shows the average since the last reading; nvidia-smi one moment of it"
SETTING = "a setting of the driver that says nothing about the card's work"
WHOLE = "of the board with its processor (Grace); smonitor shows that of the card"

# A pattern for the whole path below <gpu>; the first that matches counts.
RULES = [
    # What it is
    ("product_name", Same("name", text)),
    ("product_brand", Reason("part of the name")),
    ("product_architecture", Same("architecture", lambda value: value.split()[0].lower())),
    ("serial", Same("serial", text)),
    ("uuid", Same("uuid", text)),
    ("minor_number", Same("minor", number(""))),
    ("vbios_version", Same("vbios_version", text)),
    ("pci/pci_bus_id", Same("pci_address", text)),
    ("pci/(pci_bus|pci_device|pci_domain)", Reason("part of the PCI address")),
    ("pci/(pci_device_id|pci_sub_system_id|pci_base_class|pci_sub_class)", Reason(FIXED)),
    ("pci/pci_bridge_chip/.*", Reason(FIXED)),
    ("pci/atomic_caps_(inbound|outbound)", Reason(FIXED)),
    ("multigpu_board|board_id|board_part_number|gpu_part_number|gpu_fru_part_number", Reason(FIXED)),
    ("platform_?[iI]nfo/.*", Reason(FIXED)),
    ("inforom_version/.*|inforom_bbx_flush/.*", Reason(FIXED)),
    ("gsp_firmware_version", Reason("goes with the version of the driver")),
    ("gsp_firmware/.*", Reason("goes with the version of the driver")),
    ("ibmnpu/.*|c2c_mode|capabilities/.*|gpu_pdi", Reason(FIXED)),
    ("module_id|chassis_.*|rack_.*|tray_.*|slot_.*", Reason(FIXED)),
    # How it is set
    ("display_mode|display_attached|display_active", Reason("smonitor is for cards that compute")),
    ("persistence_mode", Same("persistence", ON)),
    ("compute_mode", Same("compute_mode", choice(
        default="default", prohibited="prohibited", exclusive_process="exclusive_process",
        exclusive_thread="exclusive_thread"))),
    ("mig_mode/current_mig", Same("mig", ON)),
    ("mig_mode/pending_mig", Reason("smonitor shows what is, not what will be after a reset")),
    ("gpu_virtualization_mode/virtualization_mode", Same("virtualisation", choice(
        none="none", pass_through="pass_through", vgpu="vgpu", host_vgpu="host", host_vsga="host"))),
    ("gpu_virtualization_mode/(host_vgpu_mode|vgpu_heterogeneous_mode)", Reason(SETTING)),
    ("accounting_mode|accounting_mode_buffer_size|accounted_processes.*", Reason(
        "smonitor looks at processes itself and needs no accounting")),
    ("driver_model/.*", Reason("a setting of Windows")),
    ("gpu_operation_mode/.*|addressing_mode|sparse_operation_mode", Reason(SETTING)),
    ("clock_policy/.*|applications_clocks/.*|default_applications_clocks/.*", Reason(SETTING)),
    ("deferred_clocks/.*|max_customer_boost_clocks/.*|supported_clocks.*", Reason(SETTING)),
    ("supported_gpu_target_temp/.*|temperature/gpu_target_temperature", Reason(SETTING)),
    ("power_smoothing.*|power_profiles.*|edpp_multiplier", Reason(SETTING)),
    ("dram_encryption_mode/.*|cc_protected_memory_usage/.*", Reason("confidential computing")),
    ("gpu_reset_status/.*|gpu_recovery_action|repair_status/.*", Reason(
        "smonitor says what to do by what is wrong: errors, remapped rows, a lost card")),
    ("fabric/.*", Reason("of the whole machine's NVLink switches, not of a card")),
    ("voltage/.*", Reason("the driver gives it for few cards and does not say what is normal")),
    # What it does
    ("utilization/gpu_util", Same("utilisation/gpu_percent", number("%"), 10)),
    ("utilization/memory_util", Same("utilisation/memory_percent", number("%"), 10)),
    ("utilization/encoder_util", Same("utilisation/encoder_percent", number("%"), 10)),
    ("utilization/decoder_util", Same("utilisation/decoder_percent", number("%"), 10)),
    ("utilization/jpeg_util", Same("utilisation/jpeg_percent", number("%"), 10)),
    ("utilization/ofa_util", Same("utilisation/ofa_percent", number("%"), 10)),
    ("encoder_stats/.*|fbc_stats/.*", Reason("of remote desktops; smonitor shows the encoder's use")),
    ("performance_state", Same("performance_state", state, 2)),
    ("(clocks_event_reasons|clocks_throttle_reasons)/.*_gpu_idle", Same("throttle", flag("idle"))),
    ("(clocks_event_reasons|clocks_throttle_reasons)/.*_applications_clocks_setting",
     Same("throttle", flag("applications_clocks"))),
    ("(clocks_event_reasons|clocks_throttle_reasons)/.*_sw_power_cap", Same("throttle", flag("power_cap"))),
    ("(clocks_event_reasons|clocks_throttle_reasons)/.*_hw_slowdown",
     Same("throttle", flag("hardware_slowdown"))),
    ("(clocks_event_reasons|clocks_throttle_reasons)/.*_hw_thermal_slowdown",
     Same("throttle", flag("hardware_thermal"))),
    ("(clocks_event_reasons|clocks_throttle_reasons)/.*_hw_power_brake_slowdown",
     Same("throttle", flag("power_brake"))),
    ("(clocks_event_reasons|clocks_throttle_reasons)/.*_sync_boost", Same("throttle", flag("sync_boost"))),
    ("(clocks_event_reasons|clocks_throttle_reasons)/.*_sw_thermal_slowdown",
     Same("throttle", flag("software_thermal"))),
    ("(clocks_event_reasons|clocks_throttle_reasons)/.*_display_clocks_setting",
     Same("throttle", flag("display_clock"))),
    ("clocks_event_reasons_counters/.*", Reason(
        "since the driver was loaded; smonitor shows the share of the last minutes")),
    ("fan_speed", Same("fans/0/speed_percent", number("%"), 5)),
    # Memory. nvidia-smi cuts to whole MiB.
    ("fb_memory_usage/total", Same("memory/total_bytes", number("MiB", MIB), MIB)),
    ("fb_memory_usage/reserved", Same("memory/reserved_bytes", number("MiB", MIB), MIB)),
    ("fb_memory_usage/used", Same("memory/used_bytes", number("MiB", MIB), 64 * MIB)),
    ("fb_memory_usage/free", Same("memory/free_bytes", number("MiB", MIB), 64 * MIB)),
    ("bar1_memory_usage/total", Same("memory/bar1_total_bytes", number("MiB", MIB), MIB)),
    ("bar1_memory_usage/used", Same("memory/bar1_used_bytes", number("MiB", MIB), 4 * MIB)),
    ("bar1_memory_usage/free", Reason("what is left of the total")),
    # Heat and power
    ("temperature/gpu_temp", Same("temperature/gpu_celsius", number("C"), 2)),
    ("temperature/gpu_temp_max_threshold", Same("temperature/shutdown_celsius", number("C"))),
    ("temperature/gpu_temp_slow_threshold", Same("temperature/slowdown_celsius", number("C"))),
    ("temperature/gpu_temp_max_gpu_threshold", Same("temperature/maximum_celsius", number("C"))),
    ("temperature/memory_temp", Same("temperature/memory_celsius", number("C"), 2)),
    ("temperature/gpu_temp_max_mem_threshold", Same("temperature/memory_maximum_celsius", number("C"))),
    ("temperature/gpu_temp_tlimit|temperature/.*_tlimit_threshold", Reason(
        "degrees below the limit; smonitor shows degrees and the limit")),
    ("(gpu_)?power_readings/power_state", Reason("the same as the performance state")),
    ("(gpu_)?power_readings/power_management", Reason("absent limits say so")),
    ("(gpu_)?power_readings/(power_draw|average_power_draw)",
     Same("power/draw_watts", number("W"), 10, 0.15)),
    ("gpu_power_readings/instant_power_draw", Reason("smonitor shows the driver's average")),
    ("(gpu_)?power_readings/(power_limit|enforced_power_limit|current_power_limit)",
     Same("power/limit_watts", number("W"), 0.01)),
    ("(gpu_)?power_readings/requested_power_limit", Reason("smonitor shows the limit that holds")),
    ("(gpu_)?power_readings/default_power_limit", Same("power/default_limit_watts", number("W"), 0.01)),
    ("(gpu_)?power_readings/min_power_limit", Same("power/least_limit_watts", number("W"), 0.01)),
    ("(gpu_)?power_readings/max_power_limit", Same("power/most_limit_watts", number("W"), 0.01)),
    ("gpu_memory_power_readings/.*", Reason("part of what the board draws")),
    ("module_power_readings/.*", Reason(WHOLE)),
    # Clocks
    ("clocks/graphics_clock", Same("clocks/graphics/now_hertz", number("MHz", 1e6), 30e6, 0.1)),
    ("clocks/sm_clock", Same("clocks/sm/now_hertz", number("MHz", 1e6), 30e6, 0.1)),
    ("clocks/mem_clock", Same("clocks/memory/now_hertz", number("MHz", 1e6), 30e6, 0.1)),
    ("clocks/video_clock", Same("clocks/video/now_hertz", number("MHz", 1e6), 30e6, 0.1)),
    ("max_clocks/graphics_clock", Same("clocks/graphics/most_hertz", number("MHz", 1e6))),
    ("max_clocks/sm_clock", Same("clocks/sm/most_hertz", number("MHz", 1e6))),
    ("max_clocks/mem_clock", Same("clocks/memory/most_hertz", number("MHz", 1e6))),
    ("max_clocks/video_clock", Same("clocks/video/most_hertz", number("MHz", 1e6))),
    # Connection
    ("pci/pci_gpu_link_info/pcie_gen/max_link_gen", Same("pcie/most_generation", number(""))),
    ("pci/pci_gpu_link_info/pcie_gen/current_link_gen", Same("pcie/generation", number(""))),
    ("pci/pci_gpu_link_info/pcie_gen/(device_current_link_gen|max_device_link_gen|max_host_link_gen)",
     Reason("smonitor shows what card and slot can do together")),
    ("pci/pci_gpu_link_info/link_widths/max_link_width", Same("pcie/most_width", number("x"))),
    ("pci/pci_gpu_link_info/link_widths/current_link_width", Same("pcie/width", number("x"))),
    ("pci/replay_counter", Same("pcie/replays", number(""))),
    ("pci/replay_rollover_counter", Reason("part of the replays")),
    ("pci/(tx_util|rx_util)", Reason(MOMENT)),
    # Memory errors
    ("ecc_mode/current_ecc", Same("ecc/enabled", ON)),
    ("ecc_mode/pending_ecc", Same("ecc/enabled_after_restart", ON)),
    ("ecc_errors/volatile/(dram_uncorrectable|dram_correctable|sram_.*)", Reason(SUM)),
    ("ecc_errors/aggregate/(dram_uncorrectable|dram_correctable|sram_.*)", Reason(SUM)),
    ("ecc_errors/(volatile|aggregate)/(single_bit|double_bit)/.*", Reason(SUM)),
    ("ecc_errors/aggregate_uncorrectable_sram_sources/.*", Reason(SUM)),
    ("retired_pages/multiple_single_bit_retirement/retired_count",
     Same("retired_pages/corrected", number(""))),
    ("retired_pages/double_bit_retirement/retired_count", Same("retired_pages/uncorrected", number(""))),
    ("retired_pages/.*/retired_pagelist.*", Reason("smonitor shows how many, not where")),
    ("retired_pages/pending_(retirement|blacklist)", Same("retired_pages/pending", YES)),
    ("remapped_rows/remapped_row_corr", Same("row_remap/corrected", number(""))),
    ("remapped_rows/remapped_row_unc", Same("row_remap/uncorrected", number(""))),
    ("remapped_rows/remapped_row_pending", Same("row_remap/pending", YES)),
    ("remapped_rows/remapped_row_failure", Same("row_remap/failed", YES)),
    ("remapped_rows/row_remapper_histogram/.*", Reason("a failed row says that there was none left")),
    ("remapped_rows", Reason("the card has none")),
    # Instances: matched by their numbers, the leaves below <mig_device>
    ("mig_device/index", Reason("part of the key")),
    ("mig_device/gpu_instance_id", Same("gpu_instance", number(""))),
    ("mig_device/compute_instance_id", Same("compute_instance", number(""))),
    ("mig_device/device_attributes/.*", Reason("the profile says the size")),
    ("mig_device/ecc_error_count/.*", Reason("smonitor shows those of the whole card")),
    ("mig_device/fb_memory_usage/total", Same("memory/total_bytes", number("MiB", MIB), MIB)),
    ("mig_device/fb_memory_usage/reserved", Same("memory/reserved_bytes", number("MiB", MIB), MIB)),
    ("mig_device/fb_memory_usage/used", Same("memory/used_bytes", number("MiB", MIB), 64 * MIB)),
    ("mig_device/fb_memory_usage/free", Same("memory/free_bytes", number("MiB", MIB), 64 * MIB)),
    ("mig_device/bar1_memory_usage/total", Same("memory/bar1_total_bytes", number("MiB", MIB), MIB)),
    ("mig_device/bar1_memory_usage/used", Same("memory/bar1_used_bytes", number("MiB", MIB), 4 * MIB)),
    ("mig_device/bar1_memory_usage/free", Reason("what is left of the total")),
    ("mig_devices", Reason("the card is not divided")),
    # Processes: matched by their numbers, the leaves below <process_info>
    ("process_info/pid", Same("pid", number(""))),
    ("process_info/type", Same("kinds", lambda value: sorted(
        {"C": "compute", "G": "graphics", "M": "mps"}[one] for one in value.split("+")))),
    ("process_info/process_name", Reason(
        "nvidia-smi shows the program's path, smonitor the kernel's name and the command line")),
    ("process_info/used_memory", Same("memory_bytes", number("MiB", MIB), 64 * MIB)),
    ("process_info/(gpu_instance_id|compute_instance_id)", Reason("the key of the instance says it")),
    ("processes", Reason("nobody is on it")),
]

# Totals of memory errors: old drivers say them, of newer ones `all_leaves` adds up the parts.
for _when, _ours in (("volatile", "since_load"), ("aggregate", "lifetime")):
    for _bits, _kind in (("single_bit", "corrected"), ("double_bit", "uncorrected")):
        RULES.insert(0, (f"ecc_errors/{_when}/{_bits}/total",
                         Same(f"ecc/{_ours}/{_kind}", number(""), 1)))
RULES = [(re.compile(pattern), rule) for pattern, rule in RULES]

# Leaves above the cards.
TOP = {
    "timestamp": Reason("when nvidia-smi ran"),
    "driver_version": Same("driver_version", text),
    "cuda_version": Same("cuda_version", text),
    "attached_gpus": Same("cards", number("")),
}


def rule_for(path):
    return next((rule for pattern, rule in RULES if pattern.fullmatch(path)), None)


def leaves(element, path=""):
    """Every leaf below an element, with its path; instances and processes are left to their own."""
    for child in element:
        below = f"{path}/{child.tag}" if path else child.tag
        if child.tag in ("mig_device", "process_info"):
            continue
        if len(child):
            yield from leaves(child, below)
        else:
            yield below, (child.text or "").strip()


def all_leaves(gpu):
    """The leaves of a card, and totals of memory errors where only their parts are there."""
    found = list(leaves(gpu))
    for when in ("volatile", "aggregate"):
        counts = {}
        for path, value in found:
            part = re.fullmatch(rf"ecc_errors/{when}/(?:sram|dram)_(un)?correctable.*", path)
            if part and value.isdecimal():
                bits = "double_bit" if part.group(1) else "single_bit"
                counts[bits] = counts.get(bits, 0) + int(value)
        found += [(f"ecc_errors/{when}/{bits}/total", str(count)) for bits, count in counts.items()]
    return found


def find(ours, path):
    """A value of ours, or None with the reason for its absence."""
    for key in path.split("/"):
        if isinstance(ours, list):
            ours = ours[int(key)] if int(key) < len(ours) else None
        elif isinstance(ours, dict) and "absent" not in ours:
            if key not in ours:
                raise KeyError(f"smonitor has no {path}: this script is of another version")
            ours = ours[key]
        else:
            break
    if ours is None:
        return None, "not there"
    if isinstance(ours, dict) and "absent" in ours:
        return None, ours["absent"]
    return ours, ""


class Report:
    def __init__(self):
        self.same = []
        self.different = []
        self.unknown = []
        self.left_out = {}

    def ok(self):
        return bool(self.same) and not self.different and not self.unknown

    def leaf(self, where, path, before, after, ours):
        rule = rule_for(path) if where != "machine" else TOP.get(path)
        if rule is None:
            self.unknown.append((where, path, before))
        elif isinstance(rule, Reason):
            self.left_out.setdefault((path, rule.text), set()).add(where)
        else:
            self.compare(where, path, rule, before, after, ours)

    def compare(self, where, path, rule, before, after, ours):
        value, why = find(ours, rule.ours)
        shown = f"absent ({why})" if value is None else value
        row = (where, path, before, shown, rule.told())
        try:
            wanted = [None if is_nothing(text) else rule.read(text) for text in (before, after)]
        except (Unreadable, KeyError) as error:
            self.different.append((*row[:4], f"cannot be read: {error}"))
            return
        if rule.ours == "cards":
            value = float(len(value or []))
        good = equal(rule, wanted, value)
        (self.same if good else self.different).append(row)

    def missing(self, where, what):
        self.different.append((where, what, "there", "not there", "exact"))

    def extra(self, where, what):
        self.different.append((where, what, "not there", "there", "exact"))


def equal(rule, wanted, value):
    """Whether ours is what nvidia-smi said before or after, or between the two."""
    if value is None or any(one is None for one in wanted):
        return value is None and None in wanted
    if isinstance(wanted[0], tuple):
        return any((reason in value) is active for reason, active in wanted)
    if isinstance(wanted[0], list):
        return any(sorted(value) == one for one in wanted)
    if isinstance(wanted[0], float):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        low, high = min(wanted), max(wanted)
        return low - rule.allowance(low) <= value <= high + rule.allowance(high)
    return value in wanted


def children(gpu, tag, keys):
    """Elements below a card by what identifies them, such as processes by their number."""
    return {
        tuple((element.findtext(key) or "").strip() for key in keys): element
        for element in gpu.iter(tag)
    }


def leaves_of(element, prefix):
    return [(f"{prefix}/{path}", value) for path, value in leaves(element)]


def compare_below(report, where, gpu, after, ours, tag, keys, of):
    """The instances or the processes of a card."""
    here, later = children(gpu, tag, keys), children(after, tag, keys)
    for key, element in here.items():
        name = f"{where} {tag} {'/'.join(key)}"
        row = ours.get(of(key))
        if row is None:
            # One that ended while it was looked at is missing in AFTER as well.
            if key in later:
                report.missing(name, tag)
            continue
        newer = dict(leaves_of(later.get(key, element), tag))
        for path, value in leaves_of(element, tag):
            report.leaf(name, path, value, newer.get(path, value), row)
    known = {of(key) for key in (*here, *later)}
    for key in ours.keys() - known:
        report.extra(f"{where} {tag} {key}", tag)


def compare(before, snapshot, after):
    report = Report()
    gpus = snapshot["host"]["gpus"]["value"]
    if not isinstance(gpus, dict) or "absent" in gpus:
        report.different.append(("machine", "gpus", "there", f"not there: {gpus}", "exact"))
        return report
    after_top = dict(leaves(after))
    after_gpus = {gpu.get("id"): gpu for gpu in after.iter("gpu")}
    for path, value in leaves(before):
        if not path.startswith("gpu/"):
            report.leaf("machine", path, value, after_top.get(path, value), gpus)
    cards = {card["pci_address"].upper(): card for card in gpus["cards"]}
    for gpu in before.iter("gpu"):
        address = gpu.get("id", "")
        card = cards.pop(address.upper(), None)
        where = f"card {address}"
        if card is None:
            report.missing(where, "gpu")
            continue
        later = after_gpus.get(address, gpu)
        newer = dict(all_leaves(later))
        for path, value in all_leaves(gpu):
            report.leaf(where, path, value, newer.get(path, value), card)
        instances = {
            (str(one["gpu_instance"]), str(one["compute_instance"])): one for one in card["slices"]
        }
        compare_below(report, where, gpu, later, instances, "mig_device",
                      ("gpu_instance_id", "compute_instance_id"), lambda key: key)
        processes = {
            str(one["pid"]): one for one in gpus["processes"] if one["gpu"] == card["index"]
        }
        compare_below(report, where, gpu, later, processes, "process_info",
                      ("pid",), lambda key: key[0])
    for address in cards:
        report.extra(f"card {address}", "gpu")
    return report


PMON_TOLERANCE = 15
PMON_COLUMNS = {
    "sm": "gpu_percent", "mem": "memory_percent", "enc": "encoder_percent", "dec": "decoder_percent",
}


def compare_pmon(report, lines, snapshot):
    """What each process does to its card: columns are named in the first line."""
    gpus = snapshot["host"]["gpus"]["value"]
    if not isinstance(gpus, dict) or "absent" in gpus:
        return
    ours = {(str(one["gpu"]), str(one["pid"])): one for one in gpus["processes"]}
    heads = []
    for line in lines:
        words = line.split()
        if line.startswith("#"):
            heads = heads or words[1:]
            continue
        row = dict(zip(heads, words))
        if row.get("pid", "-") == "-":
            continue
        where = f"card {row['gpu']} process {row['pid']}"
        process = ours.get((row["gpu"], row["pid"]))
        if process is None:
            report.missing(where, "pmon")
            continue
        for column, key in PMON_COLUMNS.items():
            said = row.get(column, "-")
            value, why = find(process, key)
            shown = f"absent ({why})" if value is None else value
            line_of = (where, f"pmon {column}", said, shown, f"±{PMON_TOLERANCE}")
            # It says nothing of a process that did nothing; ours may then be 0 or absent.
            good = (value or 0) <= PMON_TOLERANCE if said == "-" else (
                value is not None and abs(value - float(said)) <= PMON_TOLERANCE)
            (report.same if good else report.different).append(line_of)


def table(heads, rows):
    def cell(value):
        return str(value).replace("|", "\\|").replace("\n", " ")

    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def markdown(report):
    verdict = "Everything agrees." if report.ok() else "**Something does not agree.**"
    parts = [
        "## nvidia-smi and smonitor, leaf by leaf",
        f"{verdict} {len(report.same)} leaves are the same within their tolerance, "
        f"{len(report.different)} differ, {len(report.unknown)} are unknown, "
        f"{len(report.left_out)} kinds of leaves smonitor does not show, for a reason.",
    ]
    heads = ("Where", "Leaf", "nvidia-smi", "smonitor", "Tolerance")
    if report.different:
        parts += ["### Different", table(heads, report.different)]
    if report.unknown:
        parts += ["### Unknown leaves: add a rule to scripts/gpu_check.py",
                  table(heads[:3], report.unknown)]
    left_out = [(path, reason, len(cards)) for (path, reason), cards in sorted(report.left_out.items())]
    parts += ["### Not shown", table(("Leaf", "Why", "How often"), left_out)]
    parts += ["### The same", table(heads, report.same)]
    return "\n\n".join(parts) + "\n"


def main(arguments):
    if len(arguments) not in (4, 5):
        sys.stderr.write(__doc__)
        return 2
    before_path, snapshot_path, after_path, report_path, *pmon_path = arguments
    before = ElementTree.parse(before_path).getroot()
    after = ElementTree.parse(after_path).getroot()
    with open(snapshot_path, encoding="utf-8") as file:
        snapshot = json.load(file)
    report = compare(before, snapshot, after)
    for path in pmon_path:
        with open(path, encoding="utf-8") as file:
            compare_pmon(report, file, snapshot)
    with open(report_path, "a", encoding="utf-8") as file:
        file.write(markdown(report))
    for row in report.different:
        print(f"differs: {row[0]}: {row[1]}: nvidia-smi {row[2]}, smonitor {row[3]} ({row[4]})")
    for where, path, value in report.unknown:
        print(f"unknown leaf: {where}: {path} = {value}")
    print(f"{len(report.same)} the same, {len(report.different)} different, "
          f"{len(report.unknown)} unknown, {len(report.left_out)} not shown")
    return 0 if report.ok() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
