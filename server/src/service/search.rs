//! Finding messages: only where the asker is a member, newest first.

use roomcast_protocol::{ErrorBody, ErrorCode, command::SearchMessages, registry::Reply, reply::Found};

use super::{
    Plan, Service, Session,
    rooms::{newest, page},
};
use crate::store::{SearchIn, SearchQuery, StoreError};

impl Service {
    pub(super) fn search(&self, session: &Session, query: SearchMessages) -> Plan {
        let (inner, reader, admin) = (self.inner.clone(), session.user.id.clone(), session.admin);
        let limit = page(query.limit, inner.settings.limits.page);
        Plan::Read(Box::pin(async move {
            let told = |error: StoreError| error.told();
            let before = query.cursor.as_deref().map(str::parse::<u64>).transpose().map_err(|_| {
                let why = "unable to take cursor; it is none of this server's";
                ErrorBody::new(ErrorCode::BadRequest, why).field("cursor")
            })?;
            let within = query.room_id.clone().map_or_else(|| SearchIn::RoomsOf(reader.clone()), SearchIn::Room);
            let search = SearchQuery { within, words: query.query, before, limit };
            let mut found = inner.store.search(&search).await.map_err(told)?;
            // After the reading, or a removal in between would come too late.
            match &query.room_id {
                Some(room) => inner.readable(&reader, admin, room, newest(&found.messages), "search the room").await?,
                None => {
                    let roster = inner.roster();
                    found.messages.retain(|message| !roster.is_out(&reader, &message.room_id, message.rev));
                }
            }
            inner.mark_mine(&reader, &mut found.messages).await.map_err(told)?;
            let authors = inner.authors(&found.messages).await.map_err(told)?;
            let next = found.next.map(|doc| doc.to_string());
            Ok(Reply::SearchMessages(Found { messages: found.messages, authors, next }))
        }))
    }
}
