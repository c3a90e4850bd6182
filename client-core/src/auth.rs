//! Tokens: fetched one at a time, with a timeout, again and again; refused twice in a row, given up (G-16).

use roomcast_protocol::Timestamp;

use crate::{
    backoff::Backoff,
    effect::{Effect, Effects, TokenReason},
    input::{Token, TokenReq},
    planted::{self, Bug},
    random::Random,
    time::Millis,
};

#[derive(Debug, Clone)]
enum Fetch {
    Idle,
    UnderWay { req: TokenReq, reason: TokenReason, deadline: Millis },
    Pausing { reason: TokenReason, until: Millis },
}

/// What the server's refusal of a token calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterRefusal {
    /// A fresh one, once.
    TryFresh,
    /// Nothing: the fresh one was refused.
    GiveUp,
}

/// The token in use and the request for the next.
#[derive(Debug, Clone)]
pub(crate) struct Auth {
    token: Option<Token>,
    /// When the token runs out, once the server has said so.
    runs_out_at: Option<Millis>,
    /// What the server's clock said, and when.
    server_clock: Option<(Timestamp, Millis)>,
    /// Refusals since the last token that was taken.
    refusals: u32,
    fetch: Fetch,
    next_req: u64,
    timeout_ms: Millis,
    backoff: Backoff,
}

impl Auth {
    pub(crate) const fn new(timeout_ms: Millis) -> Self {
        let backoff = Backoff::new(500, 30_000);
        Self {
            token: None,
            runs_out_at: None,
            server_clock: None,
            refusals: 0,
            fetch: Fetch::Idle,
            next_req: 0,
            timeout_ms,
            backoff,
        }
    }

    pub(crate) const fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Whether there is a token that is not known to have run out.
    pub(crate) fn is_fit(&self, now: Millis) -> bool {
        let over = self.runs_out_at.is_some_and(|at| at <= now) && !planted::has(Bug::ExpiredToken);
        self.token.is_some() && !over
    }

    /// What the server's clock says now: only by it a token runs out.
    pub(crate) const fn set_server_clock(&mut self, server_time: Timestamp, now: Millis) {
        self.server_clock = Some((server_time, now));
    }

    /// The server says when the token runs out.
    pub(crate) fn runs_out(&mut self, expires_at: Timestamp) {
        self.runs_out_at = self.server_clock.map(|(then, at)| at.saturating_add(expires_at.ms_since(then)));
    }

    /// Asks for a token, unless one is being asked for.
    pub(crate) fn fetch(&mut self, reason: TokenReason, now: Millis, effects: &mut Effects) {
        if matches!(self.fetch, Fetch::Idle) {
            self.ask(reason, now, effects);
        }
    }

    /// Whether this is the request that an answer is waited for.
    pub(crate) const fn awaits(&self, req: TokenReq) -> bool {
        matches!(self.fetch, Fetch::UnderWay { req: awaited, .. } if awaited.0 == req.0)
    }

    /// Takes the provider's answer; `None` for one that is not waited for any more, and for a failure.
    pub(crate) fn answered(
        &mut self,
        req: TokenReq,
        token: Option<Token>,
        now: Millis,
        random: &mut Random,
    ) -> Option<TokenReason> {
        let Fetch::UnderWay { req: awaited, reason, .. } = self.fetch else { return None };
        if awaited != req {
            return None;
        }
        if token.is_none() {
            self.fetch = Fetch::Pausing { reason, until: now + self.backoff.pause_ms(random) };
            return None;
        }
        (self.token, self.runs_out_at) = (token, None);
        self.fetch = Fetch::Idle;
        self.backoff.reset();
        Some(reason)
    }

    /// The server took the token.
    pub(crate) const fn accepted(&mut self) {
        self.refusals = 0;
    }

    /// The server refused the token.
    pub(crate) fn refused(&mut self) -> AfterRefusal {
        if !planted::has(Bug::RefusedToken) {
            self.token = None;
        }
        self.refusals += 1;
        if self.refusals > 1 { AfterRefusal::GiveUp } else { AfterRefusal::TryFresh }
    }

    /// An attempt ended before the server had decided about the token: it is not fresh any more, so a refusal of it
    /// says nothing about the next one.
    pub(crate) const fn undecided(&mut self) {
        self.refusals = 0;
    }

    /// The token is known to be of no use any more.
    pub(crate) fn drop_token(&mut self) {
        self.token = None;
    }

    /// The user acts: what was refused before is forgotten.
    pub(crate) fn start_over(&mut self) {
        self.refusals = 0;
        self.hurry();
    }

    /// There is reason to hope: a pause is over.
    pub(crate) fn hurry(&mut self) {
        self.backoff.reset();
        if let Fetch::Pausing { until, .. } = &mut self.fetch {
            *until = 0;
        }
    }

    /// Why the next token is asked for.
    pub(crate) const fn reason(&self) -> TokenReason {
        if self.refusals > 0 { TokenReason::Refused } else { TokenReason::Connect }
    }

    /// When a token is asked for again after one could not be had.
    pub(crate) const fn asks_again_at(&self) -> Option<Millis> {
        match self.fetch {
            Fetch::Pausing { until, .. } => Some(until),
            Fetch::Idle | Fetch::UnderWay { .. } => None,
        }
    }

    /// Nobody needs a token now.
    pub(crate) fn cancel(&mut self) {
        self.fetch = Fetch::Idle;
    }

    pub(crate) fn handle_timeout(&mut self, now: Millis, random: &mut Random, effects: &mut Effects) {
        match self.fetch {
            Fetch::UnderWay { reason, deadline, .. } if deadline <= now => {
                self.fetch = Fetch::Pausing { reason, until: now + self.backoff.pause_ms(random).max(1) };
            }
            Fetch::Pausing { reason, until } if until <= now => self.ask(reason, now, effects),
            _ => {}
        }
    }

    pub(crate) const fn deadline(&self) -> Option<Millis> {
        match self.fetch {
            Fetch::Idle => None,
            Fetch::UnderWay { deadline, .. } => Some(deadline),
            Fetch::Pausing { until, .. } => Some(until),
        }
    }

    fn ask(&mut self, reason: TokenReason, now: Millis, effects: &mut Effects) {
        let req = TokenReq(self.next_req);
        self.next_req += 1;
        let deadline = if planted::has(Bug::TokenAwaited) { Millis::MAX } else { now + self.timeout_ms };
        self.fetch = Fetch::UnderWay { req, reason, deadline };
        effects.push(Effect::FetchToken { req, reason });
    }
}
