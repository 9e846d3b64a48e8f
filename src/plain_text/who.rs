//! Who is on which card.

use super::table::{Column, Line, table};
use super::units::{age, bytes, cell};
use crate::model::cluster::{HeldCard, UserOnCards, UsersBody};
use crate::model::gpu::GpuState;
use crate::model::{Reading, UnixMillis};

/// Whom a board is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<'a> {
    /// Everybody.
    All,
    /// This user.
    Only(&'a str),
}

/// A line per user and card, at most `width` characters long.
#[must_use]
pub fn who(body: &UsersBody, whom: Who<'_>, width: usize) -> String {
    let lines = if body.users.is_empty() { vec![nobody(whom)] } else { rows(body) };
    let lines = lines.iter().flat_map(|line| line.set(width));
    lines.fold(String::new(), |all, line| all + line.trim_end() + "\n")
}

fn nobody(whom: Who<'_>) -> Line {
    Line::Row(match whom {
        Who::All => "Nobody is on a card.".to_owned(),
        Who::Only(user) => format!("{user} is on no card."),
    })
}

fn rows(body: &UsersBody) -> Vec<Line> {
    let columns = [
        Column::Left("USER", 20),
        Column::Left("HOST", 32),
        Column::Right("GPU"),
        Column::Right("MEMORY"),
        Column::Right("SINCE"),
        Column::Right("IDLE"),
        Column::Left("CONTAINER", 24),
        Column::Left("PROCESS", 32),
    ];
    let now = body.server_time_ms;
    let row = |user: &UserOnCards, card: &HeldCard| {
        [
            who_words(user, card),
            card.host.to_string(),
            card.user.gpu.to_string(),
            cell(&card.user.memory_bytes, |held| bytes(*held)),
            cell(&card.user.since_ms, |since| age(now.since(*since))),
            idle(card, now),
            card.user.container.as_ref().map_or_else(String::new, |container| {
                format!("{}:{}", container.runtime.as_str(), container.short)
            }),
            cell(&card.user.process, ToString::to_string),
        ]
    };
    let rows =
        body.users.iter().flat_map(|user| user.cards.iter().map(move |card| row(user, card)));
    table(columns, rows.collect())
}

/// The user's name, else the number, else that nothing is known.
#[must_use]
pub fn who_words(user: &UserOnCards, card: &HeldCard) -> String {
    match (&user.user, &card.user.user_id) {
        (Reading::Present(name), _) => name.to_string(),
        (_, Reading::Present(number)) => number.to_string(),
        _ => "unknown".to_owned(),
    }
}

/// For how long nothing has been computed on the card; a card that computes is not idle.
fn idle(card: &HeldCard, now: UnixMillis) -> String {
    match (card.state, &card.idle_since_ms) {
        (GpuState::Busy, _) => "no".to_owned(),
        (_, since) => cell(since, |since| age(now.since(*since))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cluster::CardUser;
    use crate::model::place::{ContainerRef, ContainerRuntime};
    use crate::model::{Bytes, HostId, Reason};

    const NOW: UnixMillis = UnixMillis(10_000_000);

    fn card(gpu: u32, state: GpuState, idle: Reading<UnixMillis>) -> HeldCard {
        HeldCard {
            host: HostId::parse("gpu-01").unwrap(),
            state,
            idle_since_ms: idle,
            user: CardUser {
                gpu,
                user: Reading::default(),
                user_id: Reading::Present(1000),
                memory_bytes: Reading::Present(Bytes(8 << 30)),
                processes: 1,
                since_ms: Reading::Present(UnixMillis(NOW.0 - 7_200_000)),
                process: Reading::Present("python".into()),
                container: None,
            },
        }
    }

    fn user(name: Option<&str>, cards: Vec<HeldCard>) -> UserOnCards {
        let user = name.map_or_else(Reading::default, |name| Reading::Present(name.into()));
        UserOnCards { user, memory_bytes: Reading::default(), cards }
    }

    fn body(users: Vec<UserOnCards>) -> UsersBody {
        UsersBody { server_time_ms: NOW, users }
    }

    #[test]
    fn a_line_per_user_and_card() {
        let idle = Reading::Present(UnixMillis(NOW.0 - 1_500_000));
        let mut docked = card(3, GpuState::Held, idle);
        docked.user.container = Some(ContainerRef {
            key: "docker/0123456789ab".into(),
            runtime: ContainerRuntime::Docker,
            short: "0123456789ab".into(),
        });
        let mut dark = card(4, GpuState::Unknown, Reading::absent(Reason::NotResponding));
        dark.user.memory_bytes = Reading::default();
        dark.user.user_id = Reading::default();
        let users = vec![
            user(Some("ada"), vec![card(0, GpuState::Busy, Reading::default()), docked]),
            user(None, vec![card(1, GpuState::Held, idle)]),
            user(None, vec![dark]),
        ];
        insta::assert_snapshot!(who(&body(users), Who::All, usize::MAX), @"
        USER     HOST    GPU   MEMORY  SINCE    IDLE  CONTAINER            PROCESS
        ada      gpu-01    0  8.0 GiB    2 h      no                       python
        ada      gpu-01    3  8.0 GiB    2 h  25 min  docker:0123456789ab  python
        1000     gpu-01    1  8.0 GiB    2 h  25 min                       python
        unknown  gpu-01    4        –    2 h       –                       python
        ");
    }

    #[test]
    fn nobody_is_said() {
        assert_eq!(who(&body(Vec::new()), Who::All, 80), "Nobody is on a card.\n");
        assert_eq!(who(&body(Vec::new()), Who::Only("a\x1b"), 80), "a\u{fffd} is on no card.\n");
    }

    #[test]
    fn hostile_names_move_no_cursor() {
        let mut hostile = card(0, GpuState::Busy, Reading::default());
        hostile.user.process = Reading::Present("\r\u{1b}[31mroot".into());
        let text = who(&body(vec![user(Some("a\nb\u{9b}"), vec![hostile])]), Who::All, usize::MAX);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
}
