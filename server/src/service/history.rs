//! Reading back.

use roomcast_protocol::{
    ErrorBody, ErrorCode,
    command::{GetMessages, Place},
    registry::Reply,
    reply::Messages,
};

use super::{
    Plan, Service, Session,
    rooms::{newest, page},
};
use crate::store::{Among, Range};

impl Service {
    pub(super) fn history(&self, session: &Session, query: GetMessages) -> Plan {
        let (inner, reader, admin) = (self.inner.clone(), session.user.id.clone(), session.admin);
        let limit = page(query.limit, inner.settings.limits.page);
        Plan::Read(Box::pin(async move {
            let room = &query.room_id;
            let around = match query.around {
                Some(Place::Message(id)) => Some(inner.store.place(room, &id).await.map_err(|error| error.told())?),
                Some(Place::Seq(seq)) => Some(Some(seq)),
                None => None,
            };
            let range = match (query.before, query.after, around) {
                (Some(seq), _, _) => Some(Range::Before(seq)),
                (_, Some(seq), _) => Some(Range::After(seq)),
                (_, _, Some(place)) => place.map(Range::Around),
                (None, None, None) => Some(Range::Newest),
            };
            let among = match &query.thread_id {
                Some(thread) => Among::Thread(thread),
                None if query.pinned => Among::Pinned,
                None => Among::All,
            };
            let mut page = match range {
                Some(range) => {
                    Some(inner.store.messages(room, range, among, limit).await.map_err(|error| error.told())?)
                }
                None => None,
            };
            if let Some(page) = &mut page {
                inner.mark_mine(&reader, &mut page.messages).await.map_err(|error| error.told())?;
            }
            // After the reading, or a removal in between would come too late.
            let at = newest(page.as_ref().map_or(&[], |page| &page.messages));
            inner.readable(&reader, admin, room, at, "read the messages").await?;
            let why = "unable to read the messages; there is no such message in the room";
            let page = page.ok_or_else(|| ErrorBody::new(ErrorCode::NotFound, why))?;
            let authors = inner.authors(&page.messages).await.map_err(|error| error.told())?;
            Ok(Reply::GetMessages(Messages { messages: page.messages, has_more: page.has_more, authors }))
        }))
    }
}
