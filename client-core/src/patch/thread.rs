//! What became different in one thread.

use std::sync::Arc;

use roomcast_protocol::json::ToJson;
use roomcast_protocol::model::Message;
use serde::Serialize;

use super::{
    differs,
    room::{TimelinePatch, bounds, fresh, timeline_patch},
};
use crate::{
    rooms::Timeline,
    view::{PendingMessage, ThreadView},
};

/// What became different in a thread; what stayed is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToJson)]
#[serde(rename_all = "camelCase")]
pub struct ThreadPatch {
    /// Whether it is looked at. On either, everything of before is to be forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// Its first message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Arc<Message>>,
    /// Its messages. Their places are not dense: where nothing stands between two of them, nothing belongs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<TimelinePatch>,
    /// The user's messages that are not in the timeline: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Arc<[PendingMessage]>>,
    /// Whether there is more before the timeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_older: Option<bool>,
    /// Whether a page is on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loading_older: Option<bool>,
}

impl ThreadPatch {
    /// Nobody looks at the thread any more.
    pub(super) fn closed() -> Self {
        Self { open: Some(false), ..Self::default() }
    }
}

/// The difference of two views of a thread; `None` where there is none.
#[must_use]
pub fn thread(before: Option<&ThreadView>, after: &ThreadView) -> Option<ThreadPatch> {
    let ThreadView { room_id: _, thread_id: _, first, timeline, pending, has_older, loading_older } = after;
    // A thread that begins anew may not know its first message any more.
    let Some(before) = before.filter(|before| first.is_some() || before.first.is_none()) else {
        return Some(ThreadPatch {
            open: Some(true),
            first: first.clone(),
            timeline: Some(timeline_patch(&Timeline::default(), timeline)),
            pending: Some(Arc::clone(pending)),
            has_older: Some(*has_older),
            loading_older: Some(*loading_older),
        });
    };
    let timeline = timeline_patch(&before.timeline, timeline);
    let moved = (timeline.start, timeline.end) != bounds(&before.timeline);
    let patch = ThreadPatch {
        open: None,
        first: first.clone().filter(|_| *first != before.first),
        timeline: Some(timeline).filter(|patch| moved || !patch.put.is_empty()),
        pending: differs(&before.pending, pending).then(|| Arc::clone(pending)),
        has_older: fresh(before.has_older, *has_older),
        loading_older: fresh(before.loading_older, *loading_older),
    };
    (patch != ThreadPatch::default()).then_some(patch)
}
