//! The web server: connections in, answers out, with a bound on everything a stranger could keep open.
//!
//! `axum::serve` sets no time limit on the head of a request; this does, and it ends in order: the listening socket first,
//! then the requests under way, ten seconds at most.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::network::Peer;

/// How long the head of a request may take to arrive, and how long a connection may stay idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How many connections are served at once; further ones wait to be accepted.
const CONNECTIONS: usize = 8_192;

/// How long requests under way may take when the server is asked to stop.
const STOPPING: Duration = Duration::from_secs(9);

/// How long connections that were only just accepted have for sending their first request.
const FIRST_REQUESTS: Duration = Duration::from_millis(250);

/// How long to wait when the machine has no more sockets to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(50);

/// Serves until `stop` is cancelled, then lets the requests under way finish.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let server = Server { router, graceful: GracefulShutdown::new(), places: Arc::new(Semaphore::new(CONNECTIONS)) };
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = server.accept(&listener) => server.take(accepted).await,
        }
    }
    // Whoever is connected already, but not accepted yet, is served as well: closing the socket would cut them off.
    while let Some(accepted) = server.accept(&listener).now_or_never() {
        if accepted.is_err() {
            break;
        }
        server.take(accepted).await;
    }
    drop(listener);
    // A connection that has not sent its first request yet would be closed at once by what follows.
    tokio::time::sleep(FIRST_REQUESTS).await;
    let under_way = server.graceful.count();
    if tokio::time::timeout(STOPPING, server.graceful.shutdown()).await.is_err() {
        tracing::warn!(under_way, "stopped before every connection was done");
    }
}

struct Server {
    router: Router,
    graceful: GracefulShutdown,
    places: Arc<Semaphore>,
}

type Accepted = (TcpStream, std::net::SocketAddr, tokio::sync::OwnedSemaphorePermit);

impl Server {
    async fn accept(&self, listener: &TcpListener) -> io::Result<Accepted> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = listener.accept().await?;
        Ok((stream, peer, place))
    }

    async fn take(&self, accepted: io::Result<Accepted>) {
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_the_connection(&error) => return,
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                tokio::time::sleep(OUT_OF_SOCKETS).await;
                return;
            }
        };
        // Small answers go out at once instead of waiting for more to fill a packet.
        let _ = stream.set_nodelay(true);
        let router = self.router.clone();
        let service = TowerToHyperService::new(tower::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request)
        }));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
}

/// Whether only this one connection failed.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
