//! nginx with the settings of `examples/deploy`.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::Command,
};

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::process::{Process, wrapped};

const DEPLOYED: &str = include_str!("../../../examples/deploy/nginx.conf");

/// A balancer in front of nodes. It says in `x-node` who answered.
#[derive(Debug)]
pub struct Nginx {
    process: Option<Process>,
    address: SocketAddr,
    dir: TempDir,
}

impl Nginx {
    /// Starts one.
    ///
    /// # Panics
    /// If nginx is not installed or does not start, or if its settings are no longer as they are known here.
    #[must_use]
    pub fn start(address: SocketAddr, nodes: [SocketAddr; 3]) -> Self {
        // As root its workers would be somebody who may not write here.
        let user = if geteuid().is_root() { "user root;" } else { "" };
        let mut nginx = Self::arrange(address, nodes, &format!("{user} worker_processes 2;"));
        let (server, log) = (nginx.server(&[]), nginx.dir.path().join("output.log"));
        nginx.process = Some(Process::start(server, log, || nginx.answers()));
        nginx
    }

    /// One that does not run yet, for whoever runs [`server`](Self::server) by himself. It is one process, all gone
    /// when it is killed: workers would live on and keep the port.
    ///
    /// # Panics
    /// If its settings are no longer as they are known here.
    #[must_use]
    pub fn prepare(address: SocketAddr, nodes: [SocketAddr; 3]) -> Self {
        Self::arrange(address, nodes, "master_process off;")
    }

    fn arrange(address: SocketAddr, nodes: [SocketAddr; 3], processes: &str) -> Self {
        let dir = TempDir::with_prefix("roomcast-nginx-").expect("a directory can be made");
        let mut deployed = replace(DEPLOYED, "listen 80;", &format!("listen {address};"), 1);
        for (n, node) in nodes.iter().enumerate() {
            deployed = replace(&deployed, &format!("10.0.0.1{}:3000", n + 1), &node.to_string(), 2);
        }
        let told = "add_header X-Node $upstream_addr; add_header Set-Cookie";
        let deployed = replace(&deployed, "add_header Set-Cookie", told, 1);
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let paths: Vec<String> = paths.iter().map(|name| format!("{name}_temp_path {name};")).collect();
        let settings = format!(
            "{processes} daemon off; pid nginx.pid; events {{ worker_connections 4096; }}\n\
             http {{ access_log off; {} \n{deployed} }}\n",
            paths.join(" "),
        );
        fs::write(dir.path().join("nginx.conf"), settings).expect("a file can be written");
        Self { process: None, address, dir }
    }

    /// The command that runs it, behind words of a wrapper's that becomes what it is given, such as `setpriv … --`.
    #[must_use]
    pub fn server(&self, wrapper: &[&str]) -> Command {
        let mut server = wrapped(wrapper, "nginx".as_ref());
        server.arg("-p").arg(self.dir.path()).args(["-c", "nginx.conf", "-e", "error.log"]);
        server
    }

    /// Whether it takes connections.
    #[must_use]
    pub fn answers(&self) -> bool {
        TcpStream::connect(self.address).is_ok()
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
        if let Some(process) = &mut self.process {
            // Its workers end with it, which they do not when it is killed.
            process.signal(Signal::TERM);
            process.ended();
        }
    }
}

fn replace(text: &str, from: &str, to: &str, times: usize) -> String {
    assert_eq!(text.matches(from).count(), times, "{from} in examples/deploy/nginx.conf");
    text.replace(from, to)
}
