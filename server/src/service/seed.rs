//! Rooms that are there from the start.

use roomcast_protocol::{ErrorBody, ErrorCode, command::CreateRoom, model::User};

use super::Service;
use crate::domain::{Act, Author, Done};

impl Service {
    /// Makes a room in somebody's name; one that is there already is left as it is.
    ///
    /// # Errors
    /// The refusal.
    pub async fn seed(&self, owner: User, create: CreateRoom) -> Result<(), ErrorBody> {
        let author = Author { user: owner, admin: true, conn: None };
        self.write(author.clone(), Act::SeeUser).await?;
        match self.write(author.clone(), Act::CreateRoom(create)).await {
            // Nobody real: the room is not to count a member who never comes.
            Ok(Done::Entered(room)) => self.write(author, Act::Leave(room)).await.map(drop),
            Ok(_) => Ok(()),
            Err(error) if error.code == ErrorCode::Conflict => Ok(()),
            Err(error) => Err(error),
        }
    }
}
