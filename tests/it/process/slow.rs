//! Clients that are slow on purpose are let go, and large bodies are not read to their end. These two wait in real time: the
//! time limits are the server's own.

use std::time::Duration;

use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::Portal;

/// Sends the beginning of a request and then nothing more; gives what came back until the server hung up.
async fn trickle(portal: &Portal, beginning: String) -> String {
    let mut stream = TcpStream::connect(portal.address()).await.expect("a connection");
    stream.write_all(beginning.as_bytes()).await.expect("the beginning");
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(15), read).await.expect("dropped within 15 s").ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn slow_heads_and_slow_bodies_are_dropped_within_fifteen_seconds(database: PgPool) {
    let portal = Portal::on(&database).await;
    let visitor = portal.visitor();
    let cookie = visitor.opens("/start").await.cookies().remove(0);
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let head = "GET / HTTP/1.1\r\nHost: portal\r\nX-Slow: ".to_owned();
    let body = format!(
        "POST /start HTTP/1.1\r\nHost: portal\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nemail=mei"
    );
    let (head, body, nothing) =
        tokio::join!(trickle(&portal, head), trickle(&portal, body), trickle(&portal, String::new()));
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 408"), "{head}");
    assert!(nothing.is_empty() || nothing.starts_with("HTTP/1.1 408"), "{nothing}");
    assert!(body.starts_with("HTTP/1.1 408") && body.contains("That took too long"), "{body}");
    visitor.opens("/").await.is(200);
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn who_asks_and_never_reads_is_dropped_within_fifteen_seconds(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mut stream = TcpStream::connect(portal.address()).await.expect("a connection");
    let requests = "GET /sign-up HTTP/1.1\r\nHost: portal\r\n\r\n".repeat(64);
    let asking = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("dropped");
}

#[sqlx::test(migrator = "portal::store::pool::MIGRATIONS")]
async fn a_body_without_an_end_is_refused_once_it_is_too_large(database: PgPool) {
    let portal = Portal::on(&database).await;
    let mut stream = TcpStream::connect(portal.address()).await.expect("a connection");
    let head = "POST /sign-up HTTP/1.1\r\nHost: portal\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("the head");
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(0x1000));
    for _ in 0..5 {
        stream.write_all(chunk.as_bytes()).await.expect("a chunk");
    }
    let mut answer = vec![0; 1_024];
    let read = tokio::time::timeout(Duration::from_secs(15), stream.read(&mut answer)).await;
    let length = read.expect("an answer in time").expect("an answer");
    assert!(answer[..length].starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer[..length]));
}
