//! `net/tcp` and `net/tcp6` (kernel document networking/proc_net_tcp.rst): sockets by state, from
//! pieces of the file as they come. No I/O.

use crate::host::parse::{ParseError, Place, words};
use crate::model::network::TcpStates;

/// Longer than any line of these files: with IPv6 addresses and the widest numbers about 250 bytes.
const LINE_MAX: usize = 1024;

/// How many states there are, with 0 that is none.
const STATES: usize = 13;

/// Counts sockets by state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counter {
    by_state: [u64; STATES],
    lines: usize,
    /// What the piece before ended with: a line that is not whole yet.
    rest: Vec<u8>,
}

impl Counter {
    /// Takes the next piece of the file.
    ///
    /// # Errors
    /// If a line is not in the documented form.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), ParseError> {
        let mut lines = piece.split(|&byte| byte == b'\n');
        // There is always a last one: the whole piece if no line ends in it.
        let last = lines.next_back().unwrap_or_default();
        for line in lines {
            if self.rest.is_empty() {
                self.line(line)?;
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(line);
                self.line(&whole)?;
                whole.clear();
                self.rest = whole;
            }
        }
        self.rest.extend_from_slice(last);
        if self.rest.len() > LINE_MAX {
            return Err(self.place().expected("a line of a socket", &self.rest));
        }
        Ok(())
    }

    /// The file has ended.
    ///
    /// # Errors
    /// As for [`Counter::take`].
    pub fn finish(&mut self) -> Result<(), ParseError> {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() { Ok(()) } else { self.line(&rest) }
    }

    fn place(&self) -> Place {
        Place { file: "net/tcp", line: self.lines + 1 }
    }

    fn line(&mut self, line: &[u8]) -> Result<(), ParseError> {
        let place = self.place();
        self.lines += 1;
        // The first is a heading.
        if self.lines == 1 || line.trim_ascii().is_empty() {
            return Ok(());
        }
        let word = words(line).nth(3).unwrap_or_default();
        let state = match word {
            [tens, ones] => Some((*tens, *ones)),
            _ => None,
        };
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as usize);
        let state = state.and_then(|(tens, ones)| Some(digit(tens)? * 16 + digit(ones)?));
        let slot = state.and_then(|state| self.by_state.get_mut(state));
        *slot.ok_or_else(|| place.expected("a state, 00 to 0C", word))? += 1;
        Ok(())
    }

    /// What was counted so far.
    #[must_use]
    pub fn states(&self) -> TcpStates {
        let [
            _,
            established,
            syn_sent,
            syn_received,
            fin_wait_1,
            fin_wait_2,
            time_wait,
            close,
            close_wait,
            last_ack,
            listen,
            closing,
            new_syn_received,
        ] = self.by_state;
        TcpStates {
            established,
            syn_sent,
            syn_received: syn_received + new_syn_received,
            fin_wait_1,
            fin_wait_2,
            time_wait,
            close,
            close_wait,
            last_ack,
            listen,
            closing,
        }
    }

    /// What was counted here and there.
    #[must_use]
    pub fn plus(&self, other: &Self) -> TcpStates {
        let mut sum = self.clone();
        for (state, more) in sum.by_state.iter_mut().zip(other.by_state) {
            *state += more;
        }
        sum.states()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n\
        \x20  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 34567 1 0000000000000000 100 0 0 10 0                     \n\
        \x20  1: 0100007F:1F90 0100007F:D9A2 01 00000000:00000000 00:00000000 00000000  1000        0 34568 1 0000000000000000 20 4 30 10 -1                    \n\
        \x20  2: 0100007F:D9A2 0100007F:1F90 06 00000000:00000000 03:00001719 00000000     0        0 0 3 0000000000000000                                      \n\
        \x20  3: 0100007F:1F90 0100007F:D9A4 0C 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000                                      \n";

    fn counted(pieces: &[&[u8]]) -> Result<TcpStates, ParseError> {
        let mut counter = Counter::default();
        for piece in pieces {
            counter.take(piece)?;
        }
        counter.finish()?;
        Ok(counter.states())
    }

    #[test]
    fn every_state_has_its_place() {
        let wanted = TcpStates {
            listen: 1,
            established: 1,
            time_wait: 1,
            syn_received: 1,
            ..Default::default()
        };
        assert_eq!(counted(&[FILE.as_bytes()]), Ok(wanted));
        let all: String = (1..=12).map(|state| format!(" 0: A:1 B:2 {state:02X} 0\n")).collect();
        let all = counted(&[b"heading\n", all.as_bytes()]).unwrap();
        let ones = TcpStates {
            established: 1,
            syn_sent: 1,
            syn_received: 2,
            fin_wait_1: 1,
            fin_wait_2: 1,
            time_wait: 1,
            close: 1,
            close_wait: 1,
            last_ack: 1,
            listen: 1,
            closing: 1,
        };
        assert_eq!(all, ones);
    }

    #[test]
    fn two_families_are_added_up() {
        let mut one = Counter::default();
        one.take(FILE.as_bytes()).unwrap();
        assert_eq!(one.plus(&one).listen, 2);
        assert_eq!(one.plus(&Counter::default()), one.states());
    }

    #[test]
    fn a_state_that_does_not_exist_is_an_error() {
        let error = counted(&[b"heading\n 0: A:1 B:2 0D\n"]).unwrap_err();
        assert_eq!(error.to_string(), "net/tcp, line 2: wanted a state, 00 to 0C, found \"0D\"");
        assert!(counted(&[b"heading\n 0: A:1\n"]).is_err());
        assert!(counted(&[b"heading\n 0: A:1 B:2 +1\n"]).is_err());
        assert!(counted(&[b"h\n", &[b'x'; 600], &[b'x'; 600]]).is_err(), "no end of a line");
        assert_eq!(counted(&[b""]), Ok(TcpStates::default()));
    }

    proptest::proptest! {
        #[test]
        fn it_does_not_matter_where_pieces_end(cuts in proptest::collection::vec(0..FILE.len(), 0..9)) {
            let mut cuts = cuts;
            cuts.extend([0, FILE.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> =
                cuts.windows(2).map(|cut| &FILE.as_bytes()[cut[0]..cut[1]]).collect();
            proptest::prop_assert_eq!(counted(&pieces), counted(&[FILE.as_bytes()]));
        }

        #[test]
        fn never_panics(pieces: Vec<Vec<u8>>, text in "h\n( [0-9]: [0-9A-F:]{0,9} x 0[0-9A-F] .*\n){0,4}") {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let _ = counted(&pieces);
            let _ = counted(&[text.as_bytes()]);
        }
    }
}
