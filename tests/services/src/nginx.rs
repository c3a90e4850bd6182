//! nginx with the settings of `examples/deploy`.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::Command,
};

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
        let mut nginx = Self::prepare(address, nodes);
        let (server, log) = (nginx.server(&[]), nginx.dir.path().join("output.log"));
        nginx.process = Some(Process::start(server, log, || nginx.answers()));
        nginx
    }

    /// One that does not run yet, for whoever runs [`server`](Self::server) by himself.
    ///
    /// # Panics
    /// If its settings are no longer as they are known here.
    #[must_use]
    pub fn prepare(address: SocketAddr, nodes: [SocketAddr; 3]) -> Self {
        let dir = TempDir::with_prefix("roomcast-nginx-").expect("a directory can be made");
        let mut deployed = replace(DEPLOYED, "listen 80;", &format!("listen {address};"), 1);
        for (n, node) in nodes.iter().enumerate() {
            deployed = replace(&deployed, &format!("10.0.0.1{}:3000", n + 1), &node.to_string(), 2);
        }
        let told = "add_header X-Node $upstream_addr; add_header Set-Cookie";
        let deployed = replace(&deployed, "add_header Set-Cookie", told, 1);
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let paths: Vec<String> = paths.iter().map(|name| format!("{name}_temp_path {name};")).collect();
        // One process, which is all gone when it is killed: workers would live on and keep the port.
        let settings = format!(
            "daemon off; master_process off; pid nginx.pid; events {{ worker_connections 4096; }}\n\
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

fn replace(text: &str, from: &str, to: &str, times: usize) -> String {
    assert_eq!(text.matches(from).count(), times, "{from} in examples/deploy/nginx.conf");
    text.replace(from, to)
}
