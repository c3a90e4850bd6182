//! Reading back.

use roomcast_protocol::{command::GetMessages, registry::Reply, reply::Messages};

use super::{Plan, Service, Session, rooms::page};
use crate::store::{Among, Range};

impl Service {
    pub(super) fn history(&self, session: &Session, query: GetMessages) -> Plan {
        let (inner, reader, admin) = (self.inner.clone(), session.user.id.clone(), session.admin);
        let limit = page(query.limit, inner.settings.limits.page);
        let range = match (query.before, query.after, query.around) {
            (Some(seq), _, _) => Range::Before(seq),
            (_, Some(seq), _) => Range::After(seq),
            (_, _, Some(seq)) => Range::Around(seq),
            (None, None, None) => Range::Newest,
        };
        Plan::Read(Box::pin(async move {
            let room = &query.room_id;
            let among = match &query.thread_id {
                Some(thread) => Among::Thread(thread),
                None if query.pinned => Among::Pinned,
                None => Among::All,
            };
            let page = inner.store.messages(room, range, among, limit).await;
            let mut page = page.map_err(|error| error.told())?;
            inner.mark_mine(&reader, &mut page.messages).await.map_err(|error| error.told())?;
            // After the reading, or a removal in between would come too late.
            inner.readable(&reader, admin, room, "read the messages").await?;
            let authors = inner.authors(&page.messages).await.map_err(|error| error.told())?;
            Ok(Reply::GetMessages(Messages { messages: page.messages, has_more: page.has_more, authors }))
        }))
    }
}
