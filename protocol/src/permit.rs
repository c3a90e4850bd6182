//! Who may do what: one pure function, by which the server decides and the client greys out.

use crate::{
    ErrorCode, Timestamp,
    model::{Policy, Role, Visibility},
};

/// The one who wants to do something, as the room knows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Actor {
    /// Role in the room; `None` where they are not in it.
    pub role: Option<Role>,
    /// Administrator of the whole server (a claim of their token).
    pub admin: bool,
    /// Not allowed in until then.
    pub banned_until: Option<Timestamp>,
    /// Not allowed to say anything until then.
    pub muted_until: Option<Timestamp>,
    /// When they last posted, for slow mode.
    pub last_post_at: Option<Timestamp>,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Become a member.
    Join,
    /// Read history, members and receipts, or synchronise.
    Read,
    /// Post a message.
    Post,
    /// Show that one is typing.
    Type,
    /// Move one's own read cursor.
    MarkRead,
    /// Edit a message.
    Edit {
        /// Whether it is the actor's own.
        own: bool,
        /// When it was posted.
        created_at: Timestamp,
    },
    /// Delete a message.
    Delete {
        /// Whether it is the actor's own.
        own: bool,
    },
    /// React to a message.
    React,
    /// Take one's own reaction back.
    Unreact,
    /// Pin or unpin a message.
    Pin,
    /// Change the room's settings.
    UpdateRoom,
    /// End the room.
    DeleteRoom,
    /// Bring others in.
    AddMembers,
    /// Put somebody out, ban, or mute them.
    Sanction {
        /// The other's role; `None` where they are not in it.
        target: Option<Role>,
    },
    /// Give somebody a role.
    SetRole {
        /// The other's role now.
        target: Role,
        /// The role to give.
        role: Role,
    },
}

/// The room, as far as it decides.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Who finds it.
    pub visibility: Visibility,
    /// Its rules.
    pub policy: &'a Policy,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The error code that it is answered with.
    pub code: ErrorCode,
    /// Why: the second half of "unable to X; Y".
    pub why: &'static str,
    /// For slow mode: try again after so many milliseconds.
    pub retry_after_ms: Option<u64>,
    /// For mutes: when it is over.
    pub until: Option<Timestamp>,
}

/// Decides whether `actor` may do `action` in `place` at `now`.
///
/// # Errors
/// [`Denied`]: a room that the actor may not see is answered as one that does not exist.
pub fn permit(actor: &Actor, action: Action, place: Place<'_>, now: Timestamp) -> Result<(), Denied> {
    if actor.banned_until.is_some_and(|until| until > now) && !actor.admin {
        return Err(denied(ErrorCode::NotFound, "there is no such room"));
    }
    if action == Action::Join {
        return join(actor, place);
    }
    let role = match actor.role {
        Some(role) => role,
        None if actor.admin && !matches!(action, Action::Post | Action::Type | Action::MarkRead) => Role::Owner,
        None => return Err(outside(action, place)),
    };
    let role = if actor.admin { Role::Owner } else { role };
    let needs = |least: Role, why: &'static str| {
        if role >= least { Ok(()) } else { Err(denied(ErrorCode::Forbidden, why)) }
    };
    match action {
        Action::Join | Action::Read | Action::Type | Action::MarkRead | Action::Unreact => Ok(()),
        Action::Post => {
            needs(place.policy.who_may_post, "the room's policy does not let this role post")?;
            post(actor, role, place, now)
        }
        Action::React => {
            needs(place.policy.who_may_post, "the room's policy does not let this role post")?;
            heard(actor, now)
        }
        Action::Edit { own: false, .. } => Err(denied(ErrorCode::Forbidden, "only its author can edit a message")),
        Action::Edit { own: true, created_at } => {
            let window = place.policy.edit_window_ms;
            if window > 0 && now.ms_since(created_at) > window {
                return Err(denied(ErrorCode::Forbidden, "the time to edit it is over"));
            }
            heard(actor, now)
        }
        Action::Delete { own: true } => Ok(()),
        Action::Delete { own: false } => needs(Role::Moderator, "only its author or a moderator can delete a message"),
        Action::Pin if place.visibility == Visibility::Direct => Ok(()),
        Action::Pin => needs(place.policy.who_may_pin, "the room's policy does not let this role pin"),
        Action::UpdateRoom => needs(Role::Moderator, "only a moderator can change the room"),
        Action::DeleteRoom => needs(Role::Owner, "only an owner can delete the room"),
        Action::AddMembers => {
            if place.visibility == Visibility::Direct {
                return Err(denied(ErrorCode::Forbidden, "a direct room keeps the people that it was made with"));
            }
            needs(place.policy.who_may_invite, "the room's policy does not let this role invite")
        }
        Action::Sanction { target } => {
            needs(Role::Moderator, "only a moderator can do that")?;
            if target.is_some_and(|target| target >= role) && role < Role::Owner {
                return Err(denied(ErrorCode::Forbidden, "their role is not below yours"));
            }
            Ok(())
        }
        Action::SetRole { .. } => needs(Role::Owner, "only an owner can give roles"),
    }
}

fn join(actor: &Actor, place: Place<'_>) -> Result<(), Denied> {
    if actor.role.is_some() || place.visibility == Visibility::Public || actor.admin {
        return Ok(());
    }
    Err(denied(ErrorCode::NotFound, "there is no such room"))
}

fn outside(action: Action, place: Place<'_>) -> Denied {
    let told = matches!(action, Action::Post | Action::Type | Action::MarkRead);
    if told && place.visibility == Visibility::Public {
        return denied(ErrorCode::NotMember, "you are not a member of the room");
    }
    denied(ErrorCode::NotFound, "there is no such room")
}

/// Somebody who is muted says nothing: neither posts nor edits nor reacts.
fn heard(actor: &Actor, now: Timestamp) -> Result<(), Denied> {
    match actor.muted_until {
        Some(until) if until > now => {
            Err(Denied { until: Some(until), ..denied(ErrorCode::Forbidden, "you are muted in this room") })
        }
        _ => Ok(()),
    }
}

fn post(actor: &Actor, role: Role, place: Place<'_>, now: Timestamp) -> Result<(), Denied> {
    heard(actor, now)?;
    let pause = place.policy.slow_mode_ms;
    if pause == 0 || role >= Role::Moderator {
        return Ok(());
    }
    match actor.last_post_at {
        Some(last) if now.ms_since(last) < pause => Err(Denied {
            code: ErrorCode::RateLimited,
            why: "the room is in slow mode",
            retry_after_ms: Some(pause - now.ms_since(last)),
            until: None,
        }),
        _ => Ok(()),
    }
}

fn denied(code: ErrorCode, why: &'static str) -> Denied {
    Denied { code, why, retry_after_ms: None, until: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::new(1_000_000);

    fn code(actor: &Actor, action: Action, visibility: Visibility, policy: &Policy) -> Option<ErrorCode> {
        permit(actor, action, Place { visibility, policy }, NOW).err().map(|denied| denied.code)
    }

    fn member(role: Role) -> Actor {
        Actor { role: Some(role), ..Actor::default() }
    }

    #[test]
    fn a_room_that_one_may_not_see_does_not_exist() {
        let (nobody, policy) = (Actor::default(), Policy::default());
        for action in [Action::Join, Action::Read, Action::Post, Action::Type, Action::MarkRead] {
            assert_eq!(code(&nobody, action, Visibility::Private, &policy), Some(ErrorCode::NotFound));
        }
        assert_eq!(code(&nobody, Action::Read, Visibility::Public, &policy), Some(ErrorCode::NotFound));
        for action in [Action::Post, Action::Type, Action::MarkRead] {
            assert_eq!(code(&nobody, action, Visibility::Public, &policy), Some(ErrorCode::NotMember));
        }
        assert_eq!(code(&nobody, Action::Join, Visibility::Public, &policy), None);
    }

    #[test]
    fn roles_bound_what_one_may_do() {
        let policy = Policy { who_may_post: Role::Moderator, ..Policy::default() };
        assert_eq!(code(&member(Role::Member), Action::Post, Visibility::Public, &policy), Some(ErrorCode::Forbidden));
        assert_eq!(code(&member(Role::Moderator), Action::Post, Visibility::Public, &policy), None);
        let owner = Action::Sanction { target: Some(Role::Owner) };
        assert_eq!(code(&member(Role::Moderator), owner, Visibility::Public, &policy), Some(ErrorCode::Forbidden));
        assert_eq!(code(&member(Role::Owner), owner, Visibility::Public, &policy), None);
    }

    #[test]
    fn who_pins_is_the_policys_and_in_a_direct_room_everybodys() {
        let policy = Policy::default();
        assert_eq!(code(&member(Role::Member), Action::Pin, Visibility::Public, &policy), Some(ErrorCode::Forbidden));
        assert_eq!(code(&member(Role::Moderator), Action::Pin, Visibility::Public, &policy), None);
        assert_eq!(code(&member(Role::Member), Action::Pin, Visibility::Direct, &policy), None);
        let open = Policy { who_may_pin: Role::Member, ..policy };
        assert_eq!(code(&member(Role::Member), Action::Pin, Visibility::Public, &open), None);
    }

    #[test]
    fn who_is_muted_says_nothing_and_may_still_read_and_take_back() {
        let policy = Policy::default();
        let until = Timestamp::new(1_000_001);
        let muted = Actor { muted_until: Some(until), ..member(Role::Owner) };
        let edit = Action::Edit { own: true, created_at: NOW };
        for action in [Action::Post, Action::React, edit] {
            let denied = permit(&muted, action, Place { visibility: Visibility::Public, policy: &policy }, NOW);
            let denied = denied.expect_err("muted");
            assert_eq!((denied.code, denied.until), (ErrorCode::Forbidden, Some(until)));
        }
        for action in [Action::Read, Action::Unreact, Action::Delete { own: true }, Action::MarkRead] {
            assert_eq!(code(&muted, action, Visibility::Public, &policy), None);
        }
        let over = Actor { muted_until: Some(NOW), ..member(Role::Member) };
        assert_eq!(code(&over, Action::Post, Visibility::Public, &policy), None);
    }

    #[test]
    fn slow_mode_says_how_long() {
        let policy = Policy { slow_mode_ms: 5_000, ..Policy::default() };
        let actor = Actor { last_post_at: Some(Timestamp::new(998_000)), ..member(Role::Member) };
        let denied = permit(&actor, Action::Post, Place { visibility: Visibility::Public, policy: &policy }, NOW);
        assert_eq!(denied.expect_err("two seconds after the last").retry_after_ms, Some(3_000));
    }
}
