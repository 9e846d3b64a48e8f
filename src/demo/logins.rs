//! Who is logged in to the made-up machine: people whose shells are in its process table.

use super::moment::Moment;
use super::processes;
use crate::model::login::{Login, LoginOrigin, Logins};
use crate::model::{Reading, Seconds};

/// Which shells, from where, and how often something is typed there.
const SESSIONS: [(u32, &str, f64); 5] = [
    (4, "198.51.100.23", 4.0),
    (15, "laptop.example.org", 95.0),
    (21, "2001:db8:77::1f", 1500.0),
    (38, "198.51.100.61", 14_000.0),
    (56, "login-02.example.org", 190_000.0),
];

pub(super) fn logins(moment: Moment) -> Logins {
    let session = |(number, from, every): (u32, &str, f64)| {
        let shell = processes::shell(moment.noise, number, moment.at);
        // Nobody is idle for longer than they are here.
        let here = moment.at.since(shell.started) as f64 / 1000.0;
        let idle = (moment.uptime_seconds() + 0.37 * every) % every.min(here);
        Login {
            key: shell.pid.to_string().into(),
            user: shell.user.0.into(),
            terminal: Reading::Present(shell.terminal.into()),
            from: Reading::Present(from.into()),
            login_at_ms: Reading::Present(shell.started),
            pid: Reading::Present(shell.pid),
            idle_seconds: Reading::Present(Seconds::new(idle)),
        }
    };
    let mut sessions: Vec<_> = SESSIONS.into_iter().map(session).collect();
    sessions.sort_by_key(|login| login.login_at_ms.present().map(|at| at.0));
    Logins { origin: LoginOrigin::Utmp, sessions, left_out: 0 }
}
