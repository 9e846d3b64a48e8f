//! The machine the app itself runs on, listed among its hosts: asked through a feed of its own instead of over
//! the network, with the same question and the same answer.

use serde_json::value::RawValue;

use crate::clock::Clock;
use crate::feed::{Feed, Refusal};
use crate::model::cluster::TroubleKind;
use crate::model::peer::{PEER_PROTOCOL, PollAnswer, PollHead, PollRequest};
use crate::model::wire::Mode;
use crate::model::{Audience, HostId, Role};
use crate::peer::Failure;

/// What measures this machine, and the name it goes by there.
#[derive(Clone)]
pub struct Here {
    /// Where its frames come from.
    pub feed: Feed,
    /// Its name in that feed.
    pub host: HostId,
}

impl std::fmt::Debug for Here {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Here").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Here {
    pub(super) async fn ask(
        &self,
        question: &PollRequest,
        clock: &Clock,
    ) -> Result<PollAnswer, Failure> {
        // What a node says to an app at most: see web::peer.
        let audience = Audience::new(Role::Member);
        let polls = question.topics.iter().map(async |asked| {
            match self.feed.poll(&asked.topic, audience, asked.seq).await {
                Ok(Some(frame)) => {
                    let text = String::from_utf8_lossy(frame.json()).into_owned();
                    RawValue::from_string(text).map(Some).map_err(|_| TroubleKind::Malformed.into())
                }
                // Nothing new, or not yet: it is asked again.
                Ok(None) | Err(Refusal::Unavailable) => Ok(None),
                Err(refusal) => Err(Failure::with(TroubleKind::Malformed, refusal.to_string())),
            }
        });
        let frames = futures_util::future::try_join_all(polls).await?;
        let head = PollHead {
            protocol: PEER_PROTOCOL,
            version: env!("CARGO_PKG_VERSION").into(),
            instance: "here".into(),
            machine: None,
            mode: Mode::Node,
            host: Some(self.host.clone()),
            server_time_ms: clock.wall(),
        };
        Ok(PollAnswer { head, frames: frames.into_iter().flatten().collect() })
    }
}
