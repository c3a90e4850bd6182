//! Just enough HTTP to ask a server how it is.

use std::{io, net::SocketAddr, time::Duration};

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
    let answer = ask(address, path).await?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.get(9..12).and_then(|status| status.parse().ok());
    Ok((status.ok_or_else(|| io::Error::other("no status"))?, body.to_owned()))
}

/// Asks once; gives the answer's head.
///
/// # Errors
/// Where nobody answers within two seconds.
pub async fn head(address: SocketAddr, path: &str) -> io::Result<String> {
    let answer = ask(address, path).await?;
    Ok(answer.split_once("\r\n\r\n").map_or(&*answer, |(head, _)| head).to_owned())
}

async fn ask(address: SocketAddr, path: &str) -> io::Result<String> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        io::Result::Ok(answer)
    };
    timeout(Duration::from_secs(2), ask).await.map_err(io::Error::other)?
}
