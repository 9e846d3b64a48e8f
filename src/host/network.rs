//! Network interfaces, from `net/dev`, `class/net`, `net/route` and the system's list of addresses.
//!
//! A tick reads one file, `net/dev`, and lists one folder, `class/net`: a name with another inode is
//! another interface, so one that was replaced is seen without opening anything. What an interface
//! is and how its link does is read when it appears and then every [`LIFE`] (of interfaces that are
//! not real only [`MOST_REFRESHED`] in a tick): some drivers take milliseconds to say their speed.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::Duration;

use super::files::{self, Kept};
use super::missing::Missing;
use super::order::natural;
use super::sampler::Last;
use super::{Collected, Context, Roots, Source};
use crate::model::network::{INTERFACES_MAX, Interface, InterfaceKind, Network, PrimaryAddress};
use crate::model::source::SourceFinding;
use crate::model::{Bytes, BytesPerSecond, Reading, Reason, Text};

pub mod addresses;
pub mod attributes;
pub mod dev;
pub mod kind;
pub mod route;
mod table;

use addresses::{ByName, Choice, Found};
use dev::Width;
use kind::Candidate;
use table::Known;

/// How long attributes and addresses are believed while the set of interfaces stays the same.
pub const LIFE: Duration = Duration::from_secs(10);

/// How many interfaces that are not real have their attributes read again in one tick.
pub const MOST_REFRESHED: usize = 32;

/// How often `net/dev` and the folder are read again until they agree: interfaces come and go.
const ATTEMPTS: usize = 3;

/// The folder of a network namespace's files below `proc`: of this machine our own namespace's; of
/// a host whose root is mounted somewhere that of its first process, because `self` is us there
/// too; of a captured machine the plain one.
pub(super) fn namespace(roots: &Roots, file: &str) -> PathBuf {
    let folder = if roots.is_live() {
        "self/net"
    } else if files::is_procfs(&roots.proc("")) {
        "1/net"
    } else {
        "net"
    };
    roots.proc(folder).join(file)
}

/// The source `network`.
#[derive(Debug)]
pub struct NetworkSource {
    context: Context,
    dev: Kept,
    width: Width,
    folder: PathBuf,
    known: HashMap<Vec<u8>, Known>,
    /// When counters were read; they are with the interfaces.
    last: Last<()>,
    /// Whether attributes can be had, or why not.
    attributes: Result<(), Reason>,
    addresses: Addresses,
    /// What is shown, in its order, as long as nothing it follows from is read again.
    rows: Vec<Row>,
    missing: Missing,
}

/// What addresses there are, and the way out.
#[derive(Debug)]
struct Addresses {
    at: Option<Duration>,
    problem: Option<Reason>,
    default_interface: Option<Vec<u8>>,
}

impl NetworkSource {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            dev: Kept::new(namespace(&context.roots, "dev"), files::LARGE),
            width: Width::of(&context.roots),
            folder: context.roots.sys("class/net"),
            known: HashMap::new(),
            last: Last::default(),
            addresses: Addresses { at: None, problem: None, default_interface: None },
            attributes: Err(Reason::NotCollected),
            rows: Vec::new(),
            missing: Missing::new("network"),
            context,
        }
    }

    /// Reads counters of every interface, and attributes of new ones. Gives back when, and whether
    /// the set of interfaces changed.
    fn read_counters(&mut self) -> Result<(Duration, bool), Reason> {
        let mut attempt = 1;
        loop {
            let now = self.context.clock.monotonic();
            let listing = table::list(&self.folder);
            let lines = dev::parse(self.dev.read()?)?;
            let same = listing.as_ref().is_ok_and(|listing| table::is_same(listing, &lines));
            if listing.is_ok() && !same && attempt < ATTEMPTS {
                attempt += 1;
                continue;
            }
            // Sysfs shows the namespace of whoever mounted it, which need not be ours: then the
            // same names mean other interfaces. Once they agreed, it is ours.
            self.attributes = match (same, listing.as_ref(), self.attributes) {
                (true, ..) | (false, Ok(_), Ok(())) => Ok(()),
                (false, Ok(_), Err(_)) => Err(Reason::NotSupported),
                (false, Err(reason), _) => Err(*reason),
            };
            let folder = self.attributes.map(|()| self.folder.as_path());
            let listing = listing.unwrap_or_default();
            let changed = table::update(&mut self.known, &lines, &listing, folder, now);
            return Ok((now, changed));
        }
    }

    /// Reads addresses and the default route again, if it is time; whether it was.
    fn refresh_addresses(&mut self, now: Duration, changed: bool) -> bool {
        let is_fresh = |at| now.saturating_sub(at) < LIFE;
        if !changed && self.addresses.at.is_some_and(is_fresh) {
            return false;
        }
        let roots = &self.context.roots;
        let (mut by_name, problem) = match addresses::read(roots) {
            Ok(by_name) => (by_name, None),
            Err(reason) => (ByName::new(), Some(reason)),
        };
        for (name, known) in &mut self.known {
            let found = by_name.remove(name).unwrap_or_default();
            if found != known.found {
                known.shown = found.iter().map(addresses::shown).collect();
                known.found = found;
            }
        }
        // Without IPv4 there is no such file, and no preference follows from it.
        let route = files::read(&namespace(roots, "route"), files::LARGE).unwrap_or_default();
        let default_interface = match route::default_interface(&route) {
            Ok(name) => name.map(<[u8]>::to_vec),
            Err(error) => {
                tracing::debug!(%error, "malformed");
                None
            }
        };
        self.addresses = Addresses { at: Some(now), problem, default_interface };
        true
    }

    /// Reads attributes again where it is time: of all real interfaces, of some others. Whether
    /// there were any.
    fn refresh_attributes(&mut self, now: Duration) -> bool {
        if self.attributes.is_err() {
            return false;
        }
        let read_at = |row: &Row| Some((!row.real, self.known.get(&row.name)?.attributes.at));
        let mut overdue: Vec<_> = self
            .rows
            .iter()
            .take(INTERFACES_MAX)
            .filter_map(|row| Some((read_at(row)?, &row.name)))
            .filter(|((_, at), _)| now.saturating_sub(*at) >= LIFE)
            .collect();
        overdue.sort_unstable();
        let real = overdue.iter().filter(|((others, _), _)| !others).count();
        overdue.truncate(real + MOST_REFRESHED);
        for (_, name) in &overdue {
            if let Some(known) = self.known.get_mut(*name) {
                let folder = self.folder.join(OsStr::from_bytes(name));
                known.attributes = attributes::read(&folder, now);
            }
        }
        !overdue.is_empty()
    }

    /// Every interface with what it is, in the order they are shown in.
    fn sorted_rows(&self) -> Vec<Row> {
        let is_global = |found: &Found| {
            !addresses::is_link_local(found.address) && !found.address.is_loopback()
        };
        let candidates: Vec<Candidate<'_>> = self
            .known
            .iter()
            .map(|(name, known)| Candidate {
                name,
                link: &known.attributes.link,
                has_address: known.found.iter().any(is_global),
            })
            .collect();
        let judged = kind::judge(&candidates);
        let mut rows: Vec<(&Text, Row)> = candidates
            .iter()
            .zip(judged)
            .map(|(candidate, (kind, real))| {
                let name = candidate.name.to_vec();
                (&self.known[candidate.name].key, Row { name, kind, real })
            })
            .collect();
        rows.sort_by(|(one_key, one), (other_key, other)| {
            other.real.cmp(&one.real).then_with(|| natural(one_key, other_key))
        });
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// Everything as it is shown.
    fn network(&self, elapsed: Option<Duration>) -> Network {
        let real = || self.rows.iter().filter(|row| row.real).map(|row| &self.known[&row.name]);
        let total = |pick: fn(&Known) -> u64| Bytes(real().map(pick).fold(0, u64::saturating_add));
        let shown = self.rows.iter().take(INTERFACES_MAX);
        let interfaces: Vec<Interface> = shown.map(|row| self.interface(row, elapsed)).collect();
        Network {
            left_out: (self.rows.len() - interfaces.len()) as u64,
            primary: self.primary(),
            received_bytes_per_second: total_rate(&interfaces, |row| row.received.bytes_per_second),
            sent_bytes_per_second: total_rate(&interfaces, |row| row.sent.bytes_per_second),
            received_bytes_total: total(|known| known.received.bytes),
            sent_bytes_total: total(|known| known.sent.bytes),
            interfaces,
        }
    }

    fn interface(&self, row: &Row, elapsed: Option<Duration>) -> Interface {
        let known = &self.known[&row.name];
        let attributes = &known.attributes;
        let before = known.before.as_ref().zip(elapsed);
        let addresses = match self.addresses.problem {
            Some(reason) => Reading::absent(reason),
            None => Reading::Present(known.shown.clone()),
        };
        let received = before.map(|((received, _), elapsed)| (received, elapsed));
        let sent = before.map(|((_, sent), elapsed)| (sent, elapsed));
        Interface {
            key: known.key.clone(),
            kind: row.kind,
            real: row.real,
            state: attributes.state,
            mac_address: attributes.mac_address.clone(),
            mtu_bytes: attributes.mtu_bytes,
            speed_bits_per_second: attributes.speed_bits_per_second,
            full_duplex: attributes.full_duplex,
            addresses,
            received: dev::traffic(&known.received, received, self.width),
            sent: dev::traffic(&known.sent, sent, self.width),
        }
    }

    fn primary(&self) -> Reading<PrimaryAddress> {
        let choices = self.rows.iter().filter(|row| row.real).filter_map(|row| {
            let known = &self.known[&row.name];
            known.attributes.is_up().then(|| Choice {
                name: &known.key,
                mac_address: &known.attributes.mac_address,
                addresses: &known.found,
                leads_out: self.addresses.default_interface.as_ref() == Some(&row.name),
            })
        });
        let reason = self.addresses.problem.unwrap_or(Reason::NotSupported);
        Reading::from_option(addresses::primary(choices), reason)
    }
}

/// An interface as it is shown.
#[derive(Debug)]
struct Row {
    name: Vec<u8>,
    kind: InterfaceKind,
    real: bool,
}

impl Source for NetworkSource {
    fn name(&self) -> &'static str {
        "network"
    }

    fn collect(&mut self) -> Result<Collected, Reason> {
        let (now, changed) = self.read_counters()?;
        let elapsed = self.last.base(now, self.context.rate_window).map(|((), elapsed)| elapsed);
        self.last.replace(now, ());
        // Both have to be done, whatever the first says.
        let refreshed = [self.refresh_attributes(now), self.refresh_addresses(now, changed)];
        if changed || refreshed.contains(&true) {
            self.rows = self.sorted_rows();
        }
        let network = self.network(elapsed);
        self.missing.begin(self.context.clock.wall());
        for (what, why) in [
            ("sys/class/net", self.attributes.err()),
            ("getifaddrs", self.addresses.problem.filter(|_| self.context.roots.is_live())),
        ] {
            if let Some(reason) = why {
                self.missing.note(what, what, reason);
            }
        }
        Ok(Collected::Network(network))
    }

    fn findings(&self) -> Vec<SourceFinding> {
        self.missing.findings()
    }
}

/// The sum over real interfaces; one that has just appeared is in it from its second sample on.
fn total_rate(
    interfaces: &[Interface],
    rate: fn(&Interface) -> Reading<BytesPerSecond>,
) -> Reading<BytesPerSecond> {
    let mut real = interfaces.iter().filter(|interface| interface.real).peekable();
    if real.peek().is_none() {
        return Reading::absent(Reason::NotSupported);
    }
    let rates = real.filter_map(|interface| rate(interface).present().copied());
    let sum = rates.reduce(|one, other| BytesPerSecond(one.0.saturating_add(other.0)));
    Reading::from_option(sum, Reason::Measuring)
}
