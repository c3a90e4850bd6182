//! Clients that are processes of their own, killed at any moment and started again on what their outbox holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use roomcast_client::Client;
use roomcast_protocol::{ClientId, RoomId, Seq, command::GetMessages, model::Message};
use roomcast_tests::{Dice, RawClient, Server, Token, seed};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
};

use crate::support::create;

/// What may take seconds on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a talker has said in all its lives.
#[derive(Default)]
struct Said {
    next: u64,
    acknowledged: BTreeMap<ClientId, u64>,
    shown: Vec<(u64, ClientId)>,
    refused: Vec<String>,
    done: bool,
}

impl Said {
    async fn hear(&mut self, mut lines: Lines<BufReader<ChildStdout>>) {
        while let Ok(Some(line)) = lines.next_line().await {
            let words: Vec<&str> = line.split(' ').collect();
            let id = |text: &str| ClientId::parse(text).expect("a clientId");
            match words.as_slice() {
                ["posts", number] => self.next = number.parse::<u64>().expect("a number") + 1,
                ["acked", client_id, seq] => {
                    let seq = seq.parse().expect("a place");
                    let before = self.acknowledged.insert(id(client_id), seq);
                    assert!(before.is_none_or(|before| before == seq), "{client_id} has two places");
                }
                ["shows", seq, client_id] => self.shown.push((seq.parse().expect("a place"), id(client_id))),
                ["done"] => self.done = true,
                // The last line of one that was killed may be there in part.
                ["refused", ..] => self.refused.push(line),
                _ => {}
            }
        }
    }
}

/// A client's process and what survives it.
struct Talker {
    name: &'static str,
    url: String,
    outbox: PathBuf,
    child: Child,
    hearing: JoinHandle<Said>,
}

impl Talker {
    fn start(name: &'static str, url: &str, folder: &Path) -> Self {
        let outbox = folder.join(name);
        let (child, hearing) = launch(name, url, &outbox, Said::default());
        Self { name, url: url.to_owned(), outbox, child, hearing }
    }

    async fn kill_and_restart(&mut self) {
        self.child.kill().await.expect("a child can be killed");
        let hearing = std::mem::replace(&mut self.hearing, tokio::spawn(async { Said::default() }));
        let said = hearing.await.expect("no panic");
        (self.child, self.hearing) = launch(self.name, &self.url, &self.outbox, said);
    }

    async fn finish(mut self) -> Said {
        drop(self.child.stdin.take());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.expect("it ends when it is asked to").expect("a child can be waited for");
        assert!(status.success(), "{} ended with {status}", self.name);
        self.hearing.await.expect("no panic")
    }
}

fn launch(name: &str, url: &str, outbox: &Path, mut said: Said) -> (Child, JoinHandle<Said>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_talker"));
    command.args([url, &Token::of(name).sign(), "r"]).arg(outbox).args([name, &said.next.to_string()]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the client can be started");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let hearing = tokio::spawn(async move {
        said.hear(lines).await;
        said
    });
    (child, hearing)
}

/// 200 messages a second from three processes, of which one after the other is killed at random.
#[tokio::test(flavor = "multi_thread")]
async fn g11_clients_that_are_killed_fifty_times_lose_nothing_acknowledged_and_double_nothing() {
    const KILLS: usize = 50;
    let seed = seed();
    let server = Server::start().await;
    let owner: RawClient = server.client("owner").await;
    create(&owner, "r", "public").await;
    let folder = tempfile::tempdir().expect("a folder");
    let names = ["alice", "bob", "carol"];
    let mut talkers: Vec<Talker> = names.iter().map(|name| Talker::start(name, &server.url(), folder.path())).collect();
    let mut dice = Dice::new(seed);
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(50 + dice.below(400))).await;
        let victim = usize::try_from(dice.below(talkers.len() as u64)).expect("below three");
        talkers[victim].kill_and_restart().await;
    }
    let mut said = Vec::new();
    for talker in talkers {
        said.push((talker.name, talker.finish().await));
    }

    let reader = Client::builder(server.url()).token(Token::of("dave").sign()).connect().await.expect("connected");
    reader.join("r").await.expect("joined");
    let stored = whole_history(&reader).await;
    let seqs: Vec<u64> = stored.iter().map(|message| message.seq.value()).collect();
    assert_eq!(seqs, (1..=stored.len() as u64).collect::<Vec<_>>(), "seed {seed}: the places are dense");
    let contents: BTreeSet<&str> = stored.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(contents.len(), stored.len(), "seed {seed}: something was said twice");
    let places: BTreeMap<&ClientId, u64> =
        stored.iter().map(|message| (message.client_id.as_ref().expect("its own id"), message.seq.value())).collect();
    for (name, said) in &said {
        assert!(said.done && said.refused.is_empty(), "seed {seed}: {name} was refused {:?}", said.refused);
        assert!(said.acknowledged.len() > 50, "seed {seed}: {name} said next to nothing");
        for (client_id, seq) in &said.acknowledged {
            assert_eq!(places.get(client_id), Some(seq), "seed {seed}: {name}'s {client_id} was acknowledged");
        }
        let numbers = stored.iter().filter_map(|message| message.content.strip_prefix(&format!("{name} ")));
        let numbers: Vec<u64> = numbers.map(|number| number.parse().expect("a number")).collect();
        assert!(numbers.is_sorted(), "seed {seed}: {name}'s messages changed places");
        // Each fell silent at its own moment: what it shows is the beginning of what is stored.
        let shown: Vec<(u64, &ClientId)> = said.shown.iter().map(|(seq, client_id)| (*seq, client_id)).collect();
        let expected: Vec<(u64, &ClientId)> = stored
            .iter()
            .map(|message| (message.seq.value(), message.client_id.as_ref().expect("its own id")))
            .take(shown.len())
            .collect();
        assert_eq!(shown, expected, "seed {seed}: {name}'s timeline differs");
        assert!(numbers.len() >= said.acknowledged.len() && shown.len() >= said.acknowledged.len());
    }
    println!("{} messages, {KILLS} kills, seed {seed}", stored.len());
    reader.close().await;
}

async fn whole_history(client: &Client) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let page = GetMessages {
            room_id: RoomId::parse("r").expect("a good id"),
            before: None,
            after: Some(messages.last().map_or(Seq::new(0), |message| message.seq)),
            around: None,
            thread_id: None,
            pinned: false,
            limit: Some(100),
        };
        let page = client.request(page).await.expect("read");
        messages.extend(page.messages);
        if !page.has_more {
            return messages;
        }
    }
}
