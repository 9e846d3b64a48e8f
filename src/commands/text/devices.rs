//! Network interfaces and sensors.

use super::given;
use super::table::{Column, Line, and_more, heaviest, table};
use super::units::{bits_per_second, cell, shown};
use crate::commands::measure::Look;
use crate::model::network::{Interface, LinkState, Sockets, Traffic};
use crate::model::sensor::{Fan, Sensors, Temperature};
use crate::model::{BitsPerSecond, Reading};

/// The most interfaces that are shown.
const MOST_INTERFACES: usize = 8;

/// The most temperatures that are shown.
const MOST_TEMPERATURES: usize = 3;

pub(super) fn network(look: &Look) -> Vec<Line> {
    let network = match given("Network", &look.host.network) {
        Ok(network) => network,
        Err(lines) => return lines,
    };
    let (real, others): (Vec<&Interface>, Vec<&Interface>) =
        network.interfaces.iter().partition(|one| one.real);
    let traffic = |one: &&Interface| bits(one.received).max(bits(one.sent));
    let (rows, left_out) = heaviest(&real, MOST_INTERFACES, |one| traffic(one) as f64);
    let mut lines = Vec::new();
    if !rows.is_empty() {
        let columns = [
            Column::Left("INTERFACE", 15),
            Column::Left("LINK", 12),
            Column::Right("RECEIVED"),
            Column::Right("SENT"),
            Column::Left("ADDRESS", 200),
        ];
        lines = table(columns, rows.into_iter().map(|one| interface_row(one)).collect());
        lines.extend(and_more(left_out as u64 + network.left_out));
    }
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|one| one.key.as_str()).collect();
        lines.push(Line::Said("Besides", names.join(", ")));
    }
    if let Reading::Present(sockets) = &look.host.sockets.value {
        lines.push(socket_line(sockets));
    }
    lines
}

fn bits(traffic: Traffic) -> u64 {
    traffic.bytes_per_second.present().map_or(0, |rate| rate.0.saturating_mul(8))
}

fn interface_row(one: &Interface) -> [String; 5] {
    let link = match (one.state, &one.speed_bits_per_second) {
        (LinkState::Up, Reading::Present(speed)) => bits_per_second(*speed),
        (LinkState::Up, Reading::Absent { .. }) => "up".to_owned(),
        (LinkState::Down, _) => "down".to_owned(),
        (LinkState::LowerLayerDown, _) => "below: down".to_owned(),
        (LinkState::Dormant, _) => "dormant".to_owned(),
        (LinkState::Testing, _) => "testing".to_owned(),
        (LinkState::Unknown, _) => "–".to_owned(),
    };
    let rate = |traffic: Traffic| {
        cell(&traffic.bytes_per_second, |_| bits_per_second(BitsPerSecond(bits(traffic))))
    };
    let addresses = cell(&one.addresses, |addresses| {
        let each = addresses.iter().map(|one| format!("{}/{}", one.address, one.prefix_length));
        each.collect::<Vec<_>>().join(" ")
    });
    [one.key.to_string(), link, rate(one.received), rate(one.sent), addresses]
}

fn socket_line(sockets: &Sockets) -> Line {
    let tcp = shown(&sockets.tcp, |tcp| {
        format!(
            "{} connections, {} listening, {} closing",
            tcp.established,
            tcp.listen,
            tcp.time_wait + tcp.fin_wait_1 + tcp.fin_wait_2 + tcp.closing + tcp.last_ack
        )
    });
    let udp = shown(&sockets.udp_in_use, ToString::to_string);
    Line::Said("TCP", format!("{tcp}; UDP {udp}"))
}

pub(super) fn sensors(look: &Look) -> Vec<Line> {
    let sensors = match given("Sensors", &look.host.sensors) {
        Ok(sensors) => sensors,
        Err(lines) => return lines,
    };
    [temperatures(sensors), fans(sensors), power(sensors)].into_iter().flatten().collect()
}

/// The ones nearest to their limits.
fn temperatures(sensors: &Sensors) -> Option<Line> {
    let limit =
        |one: &Temperature| one.high_celsius.present().or(one.critical_celsius.present()).copied();
    let mut warm: Vec<(f64, f64, &Temperature)> = Vec::new();
    for one in &sensors.temperatures {
        let Reading::Present(now) = one.celsius else { continue };
        // Without a limit, that of most hardware is near enough to compare by.
        warm.push((now.0 / limit(one).map_or(100.0, |limit| limit.0.max(1.0)), now.0, one));
    }
    warm.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut named = std::collections::BTreeSet::new();
    warm.retain(|(_, _, one)| named.insert((&*one.chip, &*one.label)));
    let each = warm.iter().take(MOST_TEMPERATURES).map(|(_, now, one)| {
        let limit = limit(one).map_or(String::new(), |limit| format!(" of {:.0}", limit.0));
        format!("{now:.0}{limit} °C {} {}", one.chip, one.label)
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| Line::Said("Warmest", each.join(", ")))
}

fn fans(sensors: &Sensors) -> Option<Line> {
    let speed = |fan: &Fan| fan.revolutions_per_minute.present().copied();
    let turning: Vec<u32> = sensors.fans.iter().filter_map(speed).filter(|rpm| *rpm > 0).collect();
    let mut parts = Vec::new();
    if let (Some(low), Some(high)) = (turning.iter().min(), turning.iter().max()) {
        parts.push(format!("{} at {low}–{high} rpm", turning.len()));
    }
    for fan in &sensors.fans {
        let low = fan.low_revolutions_per_minute.present().copied().unwrap_or(0);
        match speed(fan) {
            Some(0) => parts.push(format!("{} {} stands still", fan.chip, fan.label)),
            Some(rpm) if rpm < low => {
                parts.push(format!("{} {} too slow: {rpm} of {low} rpm", fan.chip, fan.label));
            }
            _ => {}
        }
    }
    (!parts.is_empty()).then(|| Line::Said("Fans", parts.join(", ")))
}

fn power(sensors: &Sensors) -> Option<Line> {
    let each = sensors.power.iter().map(|one| {
        let limit = one.limit_watts.present();
        let limit = limit.map_or(String::new(), |limit| format!(" of {:.0}", limit.0));
        let watts = shown(&one.watts, |now| format!("{:.0}{limit} W", now.0));
        format!("{watts} {} {}", one.chip, one.label)
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| Line::Said("Power", each.join(", ")))
}
