//! What every bus keeps.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use roomcast_protocol::{RoomId, UserId};
use roomcast_server::hub::{Heard, Link, NodeId, Topic};
use tokio::time::timeout;

/// A loaded machine is no failure.
pub(super) const SOON: Duration = Duration::from_secs(20);

/// A bus that can break.
pub(super) trait Subject {
    /// Another node on it.
    fn link(&self, name: &str) -> Link;

    /// Breaks it.
    async fn take_down(&mut self);

    /// Mends it.
    async fn bring_up(&mut self);
}

pub(super) fn room(id: &str) -> Topic {
    Topic::Room(RoomId::parse(id).expect("a good id"))
}

pub(super) fn payload(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

pub(super) async fn next(link: &mut Link) -> Heard {
    timeout(SOON, link.heard.recv()).await.expect("something is heard in time").expect("the bus lives")
}

/// The next of these that is heard; frames before it are passed over.
pub(super) async fn until(link: &mut Link, wanted: &Heard) {
    loop {
        match next(link).await {
            heard if heard == *wanted => return,
            Heard::Frame { .. } | Heard::Subscribed(_) => {}
            other => panic!("{other:?} in place of {wanted:?}"),
        }
    }
}

/// A node that is up and hears these.
pub(super) async fn listening(subject: &impl Subject, name: &str, topics: &[Topic]) -> Link {
    let mut link = subject.link(name);
    until(&mut link, &Heard::Up).await;
    listen(&mut link, topics).await;
    link
}

/// Asks for these, one after the other, and waits until they come.
pub(super) async fn listen(link: &mut Link, topics: &[Topic]) {
    for topic in topics {
        link.bus.subscribe(topic.clone());
        until(link, &Heard::Subscribed(topic.clone())).await;
    }
}

/// Says something in each topic until all of it is heard in a row; what is said while the bus settles may be lost.
pub(super) async fn heard_again(one: &Link, two: &mut Link, topics: &[Topic], text: &str) {
    for topic in topics {
        let again = async {
            loop {
                one.bus.publish(topic, payload(text));
                let heard = timeout(Duration::from_millis(300), two.heard.recv()).await;
                if heard.is_ok_and(|heard| heard == Some(said(one, topic, text))) {
                    return;
                }
            }
        };
        timeout(SOON, again).await.unwrap_or_else(|_| panic!("{topic:?} is not heard"));
    }
}

fn said(link: &Link, topic: &Topic, text: &str) -> Heard {
    Heard::Frame { from: link.node.clone(), topic: topic.clone(), payload: payload(text) }
}

pub(super) async fn frames_reach_the_subscribers_and_nobody_else(subject: impl Subject) {
    let user = Topic::User(UserId::parse("auth0|a b {c}").expect("a good id"));
    let mine = Topic::Node(NodeId::new("two".to_owned()));
    let topics = [room("a"), user, Topic::Nodes, mine];
    let one = listening(&subject, "one", &[]).await;
    let mut two = listening(&subject, "two", &topics).await;
    let mut three = listening(&subject, "three", &[room("b")]).await;
    for topic in &topics {
        assert!(one.bus.publish(topic, payload("hi")));
        assert_eq!(next(&mut two).await, said(&one, topic, "hi"));
    }
    // What comes later on another topic shows that nothing came before.
    assert!(one.bus.publish(&room("b"), payload("end")));
    assert_eq!(next(&mut three).await, said(&one, &room("b"), "end"));
}

pub(super) async fn a_node_does_not_hear_itself(subject: impl Subject) {
    let mut one = listening(&subject, "one", &[room("a")]).await;
    let mut two = listening(&subject, "two", &[room("a")]).await;
    one.bus.publish(&room("a"), payload("mine"));
    assert_eq!(next(&mut two).await, said(&one, &room("a"), "mine"));
    two.bus.publish(&room("a"), payload("theirs"));
    assert_eq!(next(&mut one).await, said(&two, &room("a"), "theirs"));
}

pub(super) async fn frames_of_a_node_keep_their_order_in_a_topic(subject: impl Subject) {
    const EACH: usize = 200;
    let topics = [room("a"), room("b")];
    let mut three = listening(&subject, "three", &topics).await;
    let senders = [listening(&subject, "one", &[]).await, listening(&subject, "two", &[]).await];
    for n in 0..EACH {
        for (sender, topic) in senders.iter().flat_map(|sender| topics.iter().map(move |topic| (sender, topic))) {
            assert!(sender.bus.publish(topic, payload(&n.to_string())));
        }
        tokio::task::yield_now().await;
    }
    let mut heard = std::collections::HashMap::new();
    for _ in 0..EACH * senders.len() * topics.len() {
        let Heard::Frame { from, topic, payload } = next(&mut three).await else { panic!("a frame") };
        let expected = heard.entry((from, topic)).or_insert(0);
        assert_eq!(&*payload, expected.to_string().as_bytes());
        *expected += 1;
    }
}

pub(super) async fn what_is_withdrawn_is_heard_no_more(subject: impl Subject) {
    let one = listening(&subject, "one", &[]).await;
    let mut two = listening(&subject, "two", &[room("a"), room("b")]).await;
    two.bus.unsubscribe(&room("a"));
    // Whatever the withdrawal's confirmation is, it comes before this one's.
    two.bus.subscribe(room("c"));
    until(&mut two, &Heard::Subscribed(room("c"))).await;
    one.bus.publish(&room("a"), payload("unheard"));
    one.bus.publish(&room("b"), payload("heard"));
    assert_eq!(next(&mut two).await, said(&one, &room("b"), "heard"));
}

pub(super) async fn whoever_asks_is_told_when_frames_come(subject: impl Subject) {
    let one = listening(&subject, "one", &[]).await;
    let mut two = listening(&subject, "two", &[]).await;
    for n in 0..20 {
        // A second time at once says nothing more; one that was withdrawn is answered again.
        two.bus.subscribe(room("a"));
        two.bus.subscribe(room("a"));
        until(&mut two, &Heard::Subscribed(room("a"))).await;
        one.bus.publish(&room("a"), payload(&n.to_string()));
        assert_eq!(next(&mut two).await, said(&one, &room("a"), &n.to_string()));
        two.bus.unsubscribe(&room("a"));
    }
    two.bus.subscribe(room("a"));
    two.bus.unsubscribe(&room("a"));
    two.bus.subscribe(room("a"));
    until(&mut two, &Heard::Subscribed(room("a"))).await;
}

pub(super) async fn it_comes_back_with_what_was_asked_for(mut subject: impl Subject) {
    let one = &mut listening(&subject, "one", &[room("a")]).await;
    let two = &mut listening(&subject, "two", &[room("a")]).await;
    for round in 0..2 {
        subject.take_down().await;
        for link in [&mut *one, &mut *two] {
            until(link, &Heard::Down).await;
            assert!(!link.bus.publish(&room("a"), payload("lost")), "it is down");
        }
        // Asked for and withdrawn while it is down counts as well.
        two.bus.subscribe(room(&format!("new-{round}")));
        two.bus.unsubscribe(&room(&format!("new-{}", round - 1)));
        subject.bring_up().await;
        let topics = [room("a"), room(&format!("new-{round}"))];
        until(one, &Heard::Up).await;
        until(two, &Heard::Up).await;
        let mut told = vec![next(two).await, next(two).await];
        told.sort_by_key(|heard| format!("{heard:?}"));
        assert_eq!(told, topics.clone().map(Heard::Subscribed));
        for topic in &topics {
            assert!(one.bus.publish(topic, payload("back")));
            assert_eq!(next(two).await, said(one, topic, "back"));
        }
    }
}

/// Nobody listens to what is heard: frames are dropped in the end, and the rest is there when somebody does (G-6).
pub(super) async fn a_node_that_does_not_listen_holds_nobody_up(mut subject: impl Subject) {
    const MANY: usize = 20_000;
    let one = listening(&subject, "one", &[]).await;
    let mut two = listening(&subject, "two", &[room("a")]).await;
    let mut three = listening(&subject, "three", &[room("b")]).await;
    let began = Instant::now();
    for n in 0..MANY {
        one.bus.publish(&room("a"), payload("deaf"));
        if n % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    assert!(began.elapsed() < SOON, "publishing took {:?}", began.elapsed());
    // Once what waits is out, a topic that is listened to works as ever.
    let heard = async {
        loop {
            one.bus.publish(&room("b"), payload("hi"));
            if timeout(Duration::from_millis(100), three.heard.recv()).await.is_ok() {
                return;
            }
        }
    };
    timeout(SOON, heard).await.expect("the other node hears");
    subject.take_down().await;
    let mut frames = 0;
    loop {
        match next(&mut two).await {
            Heard::Frame { .. } => frames += 1,
            Heard::Down => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(frames > 0 && frames < MANY, "{frames} of {MANY}");
}

macro_rules! suite {
    ($open:ident: $($name:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::bus::suite::$name($open().await).await;
            }
        )*
    };
}

macro_rules! whole_suite {
    ($open:ident) => {
        $crate::bus::suite::suite!($open:
            frames_reach_the_subscribers_and_nobody_else,
            a_node_does_not_hear_itself,
            frames_of_a_node_keep_their_order_in_a_topic,
            what_is_withdrawn_is_heard_no_more,
            whoever_asks_is_told_when_frames_come,
            it_comes_back_with_what_was_asked_for,
            a_node_that_does_not_listen_holds_nobody_up,
        );
    };
}

pub(super) use {suite, whole_suite};
