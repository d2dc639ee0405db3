//! One connection, one request after the other.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode, client::conn::http1::SendRequest, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Result;

pub struct Connection {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: hyper::HeaderMap,
    pub body: Bytes,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { address, sender })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        Ok(Answer { status: head.status, headers: head.headers, body: body.collect().await?.to_bytes() })
    }

    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        self.ask(get(self.address, path, "identity", "")).await
    }
}

pub fn get(address: SocketAddr, path: &str, encoding: &str, cookie: &str) -> Request<Full<Bytes>> {
    let mut request =
        Request::get(path).header(header::HOST, address.to_string()).header(header::ACCEPT_ENCODING, encoding);
    if !cookie.is_empty() {
        request = request.header(header::COOKIE, cookie);
    }
    request.body(Full::default()).expect("a request")
}

/// A form, as a browser sends it from a page of the same site.
pub fn post(address: SocketAddr, path: &str, cookie: &str, body: &Bytes) -> Request<Full<Bytes>> {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::HOST, address.to_string())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookie)
        .header(header::ORIGIN, format!("http://{address}"))
        .header("sec-fetch-site", "same-origin")
        .body(Full::new(body.clone()))
        .expect("a request")
}
