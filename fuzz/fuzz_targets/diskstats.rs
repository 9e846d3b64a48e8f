#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use smonitor::host::disk::activity::activity;
use smonitor::host::disk::diskstats::parse_diskstats;

fuzz_target!(|data: &[u8]| {
    let Ok(lines) = parse_diskstats(data) else { return };
    for two in lines.windows(2) {
        let (earlier, later) = (&two[0].counters, &two[1].counters);
        if let Some(activity) = activity(earlier, later, Duration::from_secs(2)) {
            let busy = activity.busy_percent.present();
            assert!(busy.is_none_or(|busy| (0.0..=100.0).contains(&busy.0)));
            assert!(activity.queue_length.present().is_none_or(|queue| *queue >= 0.0));
        }
    }
});
