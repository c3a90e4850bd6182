//! Just enough HTTP to ask a server how it is.

use std::{io, net::SocketAddr, str::FromStr, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Asks once; gives status and body.
///
/// # Errors
/// Where nobody answers within two seconds, or not in HTTP.
pub async fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    parts(&ask(address, &request("GET", address, path, "")).await?)
}

/// Posts JSON once; gives status and body.
///
/// # Errors
/// Where nobody answers within two seconds, or not in HTTP.
pub async fn post(address: SocketAddr, path: &str, body: &str) -> io::Result<(u16, String)> {
    post_as(address, path, "application/json", body).await
}

/// Posts something of this type once; gives status and body.
///
/// # Errors
/// Where nobody answers within two seconds, or not in HTTP.
pub async fn post_as(address: SocketAddr, path: &str, kind: &str, body: &str) -> io::Result<(u16, String)> {
    let head = format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len());
    parts(&ask(address, &(request("POST", address, path, &head) + body)).await?)
}

/// A figure on the page of the metrics, by its name and its labels.
#[must_use]
pub fn metric<T: FromStr>(page: &str, name: &str) -> Option<T> {
    page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?.parse().ok()
}

fn parts(answer: &str) -> io::Result<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    Ok((status.ok_or_else(|| io::Error::other("no status"))?, body.to_owned()))
}

fn request(method: &str, address: SocketAddr, path: &str, head: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{head}\r\n")
}

/// Asks once; gives the answer's head.
///
/// # Errors
/// Where nobody answers within two seconds.
pub async fn head(address: SocketAddr, path: &str) -> io::Result<String> {
    let answer = ask(address, &request("GET", address, path, "")).await?;
    Ok(answer.split_once("\r\n\r\n").map_or(&*answer, |(head, _)| head).to_owned())
}

async fn ask(address: SocketAddr, request: &str) -> io::Result<String> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        io::Result::Ok(answer)
    };
    timeout(Duration::from_secs(2), ask).await.map_err(io::Error::other)?
}
