//! Who works at the made-up site.

/// Somebody, with the names of what they start.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    /// Container with a notebook.
    pub(super) notebook: &'static str,
    /// Container to compute in.
    pub(super) lab: &'static str,
    /// Service with a notebook.
    pub(super) unit: &'static str,
}

/// The number of the first; the others follow.
const FIRST_ID: u32 = 1001;

macro_rules! people {
    ($( $name:literal )*) => {
        /// Everybody, in the order of their numbers.
        pub(super) const PEOPLE: &[Person] = &[ $( Person {
            name: $name,
            notebook: concat!($name, "-notebook"),
            lab: concat!($name, "-lab"),
            unit: concat!("jupyter-", $name, ".service"),
        }, )* ];
    };
}

people! {
    "alice" "bob" "carol" "dave" "erin" "frank" "grace" "heidi" "ivan" "judy" "kevin" "laura" "mallory"
    "nina" "oscar" "peggy" "quentin" "rupert" "sybil" "trent" "ursula" "victor" "wendy" "xavier" "yara"
    "zoe"
}

impl Person {
    /// Name and number of the person of that place in the list.
    pub(super) fn account(number: usize) -> (&'static str, u32) {
        let number = number % PEOPLE.len();
        let name = PEOPLE.get(number).map_or("root", |person| person.name);
        (name, FIRST_ID + u32::try_from(number).unwrap_or(0))
    }

    /// The person of that place in the list, which has no end.
    pub(super) fn of(number: usize) -> &'static Self {
        &PEOPLE[number % PEOPLE.len()]
    }
}
