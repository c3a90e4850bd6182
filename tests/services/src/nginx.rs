//! nginx with the settings of `examples/deploy`.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::Command,
};

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::process::Process;

const DEPLOYED: &str = include_str!("../../../examples/deploy/nginx.conf");

/// A balancer in front of nodes. It says in `x-node` who answered.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    address: SocketAddr,
    _dir: TempDir,
}

impl Nginx {
    /// Starts one.
    ///
    /// # Panics
    /// If nginx is not installed or does not start, or if its settings are no longer as they are known here.
    #[must_use]
    pub fn start(address: SocketAddr, nodes: [SocketAddr; 3]) -> Self {
        let dir = TempDir::with_prefix("roomcast-nginx-").expect("a directory can be made");
        let mut deployed = replace(DEPLOYED, "listen 80;", &format!("listen {address};"), 1);
        for (n, node) in nodes.iter().enumerate() {
            deployed = replace(&deployed, &format!("10.0.0.1{}:3000", n + 1), &node.to_string(), 2);
        }
        let told = "add_header X-Node $upstream_addr; add_header Set-Cookie";
        let deployed = replace(&deployed, "add_header Set-Cookie", told, 1);
        // As root its workers would be somebody who may not write here.
        let user = if geteuid().is_root() { "user root;" } else { "" };
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let paths: Vec<String> = paths.iter().map(|name| format!("{name}_temp_path {name};")).collect();
        let settings = format!(
            "{user} daemon off; worker_processes 2; pid nginx.pid; events {{ worker_connections 4096; }}\n\
             http {{ access_log off; {} \n{deployed} }}\n",
            paths.join(" "),
        );
        fs::write(dir.path().join("nginx.conf"), settings).expect("a file can be written");
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(dir.path()).args(["-c", "nginx.conf", "-e", "error.log"]);
        let ready = || TcpStream::connect(address).is_ok();
        let process = Process::start(nginx, dir.path().join("output.log"), ready);
        Self { process, address, _dir: dir }
    }

    /// Where clients connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with it, which they do not when it is killed.
        self.process.signal(Signal::TERM);
        self.process.ended();
    }
}

fn replace(text: &str, from: &str, to: &str, times: usize) -> String {
    assert_eq!(text.matches(from).count(), times, "{from} in examples/deploy/nginx.conf");
    text.replace(from, to)
}
