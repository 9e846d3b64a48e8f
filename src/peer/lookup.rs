//! Names to addresses, on a deadline. The system's resolver may hang for as long as it likes: what it holds up
//! is a place among few, never whoever asks.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::Failure;
use crate::model::cluster::TroubleKind;

/// Questions to the resolver at a time. Each takes a thread until it is answered.
const AT_A_TIME: usize = 16;

/// Addresses of a name that are tried.
const ADDRESSES_MAX: usize = 4;

/// Looks names up, for all nodes.
#[derive(Debug, Clone)]
pub(super) struct Lookup(Arc<Semaphore>);

impl Lookup {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_A_TIME)))
    }

    /// The addresses of `name`, in the order to try them.
    pub(super) async fn addresses(
        &self,
        name: &str,
        port: u16,
        within: Duration,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let too_late = || Failure::with(TroubleKind::NameNotFound, "the resolver does not answer");
        let places = self.0.clone();
        let question = (name.to_owned(), port);
        let looking = async move {
            let place = places.acquire_owned().await;
            // A task of its own: one that is not answered in time keeps its place until it is.
            let asked = tokio::spawn(async move {
                let found = tokio::net::lookup_host(question).await;
                drop(place);
                found.map(|found| found.take(ADDRESSES_MAX).collect::<Vec<_>>())
            });
            asked.await
        };
        match tokio::time::timeout(within, looking).await {
            Ok(Ok(Ok(found))) if !found.is_empty() => Ok(found),
            Ok(_) => Err(TroubleKind::NameNotFound.into()),
            Err(_) => Err(too_late()),
        }
    }
}
