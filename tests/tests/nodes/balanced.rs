//! A node goes and comes back, and nobody has to do anything about it.

use std::{path::Path, process::Stdio, time::Duration};

use roomcast_tests::{eventually, token::SECRET};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::stage::{NGINX_TRIES, Stage};

const DEADLINE: Duration = Duration::from_secs(60);

/// Stock clients that reconnect by themselves, one for each transport; each says when it is where it should be.
struct Crowd {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Crowd {
    fn start(url: &str, affinity: &str) -> Self {
        let mut command = Command::new("node");
        command.args(["crowd.mjs", "--url", url, "--secret", SECRET, "--affinity", affinity]);
        command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("node runs");
        let lines = BufReader::new(child.stdout.take().expect("it has an output")).lines();
        Self { child, lines }
    }

    async fn says(&mut self, wanted: &str) {
        assert_eq!(self.line(wanted).await, wanted);
    }

    async fn line(&mut self, wanted: &str) -> String {
        let line = timeout(DEADLINE, self.lines.next_line()).await.unwrap_or_else(|_| panic!("no {wanted}"));
        line.expect("it can be read").expect("it goes on")
    }

    async fn ask(&mut self, what: &str) {
        let input = self.child.stdin.as_mut().expect("it has an input");
        input.write_all(format!("{what}\n").as_bytes()).await.expect("it listens");
    }
}

/// Each client says something that all others hear. Where they leave a node one after the other, again until all have
/// settled.
async fn everybody_talks(crowd: &mut Crowd) {
    loop {
        crowd.ask("talk").await;
        match &*crowd.line("heard").await {
            "heard" => return,
            "lost" => crowd.says("connected").await,
            other => panic!("{other} in place of heard"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_a_killed_node_go_on_elsewhere() {
    let mut stage = Stage::set().await;
    let key = stage.affinity(0).await;
    let mut crowd = Crowd::start(&stage.nginx.url(), &key);
    crowd.says("connected").await;
    everybody_talks(&mut crowd).await;
    stage.nodes[0].kill9();
    crowd.says("lost").await;
    crowd.says("connected").await;
    everybody_talks(&mut crowd).await;
    stage.nodes[0].restart().await;
    // The key leads to it again, as soon as nginx tries it.
    let leads = async || stage.leads(&key, 0).await;
    assert!(eventually(NGINX_TRIES, leads).await, "{key} leads to another node still");
    everybody_talks(&mut crowd).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_a_draining_node_go_on_elsewhere() {
    let mut stage = Stage::set().await;
    let key = stage.affinity(1).await;
    let mut crowd = Crowd::start(&stage.nginx.url(), &key);
    crowd.says("connected").await;
    everybody_talks(&mut crowd).await;
    stage.nodes[1].ask_to_stop();
    crowd.says("lost").await;
    // Some may find another node before this one is gone: it turns handshakes away.
    crowd.says("connected").await;
    everybody_talks(&mut crowd).await;
    assert!(stage.nodes[1].stopped().await.success());
}
