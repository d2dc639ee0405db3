//! The web server: connections in, answers out, with a bound on everything a stranger could keep open.
//!
//! `axum::serve` sets no time limit on the head of a request; this does, and it ends in order: the listening socket first,
//! then the requests under way, ten seconds at most.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::network::Peer;

/// How long the head of a request may take to arrive, and how long a connection may stay idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may wait for a client that does not read it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

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
    server.take_all_that_wait(listener);
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

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

impl Server {
    async fn accept(&self, listener: &TcpListener) -> io::Result<Accepted> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = listener.accept().await?;
        Ok((stream, peer, place))
    }

    /// Whoever is connected already, but not accepted yet, is served as well: closing the socket cuts them off. The kernel is
    /// asked directly, down to the last moment: the runtime hears of new ones only on its next round.
    fn take_all_that_wait(&self, listener: TcpListener) {
        let Ok(listener) = listener.into_std() else { return };
        while let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            match listener.accept() {
                Ok((stream, peer)) => {
                    let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                    if let Ok(stream) = stream {
                        self.serve(stream, peer, place);
                    }
                }
                Err(error) if is_of_the_connection(&error) => {}
                Err(_) => return,
            }
        }
    }

    async fn take(&self, accepted: io::Result<Accepted>) {
        match accepted {
            Ok((stream, peer, place)) => self.serve(stream, peer, place),
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                tokio::time::sleep(OUT_OF_SOCKETS).await;
            }
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        // Small answers go out at once instead of waiting for more to fill a packet.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE_TIMEOUT));
        let router = self.router.clone();
        let service = TowerToHyperService::new(tower::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.clone().oneshot(request)
        }));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(Box::pin(stream)), service);
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
