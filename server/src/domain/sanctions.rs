//! Bans and mutes. Both may have an end, which is only ever compared with the clock: nothing happens when it comes.
//!
//! A mute shows in the membership, so it is a change of the room. A ban of somebody who is not in the room shows
//! nowhere: it stands beside the log.

use roomcast_protocol::{
    ErrorBody, ErrorCode, RoomId, Timestamp, UserId,
    command::Sanction,
    event::RemovalReason,
    model::{Member, Role},
    number::SAFE_END,
    permit::Action,
};

use super::{Change, Decision, Done, MemberRow, Workspace, members::no_such_member, scene::Scene};

const BAN: &str = "ban the user";
const UNBAN: &str = "lift the ban";
const MUTE: &str = "mute the member";
const UNMUTE: &str = "lift the mute";

/// Until it is lifted.
const FOR_EVER: Timestamp = Timestamp::new(SAFE_END - 1);

pub(super) fn ban(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    sanction: &Sanction,
) -> Result<Decision, ErrorBody> {
    let Sanction { room_id, user_id, .. } = sanction;
    let target = judge(workspace, scene, change, sanction, BAN)?;
    let until = end(scene, sanction, BAN)?;
    let (done, news) = match target {
        Some(_) => {
            let (rev, news) = workspace.exit(scene, room_id, user_id, RemovalReason::Banned, false);
            (Done::Changed(Some(rev)), news.into())
        }
        None => {
            workspace.note_stranger(scene, room_id, user_id)?;
            (Done::Changed(None), Vec::new())
        }
    };
    workspace.set_ban(room_id, user_id, Some(until));
    Ok(Decision { done, news })
}

pub(super) fn unban(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    sanction: &Sanction,
) -> Result<Decision, ErrorBody> {
    judge(workspace, scene, change, sanction, UNBAN)?;
    workspace.set_ban(&sanction.room_id, &sanction.user_id, None);
    Ok(Decision::quiet(Done::Changed(None)))
}

pub(super) fn mute(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    sanction: &Sanction,
) -> Result<Decision, ErrorBody> {
    judge(workspace, scene, change, sanction, MUTE)?.ok_or_else(|| no_such_member(MUTE))?;
    let until = end(scene, sanction, MUTE)?;
    Ok(set_mute(workspace, sanction, Some(until)))
}

pub(super) fn unmute(
    workspace: &mut Workspace,
    scene: &Scene<'_>,
    change: &Change,
    sanction: &Sanction,
) -> Result<Decision, ErrorBody> {
    judge(workspace, scene, change, sanction, UNMUTE)?.ok_or_else(|| no_such_member(UNMUTE))?;
    Ok(set_mute(workspace, sanction, None))
}

/// Whether the author may; gives the other's role, where they are in the room.
fn judge(
    workspace: &Workspace,
    scene: &Scene<'_>,
    change: &Change,
    sanction: &Sanction,
    what: &str,
) -> Result<Option<Role>, ErrorBody> {
    let target = workspace.role_of(&sanction.room_id, &sanction.user_id);
    workspace.permit(scene, change, &sanction.room_id, Action::Sanction { target }, what)?;
    if sanction.user_id == change.author.user.id {
        let message = format!("unable to {what}; it is your own");
        return Err(ErrorBody::new(ErrorCode::BadRequest, message).field("userId"));
    }
    Ok(target)
}

/// When it is over. One that is over already is a mistake, or a clock that is wrong.
fn end(scene: &Scene<'_>, sanction: &Sanction, what: &str) -> Result<Timestamp, ErrorBody> {
    let until = sanction.until_ms.unwrap_or(FOR_EVER);
    if until > scene.now {
        return Ok(until);
    }
    Err(ErrorBody::new(ErrorCode::BadRequest, format!("unable to {what}; untilMs is over already")).field("untilMs"))
}

fn set_mute(workspace: &mut Workspace, sanction: &Sanction, until: Option<Timestamp>) -> Decision {
    let Sanction { room_id, user_id, .. } = sanction;
    let row = &workspace.members[&(room_id.clone(), user_id.clone())];
    if row.member.muted_until == until {
        return Decision::quiet(Done::Changed(None));
    }
    workspace.restate(room_id, user_id, |row| row.member.muted_until = until)
}

impl Workspace {
    pub(super) fn is_banned(&self, room: &RoomId, user: &UserId, now: Timestamp) -> bool {
        let row = self.members.get(&(room.clone(), user.clone()));
        row.and_then(|row| row.banned_until).is_some_and(|until| until > now)
    }

    fn set_ban(&mut self, room: &RoomId, user: &UserId, until: Option<Timestamp>) {
        let key = (room.clone(), user.clone());
        if let Some(row) = self.members.get_mut(&key)
            && row.banned_until != until
        {
            row.banned_until = until;
            self.dirty.members.insert(key);
        }
    }

    /// A row for somebody who never was in the room: one of a membership that ended before anybody could see it.
    fn note_stranger(&mut self, scene: &Scene<'_>, room: &RoomId, user: &UserId) -> Result<(), ErrorBody> {
        let key = (room.clone(), user.clone());
        if self.members.contains_key(&key) {
            return Ok(());
        }
        let user = self.known_user(user, BAN).map_err(|error| error.field("userId"))?;
        let row = MemberRow {
            member: Member {
                user_id: user.id,
                username: user.name,
                avatar_url: user.avatar_url,
                role: Role::Member,
                joined_at: scene.now,
                left_at: Some(scene.now),
                muted_until: None,
                rev: Default::default(),
            },
            entered_rev: Default::default(),
            read_seq: Default::default(),
            read_rev: Default::default(),
            banned_until: None,
            last_post_at: None,
        };
        self.members.insert(key, row);
        Ok(())
    }
}
